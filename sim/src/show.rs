//! What came out of runs, for people and for programs.
//!
//! Runs of the same scenario with several seeds are one [`Case`]. A [`Measure`] of it is the median
//! with the twentieth below and above.

mod html;
mod json;
mod measure;
mod table;
mod words;

use crate::{Outcome, Scenario, change};

pub use html::write_html;
pub use json::{OutcomeError, read_json, write_json};
pub use measure::{MEASURES, Measure, Measured};
pub(crate) use words::{ranges, thousands};

pub use table::{write_breach, write_cases, write_run};

/// Runs of one scenario.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Case {
    /// What tells it from the other cases: keys of the scenario and their values.
    pub differs: Vec<(String, String)>,
    /// The runs, by their seeds; one at least.
    pub runs: Vec<Outcome>,
}

impl Case {
    /// What was run.
    #[must_use]
    pub fn scenario(&self) -> Option<&Scenario> {
        self.runs.first().map(|it| &it.scenario)
    }

    /// What tells it from the others, or its title if nothing does.
    #[must_use]
    pub fn name(&self) -> String {
        let differing = self.differs.iter();
        let said: Vec<String> = differing
            .map(|(key, value)| match key.as_str() {
                "title" => value.clone(),
                key => format!("{key} = {value}"),
            })
            .collect();
        let title = self.scenario().map_or("", |it| it.title.as_str());
        match (said.is_empty(), title.is_empty()) {
            (false, _) => said.join(", "),
            (true, false) => title.to_owned(),
            (true, true) => "a network".to_owned(),
        }
    }

    /// The seeds of the runs, such as `1 to 10`.
    #[must_use]
    pub fn seeds(&self) -> String {
        ranges(self.runs.iter().map(|it| it.seed))
    }
}

/// Puts the runs of each scenario together, in the order in which the scenarios come first.
#[must_use]
pub fn cases(outcomes: Vec<Outcome>) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for outcome in outcomes {
        let same = cases
            .iter_mut()
            .find(|it| it.scenario() == Some(&outcome.scenario));
        match same {
            Some(case) => case.runs.push(outcome),
            None => cases.push(Case {
                differs: Vec::new(),
                runs: vec![outcome],
            }),
        }
    }
    let scenarios: Vec<&Scenario> = cases.iter().filter_map(Case::scenario).collect();
    let differences = change::differences(&scenarios);
    for (case, differs) in cases.iter_mut().zip(differences) {
        case.differs = differs;
        case.runs.sort_by_key(|it| it.seed);
    }
    cases
}

#[cfg(test)]
pub(crate) mod tests;

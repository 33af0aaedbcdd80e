//! Keys of a scenario that the command line sets, and which of its flags is to blame if that is wrong.

use core::fmt::Display;

use pex_sim::{Change, Scenario, ScenarioError, changed};

/// A key that is set, and by what.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) change: Change,
    /// As whoever reads an error has written it.
    by: String,
}

impl Said {
    /// What a flag sets.
    pub(super) fn flag(flag: &str, key: &str, value: impl Display) -> Self {
        Self {
            change: Change::new(key, value),
            by: flag.to_owned(),
        }
    }

    /// What an option sets whose value names the key.
    pub(super) fn option(option: &str, change: &Change) -> Self {
        Self {
            change: change.clone(),
            by: format!("{option} {change}"),
        }
    }
}

/// What is wrong with a text once these are set, under the name of the flag that makes it so: the one
/// without which the scenario is right, or at least wrong in another way.
pub(super) fn blame(text: &str, said: &[Said], error: &ScenarioError) -> String {
    let told = |error: &ScenarioError| (error.key.clone(), error.what.clone());
    let without = |by: &str| {
        let others = said.iter().filter(|it| it.by != by);
        let others: Vec<Change> = others.map(|it| it.change.clone()).collect();
        // Where it can't even be set, it is wrong in another way.
        let text = changed(text, &others).ok()?;
        Some(Scenario::parse(&text).map_err(|error| told(&error)))
    };
    let mends = |it: &&Said| matches!(without(&it.by), Some(Ok(_)));
    let alters = |it: &&Said| without(&it.by) != Some(Err(told(error)));
    let guilty = said.iter().find(mends);
    let guilty = guilty.or_else(|| said.iter().find(alters));
    let what = &error.what;
    match guilty {
        Some(said) => format!("{}: {what}", said.by),
        None if error.key.is_empty() => what.clone(),
        None => format!("{}: {what}", error.key),
    }
}

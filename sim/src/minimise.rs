//! The smallest scenario that still breaks.
//!
//! A run that broke something has hundreds of nodes and a dozen faults, most of which don't matter. So
//! one thing after another is taken away, and what still breaks the same invariant is kept: time after
//! the breach, faults, churn, groups, nodes, links between them. It ends when nothing more can go, or
//! when the number of tries is used up.

use core::time::Duration;

use crate::chance::nanos;
use crate::outcome::{Breach, Outcome};
use crate::scenario::{Faults, Group, Scenario, ScenarioError};
use crate::simulation::Simulation;

/// Something that makes a scenario smaller.
type Change = Box<dyn Fn(&mut Scenario)>;

/// What is left of a scenario that breaks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Minimal {
    /// What still breaks: as text, [`Scenario::to_toml`].
    pub scenario: Scenario,
    /// With this seed.
    pub seed: u64,
    /// What it breaks.
    pub breach: Breach,
    /// How often a smaller one was tried.
    pub tries: u32,
}

/// What makes a group smaller, or plainer.
const SIMPLER: [fn(&mut Group); 6] = [
    |group| group.count = group.count.div_ceil(4),
    |group| group.count = group.count.div_ceil(2),
    |group| group.count = group.count.saturating_sub(1).max(1),
    |group| {
        group.clock_skew = Duration::ZERO;
        group.starts = Duration::ZERO;
    },
    |group| group.neighbours = false,
    |group| group.persists = 0,
];

impl Minimal {
    /// Makes a scenario that breaks with this seed as small as it goes within so many tries. None if it
    /// breaks nothing.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`] if it can't be run.
    pub fn of(scenario: &Scenario, seed: u64, tries: u32) -> Result<Option<Self>, ScenarioError> {
        Self::by(scenario, tries, &|scenario| {
            Ok(Simulation::new(scenario.clone(), seed)?.run())
        })
    }

    /// The same where a run is made in another way.
    pub(crate) fn by(
        scenario: &Scenario,
        tries: u32,
        run: &dyn Fn(&Scenario) -> Result<Outcome, ScenarioError>,
    ) -> Result<Option<Self>, ScenarioError> {
        let outcome = run(scenario)?;
        let Some(breach) = outcome.breach else {
            return Ok(None);
        };
        let mut minimal = Self {
            scenario: scenario.clone(),
            seed: outcome.seed,
            breach,
            tries: 0,
        };
        // What a swarm has drawn is written out first, so that parts of it can go.
        let mut drawn = scenario.clone();
        drawn.faults = crate::faults::drawn(&scenario.faults, outcome.seed);
        minimal.attempt(drawn, run);
        loop {
            let before = minimal.scenario.clone();
            for smaller in minimal.smaller() {
                if minimal.tries >= tries {
                    return Ok(Some(minimal));
                }
                minimal.attempt_change(&*smaller, run);
            }
            if minimal.scenario == before {
                return Ok(Some(minimal));
            }
        }
    }

    /// Tries a change to what there is by now.
    fn attempt_change(
        &mut self,
        change: &dyn Fn(&mut Scenario),
        run: &dyn Fn(&Scenario) -> Result<Outcome, ScenarioError>,
    ) {
        let mut smaller = self.scenario.clone();
        change(&mut smaller);
        if smaller != self.scenario {
            self.attempt(smaller, run);
        }
    }

    /// Keeps a scenario, if it breaks the same.
    fn attempt(
        &mut self,
        scenario: Scenario,
        run: &dyn Fn(&Scenario) -> Result<Outcome, ScenarioError>,
    ) {
        self.tries += 1;
        // What can't be run is no smaller one.
        let breach = run(&scenario).ok().and_then(|outcome| outcome.breach);
        if let Some(breach) = breach.filter(|it| it.invariant == self.breach.invariant) {
            self.scenario = scenario;
            self.breach = breach;
        }
    }

    /// Changes that make it smaller, the most first.
    fn smaller(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        // What holds at the end only needs its time: what broke before has had it.
        let until = Duration::try_from_secs_f64(self.breach.at).unwrap_or_default();
        if until < self.scenario.duration {
            let until = until + Duration::from_millis(1);
            changes.push(Box::new(move |it| it.duration = it.duration.min(until)));
        }
        for fault in Faults::EACH {
            changes.push(Box::new(move |it| *fault(&mut it.faults) = 0.0));
        }
        changes.push(Box::new(|it| it.churn = crate::Churn::default()));
        changes.push(Box::new(|it| it.network = crate::Network::default()));
        for group in (0..self.scenario.nodes.len()).rev() {
            changes.push(Box::new(move |it| {
                if it.nodes.len() > 1 && group < it.nodes.len() {
                    it.nodes.remove(group);
                }
            }));
            for simpler in SIMPLER {
                changes.push(Box::new(move |it| {
                    if let Some(group) = it.nodes.get_mut(group) {
                        simpler(group);
                    }
                }));
            }
        }
        if nanos(self.scenario.duration) > 2_000_000_000 {
            changes.push(Box::new(|it| it.duration /= 2));
        }
        changes
    }
}

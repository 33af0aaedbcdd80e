//! What goes wrong.
//!
//! A [`Faults`] says of each thing that happens whether something befalls it, and brings about
//! mishaps by itself. All of it comes from one stream of chance, so that a run is the same again, and
//! none of it after the time at which the scenario lets faults end.

mod wire;

use crate::chance::{Chance, Likelihood, Use, nanos};
use crate::member::NEVER;
use crate::scenario::Scenario;
use crate::simulation::Simulation;

/// Something that goes wrong by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The faults end.
    End,
}

/// How likely each fault is, for whatever may befall it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Odds {
    pub(crate) loss: Likelihood,
    pub(crate) duplicate: Likelihood,
    pub(crate) delay: Likelihood,
    pub(crate) garble: Likelihood,
}

/// The faults of a run.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) chance: Chance,
    pub(crate) odds: Odds,
    until: u64,
}

impl Faults {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let faults = &scenario.faults;
        Self {
            chance: Chance::new(seed, Use::Faults),
            odds: Odds {
                loss: Likelihood::of(faults.loss),
                duplicate: Likelihood::of(faults.duplicate),
                delay: Likelihood::of(faults.delay),
                garble: Likelihood::of(faults.garble),
            },
            until: faults.until.map_or(NEVER, nanos),
        }
    }

    pub(crate) const fn restarts(&self) -> bool {
        false
    }

    pub(crate) const fn meddles(&self) -> bool {
        false
    }

    pub(crate) const fn late_tick(&mut self) -> u64 {
        0
    }

    pub(crate) const fn dial_lasts(&mut self) -> u64 {
        0
    }

    pub(crate) const fn parts(&self, _from: u32, _to: u32) -> bool {
        false
    }
}

impl Simulation {
    pub(crate) fn plan_faults(&mut self) {
        let until = self.faults.until;
        if until != NEVER {
            self.queue
                .push(until, crate::simulation::What::Fault(Mishap::End));
        }
    }

    pub(crate) fn mishap(&mut self, what: Mishap) {
        match what {
            Mishap::End => self.faults.odds = Odds::default(),
        }
    }

    pub(crate) fn meddle(&mut self, _node: u32, _orders: &mut Vec<pex::NodeAction>) {}
}

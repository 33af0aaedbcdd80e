//! How large nodes believe the network to be.

use pex::Estimate;

use crate::measure::ratio;
use crate::outcome::{Guess, Spread};
use crate::simulation::Simulation;

/// The most nodes whose estimate is looked at in one sample, since that takes work.
const ESTIMATES: usize = 64;

/// What watched nodes believe of the size of the network, as a sample has it.
#[derive(Debug, Default)]
pub(crate) struct Believed {
    pub(crate) estimate: Option<Spread>,
    pub(crate) off: Option<f64>,
    pub(crate) covered: Option<f64>,
    pub(crate) interval: Option<[f64; 2]>,
}

impl Simulation {
    /// How many other nodes there are: what an estimate is of.
    fn truth(&self) -> u64 {
        self.living.len().saturating_sub(1).max(1) as u64
    }

    /// What a node believes of the size of the network, if it can tell.
    pub(crate) fn guess(&self, node: u32) -> Option<Guess> {
        let estimate = self.members[node as usize].machine.estimate();
        let Some(Estimate::Known { nodes, low, high }) = estimate else {
            return None;
        };
        Some(Guess {
            nodes,
            low,
            high,
            truth: self.truth(),
        })
    }

    /// What some watched nodes believe of the size of the network, over the truth.
    pub(crate) fn estimates(&self, known: &[(u32, f64)]) -> Believed {
        let every = known.len().div_ceil(ESTIMATES).max(1);
        let some = known.iter().step_by(every);
        let guesses: Vec<_> = some.filter_map(|(node, _)| self.guess(*node)).collect();
        if guesses.is_empty() {
            return Believed::default();
        }
        let over = |part: fn(&Guess) -> u64| {
            let mut parts: Vec<_> = guesses.iter().map(|it| ratio(part(it), it.truth)).collect();
            Spread::of(&mut parts)
        };
        let mut errors: Vec<_> = guesses.iter().map(Guess::error).collect();
        let covers = guesses.iter().filter(|it| it.covers()).count() as u64;
        let ends = [over(|it| it.low).median, over(|it| it.high).median];
        Believed {
            estimate: Some(over(|it| it.nodes)),
            off: Some(Spread::of(&mut errors).p95),
            covered: Some(ratio(covers, guesses.len() as u64)),
            interval: Some(ends),
        }
    }
}

//! What has happened, in the words of an [`Outcome`].

use crate::histogram::Histogram;
use crate::links::State;
use crate::outcome::{Outcome, Population, Spread};
use crate::scenario::Program;
use crate::simulation::{Crowd, Simulation, seconds};

impl Simulation {
    /// What has happened so far. At the end, [`Simulation::run`] gives the same.
    #[must_use]
    pub fn outcome(&mut self) -> Outcome {
        let at = seconds(self.now);
        if self.watch.samples.last().is_none_or(|last| last.at < at) {
            self.look();
        }
        let mut dialed_by = vec![0_u32; self.members.len()];
        for link in self.links.iter() {
            if link.ends.iter().all(|end| end.state == State::Open) {
                dialed_by[link.ends[1].node as usize] += 1;
            }
        }
        let living = self.living.iter().map(|node| *node as usize);
        let dialed_by = living.clone().map(|node| dialed_by[node]);
        let asked = living.map(|node| self.members[node].asked);
        Outcome {
            scenario: self.scenario.clone(),
            seed: self.seed,
            seconds: at,
            events: self.events,
            digest: self.digest.value(),
            population: (0..self.crowds.len())
                .map(|group| self.population(group))
                .collect(),
            samples: self.watch.samples.clone(),
            newcomers: self.watch.newcomers(|node| self.guess(node)),
            in_degree: Spread::of(&mut dialed_by.clone().map(f64::from).collect::<Vec<_>>()),
            in_degrees: Histogram::of(dialed_by.map(u64::from)),
            asked: Spread::of(&mut asked.clone().map(f64::from).collect::<Vec<_>>()),
            asked_counts: Histogram::of(asked.clone().map(u64::from)),
            asked_nodes: asked.filter(|requests| *requests > 0).count() as u64,
            gains: self.gains(),
            breach: self.breach.clone(),
        }
    }

    fn population(&self, group: usize) -> Population {
        let crowd: &Crowd = &self.crowds[group];
        let living = self.living.iter();
        let living =
            living.filter(|node| usize::from(self.members[**node as usize].group) == group);
        Population {
            runs: crowd.group.runs.name(),
            born: crowd.born,
            living: living.count() as u64,
            requests: crowd.requests,
            answers: crowd.answers,
            bytes: crowd.bytes,
            dials: crowd.dials,
            faults_seen: crowd.faults_seen,
        }
    }
}

impl Program {
    /// Its name, as a scenario has it.
    pub(crate) fn name(&self) -> String {
        let name = match self {
            Self::Pex => "pex",
            Self::PexPlain => "pex-plain",
            Self::PexV1 => "pex-v1",
            Self::PexSeed => "pex-seed",
            Self::Tendermint0350 => "tendermint-0.35.0",
            Self::Tendermint0359 => "tendermint-0.35.9",
            Self::Uniform => "uniform",
            Self::Hostile(sort) => return format!("hostile: {sort}"),
        };
        name.to_owned()
    }
}

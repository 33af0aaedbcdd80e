//! Who comes and goes.

use crate::chance::{Chance, Use, nanos};
use crate::member::NEVER;
use crate::scenario::{self, Knows, Program};
use crate::simulation::{Simulation, What};

const SECOND: u64 = 1_000_000_000;

/// The shortest and the longest time that a node is down that has crashed.
const DOWN: [u64; 2] = [SECOND, 30 * SECOND];

/// What churn does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Nodes come and go from now on.
    Begin,
    /// A node dies, and another is born.
    Replace,
    /// A node crashes, and will start again.
    Restart,
}

#[derive(Debug)]
pub(crate) struct Churn {
    chance: Chance,
    replaced: f64,
    restarted: f64,
    after: u64,
    until: u64,
}

impl Churn {
    pub(crate) fn new(churn: &scenario::Churn, seed: u64) -> Self {
        Self {
            chance: Chance::new(seed, Use::Churn),
            replaced: churn.replaced_a_minute,
            restarted: churn.restarted_a_minute,
            after: nanos(churn.after),
            until: churn.until.map_or(NEVER, nanos),
        }
    }

    /// Whether nodes need something to start again from.
    pub(crate) fn restarts(&self) -> bool {
        self.restarted > 0.0
    }

    const fn rate(&self, what: Move) -> f64 {
        match what {
            Move::Begin => 0.0,
            Move::Replace => self.replaced,
            Move::Restart => self.restarted,
        }
    }
}

/// How long it is until something happens that happens to this share of so many in a minute: from
/// nothing to twice the mean.
pub(crate) fn wait(chance: &mut Chance, a_minute: f64, of: usize) -> Option<u64> {
    let rate = a_minute * of as f64;
    (rate > 0.0).then(|| chance.up_to((120e9 / rate) as u64))
}

impl Simulation {
    /// How often somebody comes or goes depends on how many there are then.
    pub(crate) fn plan_churn(&mut self) {
        if self.now < self.churn.after {
            self.queue.push(self.churn.after, What::Churn(Move::Begin));
            return;
        }
        for what in [Move::Replace, Move::Restart] {
            self.plan_move(what);
        }
    }

    fn plan_move(&mut self, what: Move) {
        let living = self.living.len().max(1);
        let rate = self.churn.rate(what);
        if let Some(wait) = wait(&mut self.churn.chance, rate, living) {
            self.queue
                .push(self.now.saturating_add(wait), What::Churn(what));
        }
    }

    pub(crate) fn churn(&mut self, what: Move) {
        if self.now >= self.churn.until {
            return;
        }
        if what == Move::Begin {
            self.plan_churn();
            return;
        }
        self.plan_move(what);
        let Some(node) = self.victim() else {
            return;
        };
        self.die(node, false);
        match what {
            Move::Begin => {}
            Move::Replace => {
                let group = usize::from(self.members[node as usize].group);
                let newborn = self.conceive(group);
                self.start(newborn);
            }
            Move::Restart => {
                let [least, most] = DOWN;
                let down = least + self.churn.chance.up_to(most - least);
                self.queue.push(self.now + down, What::Start { node });
            }
        }
    }

    /// One of those who may go. Seed nodes and the first nodes stay, if others find in by them.
    fn victim(&mut self) -> Option<u32> {
        let stay = self.crowds.iter().map(|crowd| match crowd.group.knows {
            Knows::First(count) => count,
            _ => 0,
        });
        let stay = stay.max().unwrap_or_default();
        for _ in 0..100 {
            let place = self.churn.chance.index(self.living.len());
            let node = *self.living.get(place)?;
            let group = usize::from(self.members[node as usize].group);
            let is_seed = self.crowds[group].group.runs == Program::PexSeed;
            let member = &self.members[node as usize];
            if node >= stay && !is_seed && member.life > member.ended {
                return Some(node);
            }
        }
        None
    }
}

//! What goes wrong.
//!
//! A [`Faults`] says of each thing that happens whether something befalls it, and brings about
//! mishaps by itself. All of it comes from one stream of chance, so that a run is the same again, and
//! none of it after the time at which the scenario lets faults end.

mod clocks;
mod driver;
mod hosts;
mod links;
mod partition;
mod swarm;
mod wire;

use crate::chance::{Chance, Likelihood, Use, nanos};
use crate::churn::wait;
use crate::member::NEVER;
use crate::scenario::{self, Scenario};
use crate::simulation::{Simulation, What};

use partition::Partition;

pub(crate) use swarm::draw as drawn;

/// Something that goes wrong by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The faults end.
    End,
    /// A connection ends, or falls silent at one end or both.
    Cut,
    /// It is time to see again how many connections there are that may be cut.
    Recount,
    /// The network falls into two parts.
    Part,
    /// It is one again.
    Heal,
    /// A clock jumps, or stops.
    Clock,
    /// A clock goes on that has stopped, or is set right.
    Mend { node: u32 },
    /// A node crashes, and starts again from what is left of its disk.
    Crash,
    /// A node falls silent, its connections stay.
    Hang,
    /// It goes on.
    Wake { node: u32 },
    /// A driver reports what has not happened, or ticks when nothing is due.
    Invent,
}

/// How likely each fault is, for whatever may befall it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Odds {
    pub(crate) loss: Likelihood,
    pub(crate) duplicate: Likelihood,
    pub(crate) delay: Likelihood,
    pub(crate) garble: Likelihood,
    pub(crate) forget: Likelihood,
    pub(crate) repeat: Likelihood,
    pub(crate) late_tick: Likelihood,
    pub(crate) crash_at_work: Likelihood,
    pub(crate) dial: Likelihood,
    pub(crate) stranger: Likelihood,
    pub(crate) old_disk: Likelihood,
}

/// How often mishaps come.
#[derive(Clone, Copy, Debug, Default)]
struct Rates {
    /// The share of all connections in a minute.
    cuts: f64,
    /// In an hour.
    partitions: f64,
    /// In an hour, of each node.
    clock_jumps: f64,
    crashes: f64,
    hangs: f64,
    inventions: f64,
}

/// The faults of a run.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(crate) chance: Chance,
    /// Whose disk is taken back to a copy: what came later draws from a stream of its own, so that the
    /// runs without it are as they were.
    copies: Chance,
    pub(crate) odds: Odds,
    rates: Rates,
    partition: Option<Partition>,
    until: u64,
    /// What the scenario had, once a swarm has drawn its part.
    pub(crate) drawn: scenario::Faults,
}

/// How often connections are counted: at the beginning there are none.
const RECOUNTED: u64 = 5_000_000_000;

/// Of all orders of a driver that does badly, so many are given up with the whole node.
const CRASHES_AT_WORK: f64 = 0.05;

impl Faults {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let drawn = swarm::draw(&scenario.faults, seed);
        let crash_at_work = if drawn.crashes > 0.0 {
            drawn.driver * CRASHES_AT_WORK
        } else {
            0.0
        };
        Self {
            chance: Chance::new(seed, Use::Faults),
            copies: Chance::new(seed, Use::Copies),
            odds: Odds {
                loss: Likelihood::of(drawn.loss),
                duplicate: Likelihood::of(drawn.duplicate),
                delay: Likelihood::of(drawn.delay),
                garble: Likelihood::of(drawn.garble),
                forget: Likelihood::of(drawn.driver / 2.0),
                repeat: Likelihood::of(drawn.driver / 2.0),
                late_tick: Likelihood::of(drawn.ticks),
                crash_at_work: Likelihood::of(crash_at_work),
                dial: Likelihood::of(drawn.dials),
                stranger: Likelihood::of(drawn.strangers),
                old_disk: Likelihood::of(drawn.old_disks),
            },
            rates: Rates {
                cuts: drawn.cuts,
                partitions: drawn.partitions,
                clock_jumps: drawn.clock_jumps,
                crashes: drawn.crashes,
                hangs: drawn.hangs,
                inventions: drawn.inventions,
            },
            partition: None,
            until: drawn.until.map_or(NEVER, nanos),
            drawn,
        }
    }

    /// Whether nodes need something to start again from.
    pub(crate) fn restarts(&self) -> bool {
        self.rates.crashes > 0.0
    }

    /// When the faults end; none if there are none, or they go on for ever.
    pub(crate) fn end(&self) -> Option<u64> {
        (self.until != NEVER).then_some(self.until)
    }

    fn rate(&self, what: Mishap, nodes: usize, links: usize) -> (f64, usize) {
        let rates = &self.rates;
        match what {
            Mishap::Cut => (rates.cuts, links),
            Mishap::Part => (rates.partitions / 60.0, 1),
            Mishap::Clock => (rates.clock_jumps / 60.0, nodes),
            Mishap::Crash => (rates.crashes / 60.0, nodes),
            Mishap::Hang => (rates.hangs / 60.0, nodes),
            Mishap::Invent => (rates.inventions / 60.0, nodes),
            Mishap::Recount
            | Mishap::End
            | Mishap::Heal
            | Mishap::Mend { .. }
            | Mishap::Wake { .. } => (0.0, 0),
        }
    }
}

impl Simulation {
    pub(crate) fn plan_faults(&mut self) {
        if let Some(end) = self.faults.end() {
            self.queue.push(end, What::Fault(Mishap::End));
        }
        for what in [
            Mishap::Cut,
            Mishap::Part,
            Mishap::Clock,
            Mishap::Crash,
            Mishap::Hang,
            Mishap::Invent,
        ] {
            self.plan_mishap(what);
        }
    }

    /// Has a mishap of this sort come after a while.
    fn plan_mishap(&mut self, what: Mishap) {
        let (a_minute, of) = self
            .faults
            .rate(what, self.living.len(), self.links.places());
        let Some(wait) = wait(&mut self.faults.chance, a_minute, of.max(1)) else {
            return;
        };
        // What has not happened by then has still to be waited for as long as from the beginning, by
        // however many there are then.
        let (wait, what) = match what {
            Mishap::Cut if wait > RECOUNTED => (RECOUNTED, Mishap::Recount),
            what => (wait, what),
        };
        self.queue.push(self.now + wait, What::Fault(what));
    }

    pub(crate) fn mishap(&mut self, what: Mishap) {
        let over = self.now >= self.faults.until;
        match what {
            Mishap::End => self.end_faults(),
            Mishap::Heal => self.heal(),
            Mishap::Mend { node } => self.mend_clock(node),
            Mishap::Wake { node } => self.wake(node),
            _ if over => return,
            Mishap::Recount => return self.plan_mishap(Mishap::Cut),
            Mishap::Cut => self.cut_some_link(),
            Mishap::Part => self.part(),
            Mishap::Clock => self.upset_clock(),
            Mishap::Crash => self.crash_somebody(),
            Mishap::Hang => self.hang_somebody(),
            Mishap::Invent => self.invent(),
        }
        self.plan_mishap(what);
    }

    /// Everything is right from now on: what was wrong is mended.
    fn end_faults(&mut self) {
        self.faults.odds = Odds::default();
        self.faults.rates = Rates::default();
        self.heal();
        for node in self.living.clone() {
            self.wake(node);
            self.mend_clock(node);
            self.take_back_inventions(node);
        }
    }

    /// Somebody with a machine who lives.
    fn somebody(&mut self) -> Option<u32> {
        for _ in 0..100 {
            let place = self.faults.chance.index(self.living.len());
            let node = *self.living.get(place)?;
            if self.members[node as usize].machine.is_some() {
                return Some(node);
            }
        }
        None
    }
}

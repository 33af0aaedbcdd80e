//! The world: what happens next, and to whom.

use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use pex::wire::Message;
use pex::{Epoch, NodeAction, NodeEvent, NodeId};
use slab::Slab;

use crate::aim::Aim;
use crate::blueprint::Blueprint;
use crate::chance::{Chance, Use, nanos};
use crate::check::Check;
use crate::churn::Churn;
use crate::digest::Digest;
use crate::faults::Faults;
use crate::hostile::Operator;
use crate::links::Links;
use crate::machine::Machine;
use crate::measure::Watch;
use crate::member::{Member, NEVER};
use crate::network::{Dial, Network};
use crate::orders::After;
use crate::outcome::Breach;
use crate::places::Places;
use crate::queue::Queue;
use crate::scenario::{Group, Scenario, ScenarioError};
use crate::shared::World;

/// Something that is to happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// A node starts, for the first time or again.
    Start { node: u32 },
    /// A timer may have run out.
    Tick { node: u32 },
    /// What was sent arrives.
    Deliver { parcel: u32 },
    /// One end of a link learns that the other has hung up, or is gone.
    Farewell { epoch: Epoch, side: u8 },
    /// A dial has come to something, or to nothing.
    Dialed { dial: u32 },
    /// The network is looked at.
    Sample,
    /// Somebody comes or goes.
    Churn(crate::churn::Move),
    /// Something goes wrong.
    Fault(crate::faults::Mishap),
}

/// What is under way on a link.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) epoch: Epoch,
    /// The end at which it arrives.
    pub(crate) to: u8,
    pub(crate) load: Load,
}

/// What a parcel holds.
#[derive(Clone, Debug)]
pub(crate) enum Load {
    /// A message, as its sender's machine made it.
    Message(Message<'static>),
    /// Bytes that may be anything.
    Bytes(Vec<u8>),
}

/// A group of nodes, and what all of them together have done.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) group: Group,
    pub(crate) blueprint: Blueprint,
    pub(crate) watched: bool,
    /// The first of them.
    pub(crate) first: Option<u32>,
    pub(crate) born: u64,
    pub(crate) requests: u64,
    pub(crate) answers: u64,
    pub(crate) bytes: u64,
    pub(crate) dials: u64,
    pub(crate) faults_seen: u64,
    /// Who runs them, if they are out for harm.
    pub(crate) operator: Option<Box<dyn Operator>>,
}

/// What has become of all that was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) dropped: u64,
}

/// A run of a [`Scenario`].
///
/// ```
/// use pex_sim::{Scenario, Simulation};
///
/// let scenario = Scenario::parse("duration = '30s'\n[[nodes]]\ncount = 8\n")?;
/// let outcome = Simulation::new(scenario, 1)?.run();
/// assert_eq!(outcome.breach, None);
/// assert_eq!(outcome.samples.last().map(|last| last.known.min), Some(1.0));
/// # Ok::<(), pex_sim::ScenarioError>(())
/// ```
#[derive(Debug)]
pub struct Simulation {
    pub(crate) scenario: Scenario,
    pub(crate) seed: u64,
    pub(crate) now: u64,
    pub(crate) end: u64,
    pub(crate) events: u64,
    pub(crate) digest: Digest,
    pub(crate) queue: Queue<What>,
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) members: Vec<Member>,
    /// Who lives, in no order that means anything.
    pub(crate) living: Vec<u32>,
    /// The same by id.
    pub(crate) by_id: BTreeSet<NodeId>,
    pub(crate) places: Places,
    pub(crate) links: Links,
    pub(crate) parcels: Slab<Parcel>,
    pub(crate) dials: Slab<Dial>,
    pub(crate) network: Network,
    pub(crate) starts: Chance,
    /// What thin nodes tell.
    pub(crate) thin: Chance,
    pub(crate) churn: Churn,
    pub(crate) faults: Faults,
    /// What hostile nodes draw from.
    pub(crate) mischief: Chance,
    pub(crate) aim: Aim,
    pub(crate) watch: Watch,
    pub(crate) check: Option<Box<Check>>,
    pub(crate) ledger: Ledger,
    pub(crate) breach: Option<Breach>,
    pub(crate) done: bool,
    /// All are honest.
    pub(crate) trust: bool,
    /// A bug, to see whether it is found.
    #[cfg(test)]
    pub(crate) bug: Option<crate::check::tests::Bug>,
    /// Room for the orders of one event.
    orders: Vec<NodeAction>,
}

impl Simulation {
    /// A world at its beginning.
    ///
    /// # Errors
    ///
    /// [`ScenarioError`] says what in the scenario can't be, and what to write instead.
    pub fn new(scenario: Scenario, seed: u64) -> Result<Self, ScenarioError> {
        scenario.validate()?;
        let crowds = (0..).zip(&scenario.nodes);
        let crowds = crowds.map(|(nth, group)| Crowd::new(group, seed, nth));
        let crowds = crowds.collect::<Result<Vec<_>, _>>()?;
        let watched = crowds.iter().filter(|crowd| crowd.watched);
        let watched = watched.map(|crowd| u64::from(crowd.group.count)).sum();
        let mut simulation = Self {
            now: 0,
            end: nanos(scenario.duration),
            events: 0,
            digest: Digest::default(),
            queue: Queue::new(),
            members: Vec::new(),
            living: Vec::new(),
            by_id: BTreeSet::new(),
            places: Places::new(seed),
            links: Links::default(),
            parcels: Slab::new(),
            dials: Slab::new(),
            network: Network::new(&scenario.network, seed),
            starts: Chance::new(seed, Use::Start),
            thin: Chance::new(seed, Use::Thin),
            churn: Churn::new(&scenario.churn, seed),
            faults: Faults::new(&scenario, seed),
            mischief: Chance::new(seed, Use::Hostile),
            aim: Aim::default(),
            watch: Watch::new(watched),
            check: scenario.check.then(Box::default),
            ledger: Ledger::default(),
            breach: None,
            done: false,
            trust: !(scenario.nodes.iter())
                .any(|group| matches!(group.runs, crate::Program::Hostile(_))),
            #[cfg(test)]
            bug: None,
            orders: Vec::new(),
            crowds,
            scenario,
            seed,
        };
        simulation.populate();
        Ok(simulation)
    }

    /// Goes on to the end, and says what has happened.
    pub fn run(&mut self) -> crate::Outcome {
        self.run_until(Duration::MAX);
        self.outcome()
    }

    /// Goes on until this time since the beginning, or to the end; whether that is reached.
    pub fn run_until(&mut self, time: Duration) -> bool {
        let until = nanos(time).min(self.end);
        while !self.done && self.queue.next_at().is_some_and(|at| at <= until) {
            let Some((at, what)) = self.queue.pop() else {
                break;
            };
            self.now = at;
            self.happen(what);
        }
        if !self.done {
            self.now = until;
            self.done = until == self.end;
            if self.done {
                self.finish();
            }
        }
        self.done
    }

    /// How far it is: the time since the beginning, and the events that were handled.
    #[must_use]
    pub const fn progress(&self) -> (Duration, u64) {
        (Duration::from_nanos(self.now), self.events)
    }

    /// Messages that were sent, that have arrived, and that got lost on the way or found nobody. What
    /// is missing is under way.
    #[must_use]
    pub const fn messages(&self) -> (u64, u64, u64) {
        (self.ledger.sent, self.ledger.delivered, self.ledger.dropped)
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Start { node } => self.start(node),
            What::Tick { node } => self.tick(node),
            What::Deliver { parcel } => self.deliver(parcel),
            What::Farewell { epoch, side } => self.farewell(epoch, side.into()),
            What::Dialed { dial } => self.dialed(dial),
            What::Sample => self.sample(),
            What::Churn(what) => self.churn(what),
            What::Fault(what) => self.mishap(what),
        }
    }

    /// Tells a node's machine of something, and does what it wants done.
    pub(crate) fn tell(&mut self, node: u32, event: NodeEvent<'_>) {
        if self.is_hostile(node) {
            self.tell_operator(node, event);
            return;
        }
        let member = &mut self.members[node as usize];
        if self.done {
            return;
        }
        if let Machine::None = member.machine {
            return self.tell_thin(node, &event);
        }
        self.events += 1;
        let clock = member.clock(self.now);
        if let Some(check) = &mut self.check {
            check.before(node, clock, &event, &member.machine);
        }
        let is_tick = matches!(event, NodeEvent::Tick);
        let mut orders = core::mem::take(&mut self.orders);
        let world = World {
            places: &self.places,
            living: &self.living,
            by_id: &self.by_id,
            watch: &self.watch,
        };
        member.machine.handle(clock, event, world, &mut orders);
        if let Some(check) = &mut self.check {
            check.compare(node, &orders, &member.machine);
        }
        #[cfg(test)]
        if let Some(bug) = self.bug {
            bug(&mut orders);
        }
        if self.check.is_some() {
            self.judge(node, is_tick, &orders);
        }
        if self.faults.meddles() {
            self.meddle(node, &mut orders);
        }
        let mut after = VecDeque::new();
        for order in orders.drain(..) {
            self.carry_out(node, order, &mut after);
        }
        self.orders = orders;
        // Told only now: a batch is carried out whole before the next event.
        for what in after {
            match what {
                After::Unsent(to, epoch) => self.tell(node, NodeEvent::Unsent { to, epoch }),
                After::Unknown(query) => self.tell(node, NodeEvent::Resolved { query, ips: &[] }),
            }
        }
    }

    /// Ends the run.
    pub(crate) fn break_off(&mut self, invariant: u8, what: impl Into<String>, node: u32) {
        if self.breach.is_none() {
            self.breach = Some(Breach {
                invariant,
                what: what.into(),
                node,
                at: seconds(self.now),
                event: self.events,
            });
        }
        self.done = true;
    }

    fn tick(&mut self, node: u32) {
        let member = &mut self.members[node as usize];
        if member.queued != self.now {
            // The timer was set to an earlier time meanwhile, and this is what was left behind.
            return;
        }
        member.queued = NEVER;
        if !member.alive || member.stuck {
            return;
        }
        if member.deadline > self.now {
            self.queue_tick(node);
            return;
        }
        member.deadline = NEVER;
        self.tell(node, NodeEvent::Tick);
        let member = &self.members[node as usize];
        if let Some(deadline) = member.machine.deadline() {
            self.set_timer(node, member.moment(self.now, deadline));
        }
    }

    /// Sets a node's timer, in the time of the world.
    pub(crate) fn set_timer(&mut self, node: u32, at: u64) {
        // A machine that is always due must not keep the world from going on.
        self.members[node as usize].deadline = at.max(self.now + 1);
        self.queue_tick(node);
    }

    pub(crate) fn queue_tick(&mut self, node: u32) {
        let member = &mut self.members[node as usize];
        if member.deadline < member.queued {
            member.queued = member.deadline;
            let late = self.faults.late_tick();
            member.queued = member.queued.saturating_add(late);
            self.queue.push(member.queued, What::Tick { node });
        }
    }
}

/// The seconds of a time in nanoseconds.
pub(crate) fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

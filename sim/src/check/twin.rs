//! A second machine beside one of the nodes: a clone of it, which is told the same. Now and then another
//! is written down and read, and a third is told an older time.

use pex::{NodeAction, NodeEvent, Pex, Seed, Time};

use super::memory::Start;
use super::{Verdict, hold};
use crate::machine::Machine;

/// Events after which it is cloned anew, since a clone of a young machine shares little with it.
const EVENTS: u32 = 64;

/// The twin of a node.
#[derive(Debug)]
pub(super) struct Twin {
    pub(super) of: u32,
    machine: Machine,
    /// That of the exchange.
    seed: Seed,
    /// The latest time that it was told.
    now: Time,
    orders: Vec<NodeAction>,
    events: u32,
    /// What was found of the time of the event in hand.
    keeps_time: Verdict,
    /// What was found last.
    verdict: Verdict,
}

impl Twin {
    /// A twin of this node, if it runs a machine that can have one.
    pub(super) fn of(node: u32, machine: &Machine, start: &Start<'_>) -> Option<Self> {
        Some(Self {
            of: node,
            machine: machine.twin()?,
            seed: start.seed.derive(1),
            now: start.at,
            orders: Vec::new(),
            events: 0,
            keeps_time: Ok(()),
            verdict: Ok(()),
        })
    }

    /// Has it take in what the node is about to be told.
    pub(super) fn before(&mut self, now: Time, event: NodeEvent<'_>) {
        self.keeps_time = if (self.events + 1).is_multiple_of(EVENTS) {
            self.keeps_time(event.clone())
        } else {
            Ok(())
        };
        self.now = self.now.max(now);
        self.orders = tell(&mut self.machine, now, event);
    }

    pub(super) fn rewind(&mut self, now: Time) {
        self.now = self.now.min(now);
        self.machine.rewind(now);
    }

    /// Sees whether the node does what its twin would do.
    pub(super) fn after(&mut self, machine: &Machine, orders: &[NodeAction]) {
        let same = self.orders == orders && self.machine.deadline() == machine.deadline();
        self.verdict = hold(30, same, || {
            "a clone that is told the same does something else".to_owned()
        });
        self.events += 1;
        if self.events.is_multiple_of(EVENTS)
            && let Some(twin) = machine.twin()
        {
            self.machine = twin;
            let comes_back = self.comes_back();
            self.verdict = core::mem::replace(&mut self.verdict, Ok(())).and(comes_back);
        }
        let keeps_time = core::mem::replace(&mut self.keeps_time, Ok(()));
        self.verdict = core::mem::replace(&mut self.verdict, Ok(())).and(keeps_time);
    }

    /// An older time is taken for the latest.
    fn keeps_time(&self, event: NodeEvent<'_>) -> Verdict {
        let (Some(mut one), Some(mut other)) = (self.machine.twin(), self.machine.twin()) else {
            return Ok(());
        };
        let now = tell(&mut one, self.now, event.clone());
        let then = tell(&mut other, Time::EPOCH, event);
        let same = now == then && one.deadline() == other.deadline();
        hold(3, same, || {
            format!("at an older time it does {then:?}, and {now:?} at the latest")
        })
    }

    /// What is written down, and read, and written down, is the same.
    fn comes_back(&self) -> Verdict {
        let Some(exchange) = self.machine.exchange() else {
            return Ok(());
        };
        let dump = exchange.dump();
        let again = Pex::restore(exchange.config().clone(), self.seed, &dump);
        let is_same = again.as_ref().is_ok_and(|it| it.dump() == dump);
        hold(31, is_same, || {
            let why = again.err();
            format!("an exchange that is dumped and restored is another: {why:?}")
        })
    }

    /// Holds what the node has done to what its twin did.
    pub(super) fn is_same(&self) -> Verdict {
        self.verdict.clone()
    }
}

fn tell(machine: &mut Machine, now: Time, event: NodeEvent<'_>) -> Vec<NodeAction> {
    match machine {
        Machine::V2(node) => node.handle(now, event).into_iter().collect(),
        Machine::V1(node) => node.handle(now, event).into_iter().collect(),
        _ => Vec::new(),
    }
}

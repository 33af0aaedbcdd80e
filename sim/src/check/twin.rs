//! A second machine beside one of the nodes: a clone of it, which is told the same.

use pex::{NodeAction, NodeEvent, Time};

use super::{Verdict, hold};
use crate::machine::Machine;

/// Events after which it is cloned anew, since a clone of a young machine shares little with it.
const EVENTS: u32 = 64;

/// The twin of a node.
#[derive(Debug)]
pub(super) struct Twin {
    pub(super) of: u32,
    machine: Machine,
    orders: Vec<NodeAction>,
    events: u32,
    /// Whether both did the same last.
    same: bool,
}

impl Twin {
    /// A twin of this node, if it runs a machine that can have one.
    pub(super) fn of(node: u32, machine: &Machine) -> Option<Self> {
        Some(Self {
            of: node,
            machine: machine.twin()?,
            orders: Vec::new(),
            events: 0,
            same: true,
        })
    }

    /// Has it take in what the node is about to be told.
    pub(super) fn before(&mut self, now: Time, event: NodeEvent<'_>) {
        self.orders = match &mut self.machine {
            Machine::V2(node) => node.handle(now, event).into_iter().collect(),
            Machine::V1(node) => node.handle(now, event).into_iter().collect(),
            _ => Vec::new(),
        };
    }

    pub(super) fn rewind(&mut self, now: Time) {
        self.machine.rewind(now);
    }

    /// Sees whether the node does what its twin would do.
    pub(super) fn after(&mut self, machine: &Machine, orders: &[NodeAction]) {
        self.same = self.orders == orders && self.machine.deadline() == machine.deadline();
        self.events += 1;
        if self.events.is_multiple_of(EVENTS)
            && let Some(twin) = machine.twin()
        {
            self.machine = twin;
        }
    }

    /// Holds what the node has done to what its twin did.
    pub(super) fn is_same(&self) -> Verdict {
        hold(30, self.same, || {
            "a clone that is told the same does something else".to_owned()
        })
    }
}

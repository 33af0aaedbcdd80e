//! What must hold, whatever happens.
//!
//! The machines check themselves, and here they are looked at from outside: nobody takes in an
//! address that he was not told, and what was sent has arrived, is lost, or is under way.

use std::collections::BTreeSet;

use pex::wire::Message;
use pex::{NodeAction, NodeAddress, NodeEvent, Time};

use crate::member::Member;
use crate::simulation::Simulation;

/// An onlooker.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// What the event in hand tells of.
    told: BTreeSet<NodeAddress>,
}

impl Check {
    /// Learns what is about to happen to a node.
    pub(crate) fn before(&mut self, _node: u32, _now: Time, event: &NodeEvent<'_>) {
        self.told.clear();
        if let NodeEvent::Message {
            message: Message::Response(response),
            ..
        } = event
        {
            self.told
                .extend(response.entries().filter_map(|entry| entry.parse().ok()));
        }
    }

    pub(crate) const fn starts(&mut self, _node: u32, _member: &Member) {}

    pub(crate) const fn ends(&mut self, _node: u32) {}
}

impl Simulation {
    /// Holds what a node does, and what it has become, to what must be so.
    pub(crate) fn judge(&mut self, node: u32, _is_tick: bool, orders: &[NodeAction]) {
        if let Err(broken) = self.members[node as usize].machine.check() {
            self.break_off(broken.invariant, broken.what, node);
        }
        let told = self.check.as_ref().map(|check| &check.told);
        let invented = orders.iter().any(|order| {
            matches!(order, NodeAction::Heard { address, .. }
                if told.is_some_and(|told| !told.contains(address)))
        });
        if invented {
            self.break_off(36, "an address was taken in that nobody has told", node);
        }
        let gone = self.ledger.delivered + self.ledger.dropped;
        if self.ledger.sent != gone + self.parcels.len() as u64 {
            self.break_off(
                36,
                "what was sent has arrived, is lost, or is under way",
                node,
            );
        }
    }

    /// What must hold at the end.
    pub(crate) fn finish(&mut self) {}
}

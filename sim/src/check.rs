//! What must hold, whatever happens.
//!
//! The machines check themselves after every event. Here they are looked at from outside as well: each
//! has a judge who knows what it was told, and holds what it does to the rules; and the network as a
//! whole loses no message, and knows nobody of whom nobody has told. The numbers are those of
//! `tests/INVARIANTS.md`.

mod judge;
mod network;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use pex::wire::{Message, Response};
use pex::{NodeAction, NodeAddress, NodeEvent, Time};

use crate::machine::Machine;
use crate::member::Member;
use crate::simulation::Simulation;

use judge::Judge;

/// All judges.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// By the number of their nodes; none for those who run no machine of ours.
    judges: Vec<Option<Box<Judge>>>,
    /// What the event in hand tells of.
    told: BTreeSet<NodeAddress>,
}

impl Check {
    /// A node has started.
    pub(crate) fn starts(&mut self, node: u32, address: &NodeAddress, member: &Member) {
        let place = node as usize;
        if self.judges.len() <= place {
            self.judges.resize_with(place + 1, || None);
        }
        let dials_per_second = match &member.machine {
            Machine::V1(machine) if machine.peers().options().is_seed() => 64,
            Machine::V1(_) | Machine::V2(_) => 10,
            // What is modelled on others keeps their rules.
            _ => return self.ends(node),
        };
        let judge = Judge::new(address.clone(), dials_per_second);
        self.judges[place] = Some(Box::new(judge));
    }

    /// A node has died.
    pub(crate) fn ends(&mut self, node: u32) {
        if let Some(judge) = self.judges.get_mut(node as usize) {
            *judge = None;
        }
    }

    /// A node's clock was wrong, and is set back.
    pub(crate) fn rewinds(&mut self, node: u32, clock: Time) {
        if let Some(Some(judge)) = self.judges.get_mut(node as usize) {
            judge.rewind(clock);
        }
    }

    /// Learns what is about to happen to a node.
    pub(crate) fn before(&mut self, node: u32, now: Time, event: &NodeEvent<'_>) {
        self.told.clear();
        if let NodeEvent::Message {
            message: Message::Response(response),
            ..
        } = event
        {
            let told = response.entries().filter_map(|entry| entry.parse().ok());
            self.told.extend(told);
        }
        if let Some(Some(judge)) = self.judges.get_mut(node as usize) {
            judge.before(now, event);
        }
    }

    fn judge(&mut self, node: u32, orders: &[NodeAction]) -> Result<(), (u8, String)> {
        if let Some(Some(judge)) = self.judges.get_mut(node as usize) {
            for order in orders {
                judge.order(order)?;
            }
        }
        for order in orders {
            if let NodeAction::Heard { address, .. } = order
                && !self.told.contains(address)
            {
                return Err((
                    36,
                    format!("{address} was taken in, and nobody has told it"),
                ));
            }
        }
        Ok(())
    }
}

impl Simulation {
    /// Nobody hears from a node of whom it keeps to itself.
    pub(crate) fn keeps_secrets(&mut self, node: u32, response: &Response<'_>) {
        let private = &self.members[node as usize].private;
        if private.is_empty() {
            return;
        }
        let told = response.entries().filter_map(|entry| entry.parse().ok());
        let leak = told.into_iter().find(|address| {
            let (known, there) = (self.places.number(address.id()), self.places.at(address));
            let secret = |node: Option<u32>| node.is_some_and(|node| private.contains(&node));
            secret(known) || secret(there)
        });
        if let Some(leak) = leak {
            self.break_off(15, format!("{leak} is private, and is told"), node);
        }
    }

    /// Holds what a node does, and what it has become, to what must be so.
    pub(crate) fn judge(&mut self, node: u32, is_tick: bool, orders: &[NodeAction]) {
        let member = &self.members[node as usize];
        let (machine, clock) = (&member.machine, member.clock(self.now));
        let inside = machine
            .check()
            .map_err(|it| (it.invariant, it.what.to_owned()));
        let late = is_tick && machine.deadline().is_some_and(|deadline| deadline <= clock);
        let timer = if late {
            Err((5, "after a tick the deadline lies ahead".to_owned()))
        } else {
            Ok(())
        };
        let judged = inside.and(timer);
        let judged = judged.and_then(|()| match &mut self.check {
            Some(check) => check.judge(node, orders),
            None => Ok(()),
        });
        if let Err((invariant, what)) = judged {
            self.break_off(invariant, what, node);
        }
        let gone = self.ledger.delivered + self.ledger.dropped;
        if self.ledger.sent != gone + self.parcels.len() as u64 {
            let what = "what was sent has arrived, is lost, or is under way";
            self.break_off(36, what, node);
        }
    }
}

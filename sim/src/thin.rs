//! Nodes without a machine: they answer, and that is all.
//!
//! So that a million of them fit into memory, there is nothing of them but a place, a life and their
//! connections. Their answers are made from the list of all who live: ours walk it in an order of
//! their own, from where they were on the same connection; the reference's tell the same hundred
//! again and again; `uniform` draws a hundred anew each time, which no real node can.
//!
//! What is left out: they dial nobody and ask nobody, they know of births and deaths at once, keep no
//! limits (but the reference's own, which refuses what comes too soon), and never refuse a connection.

use pex::wire::{Dialect, MAX_ANSWER_ADDRESSES, Message, ResponseBuilder};
use pex::{Epoch, NodeEvent, NodeId};

use crate::permute;
use crate::scenario::Program;
use crate::shared::{View, World};
use crate::simulation::Simulation;

/// The most nodes that each program knows by default.
pub(crate) const fn store_of(program: &Program) -> u32 {
    match program {
        Program::Tendermint0350 => 1_000,
        Program::Tendermint0359 => 260,
        Program::Pex | Program::PexPlain => 10_000,
        _ => u32::MAX,
    }
}

/// The time between two requests that the reference grants.
pub(crate) const fn grants(program: &Program) -> Option<u64> {
    match program {
        Program::Tendermint0350 => Some(100_000_000),
        Program::Tendermint0359 => Some(200_000_000),
        _ => None,
    }
}

impl Simulation {
    /// Tells a node without a machine of something: all that matters to it is that it is asked.
    pub(crate) fn tell_thin(&mut self, node: u32, event: &NodeEvent<'_>) {
        if let NodeEvent::Message {
            from,
            epoch,
            message: Message::Request(dialect),
        } = event
            && self.members[node as usize].alive
        {
            self.answer_thinly(node, *from, *epoch, *dialect);
        }
    }

    /// A node without a machine has been asked.
    fn answer_thinly(&mut self, node: u32, asker: NodeId, epoch: Epoch, dialect: Dialect) {
        self.events += 1;
        let Some(side) = self.links.side(epoch, node) else {
            return;
        };
        let group = usize::from(self.members[node as usize].group);
        let program = self.crowds[group].blueprint.program.clone();
        let now = self.now;
        let Some(end) = self.links.get_mut(epoch).map(|link| &mut link.ends[side]) else {
            return;
        };
        let too_soon = grants(&program)
            .is_some_and(|gap| end.told > 0 && now < end.asked_at.saturating_add(gap));
        if too_soon {
            // 0.35.9 sends nobody away while it has places; before, it did.
            if program == Program::Tendermint0350 {
                self.hang_up(node, epoch);
            }
            return;
        }
        end.asked_at = now;
        let told = end.told;
        let view = View {
            world: World {
                places: &self.places,
                living: &self.living,
                watch: &self.watch,
            },
            node,
            key: permute::key(self.seed, node),
            store: self.crowds[group]
                .group
                .store
                .unwrap_or_else(|| store_of(&program)),
            same: grants(&program).is_some(),
        };
        let len = view.len();
        // Each connection begins somewhere else, and goes on where it was.
        let begins = permute::key(view.key, (epoch.number() >> 32) as u32) % u64::from(len.max(1));
        let first = begins as u32 + told;
        let mut answer = ResponseBuilder::new(dialect);
        if told == 0 {
            // There is room for one in an empty answer.
            let _first = answer.push_address(&self.places.address(node));
        }
        let mut drawn = Vec::new();
        let mut looked = 0;
        while looked < len && answer.len() < MAX_ANSWER_ADDRESSES {
            let other = if program == Program::Uniform {
                let other = self.living[self.thin.index(self.living.len())];
                if drawn.contains(&other) {
                    looked += 1;
                    continue;
                }
                drawn.push(other);
                other
            } else {
                let place = first.wrapping_add(looked) % len;
                view.at(if view.same { looked } else { place })
            };
            looked += 1;
            let address = self.places.address(other);
            if other == node || address.id() == asker {
                continue;
            }
            if answer.push_address(&address).is_err() {
                break;
            }
        }
        if let Some(link) = self.links.get_mut(epoch) {
            link.ends[side].told = told.wrapping_add(looked.max(1));
        }
        self.send(node, epoch, Message::Response(answer.finish()));
    }
}

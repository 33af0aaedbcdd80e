//! How hostile nodes are told what happens, and have their way.

use pex::{Epoch, NodeEvent};

use crate::hostile::{Happening, Order, Sight};
use crate::machine::Machine;
use crate::shared::World;
use crate::simulation::{Load, Simulation};

impl Simulation {
    /// Tells a hostile node of something, in its own words.
    pub(crate) fn tell_hostile(&mut self, node: u32, event: &NodeEvent<'_>) {
        let bytes;
        let what = match event {
            NodeEvent::Named { .. } | NodeEvent::Unsent { .. } | NodeEvent::Resolved { .. } => {
                return;
            }
            NodeEvent::Tick => Happening::Wake,
            NodeEvent::Dialed { address, epoch, .. } => Happening::Up {
                peer: address.id(),
                epoch: *epoch,
                dialed: true,
            },
            NodeEvent::Accepted { peer, epoch, .. } => Happening::Up {
                peer: *peer,
                epoch: *epoch,
                dialed: false,
            },
            NodeEvent::Down { peer, epoch } => Happening::Down {
                peer: *peer,
                epoch: *epoch,
            },
            NodeEvent::DialFailed { address, .. } => Happening::DialFailed { address },
            NodeEvent::Message {
                from,
                epoch,
                message,
            } => {
                bytes = message.to_bytes();
                Happening::Bytes {
                    from: *from,
                    epoch: *epoch,
                    bytes: &bytes,
                }
            }
            _ => return,
        };
        self.happen_to_hostile(node, what);
    }

    pub(crate) fn happen_to_hostile(&mut self, node: u32, what: Happening<'_>) {
        self.events += 1;
        let member = &mut self.members[node as usize];
        let Machine::Hostile(villain) = &mut member.machine else {
            return;
        };
        let mut orders = Vec::new();
        let mut sight = Sight {
            now: self.now,
            node,
            world: World {
                places: &self.places,
                living: &self.living,
                watch: &self.watch,
            },
            chance: &mut self.villainy,
        };
        villain.happen(what, &mut sight, &mut orders);
        for order in orders {
            self.obey(node, order);
        }
    }

    fn obey(&mut self, node: u32, order: Order) {
        self.digest.number(u64::from(node) << 8 | 0xff);
        match order {
            Order::Dial(address) => self.dial(node, address),
            Order::Send { epoch, bytes } => self.send_bytes(node, epoch, bytes),
            Order::HangUp { epoch } => self.hang_up(node, epoch),
            Order::Wake { after } => self.set_timer(node, self.now.saturating_add(after)),
        }
    }

    fn send_bytes(&mut self, node: u32, epoch: Epoch, bytes: Vec<u8>) {
        let Some(side) = self.links.side(epoch, node) else {
            return;
        };
        let crowd = &mut self.crowds[usize::from(self.members[node as usize].group)];
        crowd.bytes += bytes.len() as u64;
        self.digest.bytes(&bytes);
        self.ship(epoch, side, Load::Bytes(bytes));
    }
}

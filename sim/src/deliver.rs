//! What was sent arrives.

use pex::wire;
use pex::{Epoch, NodeEvent, NodeId};

use crate::links::State;
use crate::simulation::{Load, Simulation};

impl Simulation {
    pub(crate) fn deliver(&mut self, parcel: u32) {
        let parcel = self.parcels.remove(parcel as usize);
        let end = self.links.get(parcel.epoch).map(|link| link.ends);
        let Some(ends) = end else {
            self.ledger.dropped += 1;
            return;
        };
        let (to, from) = (
            ends[usize::from(parcel.to)],
            ends[1 - usize::from(parcel.to)],
        );
        let member = &self.members[to.node as usize];
        if to.state == State::Gone || to.mute || member.stuck {
            self.ledger.dropped += 1;
            return;
        }
        self.ledger.delivered += 1;
        let (from, epoch) = (self.places.id(from.node), parcel.epoch);
        match parcel.load {
            // Where everything is checked, so is that bytes say what their message said.
            Load::Message(message) if self.check.is_some() => {
                let bytes = message.to_bytes();
                if wire::decode(&bytes).as_ref() != Ok(&Some(message)) {
                    self.break_off(14, "a message of ours does not decode to itself", to.node);
                }
                self.deliver_bytes(to.node, from, epoch, &bytes);
            }
            Load::Message(message) => {
                let event = NodeEvent::Message {
                    from,
                    epoch,
                    message,
                };
                self.tell(to.node, event);
            }
            Load::Bytes(bytes) => self.deliver_bytes(to.node, from, epoch, &bytes),
        }
    }

    fn deliver_bytes(&mut self, node: u32, from: NodeId, epoch: Epoch, bytes: &[u8]) {
        match wire::decode(bytes) {
            Ok(Some(message)) => {
                let event = NodeEvent::Message {
                    from,
                    epoch,
                    message,
                };
                self.tell(node, event);
            }
            Ok(None) => {}
            Err(error) => self.tell(node, NodeEvent::Garbage { from, epoch, error }),
        }
    }
}

//! Bends the ring of ids, on which capable nodes answer one another (the size of the network is read
//! off the distances there). `arc-grinder` has real nodes whose ids all lie in one ten-thousandth of the
//! ring, and tells of them; `arc-dense` tells of made-up ones that lie as close, as if there were
//! millions, and `arc-sparse` of some that span half the ring, as if there were hardly any.

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent, NodeId};

use super::{Hand, Operator, PEERS};
use crate::places::{PORT, Places};

const ANSWER: u64 = 100;

/// How far ids lie apart that are a hundred on a ten-thousandth of the ring.
const DENSE: u64 = u64::MAX / 10_000 / ANSWER;

/// And if they are a hundred on half of it.
const SPARSE: u64 = u64::MAX / 2 / ANSWER;

#[derive(Clone, Copy, Debug)]
pub(super) enum Arc {
    Ground,
    Dense,
    Sparse,
}

#[derive(Debug)]
pub(super) struct Grinder {
    arc: Arc,
    /// Where on the ring the next arc begins, or the next id is.
    next: u64,
}

impl Grinder {
    pub(super) const fn new(arc: Arc) -> Self {
        Self { arc, next: 0 }
    }

    fn told(&mut self, hand: &mut Hand<'_>) -> Vec<NodeAddress> {
        let apart = match self.arc {
            Arc::Ground => {
                let own: Vec<_> = (0..ANSWER).filter_map(|_| hand.accomplice()).collect();
                let mut own: Vec<_> = own.into_iter().map(|node| hand.address(node)).collect();
                own.sort_unstable_by_key(NodeAddress::id);
                own.dedup();
                return own;
            }
            Arc::Dense => DENSE,
            Arc::Sparse => SPARSE,
        };
        let made_up = (0..ANSWER).map(|_| {
            self.next = self.next.wrapping_add(1 + hand.chance.up_to(2 * apart));
            let mut id = *hand.made_up_id().as_bytes();
            id[..8].copy_from_slice(&self.next.to_be_bytes());
            NodeAddress::mconn(NodeId::new(id), hand.made_up_ip(), PORT)
        });
        made_up.collect()
    }
}

impl Operator for Grinder {
    fn settle(&mut self, places: &mut Places) -> u32 {
        let node = places.add();
        if let Arc::Ground = self.arc {
            // Somewhere in the middle of the ring.
            self.next += DENSE;
            let place = (u64::MAX / 2).wrapping_add(self.next % (DENSE * ANSWER));
            places.grind(node, place);
        }
        node
    }

    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => hand.keep_company(PEERS),
            NodeEvent::Message {
                epoch,
                message: Message::Request(dialect),
                ..
            } => {
                let told = self.told(hand);
                hand.answer(epoch, dialect, &told);
            }
            _ => {}
        }
    }
}

//! A network in two parts.

use super::{Faults, Mishap};
use crate::simulation::{Simulation, What};

/// The longest that a network is in two parts.
const LASTS: u64 = 600_000_000_000;

/// Two parts of a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partition {
    /// A number of chance from which it follows on which side a node is.
    salt: u64,
    /// In 256 nodes so many are on the far side.
    share: u64,
    /// What the near side sends still arrives.
    one_way: bool,
}

impl Partition {
    const fn is_far(self, node: u32) -> bool {
        let mixed = (node as u64 ^ self.salt).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed >> 56 < self.share
    }
}

impl Faults {
    /// Whether what one node sends another is lost between the parts of the network.
    pub(crate) fn parts(&self, from: u32, to: u32) -> bool {
        self.partition.is_some_and(|parts| {
            let (from, to) = (parts.is_far(from), parts.is_far(to));
            from != to && (from || !parts.one_way)
        })
    }
}

impl Simulation {
    /// The network falls into two parts, for a while. Connections between them fall silent, and end
    /// when their nodes notice.
    pub(super) fn part(&mut self) {
        if self.faults.partition.is_some() {
            return;
        }
        let chance = &mut self.faults.chance;
        self.faults.partition = Some(Partition {
            salt: chance.next_u64(),
            share: 26 + u64::from(chance.below(103)),
            one_way: chance.below(3) == 0,
        });
        let lasts = chance.up_to(LASTS);
        self.queue.push(self.now + lasts, What::Fault(Mishap::Heal));
        // Pings go both ways, so a connection ends where either direction is cut.
        let links = self.links.iter();
        let cut = links.filter(|link| {
            let [one, other] = [link.ends[0].node, link.ends[1].node];
            self.faults.parts(one, other) || self.faults.parts(other, one)
        });
        let cut: Vec<_> = cut.map(|link| link.epoch).collect();
        if lasts > crate::network::SILENCE {
            for epoch in cut {
                self.silence(epoch, 0);
                self.silence(epoch, 1);
            }
        }
    }

    pub(super) const fn heal(&mut self) {
        self.faults.partition = None;
    }
}

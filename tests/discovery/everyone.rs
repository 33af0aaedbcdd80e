//! The store of those who know everybody: one for all of them.

use core::ops::ControlFlow;

use pex::{Cursor, Directory, NodeAddress, NodeId};

use crate::chance::Chance;

#[derive(Debug)]
pub(crate) struct Everyone {
    /// By id.
    nodes: Vec<NodeAddress>,
    /// Their places, shuffled.
    order: Vec<u32>,
}

fn id(chance: &mut Chance) -> NodeId {
    let mut bytes = [0; 20];
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&chance.next().to_be_bytes()[..part.len()]);
    }
    NodeId::new(bytes)
}

impl Everyone {
    pub(crate) fn new(nodes: u32, chance: &mut Chance) -> Self {
        let mut addresses: Vec<NodeAddress> = (0..nodes)
            .map(|n| {
                let [a, b, c, d] = n.to_be_bytes();
                NodeAddress::mconn(id(chance), [20 + a, b, c, d].into(), 26_656)
            })
            .collect();
        addresses.sort();
        let mut order: Vec<u32> = (0..nodes).collect();
        for place in (1..nodes).rev() {
            order.swap(place as usize, chance.below(place + 1) as usize);
        }
        Self {
            nodes: addresses,
            order,
        }
    }

    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.nodes.len()).unwrap()
    }

    pub(crate) fn nth(&self, place: u32) -> &NodeAddress {
        &self.nodes[place as usize]
    }

    /// A hundred different ones by chance, or all of them.
    pub(crate) fn draw(&self, chance: &mut Chance) -> Vec<NodeAddress> {
        let mut drawn: Vec<u32> = Vec::new();
        while drawn.len() < 100.min(self.nodes.len()) {
            let place = chance.below(self.len());
            if !drawn.contains(&place) {
                drawn.push(place);
            }
        }
        let drawn = drawn.into_iter().map(|place| self.nth(place).clone());
        drawn.collect()
    }
}

impl Directory for Everyone {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let from = usize::try_from(from.position()).unwrap() % self.order.len();
        let (before, after) = self.order.split_at(from);
        let mut at = from;
        for &place in after.iter().chain(before) {
            at = (at + 1) % self.order.len();
            if visit(Cursor::new(at as u64), self.nth(place)).is_break() {
                return;
            }
        }
    }

    fn start(&self, chance: u64) -> Cursor {
        Cursor::new(chance % self.order.len() as u64)
    }

    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let place = chance % self.nodes.len() as u64;
        Some(self.nodes[usize::try_from(place).unwrap()].id())
    }

    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let first = self.nodes.partition_point(|address| address.id() <= from);
        let (before, after) = self.nodes.split_at(first);
        let mut nodes = after.iter().chain(before);
        nodes.any(|address| visit(address).is_break());
    }

    fn knows(&self, _: &NodeAddress) -> bool {
        true
    }

    fn fill_percent(&self) -> u8 {
        0
    }
}

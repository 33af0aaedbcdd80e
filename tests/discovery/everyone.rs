//! The store of those who know everybody: one for all of them, which each sees in an order of its own.

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

/// The store as one of those sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) everyone: &'a Everyone,
    /// How far apart in the common order those are that follow each other in its own.
    pub(crate) stride: u64,
}

impl Seen<'_> {
    /// A stride that visits each node once.
    pub(crate) fn stride(nodes: u32, chance: &mut Chance) -> u64 {
        let strides = core::iter::repeat_with(|| 1 + chance.below(nodes - 1));
        let mut strides = strides.filter(|&stride| common(stride, nodes) == 1);
        strides.next().unwrap().into()
    }
}

/// The greatest common divisor.
const fn common(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common(b, a % b) }
}

impl Directory for Seen<'_> {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let nodes = u64::from(self.everyone.len());
        let mut at = from.position() % nodes;
        for _ in 0..nodes {
            let place = self.everyone.order[usize::try_from(at).unwrap()];
            at = (at + self.stride) % nodes;
            if visit(Cursor::new(at), self.everyone.nth(place)).is_break() {
                return;
            }
        }
    }

    fn start(&self, chance: u64) -> Cursor {
        Cursor::new(chance % u64::from(self.everyone.len()))
    }

    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let place = chance % u64::from(self.everyone.len());
        Some(self.everyone.nth(u32::try_from(place).unwrap()).id())
    }

    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let nodes = &self.everyone.nodes;
        let first = nodes.partition_point(|address| address.id() <= from);
        let (before, after) = nodes.split_at(first);
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

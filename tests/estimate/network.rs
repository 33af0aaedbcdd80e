//! A network of which everything is known: its nodes, in the order of their ids.

#[path = "../support/split_mix.rs"]
mod split_mix;

use pex::NodeId;

/// Numbers by chance, the same in every run.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        split_mix::next(&mut self.0)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from((u128::from(self.next()) * bound as u128) >> 64).unwrap()
    }

    pub(crate) fn id(&mut self) -> NodeId {
        id_at(self.next(), self.next())
    }
}

/// The id with these first and last bits.
pub(crate) fn id_at(first: u64, last: u64) -> NodeId {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&first.to_be_bytes());
    bytes[12..].copy_from_slice(&last.to_be_bytes());
    NodeId::new(bytes)
}

/// The nodes that are there.
pub(crate) struct Network {
    pub(crate) nodes: Vec<NodeId>,
    /// Those that came since the network began.
    pub(crate) born: Vec<NodeId>,
}

impl Network {
    pub(crate) fn new(size: usize, chance: &mut Chance) -> Self {
        let mut nodes: Vec<NodeId> = (0..size).map(|_| chance.id()).collect();
        nodes.sort_unstable();
        let born = Vec::new();
        Self { nodes, born }
    }

    /// One node goes.
    pub(crate) fn lose_one(&mut self, chance: &mut Chance) {
        let gone = chance.below(self.nodes.len());
        self.nodes.remove(gone);
    }

    /// Another one comes.
    pub(crate) fn gain_one(&mut self, chance: &mut Chance) {
        self.gain_at(chance.id());
    }

    /// One comes that has this id.
    pub(crate) fn gain_at(&mut self, new: NodeId) {
        let place = self.nodes.partition_point(|&id| id < new);
        self.nodes.insert(place, new);
        self.born.push(new);
    }
}

/// Where the node after this id on the ring stands among these.
pub(crate) fn after(nodes: &[NodeId], id: NodeId) -> usize {
    nodes.partition_point(|&other| other <= id) % nodes.len()
}

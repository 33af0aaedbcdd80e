//! What a crawl knows of a network: its nodes, who told of them, and how they answered.

use core::ops::ControlFlow;
use std::collections::{BTreeMap, BTreeSet};

use pex::{Cursor, Directory, Kind, NodeAddress, NodeId};

use crate::store::Store;

/// Nodes that a crawl keeps. More are counted by the estimate, and not visited.
const NODES_MAX: usize = 200_000;

/// Addresses that are tried of one node.
const ADDRESSES_MAX: usize = 4;

/// Tellers that are kept of one node.
const TELLERS_MAX: usize = 64;

/// What has become of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Not visited: the crawl ended before.
    #[default]
    Unvisited,
    /// It was connected with, and told this about itself.
    Reached {
        /// Its name for itself. Chosen by the node, so escape it before you show it.
        moniker: String,
        /// The version of its software.
        version: String,
        /// The dialect it is taken to speak.
        kind: Kind,
        /// How many times it answered a request.
        answers: u32,
    },
    /// No address of it could be connected with.
    Failed {
        /// Why the last one failed, as a sentence.
        why: String,
    },
}

/// A node that somebody told of.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Found {
    /// Where it is said to live; the first is where it was reached, if it was.
    pub addresses: Vec<NodeAddress>,
    /// Who told of it; nobody for a seed.
    pub told_by: BTreeSet<NodeId>,
    /// What became of it.
    pub outcome: Outcome,
    /// How many of its addresses have been tried.
    pub(super) tried: usize,
}

/// The nodes of a network, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct Map {
    nodes: BTreeMap<NodeId, Found>,
    /// Whose addresses are waiting to be tried.
    pub(super) unvisited: Vec<NodeId>,
}

impl Map {
    /// The nodes, by id.
    #[must_use]
    pub const fn nodes(&self) -> &BTreeMap<NodeId, Found> {
        &self.nodes
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> Option<&mut Found> {
        self.nodes.get_mut(&id)
    }

    /// Notes an address, and who told of it.
    pub(super) fn learn(&mut self, address: &NodeAddress, from: Option<NodeId>) {
        let id = address.id();
        if self.nodes.len() >= NODES_MAX && !self.nodes.contains_key(&id) {
            return;
        }
        let found = self.nodes.entry(id).or_default();
        if found.told_by.len() < TELLERS_MAX {
            found.told_by.extend(from);
        }
        if found.addresses.len() < ADDRESSES_MAX && !found.addresses.contains(address) {
            found.addresses.push(address.clone());
            let waiting = found.addresses.len() - found.tried == 1;
            if waiting && !matches!(found.outcome, Outcome::Reached { .. }) {
                self.unvisited.push(id);
            }
        }
    }

    /// The next address of a node that was not tried yet.
    pub(super) fn try_next(&mut self, id: NodeId) -> Option<NodeAddress> {
        let found = self.nodes.get_mut(&id)?;
        if matches!(found.outcome, Outcome::Reached { .. }) {
            return None;
        }
        let address = found.addresses.get(found.tried)?.clone();
        found.tried += 1;
        Some(address)
    }
}

impl Directory for Map {
    /// Those we have reached, by id: a crawler keeps no secrets, and has nothing else to tell.
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let reached = |found: &&Found| matches!(found.outcome, Outcome::Reached { .. });
        let mut nodes = self.nodes.values().filter(reached);
        let start = usize::try_from(from.position()).unwrap_or(usize::MAX);
        let count = nodes.clone().count().max(1);
        for _ in 0..start % count {
            nodes.next();
        }
        let again = self.nodes.values().filter(reached).take(start % count);
        for (place, found) in (start % count..).zip(nodes.chain(again)) {
            let Some(address) = found.addresses.first() else {
                continue;
            };
            if visit(Cursor::new(place as u64 + 1), address).is_break() {
                return;
            }
        }
    }

    /// Never, so that every teller is heard.
    fn knows(&self, _: &NodeAddress) -> bool {
        false
    }

    fn fill_percent(&self) -> u8 {
        0
    }
}

impl Store for Map {
    /// The crawl decides, when it gets the notice.
    fn add(&mut self, _: &NodeAddress, _: NodeId) {}
}

//! What a crawl knows of a network: its nodes, who told of them, and how they answered.

use core::net::IpAddr;
use std::borrow::Cow;
use std::collections::BTreeMap;

use pex::{Kind, NodeAddress, NodeId};

/// Nodes that a crawl keeps, and addresses of theirs that it visits. More are counted by the estimate.
pub(super) const NODES_MAX: usize = 200_000;

/// Tellers that are kept of one node; in a network of few nodes, and in one of many.
const TELLERS_MAX: usize = 256;
const TELLERS_OF_MANY: usize = 64;

/// Nodes from which a network has many.
const MANY: usize = 20_000;

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
        /// The version of its software. Chosen by the node too.
        version: String,
        /// The dialect it is taken to speak.
        kind: Kind,
        /// How many times it answered a request.
        answers: u32,
    },
    /// No address of it could be connected with.
    Failed {
        /// What sort of failure that of the last one was, in a few words, the same for all of a sort.
        sort: Cow<'static, str>,
        /// Why the one that was tried last failed, as a sentence.
        why: String,
    },
}

/// A node that somebody told of.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Found {
    /// Whether the user named it, as a place to start from.
    pub is_seed: bool,
    /// Which nodes told of it, in the order in which they did: the first 256, or
    /// the first 64 where there are more than 20,000 nodes.
    pub told_by: Vec<NodeId>,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it was reached, or where it was tried last and failed; the address that was told first
    /// if neither is so.
    pub address: Option<NodeAddress>,
    /// The IP address where it was reached, or which it was told to have; none if that is a name
    /// that was not reached.
    pub ip: Option<IpAddr>,
    /// Its addresses that may be dialed, and whether each was tried.
    pub(super) addresses: Vec<(NodeAddress, bool)>,
    /// Whether it was being dialed when the crawl ended.
    pub is_dialed: bool,
}

/// The nodes of a network, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct Map {
    nodes: BTreeMap<NodeId, Found>,
    reached: usize,
    failed: usize,
}

impl Map {
    /// The nodes, by id.
    #[must_use]
    pub const fn nodes(&self) -> &BTreeMap<NodeId, Found> {
        &self.nodes
    }

    /// Whether an address was tried, or its node reached.
    pub(super) fn was_tried(&self, address: &NodeAddress) -> bool {
        self.nodes.get(&address.id()).is_some_and(|found| {
            matches!(found.outcome, Outcome::Reached { .. })
                || found.addresses.contains(&(address.clone(), true))
        })
    }

    /// Nodes that were connected with.
    #[must_use]
    pub const fn reached(&self) -> usize {
        self.reached
    }

    /// Nodes whose every address failed.
    #[must_use]
    pub const fn failed(&self) -> usize {
        self.failed
    }

    /// Notes an address, and who told of it.
    pub(super) fn learn(&mut self, address: &NodeAddress, from: Option<NodeId>) {
        let id = address.id();
        if self.nodes.len() >= NODES_MAX && !self.nodes.contains_key(&id) {
            return;
        }
        let tellers = self.tellers_max();
        let found = self.nodes.entry(id).or_default();
        found.note_teller(from, tellers);
        found.address.get_or_insert_with(|| address.clone());
        if found.ip.is_none() {
            found.ip = address.ip();
        }
        if !found.addresses.iter().any(|(known, _)| known == address) {
            found.addresses.push((address.clone(), false));
        }
    }

    /// Notes who told of a node, at an address that may not be dialed.
    pub(super) fn told(&mut self, id: NodeId, from: NodeId) {
        let tellers = self.tellers_max();
        if let Some(found) = self.nodes.get_mut(&id) {
            found.note_teller(Some(from), tellers);
        }
    }

    fn tellers_max(&self) -> usize {
        if self.nodes.len() > MANY {
            TELLERS_OF_MANY
        } else {
            TELLERS_MAX
        }
    }

    /// Takes in a node as an earlier crawl left it.
    pub(super) fn restore(&mut self, id: NodeId, found: Found) {
        self.reached += usize::from(matches!(found.outcome, Outcome::Reached { .. }));
        self.failed += usize::from(matches!(found.outcome, Outcome::Failed { .. }));
        self.nodes.insert(id, found);
    }

    /// Notes of whom a dial is under way.
    pub(super) fn note_dialed(&mut self, is_dialed: impl Fn(NodeId) -> bool) {
        for (id, found) in &mut self.nodes {
            found.is_dialed = is_dialed(*id);
        }
    }

    /// A dial came to nothing.
    pub(super) fn dial_failed(
        &mut self,
        address: NodeAddress,
        sort: Cow<'static, str>,
        why: String,
    ) {
        if let Some(found) = self.nodes.get_mut(&address.id()) {
            found.mark_tried(&address);
        }
        self.not_dialed(address, sort, why);
    }

    /// A dial was not made, which says nothing of whether the address is good.
    pub(super) fn not_dialed(
        &mut self,
        address: NodeAddress,
        sort: Cow<'static, str>,
        why: String,
    ) {
        let Some(found) = self.nodes.get_mut(&address.id()) else {
            return;
        };
        match found.outcome {
            Outcome::Reached { .. } => return,
            Outcome::Unvisited => self.failed += 1,
            Outcome::Failed { .. } => {}
        }
        found.address = Some(address);
        found.outcome = Outcome::Failed { sort, why };
    }

    /// A node was connected with, at this address if we dialed it; `as_told` is what it told about
    /// itself.
    pub(super) fn arrived(&mut self, id: NodeId, at: Option<NodeAddress>, as_told: Outcome) {
        let Some(found) = self.nodes.get_mut(&id) else {
            return;
        };
        found.address = at.or_else(|| found.address.take());
        match core::mem::replace(&mut found.outcome, as_told) {
            Outcome::Reached { .. } => return,
            Outcome::Failed { .. } => self.failed -= 1,
            Outcome::Unvisited => {}
        }
        self.reached += 1;
    }

    /// Where a node really is.
    pub(super) fn located(&mut self, id: NodeId, ip: IpAddr) {
        if let Some(found) = self.nodes.get_mut(&id) {
            found.ip = Some(ip.to_canonical());
        }
    }

    /// A node has answered so many times.
    pub(super) fn answered(&mut self, id: NodeId, times: u32) {
        let outcome = self.nodes.get_mut(&id).map(|found| &mut found.outcome);
        if let Some(Outcome::Reached { answers, .. }) = outcome {
            *answers = times;
        }
    }
}

impl Found {
    fn mark_tried(&mut self, address: &NodeAddress) {
        for (known, tried) in &mut self.addresses {
            *tried |= known == address;
        }
    }

    fn note_teller(&mut self, from: Option<NodeId>, max: usize) {
        let Some(teller) = from else {
            self.is_seed = true;
            return;
        };
        if self.told_by.len() < max && !self.told_by.contains(&teller) {
            self.told_by.push(teller);
        }
    }
}

#[cfg(test)]
mod tests;

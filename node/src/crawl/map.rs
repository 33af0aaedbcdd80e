//! What a crawl knows of a network: its nodes, who told of them, and how they answered.

use std::collections::BTreeMap;

use pex::{Kind, NodeAddress, NodeId};

/// Nodes that a crawl keeps, and addresses of theirs that it visits. More are counted by the estimate.
pub(super) const NODES_MAX: usize = 200_000;

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
        /// The version of its software. Chosen by the node too.
        version: String,
        /// The dialect it is taken to speak.
        kind: Kind,
        /// How many times it answered a request.
        answers: u32,
    },
    /// No address of it could be connected with.
    Failed {
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
    /// Which nodes told of it, in the order in which they did; the first 64.
    pub told_by: Vec<NodeId>,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it was reached, or where it was tried last and failed; the address that was told first
    /// if neither is so.
    pub address: Option<NodeAddress>,
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
        let found = self.nodes.entry(id).or_default();
        found.note_teller(from);
        found.address.get_or_insert_with(|| address.clone());
    }

    /// Notes of whom a dial is under way.
    pub(super) fn note_dialed(&mut self, is_dialed: impl Fn(NodeId) -> bool) {
        for (id, found) in &mut self.nodes {
            found.is_dialed = is_dialed(*id);
        }
    }

    /// A dial came to nothing.
    pub(super) fn dial_failed(&mut self, address: NodeAddress, why: String) {
        let Some(found) = self.nodes.get_mut(&address.id()) else {
            return;
        };
        match found.outcome {
            Outcome::Reached { .. } => return,
            Outcome::Unvisited => self.failed += 1,
            Outcome::Failed { .. } => {}
        }
        found.address = Some(address);
        found.outcome = Outcome::Failed { why };
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

    /// A node has answered so many times.
    pub(super) fn answered(&mut self, id: NodeId, times: u32) {
        let outcome = self.nodes.get_mut(&id).map(|found| &mut found.outcome);
        if let Some(Outcome::Reached { answers, .. }) = outcome {
            *answers = times;
        }
    }
}

impl Found {
    fn note_teller(&mut self, from: Option<NodeId>) {
        let Some(teller) = from else {
            self.is_seed = true;
            return;
        };
        if self.told_by.len() < TELLERS_MAX && !self.told_by.contains(&teller) {
            self.told_by.push(teller);
        }
    }
}

#[cfg(test)]
mod tests;

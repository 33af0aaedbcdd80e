//! What a crawl knows of a network: its nodes, who told of them, and how they answered.

use core::ops::ControlFlow;
use std::collections::BTreeMap;

use pex::{Cursor, Directory, Kind, NodeAddress, NodeId, Reach};

use super::waiting::Waiting;
use crate::store::Store;

/// Nodes that a crawl keeps. More are counted by the estimate, and not visited.
const NODES_MAX: usize = 200_000;

/// Addresses that are tried of one node.
const ADDRESSES_MAX: usize = 4;

/// Addresses that are tried of one node that many tell of. Whoever has not spoken of the node yet
/// may add one beyond the first few, so that a liar who fills those does not hide the true one.
const ADDRESSES_MOST: usize = 16;

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
        /// The one that was tried last.
        address: NodeAddress,
        /// Why that one failed, as a sentence.
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
    /// Where it is said to live, and how far from us that must be.
    places: Vec<(NodeAddress, Reach)>,
    /// How many of the places have been tried, the one that is being dialed included.
    tried: usize,
    stage: Stage,
}

impl Found {
    /// Where it was reached, or where it was tried last and failed; the address that was told first
    /// if neither is so.
    #[must_use]
    pub fn address(&self) -> Option<&NodeAddress> {
        match &self.outcome {
            Outcome::Failed { address, .. } => Some(address),
            _ => self.places.first().map(|(address, _)| address),
        }
    }

    /// Whether it is being dialed.
    #[must_use]
    pub fn is_dialed(&self) -> bool {
        self.stage == Stage::Dialed
    }
}

/// What is done about a node. One thing at a time, so that two of its addresses are not dialed at
/// once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing: it was reached, or there is no address left to try.
    #[default]
    Resting,
    /// It waits for its turn.
    Waiting,
    /// It is being dialed.
    Dialed,
}

/// The nodes of a network, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct Map {
    nodes: BTreeMap<NodeId, Found>,
    waiting: Waiting,
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

    /// Notes an address, and who told of it; it is not dialed if it turns out to lie nearer than
    /// `nearest`. A node of which we know enough keeps what it has.
    pub(super) fn learn(&mut self, address: &NodeAddress, from: Option<NodeId>, nearest: Reach) {
        let id = address.id();
        if self.nodes.len() >= NODES_MAX && !self.nodes.contains_key(&id) {
            return;
        }
        let found = self.nodes.entry(id).or_default();
        let places_max = if found.note_teller(from) {
            ADDRESSES_MOST
        } else {
            ADDRESSES_MAX
        };
        let known = found.places.iter_mut().find(|(known, _)| known == address);
        if let Some((_, bound)) = known {
            *bound = nearest.min(*bound);
        } else if found.places.len() < places_max {
            found.places.push((address.clone(), nearest));
            let reached = matches!(found.outcome, Outcome::Reached { .. });
            if found.stage == Stage::Resting && !reached {
                found.stage = Stage::Waiting;
                self.waiting.push(from, id);
            }
        }
    }

    /// What to dial next, and how near it may lie at most.
    pub(super) fn next_to_dial(&mut self) -> Option<(NodeAddress, Reach)> {
        loop {
            let id = self.waiting.pop()?;
            let place = self.nodes.get_mut(&id).and_then(Found::dial_next);
            if place.is_some() {
                return place;
            }
        }
    }

    /// The address that is being dialed came to nothing; returns the next one of its node.
    pub(super) fn dial_failed(
        &mut self,
        address: NodeAddress,
        why: String,
    ) -> Option<(NodeAddress, Reach)> {
        let found = self.nodes.get_mut(&address.id())?;
        if let Some(next) = found.dial_next() {
            return Some(next);
        }
        match found.outcome {
            Outcome::Reached { .. } => return None,
            Outcome::Unvisited => self.failed += 1,
            Outcome::Failed { .. } => {}
        }
        found.outcome = Outcome::Failed { address, why };
        None
    }

    /// A node was connected with at the address that was being dialed; `as_told` is what it told
    /// about itself.
    pub(super) fn arrived(&mut self, id: NodeId, as_told: Outcome) {
        let Some(found) = self.nodes.get_mut(&id) else {
            return;
        };
        let place = found.tried.saturating_sub(1);
        if place < found.places.len() {
            found.places.swap(0, place);
        }
        found.stage = Stage::Resting;
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
    /// Notes who told of it; true if that is somebody who had not spoken of it yet.
    fn note_teller(&mut self, from: Option<NodeId>) -> bool {
        let Some(teller) = from else {
            self.is_seed = true;
            return false;
        };
        let is_new = self.told_by.len() < TELLERS_MAX && !self.told_by.contains(&teller);
        if is_new {
            self.told_by.push(teller);
        }
        is_new
    }

    /// The next address that was not tried yet, and it is tried now.
    fn dial_next(&mut self) -> Option<(NodeAddress, Reach)> {
        let place = self.places.get(self.tried).cloned();
        self.stage = if place.is_some() {
            Stage::Dialed
        } else {
            Stage::Resting
        };
        self.tried += usize::from(place.is_some());
        place
    }
}

impl Directory for Map {
    /// Visits nothing: a crawler tells nobody anything. It goes from network to network and from
    /// site to site, and knows seeds that are its user's own, private ones among them. Whoever it
    /// visits could learn them, and in which order it came. Nobody needs its answers either: it
    /// knows only what the others tell each other.
    fn walk(&self, _: Cursor, _: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {}

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
    fn add(&mut self, _: &NodeAddress, _: NodeId) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;

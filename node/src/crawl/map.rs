//! What a crawl knows of a network: its nodes, who told of them, and how they answered.

use core::ops::ControlFlow;
use std::collections::{BTreeMap, BTreeSet};

use pex::{Cursor, Directory, Kind, NodeAddress, NodeId};

use super::waiting::Waiting;
use crate::reach::Reach;
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
        /// Why the last one failed, as a sentence.
        why: String,
    },
}

/// A node that somebody told of.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Found {
    /// Who told of it; nobody for a seed.
    pub told_by: BTreeSet<NodeId>,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it is said to live, and how far from us that must be.
    places: Vec<(NodeAddress, Reach)>,
    /// How many of the places have been tried, the one that is being dialed included.
    tried: usize,
    stage: Stage,
}

impl Found {
    /// Where it was reached, if it was; else the address that was told first.
    #[must_use]
    pub fn address(&self) -> Option<&NodeAddress> {
        self.places.first().map(|(address, _)| address)
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
    /// Those we are connected with or were, in that order.
    reached: Vec<NodeId>,
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
        self.reached.len()
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
        let mut places_max = ADDRESSES_MAX;
        if found.told_by.len() < TELLERS_MAX && from.is_some_and(|from| found.told_by.insert(from))
        {
            places_max = ADDRESSES_MOST;
        }
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
    pub(super) fn dial_failed(&mut self, id: NodeId, why: String) -> Option<(NodeAddress, Reach)> {
        let found = self.nodes.get_mut(&id)?;
        if let Some(next) = found.dial_next() {
            return Some(next);
        }
        match found.outcome {
            Outcome::Reached { .. } => return None,
            Outcome::Unvisited => self.failed += 1,
            Outcome::Failed { .. } => {}
        }
        found.outcome = Outcome::Failed { why };
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
        self.reached.push(id);
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
    /// Those we have reached, in the order in which we did: a crawler has nothing else to tell.
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let count = self.reached.len();
        let from = usize::try_from(from.position()).unwrap_or(usize::MAX);
        let start = from.checked_rem(count).unwrap_or_default();
        let nodes = self.reached.iter().enumerate();
        for (place, id) in nodes.clone().skip(start).chain(nodes.take(start)) {
            let Some(address) = self.nodes.get(id).and_then(Found::address) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> NodeId {
        NodeId::new([n; 20])
    }

    fn address(node: u8, port: u16) -> NodeAddress {
        NodeAddress::parse(&format!("{}@10.0.0.1:{port}", id(node))).unwrap()
    }

    fn learn(map: &mut Map, address: &NodeAddress, from: u8) {
        map.learn(address, Some(id(from)), Reach::World);
    }

    fn reached() -> Outcome {
        Outcome::Reached {
            moniker: "m".into(),
            version: "v".into(),
            kind: Kind::V2,
            answers: 0,
        }
    }

    fn next(map: &mut Map) -> Option<NodeAddress> {
        map.next_to_dial().map(|(address, _)| address)
    }

    #[test]
    fn two_addresses_of_a_node_are_dialed_one_after_the_other() {
        let mut map = Map::default();
        learn(&mut map, &address(1, 1), 9);
        assert_eq!(next(&mut map), Some(address(1, 1)));
        learn(&mut map, &address(1, 2), 9);
        assert_eq!(next(&mut map), None, "the first is still being dialed");
        let second = map.dial_failed(id(1), "first".into()).unwrap();
        assert_eq!(second.0, address(1, 2));
        assert_eq!(map.dial_failed(id(1), "second".into()), None);
        let why = "second".into();
        assert_eq!(map.nodes()[&id(1)].outcome, Outcome::Failed { why });
        assert_eq!((map.reached(), map.failed()), (0, 1));
    }

    #[test]
    fn a_node_that_failed_is_dialed_again_at_an_address_told_later_and_counts_once() {
        let mut map = Map::default();
        learn(&mut map, &address(1, 1), 9);
        assert!(next(&mut map).is_some());
        assert_eq!(map.dial_failed(id(1), "closed".into()), None);
        learn(&mut map, &address(1, 1), 8);
        assert_eq!(next(&mut map), None, "tried already");
        learn(&mut map, &address(1, 2), 8);
        assert_eq!(next(&mut map), Some(address(1, 2)));
        map.arrived(id(1), reached());
        assert_eq!((map.reached(), map.failed()), (1, 0));
        assert_eq!(map.nodes()[&id(1)].address(), Some(&address(1, 2)));
        map.arrived(id(1), reached());
        assert_eq!(map.reached(), 1, "a second connection is not a second node");
        learn(&mut map, &address(1, 3), 8);
        assert_eq!(next(&mut map), None, "reached already");
    }

    #[test]
    fn a_liar_who_tells_four_addresses_of_a_node_first_does_not_hide_the_true_one() {
        let mut map = Map::default();
        (1..9).for_each(|port| learn(&mut map, &address(1, port), 9));
        learn(&mut map, &address(1, 77), 8);
        let mut dialed = vec![next(&mut map).unwrap()];
        while let Some((place, _)) = map.dial_failed(id(1), "closed".into()) {
            dialed.push(place);
        }
        assert_eq!(dialed.len(), ADDRESSES_MAX + 1);
        assert_eq!(dialed.last(), Some(&address(1, 77)));
        learn(&mut map, &address(1, 78), 7);
        assert_eq!(
            next(&mut map),
            Some(address(1, 78)),
            "after all have failed"
        );
        learn(&mut map, &address(1, 79), 7);
        assert_eq!(
            map.dial_failed(id(1), "closed".into()),
            None,
            "one a teller"
        );
    }

    #[test]
    fn what_is_kept_of_a_node_is_bounded() {
        let mut map = Map::default();
        for n in 1..=200 {
            learn(&mut map, &address(1, n), u8::try_from(n).unwrap());
        }
        let found = &map.nodes()[&id(1)];
        assert_eq!(
            (found.places.len(), found.told_by.len()),
            (ADDRESSES_MOST, TELLERS_MAX)
        );
        let mut dials = usize::from(next(&mut map).is_some());
        while map.dial_failed(id(1), String::new()).is_some() {
            dials += 1;
        }
        assert_eq!(dials, ADDRESSES_MOST);
    }

    #[test]
    fn a_map_that_is_full_keeps_no_further_node() {
        let mut map = Map::default();
        for n in 0..=NODES_MAX {
            let mut bytes = [0; 20];
            bytes[..8].copy_from_slice(&n.to_be_bytes());
            let address = NodeAddress::mconn(NodeId::new(bytes), [10, 0, 0, 1].into(), 1);
            map.learn(&address, Some(id(9)), Reach::World);
        }
        assert_eq!(map.nodes().len(), NODES_MAX);
        let dialed = core::iter::from_fn(|| next(&mut map)).count();
        assert_eq!(dialed, NODES_MAX);
    }

    #[test]
    fn how_near_an_address_may_lie_is_said_by_the_nearest_of_its_own_tellers() {
        let mut map = Map::default();
        map.learn(&address(1, 1), Some(id(9)), Reach::World);
        map.learn(&address(1, 1), Some(id(8)), Reach::Host);
        map.learn(&address(1, 2), Some(id(9)), Reach::World);
        assert_eq!(map.next_to_dial(), Some((address(1, 1), Reach::Host)));
        let second = map.dial_failed(id(1), String::new());
        assert_eq!(second, Some((address(1, 2), Reach::World)));
    }

    #[test]
    fn a_walk_tells_each_reached_node_once_and_goes_on_where_the_last_ended() {
        let mut map = Map::default();
        map.walk(Cursor::new(3), &mut |_, _| {
            unreachable!("nobody is reached")
        });
        for n in [3, 1, 2, 4] {
            learn(&mut map, &address(n, 1), 9);
            if n < 4 {
                assert!(next(&mut map).is_some());
                map.arrived(id(n), reached());
            }
        }
        let walk = |from: Cursor, steps: usize| {
            let (mut at, mut told) = (from, Vec::new());
            map.walk(from, &mut |cursor, address| {
                if told.len() == steps {
                    return ControlFlow::Break(());
                }
                at = cursor;
                told.push(address.id());
                ControlFlow::Continue(())
            });
            (at, told)
        };
        let (at, told) = walk(Cursor::default(), 2);
        assert_eq!(told, [id(3), id(1)]);
        assert_eq!(walk(at, 9).1, [id(2), id(3), id(1)]);
    }
}

//! A small bounded store of addresses.

use alloc::collections::BTreeMap;
use core::fmt::Write as _;
use core::ops::{Bound, ControlFlow};

use smallvec::SmallVec;

use crate::seed::{Chance, HashKey, TextHash};
use crate::{Cursor, Directory, NodeAddress, NodeId, Seed};

/// The most addresses kept of one node.
const PER_NODE: usize = 4;

/// One source may fill this part of the roster: a tenth.
const SOURCE_SHARE: usize = 10;

/// A bounded store of addresses: enough for a crawler, a test, or a small node.
///
/// It keeps what it has and refuses what does not fit, so nobody can push out an address by telling
/// others. One source may fill a tenth of it, and a node has at most four addresses. It does not
/// judge addresses by whether they answered; that is the work of a peer manager.
///
/// ```
/// use pex::{NodeAddress, NodeId, Roster, Seed};
///
/// let mut roster = Roster::new(Seed::new([7; 32]), 1_000);
/// let address: NodeAddress = "00112233445566778899aabbccddeeff00112233@10.0.0.1:26656".parse()?;
/// let teller = NodeId::new([9; 20]);
/// assert!(roster.add(address.clone(), teller));
/// assert!(!roster.add(address, teller), "known already");
/// assert_eq!(roster.len(), 1);
/// # Ok::<(), pex::AddressError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Roster {
    key: HashKey,
    max: usize,
    /// Every address with who told us, by its place in the secret order.
    places: BTreeMap<u64, (NodeAddress, NodeId)>,
    nodes: BTreeMap<NodeId, SmallVec<[u64; 1]>>,
    told_by: BTreeMap<NodeId, usize>,
}

impl Roster {
    /// A roster that holds at most `max` addresses, at least one, in an order drawn from `seed`.
    #[must_use]
    pub fn new(seed: Seed, max: usize) -> Self {
        Self {
            key: HashKey::draw(&mut Chance::new(&seed)),
            max: max.max(1),
            places: BTreeMap::new(),
            nodes: BTreeMap::new(),
            told_by: BTreeMap::new(),
        }
    }

    /// Keeps an address that `from` told us; false if it is known already or there is no room.
    ///
    /// What the node's operator says, such as a list of seeds, comes from the node itself: pass its
    /// own id as `from`. It counts against that source's share like any other.
    pub fn add(&mut self, address: NodeAddress, from: NodeId) -> bool {
        let share = (self.max / SOURCE_SHARE).max(PER_NODE);
        let told = self.told_by.get(&from).copied().unwrap_or_default();
        let known = self.nodes.get(&address.id()).map_or(0, SmallVec::len);
        let full = self.places.len() >= self.max || told >= share || known >= PER_NODE;
        if full || self.knows(&address) {
            return false;
        }
        let mut place = self.place(&address);
        while self.places.contains_key(&place) {
            place = place.wrapping_add(1);
        }
        self.nodes.entry(address.id()).or_default().push(place);
        self.told_by.insert(from, told.saturating_add(1));
        self.places.insert(place, (address, from));
        true
    }

    /// Forgets an address; false if it was not known.
    pub fn remove(&mut self, address: &NodeAddress) -> bool {
        let Some(place) = self.find(address) else {
            return false;
        };
        let Some((address, from)) = self.places.remove(&place) else {
            return false;
        };
        if let Some(places) = self.nodes.get_mut(&address.id()) {
            places.retain(|other| *other != place);
            if places.is_empty() {
                self.nodes.remove(&address.id());
            }
        }
        if let Some(told) = self.told_by.get_mut(&from) {
            *told = told.saturating_sub(1);
            if *told == 0 {
                self.told_by.remove(&from);
            }
        }
        true
    }

    /// The number of addresses.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The number of nodes.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The addresses of a node.
    pub fn addresses(&self, id: NodeId) -> impl Iterator<Item = &NodeAddress> {
        let places = self.nodes.get(&id).into_iter().flatten();
        places.filter_map(|place| self.places.get(place).map(|(address, _)| address))
    }

    /// Every address, with who told us, by node.
    pub fn iter(&self) -> impl Iterator<Item = (&NodeAddress, NodeId)> {
        let places = self.nodes.values().flatten();
        places.filter_map(|place| {
            self.places
                .get(place)
                .map(|(address, from)| (address, *from))
        })
    }

    fn place(&self, address: &NodeAddress) -> u64 {
        let mut text = TextHash::new(self.key);
        // A hash takes whatever is written to it.
        let _ = write!(text, "{address}");
        text.finish()
    }

    fn find(&self, address: &NodeAddress) -> Option<u64> {
        let places = self.nodes.get(&address.id())?;
        let is_it = |place: &&u64| {
            self.places
                .get(place)
                .is_some_and(|(other, _)| other == address)
        };
        places.iter().find(is_it).copied()
    }
}

impl Directory for Roster {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let from = from.position();
        let after = self.places.range((Bound::Excluded(from), Bound::Unbounded));
        let before = self.places.range(..=from);
        for (place, (address, _)) in after.chain(before) {
            if visit(Cursor::new(*place), address).is_break() {
                return;
            }
        }
    }

    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let mut after = self.places.range(chance..).chain(&self.places);
        after.next().map(|(_, (address, _))| address.id())
    }

    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let above = self.nodes.range((Bound::Excluded(from), Bound::Unbounded));
        let places = above
            .chain(self.nodes.range(..=from))
            .flat_map(|(_, it)| it);
        let mut addresses = places.filter_map(|place| self.places.get(place));
        addresses.any(|(address, _)| visit(address).is_break());
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        self.find(address).is_some()
    }

    fn fill_percent(&self) -> u8 {
        u8::try_from(
            self.places
                .len()
                .saturating_mul(100)
                .checked_div(self.max)
                .unwrap_or(100),
        )
        .unwrap_or(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    fn roster(max: usize) -> Roster {
        Roster::new(Seed::new([7; 32]), max)
    }

    fn id(n: u32) -> NodeId {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        NodeId::new(bytes)
    }

    fn address(node: u32, port: u16) -> NodeAddress {
        NodeAddress::parse(&format!("{}@10.0.0.1:{port}", id(node))).unwrap()
    }

    fn walk(roster: &Roster, from: Cursor, steps: usize) -> (Cursor, Vec<NodeId>) {
        let (mut at, mut seen) = (from, Vec::new());
        roster.walk(from, &mut |cursor, address| {
            if seen.len() == steps {
                return ControlFlow::Break(());
            }
            at = cursor;
            seen.push(address.id());
            ControlFlow::Continue(())
        });
        (at, seen)
    }

    #[test]
    fn walks_that_go_on_where_the_last_ended_tell_all_before_they_repeat() {
        let mut roster = roster(10_000);
        (0..250).for_each(|n| assert!(roster.add(address(n, 1), id(n % 7))));
        let (mut cursor, mut told) = (Cursor::new(1 << 63), Vec::new());
        for steps in [100, 100, 50] {
            let (next, seen) = walk(&roster, cursor, steps);
            cursor = next;
            told.extend(seen);
        }
        told.sort_unstable();
        told.dedup();
        assert_eq!(told.len(), 250);
    }

    #[test]
    fn the_order_of_a_walk_is_not_that_of_ids_and_depends_on_the_seed() {
        let order = |seed: u8| {
            let mut roster = Roster::new(Seed::new([seed; 32]), 1_000);
            (0..50).for_each(|n| assert!(roster.add(address(n, 1), id(0))));
            walk(&roster, Cursor::default(), 50).1
        };
        assert_ne!(order(1), order(2));
        assert!(!order(1).is_sorted());
        assert_eq!(order(1), order(1));
    }

    #[test]
    fn one_source_fills_a_tenth_and_a_node_has_four_addresses() {
        let mut roster = roster(100);
        let added = (0..100)
            .filter(|&n| roster.add(address(n, 1), id(500)))
            .count();
        assert_eq!(added, 10);
        let added = (2..50)
            .filter(|&port| roster.add(address(0, port), id(501)))
            .count();
        assert_eq!(added, 3);
    }

    #[test]
    fn a_full_roster_refuses_and_a_removal_makes_room() {
        let mut roster = roster(40);
        (0..40).for_each(|n| assert!(roster.add(address(n, 1), id(n))));
        assert_eq!(roster.fill_percent(), 100);
        assert!(!roster.add(address(40, 1), id(40)));
        assert!(roster.remove(&address(3, 1)));
        assert!(!roster.remove(&address(3, 1)));
        assert!(roster.add(address(40, 1), id(40)));
        assert_eq!((roster.len(), roster.nodes()), (40, 40));
        assert!(!roster.is_empty() && Roster::new(Seed::new([7; 32]), 40).is_empty());
    }

    #[test]
    fn a_removal_gives_its_source_one_place_back_and_no_more() {
        let mut roster = roster(100);
        let add = |roster: &mut Roster, n| roster.add(address(n, 1), id(500));
        assert!((0..10).all(|n| add(&mut roster, n)));
        assert!(roster.remove(&address(3, 1)));
        assert!(add(&mut roster, 10));
        assert!(!add(&mut roster, 11));
        assert!(
            (0..=10)
                .filter(|n| *n != 3)
                .all(|n| roster.remove(&address(n, 1)))
        );
        assert!(roster.told_by.is_empty());
    }
}

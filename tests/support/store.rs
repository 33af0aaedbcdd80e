//! A store that does what the test says.

use core::ops::{Bound, ControlFlow};
use std::collections::{BTreeMap, BTreeSet};

use pex::{Cursor, Directory, NodeAddress, NodeId};

/// Addresses in a scrambled order that stays the same, as full as the test says it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    places: BTreeMap<u64, NodeAddress>,
    known: BTreeSet<NodeAddress>,
    pub(crate) fill_percent: u8,
    /// In the order in which they came.
    learned: Vec<NodeAddress>,
    /// Whether there is an order of ids.
    has_ring: bool,
    /// Whom kin is told apart.
    apart: BTreeSet<NodeAddress>,
}

impl Store {
    pub(crate) fn of(addresses: impl IntoIterator<Item = NodeAddress>) -> Self {
        let mut store = Self::default();
        addresses.into_iter().for_each(|address| store.add(address));
        store
    }

    /// The same, in the order of ids too.
    pub(crate) fn with_ring(mut self) -> Self {
        self.has_ring = true;
        self
    }

    /// The same, with these told apart.
    pub(crate) fn apart(mut self, addresses: impl IntoIterator<Item = NodeAddress>) -> Self {
        self.apart.extend(addresses);
        self
    }

    pub(crate) fn add(&mut self, address: NodeAddress) {
        if self.known.insert(address.clone()) {
            self.learned.push(address.clone());
            // An odd multiplier visits every number once, so no two places are the same.
            let place = (self.known.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.places.insert(place, address);
        }
    }
}

impl Directory for Store {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let from = from.position();
        let after = self.places.range((Bound::Excluded(from), Bound::Unbounded));
        let before = self.places.range(..=from);
        for (place, address) in after.chain(before) {
            if visit(Cursor::new(*place), address).is_break() {
                return;
            }
        }
    }

    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let place = usize::try_from(chance)
            .ok()?
            .checked_rem(self.learned.len())?;
        let address = self.learned.get(place).filter(|_| self.has_ring);
        address.map(NodeAddress::id)
    }

    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        // Addresses are in the order of their ids.
        let above = self.known.iter().filter(|address| address.id() > from);
        let below = self.known.iter().filter(|address| address.id() <= from);
        above.chain(below).any(|address| visit(address).is_break());
    }

    fn walk_apart(
        &self,
        from: Cursor,
        visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>,
    ) {
        self.walk(from, &mut |position, address| {
            if self.apart.contains(address) {
                visit(position, address)
            } else {
                ControlFlow::Continue(())
            }
        });
    }

    fn learned(&self) -> u64 {
        self.learned.len() as u64
    }

    fn walk_news(&self, since: u64, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let since = usize::try_from(since).unwrap_or(usize::MAX);
        let mut news = self.learned.iter().skip(since).rev();
        news.any(|address| visit(address).is_break());
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        self.known.contains(address)
    }

    fn fill_percent(&self) -> u8 {
        self.fill_percent
    }
}

//! A store that does what the test says.

use core::ops::{Bound, ControlFlow};
use std::collections::{BTreeMap, BTreeSet};

use pex::{Cursor, Directory, NodeAddress};

/// Addresses in a scrambled order that stays the same, as full as the test says it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    places: BTreeMap<u64, NodeAddress>,
    known: BTreeSet<NodeAddress>,
    pub(crate) fill_percent: u8,
}

impl Store {
    pub(crate) fn of(addresses: impl IntoIterator<Item = NodeAddress>) -> Self {
        let mut store = Self::default();
        addresses.into_iter().for_each(|address| store.add(address));
        store
    }

    pub(crate) fn add(&mut self, address: NodeAddress) {
        if self.known.insert(address.clone()) {
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

    fn knows(&self, address: &NodeAddress) -> bool {
        self.known.contains(address)
    }

    fn fill_percent(&self) -> u8 {
        self.fill_percent
    }
}

//! Whether the indices are right, for the checks: each entry is looked up once in each of them.

use super::Shelf;
use crate::book::entry::Entry;
use crate::book::keys::Place;
use crate::peers::arena::Slot;
use crate::peers::lanes::Kind;

impl Shelf {
    /// The most entries that a node has, if every index finds every entry and nothing else.
    pub(crate) fn is_indexed(&self) -> Option<usize> {
        let mut most = 0;
        for (slot, entry) in self.iter() {
            most = most.max(self.finds(slot, entry)?);
        }
        let complete = self.by_node.len() == self.len()
            && self.by_place.len() == self.len()
            && self.told.len() == self.len()
            && self.told.is_ring_sound(&self.entries, self.bound())
            && self.tellers.total() == self.news() as u64
            && self.lanes.is_sound();
        complete.then_some(most)
    }

    /// How many entries the node of this one has, if every index finds this one.
    fn finds(&self, slot: Slot, entry: &Entry) -> Option<usize> {
        let address = &entry.address;
        let (mut of_node, mut is_found) = (0_usize, false);
        for &other in self.by_node.iter_hash(self.hash_of(address.id())) {
            let its = &self.get(other)?.address;
            if its.id() == address.id() {
                of_node = of_node.saturating_add(1);
                // An address is there once.
                if (other == slot) != (its == address) {
                    return None;
                }
                is_found |= other == slot;
            }
        }
        let place = Place::of(&self.key, address).hash;
        let (kind, at) = (Kind::of(entry.old), entry.place as usize);
        let is_listed = self.by_place.find(place, |&other| other == slot).is_some()
            && self.lanes.holds(entry.lane, kind, entry.rank, slot)
            && self.told.list(entry.old).get(at) == Some(&slot);
        (is_found && is_listed).then_some(of_node)
    }
}

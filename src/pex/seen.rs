//! Which nodes we have heard of: the core's own memory, by which it judges what is new.
//!
//! What a store kept is no measure: a store that is full, or that prunes, would make old nodes look
//! new again and set us asking for ever. This memory holds a keyed 64-bit hash of each id, in two
//! generations of a fixed size. A full young generation becomes the old one, and the old one is
//! dropped; an id that is told again moves to the young one. So what is still being told is never
//! forgotten, and what nobody tells any more makes room.

use alloc::vec::Vec;

use hashbrown::HashTable;

#[derive(Clone, Debug)]
pub(crate) struct Seen {
    young: HashTable<u64>,
    old: HashTable<u64>,
    /// Hashes that one generation holds.
    generation: usize,
}

impl Seen {
    /// A memory of at most `most` ids, and of at least half as many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            young: HashTable::new(),
            old: HashTable::new(),
            generation: (most / 2).max(1),
        }
    }

    /// Remembers an id by its hash; true if it was not known.
    pub(crate) fn insert(&mut self, hash: u64) -> bool {
        if contains(&self.young, hash) {
            return false;
        }
        let known = contains(&self.old, hash);
        if self.young.len() >= self.generation {
            self.old = core::mem::take(&mut self.young);
        }
        self.young.insert_unique(hash, hash, |&hash| hash);
        !known
    }

    /// Ids remembered; one that stands in both generations counts once.
    pub(crate) fn len(&self) -> usize {
        let only_old = self
            .old
            .iter()
            .filter(|&&hash| !contains(&self.young, hash))
            .count();
        self.young.len().saturating_add(only_old)
    }

    /// Hashes in memory; one that stands in both generations is there twice.
    pub(crate) fn held(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }

    /// The generations, young and old, each in ascending order.
    pub(crate) fn dump(&self) -> (Vec<u64>, Vec<u64>) {
        (sorted(&self.young), sorted(&self.old))
    }

    /// A memory that holds what `dump` gave, cut to the size of this one.
    pub(crate) fn load(most: usize, young: &[u64], old: &[u64]) -> Self {
        let mut seen = Self::new(most);
        for (table, hashes) in [(&mut seen.young, young), (&mut seen.old, old)] {
            for &hash in hashes.iter().take(seen.generation) {
                if !contains(table, hash) {
                    table.insert_unique(hash, hash, |&hash| hash);
                }
            }
        }
        seen
    }
}

fn contains(table: &HashTable<u64>, hash: u64) -> bool {
    table.find(hash, |&other| other == hash).is_some()
}

fn sorted(table: &HashTable<u64>) -> Vec<u64> {
    let mut hashes: Vec<u64> = table.iter().copied().collect();
    hashes.sort_unstable();
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spreads small numbers over all bits, as a hash does.
    const fn mix(n: u64) -> u64 {
        n.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_node_is_new_once() {
        let mut seen = Seen::new(100);
        assert!(seen.insert(mix(1)));
        assert!(!seen.insert(mix(1)));
        assert!(seen.insert(mix(2)));
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn what_is_still_told_never_looks_new_again() {
        let mut seen = Seen::new(100);
        seen.insert(mix(0));
        for n in 1..10_000 {
            assert!(seen.insert(mix(n)));
            if n % 40 == 0 {
                assert!(!seen.insert(mix(0)), "forgotten after {n}");
            }
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut seen = Seen::new(100);
        for n in 0..10_000 {
            seen.insert(mix(n));
            assert!(seen.held() <= 100);
        }
    }

    #[test]
    fn who_is_told_again_counts_once_in_whichever_generation() {
        let mut seen = Seen::new(100);
        // The first fifty are old by now; ten of them are told again.
        for n in (0..60).chain(0..10) {
            seen.insert(mix(n));
        }
        assert_eq!((seen.len(), seen.held()), (60, 70));
    }

    #[test]
    fn a_dump_loads_to_the_same_memory() {
        let mut seen = Seen::new(100);
        for n in 0..73 {
            seen.insert(mix(n));
        }
        let (young, old) = seen.dump();
        assert_eq!(Seen::load(100, &young, &old).dump(), (young, old));
    }
}

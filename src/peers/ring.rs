//! Entries in the order of their nodes' ids, which close to a ring.
//!
//! A sorted list of slots in chunks of bounded size: to enter or to leave moves what is in one chunk,
//! and to find is a binary search, first among the chunks and then in one. An entry takes four bytes,
//! and a tenth of that for the room that is left.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::arena::Slot;
use crate::NodeId;

/// The most entries of a chunk; a full one becomes two.
const CHUNK: usize = 512;

/// By how many entries a chunk grows: what is left free of it is half of that on average.
const GROWTH: usize = 16;

/// Where the node of an entry is written down.
pub(crate) trait Ids {
    fn id(&self, slot: Slot) -> Option<NodeId>;
}

#[derive(Clone, Debug)]
struct Chunk {
    /// The first bytes of the lowest id, so that a search among chunks hardly ever leaves them.
    front: u64,
    slots: Vec<Slot>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Ring {
    chunks: Vec<Chunk>,
    len: usize,
}

/// A place in the list: the chunk, and the place in it.
type Place = (usize, usize);

impl Ring {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Enters a slot that is not in the ring, behind those of the same node.
    pub(crate) fn insert(&mut self, slot: Slot, ids: &impl Ids) {
        let Some(id) = ids.id(slot) else {
            return;
        };
        self.len = self.len.saturating_add(1);
        let (place, at) = self.first_after(id, ids);
        // Where a chunk ends another may begin; the end of the first is as good, and moves nothing.
        let (place, at) = match place.checked_sub(1) {
            Some(before) if at == 0 => (before, self.chunk_len(before)),
            _ => (place, at),
        };
        let Some(chunk) = self.chunks.get_mut(place) else {
            self.chunks.push(Chunk {
                front: front(id),
                slots: alloc::vec![slot],
            });
            return;
        };
        if chunk.slots.len() == chunk.slots.capacity() {
            chunk.slots.reserve_exact(GROWTH);
        }
        chunk.slots.insert(at.min(chunk.slots.len()), slot);
        if at == 0 {
            chunk.front = front(id);
        }
        if chunk.slots.len() > CHUNK {
            let upper = chunk.slots.split_off(CHUNK / 2);
            chunk.slots.shrink_to_fit();
            let lowest = upper.first().and_then(|&slot| ids.id(slot));
            let upper = Chunk {
                front: lowest.map_or(u64::MAX, front),
                slots: upper,
            };
            self.chunks.insert(place.saturating_add(1), upper);
        }
    }

    /// Takes a slot out, whose node is still known.
    pub(crate) fn remove(&mut self, slot: Slot, ids: &impl Ids) {
        let Some((place, at)) = self.find(slot, ids) else {
            return;
        };
        let Some(chunk) = self.chunks.get_mut(place) else {
            return;
        };
        chunk.slots.remove(at);
        self.len = self.len.saturating_sub(1);
        match chunk.slots.first() {
            None => {
                self.chunks.remove(place);
            }
            Some(&lowest) if at == 0 => {
                chunk.front = ids.id(lowest).map_or(u64::MAX, front);
            }
            Some(_) => self.join(place),
        }
    }

    /// Makes one chunk of this and the next where both have become small, so that no chunk keeps
    /// much more than it holds.
    fn join(&mut self, place: usize) {
        let next = place.saturating_add(1);
        let both = self.chunk_len(place).saturating_add(self.chunk_len(next));
        if both > CHUNK / 4 || next >= self.chunks.len() {
            return;
        }
        let upper = self.chunks.remove(next);
        if let Some(chunk) = self.chunks.get_mut(place) {
            chunk.slots.reserve_exact(upper.slots.len());
            chunk.slots.extend(upper.slots);
            chunk.slots.shrink_to_fit();
        }
    }

    /// Every slot once: first those of ids above this one, in ascending order, then the others.
    pub(crate) fn walk(&self, from: NodeId, ids: &impl Ids) -> impl Iterator<Item = Slot> {
        let (place, at) = self.first_after(from, ids);
        let (before, after) = self.chunks.split_at(place.min(self.chunks.len()));
        let (here, after) = after.split_at(after.len().min(1));
        let here = here.iter().flat_map(|chunk| &chunk.slots);
        let above = here.clone().skip(at);
        let above = above.chain(after.iter().flat_map(|chunk| &chunk.slots));
        let below = before.iter().flat_map(|chunk| &chunk.slots);
        above.chain(below.chain(here.take(at))).copied()
    }

    /// Every slot once, in ascending order of ids.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.chunks.iter().flat_map(|chunk| &chunk.slots).copied()
    }

    /// Whether the chunks are as they should be, and in order.
    pub(crate) fn is_sound(&self, ids: &impl Ids) -> bool {
        let known = |chunk: &Chunk| {
            let lowest = chunk.slots.first().and_then(|&slot| ids.id(slot));
            chunk.slots.len() <= CHUNK && lowest.map(front) == Some(chunk.front)
        };
        self.slots().count() == self.len
            && self.chunks.iter().all(known)
            && self.slots().is_sorted_by_key(|slot| ids.id(slot))
    }

    fn chunk_len(&self, place: usize) -> usize {
        self.chunks.get(place).map_or(0, |chunk| chunk.slots.len())
    }

    /// The place of the first slot whose id lies above this one; behind the last, if there is none.
    fn first_after(&self, id: NodeId, ids: &impl Ids) -> Place {
        let starts_by = |chunk: &Chunk| match chunk.front.cmp(&front(id)) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => {
                let lowest = chunk.slots.first().and_then(|&slot| ids.id(slot));
                lowest.is_some_and(|lowest| lowest <= id)
            }
        };
        let Some(place) = self.chunks.partition_point(starts_by).checked_sub(1) else {
            return (0, 0);
        };
        let is_by = |&slot: &Slot| ids.id(slot).is_some_and(|its| its <= id);
        let at = self
            .chunks
            .get(place)
            .map_or(0, |chunk| chunk.slots.partition_point(is_by));
        if at == self.chunk_len(place) {
            (place.saturating_add(1), 0)
        } else {
            (place, at)
        }
    }

    /// The place of a slot: among those of its node, of which there are few.
    fn find(&self, slot: Slot, ids: &impl Ids) -> Option<Place> {
        let id = ids.id(slot)?;
        let (mut place, mut at) = self.first_after(id, ids);
        loop {
            if let Some(before) = at.checked_sub(1) {
                at = before;
            } else {
                place = place.checked_sub(1)?;
                at = self.chunk_len(place).checked_sub(1)?;
            }
            let here = *self.chunks.get(place)?.slots.get(at)?;
            if here == slot {
                return Some((place, at));
            }
            if ids.id(here) != Some(id) {
                return None;
            }
        }
    }
}

/// The first bytes of an id as a number.
pub(crate) fn front(id: NodeId) -> u64 {
    let first = id.as_bytes().first_chunk();
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;

    use super::*;
    use crate::Seed;
    use crate::seed::Chance;

    impl Ids for BTreeMap<Slot, NodeId> {
        fn id(&self, slot: Slot) -> Option<NodeId> {
            self.get(&slot).copied()
        }
    }

    fn id(n: u64) -> NodeId {
        let mut bytes = [0; 20];
        // Some ids share all of what chunks are found by.
        bytes[..8].copy_from_slice(&(n / 4).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        bytes[19] = u8::try_from(n % 4).unwrap();
        NodeId::new(bytes)
    }

    /// The same as a list that is sorted, one slot after another.
    fn sorted(ids: &BTreeMap<Slot, NodeId>, from: NodeId) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = ids.values().copied().collect();
        all.sort_unstable();
        let above = all.partition_point(|id| *id <= from);
        all.rotate_left(above);
        all
    }

    #[test]
    fn a_walk_goes_round_the_ring_from_anywhere_and_holds_everything_once() {
        let mut chance = Chance::new(&Seed::new([7; 32]));
        let (mut ring, mut ids) = (Ring::new(), BTreeMap::new());
        for step in 0..9_000_u32 {
            // It grows, and then it shrinks to nothing.
            let grows = chance.below(10) < if step < 4_000 { 8 } else { 1 };
            if grows {
                ids.insert(step, id(chance.below(2_000).into()));
                ring.insert(step, &ids);
            } else if let Some((&slot, _)) = ids.range(chance.below(step.max(1))..).next() {
                ring.remove(slot, &ids);
                assert!(ring.find(slot, &ids).is_none());
                ids.remove(&slot);
            }
            if step % 100 == 0 {
                assert!(ring.is_sound(&ids));
                assert!(ids.keys().all(|&slot| ring.find(slot, &ids).is_some()));
                for from in [
                    id(0),
                    id(chance.below(2_000).into()),
                    NodeId::new([0xff; 20]),
                ] {
                    let walked = ring.walk(from, &ids).map(|slot| ids[&slot]);
                    assert!(walked.eq(sorted(&ids, from)), "{step}");
                }
            }
        }
    }

    #[test]
    fn those_of_one_node_come_together_however_many_they_are() {
        let (mut ring, mut ids) = (Ring::new(), BTreeMap::new());
        for slot in 0..3_000 {
            ids.insert(slot, id(if slot % 2 == 0 { 8 } else { slot.into() }));
            ring.insert(slot, &ids);
        }
        assert!(ring.is_sound(&ids));
        let evens: Vec<Slot> = (0..3_000).step_by(2).collect();
        let of_node: Vec<Slot> = ring
            .walk(id(8), &ids)
            .filter(|slot| slot % 2 == 0)
            .collect();
        assert_eq!(of_node, evens, "the first to come is told first");
        for slot in evens {
            ring.remove(slot, &ids);
        }
        assert_eq!(ring.len(), 1_500);
        assert!(ring.is_sound(&ids));
    }

    #[test]
    fn an_entry_takes_little_more_than_four_bytes() {
        let (mut ring, mut ids) = (Ring::new(), BTreeMap::new());
        for slot in 0..100_000 {
            ids.insert(slot, id(u64::from(slot) * 4));
            ring.insert(slot, &ids);
        }
        let slots: usize = ring.chunks.iter().map(|chunk| chunk.slots.capacity()).sum();
        let bytes = slots * size_of::<Slot>() + ring.chunks.capacity() * size_of::<Chunk>();
        assert!(bytes < 460_000, "{bytes}");
        for slot in 0..99_000 {
            ring.remove(slot, &ids);
        }
        let slots: usize = ring.chunks.iter().map(|chunk| chunk.slots.capacity()).sum();
        assert!(slots < 20_000, "{slots}");
    }

    #[test]
    fn a_chunk_becomes_two_when_one_more_comes_than_it_may_hold() {
        let (mut ring, mut ids) = (Ring::new(), BTreeMap::new());
        let chunks = (0..=512_u32).map(|slot| {
            // Each comes to the end.
            let mut id = [0; 20];
            id[..4].copy_from_slice(&slot.to_be_bytes());
            ids.insert(slot, NodeId::new(id));
            ring.insert(slot, &ids);
            ring.chunks.len()
        });
        assert_eq!(chunks.skip(511).collect::<Vec<_>>(), [1, 2]);
    }
}

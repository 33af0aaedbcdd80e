//! A table in chunks: it grows without moving what it holds, and leaves no large part unused.
//!
//! A vector that doubles may hold twice what it needs, and copies all of it when it grows. At a
//! million nodes both would be felt.

use alloc::vec::Vec;

/// The number of a place in a table.
pub(crate) type Slot = u32;

/// Places in a chunk.
const CHUNK: usize = 1 << 10;

#[derive(Clone, Debug)]
pub(crate) struct Arena<T> {
    chunks: Vec<Vec<Option<T>>>,
    /// Places that were left, the latest last.
    vacant: Vec<Slot>,
    len: usize,
}

impl<T> Arena<T> {
    pub(crate) const fn new() -> Self {
        Self {
            chunks: Vec::new(),
            vacant: Vec::new(),
            len: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Slots below this one have been in use.
    pub(crate) const fn bound(&self) -> usize {
        self.len.saturating_add(self.vacant.len())
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&T> {
        let (chunk, place) = split(slot);
        self.chunks.get(chunk)?.get(place)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut T> {
        let (chunk, place) = split(slot);
        self.chunks.get_mut(chunk)?.get_mut(place)?.as_mut()
    }

    /// Puts a value into the place that was left last, or into a new one. The bounds of the
    /// configuration keep the slots far below 2^32.
    pub(crate) fn insert(&mut self, value: T) -> Slot {
        self.len = self.len.saturating_add(1);
        if let Some(slot) = self.vacant.pop() {
            let (chunk, place) = split(slot);
            if let Some(cell) = self
                .chunks
                .get_mut(chunk)
                .and_then(|chunk| chunk.get_mut(place))
            {
                *cell = Some(value);
            }
            return slot;
        }
        let slot = Slot::try_from(self.len.saturating_sub(1)).unwrap_or(Slot::MAX);
        if let Some(chunk) = self.chunks.last_mut().filter(|it| it.len() < CHUNK) {
            chunk.push(Some(value));
        } else {
            // The first chunk grows as it is filled: most nodes know a few others, and a simulation
            // holds many such nodes.
            let room = if self.chunks.is_empty() { 1 } else { CHUNK };
            let mut chunk = Vec::with_capacity(room);
            chunk.push(Some(value));
            self.chunks.push(chunk);
        }
        slot
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<T> {
        let (chunk, place) = split(slot);
        let value = self.chunks.get_mut(chunk)?.get_mut(place)?.take()?;
        self.vacant.push(slot);
        self.len = self.len.saturating_sub(1);
        Some(value)
    }

    /// Does something to everything.
    pub(crate) fn each_mut(&mut self, with: impl FnMut(&mut T)) {
        let cells = self.chunks.iter_mut().flatten();
        cells.filter_map(Option::as_mut).for_each(with);
    }

    /// Everything with its slot, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        let cells = self.chunks.iter().flatten().zip(0..);
        cells.filter_map(|(cell, slot)| cell.as_ref().map(|value| (slot, value)))
    }
}

const fn split(slot: Slot) -> (usize, usize) {
    let slot = slot as usize;
    (slot / CHUNK, slot % CHUNK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_where_it_was_put_and_its_place_is_used_again() {
        let mut arena = Arena::new();
        let slots: Vec<Slot> = (0..3_000).map(|n| arena.insert(n)).collect();
        assert!((0..3_000).eq(slots.iter().copied()));
        assert_eq!(arena.remove(1_500), Some(1_500));
        assert_eq!((arena.remove(1_500), arena.get(1_500)), (None, None));
        assert_eq!((arena.len(), arena.bound()), (2_999, 3_000));
        assert_eq!(arena.insert(7), 1_500);
        assert_eq!(arena.insert(8), 3_000);
        assert_eq!(arena.get(1_500), Some(&7));
        assert_eq!(arena.iter().count(), 3_001);
        assert_eq!(arena.iter().nth(1_500), Some((1_500, &7)));
    }
}

//! Who waits, by the time at which the waiting ends: a heap in which each slot knows its place.
//!
//! Any entry can be taken out in O(log n), and one that is moved tells its slot where it stands.
//! An entry takes twelve bytes; an ordered map would take three times that.

use alloc::vec::Vec;
use core::time::Duration;

use super::arena::Slot;
use crate::Time;

/// A time in two halves, so that an entry needs no padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    high: u32,
    low: u32,
    slot: Slot,
}

impl Due {
    const fn new(at: Time, slot: Slot) -> Self {
        let nanos = at.as_nanos();
        Self {
            high: low_32(nanos >> 32),
            low: low_32(nanos),
            slot,
        }
    }

    const fn at(self) -> Time {
        Time::from_nanos((self.high as u64) << 32 | self.low as u64)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
const fn low_32(value: u64) -> u32 {
    value as u32
}

/// A binary heap of slots, the first to end on top.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    heap: Vec<Due>,
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self { heap: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.heap.len()
    }

    /// Who is first, and when.
    pub(crate) fn first(&self) -> Option<(Time, Slot)> {
        self.heap.first().map(|due| (due.at(), due.slot))
    }

    /// Who stands at this place of the heap, and when his waiting ends.
    pub(crate) fn at(&self, place: u32) -> Option<(Time, Slot)> {
        self.heap
            .get(place as usize)
            .map(|due| (due.at(), due.slot))
    }

    /// Adds a slot; `moved` is told the place of each slot that gets a new one.
    pub(crate) fn push(&mut self, at: Time, slot: Slot, mut moved: impl FnMut(Slot, u32)) {
        let place = self.heap.len();
        self.heap.push(Due::new(at, slot));
        self.rise(place, &mut moved);
    }

    /// Takes out whoever stands at this place.
    pub(crate) fn remove(&mut self, place: u32, mut moved: impl FnMut(Slot, u32)) {
        let place = place as usize;
        if place >= self.heap.len() {
            return;
        }
        self.heap.swap_remove(place);
        if place < self.heap.len() {
            let place = self.rise(place, &mut moved);
            self.sink(place, &mut moved);
        }
    }

    /// Everything ends `back` earlier, in the same order.
    pub(crate) fn rewind(&mut self, back: Duration) {
        for due in &mut self.heap {
            *due = Due::new(due.at().back(back), due.slot);
        }
    }

    /// Moves an entry up as far as it goes; returns where it stands then.
    fn rise(&mut self, mut place: usize, moved: &mut impl FnMut(Slot, u32)) -> usize {
        while let Some(above) = place.checked_sub(1).map(|it| it / 2)
            && self.heap.get(place) < self.heap.get(above)
        {
            self.heap.swap(place, above);
            self.tell(place, moved);
            place = above;
        }
        self.tell(place, moved);
        place
    }

    fn sink(&mut self, mut place: usize, moved: &mut impl FnMut(Slot, u32)) {
        loop {
            let left = place.saturating_mul(2).saturating_add(1);
            let below = [left, left.saturating_add(1)]
                .into_iter()
                .filter(|&it| it < self.heap.len())
                .min_by_key(|&it| self.heap.get(it));
            let Some(below) = below.filter(|&it| self.heap.get(it) < self.heap.get(place)) else {
                break;
            };
            self.heap.swap(place, below);
            self.tell(place, moved);
            place = below;
        }
        self.tell(place, moved);
    }

    fn tell(&self, place: usize, moved: &mut impl FnMut(Slot, u32)) {
        if let Some(due) = self.heap.get(place) {
            moved(due.slot, u32::try_from(place).unwrap_or(u32::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn entries_leave_by_time_whatever_was_added_and_taken_out_before() {
        let mut queue = Queue::default();
        let mut places = BTreeMap::new();
        let mut chance = crate::seed::Chance::new(&crate::Seed::new([7; 32]));
        for slot in 0..500 {
            let at = Time::from_secs(u64::from(chance.below(100)));
            queue.push(at, slot, |slot, place| {
                places.insert(slot, place);
            });
        }
        for slot in (0..500).step_by(3) {
            let place = places.remove(&slot).unwrap();
            assert_eq!(queue.at(place).map(|(_, slot)| slot), Some(slot));
            queue.remove(place, |slot, place| {
                places.insert(slot, place);
            });
        }
        let mut last = None;
        while let Some(first) = queue.first() {
            assert_eq!(places.get(&first.1), Some(&0));
            assert!(last < Some(first), "{last:?} {first:?}");
            last = Some(first);
            queue.remove(0, |slot, place| {
                places.insert(slot, place);
            });
        }
        assert_eq!(queue.len(), 0);
    }
}

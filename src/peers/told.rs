//! In which order others are told what we know: two shuffled lists, of those reached before and of
//! those only heard of.
//!
//! A newcomer goes to a random place, and who stood there goes to the end; a hole is filled from
//! the end. So the lists are uniformly shuffled at any time, a change moves one address at most,
//! and nothing about an address tells its place.
//!
//! Whoever can use it is told in the order of ids instead, which is a [`Ring`] of the same entries. It
//! is kept from when the first of them is there: to find a place in it is a third of what it takes to
//! take in an address.
//! And what was learned last is noted, so that it can be told first.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::arena::Slot;
use super::ring::{Ids, Ring};
use crate::Cursor;
use crate::seed::Chance;

/// Where an entry's place in these lists is written down.
pub(crate) trait Places: Ids {
    fn set_place(&mut self, slot: Slot, place: u32);
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    tested: Vec<Slot>,
    untested: Vec<Slot>,
    ring: Option<Ring>,
    /// What was learned last, the latest at the back.
    news: VecDeque<Slot>,
    /// How much was ever learned.
    learned: u64,
}

/// What is noted as learned last. It has to reach back to the last answer to each peer.
const NEWS: usize = 256;

/// Bits of a cursor's lower half: how many have been told. The upper half is where in the lists this
/// began, as a part of their length.
const HALF: u32 = 32;

impl Told {
    pub(crate) const fn new() -> Self {
        Self {
            tested: Vec::new(),
            untested: Vec::new(),
            ring: None,
            news: VecDeque::new(),
            learned: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.tested.len().saturating_add(self.untested.len())
    }

    pub(crate) fn list(&self, tested: bool) -> &[Slot] {
        if tested { &self.tested } else { &self.untested }
    }

    const fn list_mut(&mut self, tested: bool) -> &mut Vec<Slot> {
        if tested {
            &mut self.tested
        } else {
            &mut self.untested
        }
    }

    pub(crate) fn add(
        &mut self,
        tested: bool,
        slot: Slot,
        chance: &mut Chance,
        places: &mut impl Places,
    ) {
        let list = self.list_mut(tested);
        let end = u32::try_from(list.len()).unwrap_or(u32::MAX);
        list.push(slot);
        let place = chance.below(end.saturating_add(1));
        list.swap(place as usize, end as usize);
        if let Some(&moved) = list.get(end as usize) {
            places.set_place(moved, end);
        }
        places.set_place(slot, place);
        if let Some(ring) = &mut self.ring {
            ring.insert(slot, places);
        }
    }

    pub(crate) fn remove(&mut self, tested: bool, place: u32, places: &mut impl Places) {
        let list = self.list_mut(tested);
        if (place as usize) < list.len() {
            let gone = list.swap_remove(place as usize);
            if let Some(&moved) = list.get(place as usize) {
                places.set_place(moved, place);
            }
            // A list that everybody has left for the other does not keep its room.
            if list.len() < list.capacity() / 4 {
                list.shrink_to(list.len().saturating_mul(2));
            }
            if let Some(ring) = &mut self.ring {
                ring.remove(gone, places);
            }
        }
    }

    /// Notes that an entry was not known before.
    pub(crate) fn is_news(&mut self, slot: Slot) {
        if self.news.len() == NEWS {
            self.news.pop_front();
        }
        self.news.push_back(slot);
        self.learned = self.learned.saturating_add(1);
    }

    /// How much was ever learned.
    pub(crate) const fn learned(&self) -> u64 {
        self.learned
    }

    /// What was learned since so much was, the latest first. It may be gone, and its slot another's.
    pub(crate) fn learned_since(&self, learned: u64) -> impl Iterator<Item = Slot> {
        let new = self.learned.saturating_sub(learned);
        let new = usize::try_from(new).unwrap_or(usize::MAX);
        self.news.iter().rev().take(new).copied()
    }

    /// Keeps the order of ids from now on.
    pub(crate) fn keep_ring(&mut self, ids: &impl Ids) {
        if self.ring.is_none() {
            let mut ring = Ring::new();
            let all = self.tested.iter().chain(&self.untested);
            all.for_each(|&slot| ring.insert(slot, ids));
            self.ring = Some(ring);
        }
    }

    /// The order of ids, if it is kept.
    pub(crate) const fn ring(&self) -> Option<&Ring> {
        self.ring.as_ref()
    }

    /// Whether the ring, if there is one, holds what is told and nothing else, in order. All slots lie
    /// below this bound.
    pub(crate) fn is_ring_sound(&self, ids: &impl Ids, bound: usize) -> bool {
        let Some(ring) = &self.ring else {
            return true;
        };
        let mut in_ring = alloc::vec![false; bound];
        for slot in ring.slots() {
            if let Some(here) = in_ring.get_mut(slot as usize) {
                *here = true;
            }
        }
        let is_in = |&slot: &Slot| in_ring.get(slot as usize) == Some(&true);
        ring.len() == self.len()
            && ring.is_sound(ids)
            && self.tested.iter().chain(&self.untested).all(is_in)
    }

    /// Any of the entries, each with the same chance.
    pub(crate) fn any(&self, chance: u64) -> Option<Slot> {
        let all = self.len() as u64;
        let at = (chance >> HALF).saturating_mul(all) >> HALF;
        let at = usize::try_from(at).ok()?;
        match at.checked_sub(self.tested.len()) {
            Some(rest) => self.untested.get(rest).copied(),
            None => self.tested.get(at).copied(),
        }
    }

    /// Where somebody who has been told nothing begins.
    pub(crate) const fn start(chance: u64) -> Cursor {
        Cursor::new(chance >> HALF << HALF)
    }

    /// Every entry once, those not told yet first, each with the cursor behind it.
    pub(crate) fn walk(&self, from: Cursor) -> impl Iterator<Item = (Cursor, Slot)> {
        self.walk_first(self.len(), from)
    }

    /// The same, of the tested entries alone.
    pub(crate) fn walk_tested(&self, from: Cursor) -> impl Iterator<Item = (Cursor, Slot)> {
        self.walk_first(self.tested.len(), from)
    }

    fn walk_first(&self, all: usize, from: Cursor) -> impl Iterator<Item = (Cursor, Slot)> {
        let all = u32::try_from(all).unwrap_or(u32::MAX);
        let (origin, told) = (from.position() >> HALF, low(from.position()));
        // Whoever has been told everything begins anew.
        let told = if told >= all { 0 } else { told };
        (0..all).filter_map(move |step| {
            let at = told.saturating_add(step);
            let at = if at >= all {
                at.saturating_sub(all)
            } else {
                at
            };
            let behind = Cursor::new(origin << HALF | u64::from(at.saturating_add(1)));
            self.nth(origin, at as usize).map(|slot| (behind, slot))
        })
    }

    /// The entry that comes `at` this place for whoever began at `origin`.
    fn nth(&self, origin: u64, at: usize) -> Option<Slot> {
        let (list, at) = match at.checked_sub(self.tested.len()) {
            Some(rest) => (&self.untested, rest),
            None => (&self.tested, at),
        };
        // In proportion, so that a list which grows by one shifts nobody by more than one.
        let len = list.len() as u64;
        let start = origin.saturating_mul(len) >> HALF;
        let place = start.saturating_add(at as u64);
        let place = if place >= len {
            place.saturating_sub(len)
        } else {
            place
        };
        list.get(usize::try_from(place).ok()?).copied()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
const fn low(position: u64) -> u32 {
    position as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    use crate::NodeId;

    impl Ids for BTreeMap<Slot, u32> {
        fn id(&self, slot: Slot) -> Option<NodeId> {
            let mut bytes = [0; 20];
            bytes[..4].copy_from_slice(&slot.to_be_bytes());
            Some(NodeId::new(bytes))
        }
    }

    impl Places for BTreeMap<Slot, u32> {
        fn set_place(&mut self, slot: Slot, place: u32) {
            self.insert(slot, place);
        }
    }

    fn told(tested: u32, untested: u32) -> (Told, BTreeMap<Slot, u32>) {
        let (mut told, mut places) = (Told::default(), BTreeMap::new());
        let mut chance = Chance::new(&crate::Seed::new([7; 32]));
        (0..tested).for_each(|slot| told.add(true, slot, &mut chance, &mut places));
        (1_000..1_000 + untested).for_each(|slot| told.add(false, slot, &mut chance, &mut places));
        (told, places)
    }

    fn steps(told: &Told, from: Cursor, steps: usize) -> (Vec<Slot>, Cursor) {
        let walk: Vec<_> = told.walk(from).take(steps).collect();
        let last = walk.last().map_or(from, |(cursor, _)| *cursor);
        (walk.into_iter().map(|(_, slot)| slot).collect(), last)
    }

    #[test]
    fn those_reached_before_are_told_first_and_none_twice_before_all_are_told() {
        let (told, _) = told(150, 130);
        for start in [0, 1 << 40, u64::MAX] {
            let (mut cursor, mut all) = (Told::start(start), Vec::new());
            for _ in 0..3 {
                let (slots, next) = steps(&told, cursor, 100);
                all.extend(slots);
                cursor = next;
            }
            assert!(all[..150].iter().all(|&slot| slot < 150));
            assert!(all[150..280].iter().all(|&slot| slot >= 1_000));
            // After everything, the first again.
            assert_eq!(all[280..], all[..20]);
            all.truncate(280);
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), 280);
        }
    }

    #[test]
    fn two_who_ask_are_not_told_the_same_first() {
        let (told, _) = told(1_000, 0);
        let first = |chance| steps(&told, Told::start(chance), 100).0;
        assert_ne!(first(1 << 40), first(300 << 54));
    }

    #[test]
    fn every_entry_knows_its_place_through_any_change() {
        let (mut told, mut places) = told(60, 40);
        assert!(told.ring().is_none());
        told.keep_ring(&places);
        for slot in (0..60).step_by(2).chain((1_000..1_040).step_by(3)) {
            let place = places.remove(&slot).unwrap();
            told.remove(slot < 1_000, place, &mut places);
        }
        assert_eq!(told.len(), places.len());
        assert_eq!(told.ring().map(Ring::len), Some(places.len()));
        assert!(told.is_ring_sound(&places, 2_000));
        for (slot, place) in places {
            assert_eq!(told.list(slot < 1_000)[place as usize], slot);
        }
    }

    #[test]
    fn a_list_gives_back_its_room_when_three_quarters_of_it_are_empty() {
        let (mut told, mut places) = told(0, 1_000);
        let room = told.untested.capacity();
        while told.untested.len() > room / 4 {
            told.remove(false, 0, &mut places);
        }
        assert_eq!(told.untested.capacity(), room);
        told.remove(false, 0, &mut places);
        assert!(told.untested.capacity() < room * 3 / 4);
        while told.len() > 0 {
            told.remove(false, 0, &mut places);
        }
        told.remove(false, 0, &mut places);
        assert_eq!(told.len(), 0, "nobody is left to go");
    }
}

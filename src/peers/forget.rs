//! What is forgotten of what was taken in: to make room, or because nobody has told of it for long.

use alloc::vec::Vec;

use super::PeerManager;
use super::arena::Slot;
use super::entry::Turn;
use crate::stats::count;

/// Slots that one tick looks at for entries to forget.
const SWEPT: u32 = 64;

/// Victims among which one is chosen when one has to make room, and entries that are looked at to
/// find them.
const SAMPLED: usize = 16;
const LOOKED_AT: usize = 512;

impl PeerManager {
    /// Makes room for an address that deserves it: one that was never reached goes, of a crowded
    /// network. False if there is none.
    pub(super) fn make_room(&mut self) -> bool {
        let list = self.store.told().list(false);
        let below = u32::try_from(list.len()).unwrap_or(u32::MAX);
        // The list is shuffled, so its places in a row are as good as any.
        let start = self.chance.below(below) as usize;
        let in_a_row = list.iter().cycle().skip(start).take(list.len());
        let told = self.most_crowded(in_a_row.take(LOOKED_AT).copied());
        // Who tells nobody of anybody has no such list.
        let victim = told.or_else(|| {
            let bound = u32::try_from(self.store.bound()).unwrap_or(u32::MAX);
            let draws: Vec<Slot> = (0..LOOKED_AT).map(|_| self.chance.below(bound)).collect();
            self.most_crowded(draws.into_iter())
        });
        let Some(slot) = victim else {
            return false;
        };
        self.forget(slot);
        true
    }

    /// Of the first of these that may go, the one in the most crowded network.
    fn most_crowded(&self, slots: impl Iterator<Item = Slot>) -> Option<Slot> {
        let may_go = |slot: &Slot| {
            let entry = self.store.get(*slot);
            entry.is_some_and(|it| !it.tested && it.turn != Turn::Busy) && !self.is_kept(*slot)
        };
        let crowd = |slot: &Slot| {
            let entry = self.store.get(*slot);
            entry.map(|it| self.store.lanes.counts(it.lane).0)
        };
        slots.filter(may_go).take(SAMPLED).max_by_key(crowd)
    }

    /// Forgets an entry, and whatever was kept for its sake.
    pub(super) fn forget(&mut self, slot: Slot) {
        let Some(entry) = self.store.get(slot) else {
            return;
        };
        let (id, source, tested) = (entry.id, entry.source, entry.tested);
        // First out of the list of the chosen, if it was the last that could be dialed.
        self.set_turn(slot, Turn::Busy, self.now);
        self.store.remove(slot);
        self.sources.remove(source, tested);
        count(&mut self.counts.dropped, 1);
        if self.store.of_node(id).is_empty() && self.live.get(id).is_none() {
            self.conduct.set_score(id, 0);
        }
        self.mark(id);
    }

    /// Looks at a few entries more, and forgets those that were never reached and that nobody has told of
    /// for long. Not while we are with nobody: we may have been away for as long. And who was reached once
    /// is given up when he fails, however long ago that was.
    pub(super) fn sweep(&mut self) {
        if self.is_lonely() {
            return;
        }
        let long = self.options.dead_after.as_secs().saturating_mul(4);
        let long = u32::try_from(long).unwrap_or(u32::MAX);
        let bound = u32::try_from(self.store.bound()).unwrap_or(u32::MAX);
        for _ in 0..SWEPT.min(bound) {
            self.swept = self.swept.saturating_add(1);
            if self.swept >= bound {
                self.swept = 0;
            }
            let Some(entry) = self.store.get(self.swept) else {
                continue;
            };
            let last = entry.success.max(entry.known);
            let is_old = last.age(self.now) > long;
            if is_old && !entry.tested && entry.turn != Turn::Busy && !self.is_kept(self.swept) {
                self.forget(self.swept);
            }
        }
    }
}

//! Whom to try next, and what to tell.

use alloc::vec::Vec;

use super::AddrBook;
use super::sample::sample;
use crate::NetAddress;
use crate::peers::arena::Slot;
use crate::peers::lanes::{Among, Kind};

/// `minGetSelection`, `maxGetSelection` and `getSelectionPercent`.
const SELECTION_MIN: usize = 32;
pub(super) const SELECTION_MAX: usize = 250;
const SELECTION_PERCENT: usize = 23;

impl AddrBook {
    /// Picks an address to dial: `PickAddress` of the reference.
    ///
    /// `new_bias`, from 0 to 100, is how much rather it is a new one: the sides are weighed with
    /// the root of their sizes. Where the side that is drawn is empty, it is the other. Then a
    /// network of that side is drawn, and an address of it.
    pub fn pick_address(&mut self, new_bias: u8) -> Option<NetAddress> {
        let slot = self.pick(new_bias, Among::All)?;
        Some(self.shelf.get(slot)?.address)
    }

    pub(crate) fn pick(&mut self, new_bias: u8, among: Among) -> Option<Slot> {
        let old = self.draws_old(new_bias);
        let (lanes, chance) = (&self.shelf.lanes, &mut self.chance);
        let one = lanes.pick(Kind::of(old), among, chance);
        one.or_else(|| lanes.pick(Kind::of(!old), among, chance))
    }

    /// Draws the side from which one is picked.
    fn draws_old(&mut self, new_bias: u8) -> bool {
        let bias = u64::from(new_bias.min(100));
        let old = root(self.old()).saturating_mul(100_u64.saturating_sub(bias));
        let new = root(self.new_ones()).saturating_mul(bias);
        let all = old.saturating_add(new);
        // A full book weighs less than 2^27, so it is drawn from exactly.
        let all = u32::try_from(all).unwrap_or(u32::MAX);
        u64::from(self.chance.below(all)) < old
    }

    /// How many addresses an answer may hold: 23 % of the book, at least 32 and at most 250, and
    /// no more than there are.
    #[must_use]
    pub fn selection_size(&self) -> usize {
        let share = self.size().saturating_mul(SELECTION_PERCENT) / 100;
        share.max(SELECTION_MIN.min(self.size())).min(SELECTION_MAX)
    }

    /// Some of the book, each address as likely as any other: `GetSelection` of the reference.
    pub fn selection(&mut self) -> Vec<NetAddress> {
        let lists = [true, false].map(|old| self.shelf.told.list(old));
        let slots = sample(self.selection_size(), lists, &mut self.chance);
        let mut picked = Vec::with_capacity(slots.len());
        self.shelf.gather(&slots, &mut picked);
        picked
    }

    /// Some of the book, `new_bias` of a hundred new ones; more of either side where the other has
    /// too few: `GetSelectionWithBias` of the reference.
    pub fn selection_with_bias(&mut self, new_bias: u8) -> Vec<NetAddress> {
        let size = self.selection_size();
        // Rounded half away from zero, as Go's math.Round.
        let share = size
            .saturating_mul(new_bias.min(100).into())
            .saturating_add(50)
            / 100;
        let new = share
            .max(size.saturating_sub(self.old()))
            .min(self.new_ones());
        let mut picked = Vec::with_capacity(size);
        for (old, count) in [(false, new), (true, size.saturating_sub(new))] {
            let slots = sample(count, [self.shelf.told.list(old), &[]], &mut self.chance);
            self.shelf.gather(&slots, &mut picked);
        }
        picked
    }
}

/// The square root, in 4,096ths.
const fn root(count: usize) -> u64 {
    (count as u64).saturating_mul(1 << 24).isqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_right_to_a_thousandth() {
        assert_eq!(root(4) / 4_096, 2);
        assert_eq!(root(2) * 1_000 / 4_096, 1_414);
        assert_eq!(root(0), 0);
    }
}

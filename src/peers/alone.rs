//! When we have lost every peer: those who are left alone for hours are tried sooner.

use core::time::Duration;

use super::PeerManager;
use super::arena::Slot;
use super::entry::Turn;

/// Slots that are looked at in one event, and how long until the next are.
const LOOKED_AT: Slot = 256;
const PAUSE: Duration = Duration::from_secs(1);

impl PeerManager {
    /// Whether we are connected with nobody. Then the fault may well be ours.
    pub(super) const fn is_lonely(&self) -> bool {
        let tally = self.live.tally();
        tally.connected().saturating_add(tally.uncounted) == 0
    }

    /// Whether we are connected with nobody of our own choice. Whoever has come may be silent, and is
    /// no reason to leave those alone for hours whom we know.
    pub(super) const fn has_none_of_ours(&self) -> bool {
        let tally = self.live.tally();
        tally.outbound.saturating_add(tally.uncounted) == 0
    }

    /// Goes through the store a part at a time, once each time that we have lost the last of ours.
    pub(super) fn hurry(&mut self) {
        let none_of_ours = self.has_none_of_ours();
        if none_of_ours != self.hurries {
            self.hurries = none_of_ours;
            let sooner = self.options.retry_persistent_max < self.options.retry_max;
            self.hurry_at = (none_of_ours && sooner).then_some((self.now, 0));
        }
        let Some((_, from)) = self.hurry_at.filter(|(at, _)| *at <= self.now) else {
            return;
        };
        let bound = Slot::try_from(self.store.bound()).unwrap_or(Slot::MAX);
        let end = from.saturating_add(LOOKED_AT).min(bound);
        for slot in from..end {
            self.hurry_up(slot);
        }
        self.hurry_at = (end < bound).then_some((self.now + PAUSE, end));
    }

    /// Shortens the wait of an entry to what it is as things are now.
    pub(super) fn hurry_up(&mut self, slot: Slot) {
        let Some(entry) = self.store.get(slot) else {
            return;
        };
        let failed = entry.turn == Turn::Waiting && entry.failures > 0;
        if !failed || self.is_cooling(entry.id) {
            return;
        }
        let until = self.left_alone_until(slot);
        if self.store.waits_until(slot).is_some_and(|at| until < at) {
            self.rest(slot, until);
        }
    }
}

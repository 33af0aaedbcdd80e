//! How long an address is left alone after its failures.

use core::time::Duration;

use super::PeerManager;
use super::arena::Slot;
use super::entry::Turn;
use crate::{NodeId, Time};

impl PeerManager {
    /// The addresses of a node may be dialed again: each when its own time comes, none before
    /// `earliest`.
    pub(super) fn release(&mut self, id: NodeId, earliest: Time) {
        for slot in self.store.of_node(id) {
            let until = self.left_alone_until(slot).max(earliest);
            self.rest(slot, until);
        }
    }

    /// Leaves an entry alone until this time.
    pub(super) fn rest(&mut self, slot: Slot, until: Time) {
        let turn = if until <= self.now {
            Turn::Ready
        } else {
            Turn::Waiting
        };
        self.set_turn(slot, turn, until);
        self.retell(slot);
    }

    /// Until when a node's bans and an entry's failures say that it is to be left alone.
    pub(super) fn left_alone_until(&self, slot: Slot) -> Time {
        let Some(entry) = self.store.get(slot) else {
            return self.now;
        };
        let banned = self.conduct.banned_until(entry.id, self.now);
        let failed = entry.failure.time().filter(|_| entry.failures > 0);
        let retry = failed.map(|at| at + self.backoff(slot, entry.failures));
        banned.max(retry).unwrap_or(self.now)
    }

    /// How long an entry is left alone after so many failures in a row: four times as long each
    /// time. What we have only heard of is never hurried, or strangers could point us at somebody.
    pub(super) fn backoff(&self, slot: Slot, failures: u16) -> Duration {
        let options = &self.options;
        let persistent = |id| options.persistent.contains(&id);
        let wanted =
            self.has_none_of_ours() || self.store.get(slot).is_some_and(|it| persistent(it.id));
        let longest = self.longest_backoff(failures);
        if wanted && !self.is_hearsay(slot) {
            longest.min(options.retry_persistent_max)
        } else {
            longest
        }
    }

    /// How long anybody is left alone after so many failures.
    pub(super) fn longest_backoff(&self, failures: u16) -> Duration {
        if failures >= self.options.tries {
            return self.options.retry_max;
        }
        let times = 4_u32.saturating_pow(u32::from(failures.saturating_sub(1)));
        let backoff = self.options.retry_min.saturating_mul(times);
        backoff.min(self.options.retry_max)
    }
}

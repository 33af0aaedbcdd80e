//! Dialing: what may be dialed now, and how fast.

use core::time::Duration;

use super::Switch;
use crate::peers::life::{Dial, Life, Purpose};
use crate::peers::{Action, DIAL_PATIENCE};
use crate::stats::count;
use crate::{Actions, NetAddress, NodeAddress, Reach, Subnet, Time};

/// Somebody to dial, and what for.
pub(super) struct Target {
    address: NodeAddress,
    purpose: Purpose,
}

impl Target {
    /// To have a peer.
    pub(super) const fn kept(address: NodeAddress) -> Self {
        Self {
            address,
            purpose: Purpose::Keep,
        }
    }

    /// To see whether somebody is there.
    pub(super) const fn checked(address: NodeAddress) -> Self {
        Self {
            address,
            purpose: Purpose::Feel,
        }
    }
}

impl Switch {
    /// Dials as many as there are places, dials and tokens for.
    pub(super) fn fill(&mut self, out: &mut Actions<Action>) {
        self.dial_at = None;
        while self.live.tally().dialing < self.dialing_max() {
            let per_second = self.options.dials_per_second;
            if let Some(at) = self.rate.wait(self.now, per_second) {
                self.dial_at = Some(at).filter(|_| self.may_want_to_dial());
                return;
            }
            let Some(target) = self.next_target() else {
                return;
            };
            self.dial(target, out);
        }
    }

    pub(super) const fn dialing_max(&self) -> usize {
        if self.options.seed_mode && self.options.checks_at_once > self.options.dialing_max {
            self.options.checks_at_once
        } else {
            self.options.dialing_max
        }
    }

    fn may_want_to_dial(&self) -> bool {
        let due = |at: Option<Time>| at.is_some_and(|at| at <= self.now);
        self.wanted() > 0 && self.ensure_at <= self.now
            || self.next_persistent().is_some()
            || due(self.feel_at)
            || due(self.crawl_at)
    }

    fn next_target(&mut self) -> Option<Target> {
        if let Some(address) = self.next_persistent() {
            return Some(Target::kept(address));
        }
        if self.options.seed_mode {
            return self.next_check();
        }
        if let Some(target) = self.next_peer() {
            return Some(target);
        }
        self.next_feeler()
    }

    fn dial(&mut self, target: Target, out: &mut Actions<Action>) {
        let Target { address, purpose } = target;
        let id = address.id();
        count(&mut self.counts.dials, 1);
        count(&mut self.counts.checks, u64::from(purpose == Purpose::Feel));
        self.rate.count(self.now);
        let ip = address.ip().map(|ip| ip.to_canonical());
        let named = self.names.has(&address);
        if let Ok(place) = NetAddress::try_from(&address)
            && !named
            && self.is_hearsay(&place)
        {
            self.count_hearsay(&place);
        }
        let dial = Dial {
            slot: None,
            purpose,
            // As CometBFT's `NumPeers` counts: every dial, whoever it is of.
            counted: true,
            until: self.now + DIAL_PATIENCE,
            ip,
        };
        self.live.set(id, Some(Life::Dialing(dial)));
        self.dialing.insert(id, address.clone());
        // The operator may send us anywhere; strangers only where they could have been themselves.
        let nearest = if named || !self.book.is_strict() {
            Reach::Host
        } else {
            Reach::World
        };
        out.push(Action::Dial { address, nearest });
    }

    /// Whether all that is known of an address is what somebody said.
    pub(super) fn is_hearsay(&self, place: &NetAddress) -> bool {
        let slot = self.book.shelf.find(place);
        let entry = slot.and_then(|slot| self.book.shelf.get(slot));
        entry.is_none_or(|it| it.last_success().is_none())
    }

    /// Whether strangers have told enough of this place for now, or of its subnet.
    pub(super) fn is_told_too_often(&mut self, place: &NetAddress) -> bool {
        if !self.is_hearsay(place) {
            return false;
        }
        let max = self.options.hearsay_dials_per_subnet;
        let subnet = Some(Subnet::of(place.ip()));
        Reach::of(place.ip()) == Reach::World
            && self.rate.wait_of_hearsay(self.now, subnet, max).is_some()
            || self.forgotten.is_spent(self.mark_of(place), self.now)
    }

    fn count_hearsay(&mut self, place: &NetAddress) {
        if self.options.hearsay_dials_per_subnet == usize::MAX {
            return;
        }
        self.forgotten.count_dial(self.mark_of(place), self.now);
        if Reach::of(place.ip()) == Reach::World {
            self.rate
                .count_hearsay(self.now, Some(Subnet::of(place.ip())));
        }
    }

    /// Until when an address is left alone after its failures.
    pub(super) fn left_alone_until(&self, place: &NetAddress) -> Time {
        let slot = self.book.shelf.find(place);
        let Some(entry) = slot.and_then(|slot| self.book.shelf.get(slot)) else {
            return Time::EPOCH;
        };
        if entry.attempts == 0 {
            return Time::EPOCH;
        }
        let mut backoff = self.backoff(entry.attempts.into());
        if self.has_none_of_ours() && entry.last_success().is_some() {
            backoff = backoff.min(self.options.retry_persistent_max);
        }
        // The same for the same failure however often it is looked at.
        let text = [self.mark_of(place).hash(), entry.attempts.into()];
        let draw = self.key.hash(&text.map(u64::to_le_bytes).concat());
        let quarter = u64::try_from(backoff.as_millis() / 4).unwrap_or(u64::MAX);
        let jitter = draw.checked_rem(quarter.max(1)).unwrap_or_default();
        entry.last_attempt + backoff.saturating_add(Duration::from_millis(jitter))
    }

    /// How long anybody is left alone after so many failures in a row.
    pub(super) fn backoff(&self, failures: u32) -> Duration {
        let times = 4_u32.saturating_pow(failures.saturating_sub(1));
        let backoff = self.options.retry_min.saturating_mul(times);
        backoff.min(self.options.retry_max)
    }
}

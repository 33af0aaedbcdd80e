//! What the next question is paid with: what the answers before it told that was new.
//!
//! A purse is rich or lean. A rich one pays at once, so a search that finds something may go as fast
//! as the peers allow; it dwindles with time. A lean one pays for one question each time that a while
//! has passed, and keeps what it holds until then.
//!
//! What a network at rest has to tell of its newborns comes little by little, from hop to hop. Whoever
//! asks for it in a burst hears of one hop what he could have heard of several, and then waits for the
//! next burst while more comes, and so do all whom he would have told.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Time;

/// What a question costs, and what a new node pays. An answer that is mostly new pays for one more.
pub(super) const COST: u32 = 2;

/// What a purse holds at most, and what it holds when a search begins.
pub(super) const PURSE_MAX: u32 = 512 * COST;
pub(super) const PURSE_FIRST: u32 = 16 * COST;

/// How long it takes until half of what is in a rich purse has dwindled.
const HALF_LIFE: Duration = Duration::from_secs(30);

/// What a lean purse holds at most, and how long it takes between two questions that it pays for.
pub(super) const LEAN_MAX: u32 = 8 * COST - 1;
const EVENLY: Duration = Duration::from_millis(10_500);

/// How long nobody is asked who could not be paid for.
pub(super) const EVERY: Duration = Duration::from_secs(130);

/// How much may be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Purse {
    holds: u32,
    /// Up to when it has dwindled.
    at: Time,
}

impl Purse {
    /// What is there when a search begins.
    pub(super) const fn first(now: Time) -> Self {
        Self {
            holds: PURSE_FIRST,
            at: now,
        }
    }

    /// Whether this is what a purse can be.
    pub(super) fn can_be(self, now: Time) -> bool {
        self.holds <= PURSE_MAX && self.at <= now
    }

    pub(super) fn rewind(&mut self, back: Duration) {
        self.at = self.at.back(back);
    }

    fn halvings(self, now: Time) -> u32 {
        let lives = (now - self.at).as_nanos().checked_div(HALF_LIFE.as_nanos());
        u32::try_from(lives.unwrap_or_default()).unwrap_or(u32::MAX)
    }

    fn worth(self, now: Time) -> u32 {
        let left = self.holds.checked_shr(self.halvings(now)).unwrap_or(0);
        left.max(self.holds.min(LEAN_MAX))
    }

    pub(super) fn is_rich(self, now: Time) -> bool {
        self.worth(now) > LEAN_MAX
    }

    /// From when it pays for a question, if one was asked at `last`.
    pub(super) fn pays_at(self, now: Time, last: Time) -> Time {
        if self.is_rich(now) {
            Time::EPOCH
        } else if self.worth(now) >= COST {
            last + EVENLY
        } else {
            last + EVERY
        }
    }

    fn dwindle(&mut self, now: Time) {
        self.holds = self.worth(now);
        self.at = self.at + HALF_LIFE.saturating_mul(self.halvings(now));
    }

    /// Pays for a question, if it can.
    pub(super) fn spend(&mut self, now: Time, last: Time) -> bool {
        let pays = self.worth(now) >= COST && self.pays_at(now, last) <= now;
        if pays {
            self.dwindle(now);
            self.holds = self.holds.saturating_sub(COST);
        }
        pays
    }

    /// Loses an eighth.
    pub(super) fn shrink(&mut self, now: Time) {
        self.dwindle(now);
        self.holds = self.holds.saturating_sub(self.holds.div_ceil(8));
    }

    /// Takes this much in, but what it holds at most is `max`, unless it holds more.
    pub(super) fn earn(&mut self, now: Time, more: u32, max: u32) {
        self.dwindle(now);
        let most = self.holds.max(max);
        self.holds = self.holds.saturating_add(more).min(most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_secs(1_000);

    fn purse(holds: u32) -> Purse {
        Purse { holds, at: START }
    }

    #[test]
    fn a_rich_purse_pays_at_once_and_a_lean_one_evenly() {
        let mut purse = purse(LEAN_MAX + COST);
        assert!(purse.spend(START, START));
        assert!(!purse.is_rich(START));
        assert!(!purse.spend(START, START));
        assert_eq!(purse.pays_at(START, START), START + EVENLY);
        assert!(purse.spend(START + EVENLY, START));
    }

    #[test]
    fn a_rich_purse_dwindles_and_a_lean_one_does_not() {
        let rich = purse(PURSE_MAX);
        assert_eq!(rich.worth(START + HALF_LIFE), PURSE_MAX / 2);
        assert_eq!(rich.worth(START + HALF_LIFE * 1_000), LEAN_MAX);
        assert_eq!(purse(COST).worth(START + HALF_LIFE * 1_000), COST);
    }

    #[test]
    fn an_empty_purse_pays_for_nothing() {
        let mut purse = purse(COST - 1);
        assert_eq!(purse.pays_at(START, START), START + EVERY);
        assert!(!purse.spend(START + EVERY * 2, START));
    }

    #[test]
    fn a_purse_dwindles_by_the_clock_that_was_set_back() {
        let mut purse = purse(PURSE_MAX);
        purse.rewind(HALF_LIFE * 3);
        assert_eq!(purse.worth(START.back(HALF_LIFE * 2)), PURSE_MAX / 2);
    }
}

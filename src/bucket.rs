//! How often something may happen.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Time;

/// A token bucket: so many at once, then one in each interval. Kept as the time at which it would
/// be full again (the generic cell rate algorithm, ITU-T I.371), so there is no counter to refill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bucket {
    full_at: Time,
}

impl Bucket {
    /// Takes a token; if there is none, says how long until there is.
    pub(crate) fn take(
        &mut self,
        now: Time,
        interval: Duration,
        burst: u32,
    ) -> Result<(), Duration> {
        if let Some(wait) = self.wait(now, interval, burst) {
            return Err(wait);
        }
        self.full_at = self.full_at.max(now) + interval;
        Ok(())
    }

    /// How long until there is a token; none if there is one.
    pub(crate) fn wait(self, now: Time, interval: Duration, burst: u32) -> Option<Duration> {
        let slack = interval.saturating_mul(burst.saturating_sub(1));
        let ahead = self.full_at - now;
        (ahead > slack).then(|| ahead.saturating_sub(slack))
    }

    /// Whether at most one token is missing.
    pub(crate) fn lacks_one_at_most(self, now: Time, interval: Duration) -> bool {
        self.full_at - now <= interval
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        self.full_at = self.full_at.back(back);
    }
}

//! The time, as the driver tells it.

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: nanoseconds since the Unix epoch, 1970-01-01T00:00:00Z.
///
/// The core never reads a clock. The driver passes the time with each event, and gets deadlines
/// back in the same unit; one type serves deadlines and stamps that outlive a restart. 64 bits of
/// nanoseconds last until the year 2554; arithmetic saturates there.
///
/// ```
/// use core::time::Duration;
/// use pex::Time;
///
/// let noon = Time::from_nanos(43_200_000_000_000);
/// assert_eq!(noon + Duration::from_secs(1) - noon, Duration::from_secs(1));
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(u64);

impl Time {
    /// The Unix epoch. A simulation starts here.
    pub const EPOCH: Self = Self(0);

    /// The last point in time there is; stands for "never" in comparisons of deadlines.
    pub const MAX: Self = Self(u64::MAX);

    /// The time that lies `nanos` nanoseconds after the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The time that lies `secs` seconds after the Unix epoch; saturates in the year 2554.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// The nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Time {
    /// The time that lies `span` before this one; the epoch if that is before it.
    pub(crate) fn back(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl core::ops::Add<Duration> for Time {
    type Output = Self;

    /// Saturates: a deadline past the end of time is the end of time.
    fn add(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)),
        )
    }
}

impl core::ops::Sub for Time {
    type Output = Duration;

    /// Zero if `earlier` is later.
    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Display for Time {
    /// Seconds since the epoch, with nine decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:09}",
            self.0 / 1_000_000_000,
            self.0 % 1_000_000_000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends_of_time() {
        assert_eq!(Time::MAX + Duration::MAX, Time::MAX);
        assert_eq!(Time::EPOCH - Time::MAX, Duration::ZERO);
        assert_eq!(Time::from_secs(u64::MAX), Time::MAX);
    }

    #[test]
    fn a_time_prints_as_seconds() {
        assert_eq!(
            alloc::format!("{}", Time::from_nanos(1_000_000_005)),
            "1.000000005"
        );
    }
}

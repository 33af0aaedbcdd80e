//! Whether somebody has set the clock of the machine.
//!
//! A node takes the wall clock once, at its start, and goes on by the monotonic clock: whoever sets the
//! wall clock meanwhile makes it neither forget nor hurry. But what it writes is then dated by a clock
//! that nobody else has, so its owner is told.

use core::fmt;
use core::time::Duration;

use pex::Time;

use crate::clock::Clock;

/// How far both may be apart without a word. Clocks that are steered differ by less in a year.
const APART: Duration = Duration::from_secs(60);

/// Somebody has set the clock of this machine; the seed goes on by the time that it began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockSet {
    /// What the clock of the machine says.
    pub wall: Time,
    /// What the seed goes by.
    pub ours: Time,
}

impl fmt::Display for ClockSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ahead, behind) = (self.wall - self.ours, self.ours - self.wall);
        let by = ahead.max(behind);
        if by < APART {
            return f.write_str("the clock of this machine says again what this node goes by");
        }
        let side = if ahead > behind { "ahead of" } else { "behind" };
        let by = humantime::format_duration(Duration::from_secs(by.as_secs()));
        write!(
            f,
            "the clock of this machine was set, and is {by} {side} the time that this node goes by, \
             which goes on; if it was wrong before, restart the node"
        )
    }
}

/// What has been said of the clock.
#[derive(Debug, Default)]
pub(super) struct WallWatch {
    /// How far it was ahead, and how far behind, when that was last said.
    told: (Duration, Duration),
}

impl WallWatch {
    /// Whether there is something new to say.
    pub(super) fn look(&mut self, clock: &Clock) -> Option<ClockSet> {
        let (wall, ours) = (clock.wall(), clock.now());
        let (ahead, behind) = (wall - ours, ours - wall);
        let moved = ahead
            .abs_diff(self.told.0)
            .max(behind.abs_diff(self.told.1));
        if moved < APART {
            return None;
        }
        self.told = (ahead, behind);
        Some(ClockSet { wall, ours })
    }
}

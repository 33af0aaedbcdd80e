//! The only place where a clock is read.

use core::time::Duration;
use std::time::SystemTime;

use pex::Time;
use tokio::time::Instant;

/// A wall clock that stands before 1970 stands at 1970.
fn time_of(wall: SystemTime) -> Time {
    let since = wall.duration_since(SystemTime::UNIX_EPOCH);
    Time::EPOCH + since.unwrap_or_default()
}

/// Tells the core the time: the wall clock's when it was started, and from there on the monotonic
/// clock's, so that nobody who sets the wall clock back stops the machine.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    began: Time,
    wall: fn() -> SystemTime,
}

impl Clock {
    /// A clock that starts now, by the wall clock of this machine.
    #[must_use]
    pub fn start() -> Self {
        Self::start_by(SystemTime::now)
    }

    /// A clock that starts now, by this wall clock.
    #[must_use]
    pub fn start_by(wall: fn() -> SystemTime) -> Self {
        Self {
            started: Instant::now(),
            began: time_of(wall()),
            wall,
        }
    }

    /// What the wall clock says now, whoever has set it since the start.
    #[must_use]
    pub fn wall(&self) -> Time {
        time_of((self.wall)())
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.began + self.started.elapsed()
    }

    /// How long it is until `deadline`; zero if it has passed.
    #[must_use]
    pub fn until(&self, deadline: Time) -> Duration {
        deadline - self.now()
    }

    /// Sleeps until `deadline`, or for ever if there is none.
    pub async fn sleep_until(&self, deadline: Option<Time>) {
        match deadline {
            Some(deadline) => tokio::time::sleep(self.until(deadline)).await,
            None => core::future::pending().await,
        }
    }
}

//! The only place where a clock is read.

use core::time::Duration;
use std::time::SystemTime;

use pex::Time;
use tokio::time::Instant;

/// Tells the core the time: the wall clock's when it was started, and from there on the monotonic
/// clock's, so that nobody who sets the wall clock back stops the machine.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Instant,
    wall: Time,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        let wall = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            started: Instant::now(),
            wall: Time::EPOCH + wall,
        }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.wall + self.started.elapsed()
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

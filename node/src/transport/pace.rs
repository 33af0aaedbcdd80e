//! The clocks of a connection: when to ping, when a pong is late, when to read more.

use core::num::NonZeroU32;
use core::time::Duration;

use tokio::time::Instant;

use super::error::TransportError;

/// How much a peer may send at once above its rate, as the time in which the rate would bring it.
const BURST: Duration = Duration::from_millis(100);

/// The time `span` after `now`; a far one if the sum is beyond what the clock can count.
pub(super) fn later(now: Instant, span: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
    now.checked_add(span).unwrap_or_else(|| now + FAR)
}

/// Pings, and the wait for their pongs.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    ping_at: Instant,
    /// A ping is to be written as soon as possible.
    ping_due: bool,
    /// A ping has gone out, and its pong is due by then.
    pong_by: Option<Instant>,
    /// Since when we do not read, by our own fault: a pong may lie unread.
    paused: Option<Instant>,
}

impl Heartbeat {
    pub(super) fn new(interval: Duration, timeout: Duration, now: Instant) -> Self {
        Self {
            interval,
            timeout,
            ping_at: later(now, interval),
            ping_due: false,
            pong_by: None,
            paused: None,
        }
    }

    /// When to [`check`](Self::check) next, at the latest.
    pub(super) fn deadline(&self) -> Instant {
        match self.pong_by {
            Some(at) if self.paused.is_none() => at,
            None if !self.ping_due => self.ping_at,
            // Waits for somebody else; come back some time.
            _ => later(Instant::now(), self.interval.max(Duration::from_secs(1))),
        }
    }

    /// Finds out what is due.
    pub(super) fn check(&mut self, now: Instant) -> Result<(), TransportError> {
        match self.pong_by {
            Some(at) if at <= now && self.paused.is_none() => {
                return Err(TransportError::PongMissing {
                    after: self.timeout,
                });
            }
            None if self.ping_at <= now => self.ping_due = true,
            _ => {}
        }
        Ok(())
    }

    /// Whether a ping is to be written now. The wait for its pong begins.
    pub(super) fn take_ping(&mut self, now: Instant) -> bool {
        let due = core::mem::take(&mut self.ping_due);
        if due {
            self.ping_at = later(now, self.interval);
            self.pong_by = Some(later(now, self.timeout));
        }
        due
    }

    /// Takes a pong. One that nobody asked for changes nothing.
    pub(super) const fn on_pong(&mut self) {
        self.pong_by = None;
    }

    /// We stop reading.
    pub(super) fn pause(&mut self, now: Instant) {
        self.paused.get_or_insert(now);
    }

    /// We read again: the peer gets the time back that we took.
    pub(super) fn resume(&mut self, now: Instant) {
        if let Some(since) = self.paused.take() {
            let lost = now.saturating_duration_since(since);
            self.pong_by = self.pong_by.map(|at| later(at, lost));
        }
    }
}

/// How fast we read: a bucket that a rate fills.
#[derive(Debug)]
pub(super) struct ReadPace {
    rate: Option<NonZeroU32>,
    /// What has been read is paid for at this time.
    paid_at: Instant,
}

impl ReadPace {
    pub(super) const fn new(rate: Option<NonZeroU32>, now: Instant) -> Self {
        Self { rate, paid_at: now }
    }

    /// When reading is allowed again, if it may not be now.
    pub(super) fn blocked_until(&self, now: Instant) -> Option<Instant> {
        (self.paid_at > now + BURST).then(|| self.paid_at - BURST)
    }

    /// Counts bytes that were read.
    pub(super) fn spend(&mut self, bytes: usize, now: Instant) {
        if let Some(rate) = self.rate {
            let nanos = 1_000_000_000u64.saturating_mul(u64::try_from(bytes).unwrap_or(u64::MAX));
            let cost = Duration::from_nanos(nanos / u64::from(rate.get()));
            self.paid_at = later(self.paid_at.max(now), cost);
        }
    }
}

//! What is held against a peer, and for it, from one connection to the next.

use core::time::Duration;

use pex::Time;

/// Something that runs off with time: what a peer has used up of its allowance.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Debt {
    owed: Duration,
    at: Time,
}

impl Debt {
    /// Takes one more; if that would be over the allowance, says what to wait.
    pub(crate) fn take(&mut self, now: Time, each: Duration, most: u32) -> Result<(), Duration> {
        self.owed = self.owed.saturating_sub(now - self.at);
        self.at = now;
        let over = (self.owed + each).saturating_sub(each * most);
        if over > Duration::ZERO {
            return Err(over);
        }
        self.owed += each;
        Ok(())
    }
}

/// What is remembered of a peer when it goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) ask_at: Time,
    pub(crate) requests: Debt,
    pub(crate) strikes: Debt,
    /// Names that were looked up for it.
    pub(crate) names: Debt,
}

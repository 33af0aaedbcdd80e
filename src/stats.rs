//! What the machine counts.

use serde::{Deserialize, Serialize};

/// What the machine has counted since it was made. Numbers only grow, and stop at the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Stats {
    /// Requests sent.
    pub requests_sent: u64,
    /// Requests that were answered.
    pub requests_served: u64,
    /// Answers accepted.
    pub responses_accepted: u64,
    /// Valid addresses in accepted answers.
    pub addresses_told: u64,
    /// Those of nodes not heard of before.
    pub addresses_fresh: u64,
    /// Texts in accepted answers that are no addresses, or are too long.
    pub addresses_bad: u64,
    /// Addresses in accepted answers that are our own.
    pub addresses_own: u64,
    /// Requests that got no answer in time.
    pub timeouts: u64,
    /// Answers that came after their time, and were dropped without blame.
    pub late_responses: u64,
    /// Requests that came too soon, and were dropped.
    pub requests_too_soon: u64,
    /// Answers nobody asked for.
    pub unsolicited_responses: u64,
    /// Answers with too many addresses.
    pub oversized_responses: u64,
    /// Byte strings that were no message.
    pub garbage: u64,
    /// Events for a connection that is not up, or is no longer: absorbed.
    pub stray_events: u64,
    /// Times that the clock went backwards: the latest time was used instead.
    pub clock_stalls: u64,
}

/// Counts; a counter that can hold no more stays where it is.
pub(crate) const fn count(counter: &mut u64, more: u64) {
    *counter = counter.saturating_add(more);
}

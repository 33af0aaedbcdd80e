//! What the book says of an address.

use super::entry::Entry;
use crate::{NetAddress, Time};

/// What is known of an address: `knownAddress` of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownAddress {
    /// The address.
    pub address: NetAddress,
    /// Who told it first.
    pub source: NetAddress,
    /// Failures since the last success.
    pub attempts: u32,
    /// The last attempt; when it came in, if there was none.
    pub last_attempt: Time,
    /// When its node was last reached there.
    pub last_success: Option<Time>,
    /// When its node was reached there for the first time.
    pub first_success: Option<Time>,
    /// Whether it has proved good: it is in an old bucket.
    pub old: bool,
    /// The numbers of its buckets.
    pub buckets: alloc::vec::Vec<u16>,
}

impl KnownAddress {
    /// An address of which nothing is known but who told it, and when.
    #[must_use]
    pub const fn new(address: NetAddress, source: NetAddress, heard: Time) -> Self {
        Self {
            address,
            source,
            attempts: 0,
            last_attempt: heard,
            last_success: None,
            first_success: None,
            old: false,
            buckets: alloc::vec::Vec::new(),
        }
    }

    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            address: entry.address,
            source: entry.source,
            attempts: entry.attempts.into(),
            last_attempt: entry.last_attempt,
            last_success: entry.last_success(),
            first_success: entry.first_success(),
            old: entry.old,
            buckets: entry.buckets.to_vec(),
        }
    }
}

//! What is kept of one address.

use core::time::Duration;

use smallvec::SmallVec;

use crate::{NetAddress, Time};

/// The number of a bucket among those of its table.
pub(crate) type BucketNumber = u16;

/// `maxNewBucketsPerAddress`.
pub(crate) const BUCKETS_OF_NEW: usize = 4;

/// No place in a list.
pub(crate) const NOWHERE: u32 = u32::MAX;

const DAY: Duration = Duration::from_secs(86_400);

/// `numMissingDays`: what was not attempted for so long is bad.
const MISSING: Duration = DAY.saturating_mul(7);

/// `numRetries`: failures after which what never was reached is bad.
const RETRIES: u32 = 3;

/// `maxFailures`, and `minBadDays` without a success: what was reached once is bad then.
const FAILURES: u32 = 10;
const BAD_AFTER: Duration = DAY.saturating_mul(7);

/// Whoever was attempted less than this ago is not judged.
const JUST_NOW: Duration = Duration::from_secs(60);

/// `knownAddress` of the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) address: NetAddress,
    /// Who told it first.
    pub(crate) source: NetAddress,
    /// Failures since the last success.
    pub(crate) attempts: u32,
    /// The last attempt; when it came in, if there was none.
    pub(crate) last_attempt: Time,
    pub(crate) last_success: Option<Time>,
    /// When it was reached for the first time. The reference does not keep this.
    pub(crate) first_success: Option<Time>,
    /// Whether it has proved good: then it is in one old bucket, else in up to four new ones.
    pub(crate) old: bool,
    pub(crate) buckets: SmallVec<[BucketNumber; BUCKETS_OF_NEW]>,
    /// Its network, and its rank among those of it that are as old.
    pub(crate) lane: u32,
    pub(crate) rank: u32,
    /// Its place in the shuffled list of those that are as old.
    pub(crate) place: u32,
}

impl Entry {
    pub(crate) fn new(address: NetAddress, source: NetAddress, now: Time) -> Self {
        Self {
            address,
            source,
            attempts: 0,
            last_attempt: now,
            last_success: None,
            first_success: None,
            old: false,
            buckets: SmallVec::new(),
            lane: NOWHERE,
            rank: NOWHERE,
            place: NOWHERE,
        }
    }

    /// `isBad` of the reference: worthless, and the first to go from a full bucket.
    pub(crate) fn is_bad(&self, now: Time) -> bool {
        if self.old || now - self.last_attempt < JUST_NOW {
            return false;
        }
        let never = self.last_success.is_none();
        now - self.last_attempt > MISSING || never && self.attempts >= RETRIES || self.is_dead(now)
    }

    /// Whether it has failed so often, for so long, that it need not be tested again, however good
    /// it was.
    pub(crate) fn is_dead(&self, now: Time) -> bool {
        let success = self.last_success.unwrap_or(Time::EPOCH);
        self.attempts >= FAILURES && now - success > BAD_AFTER
    }
}

//! What is kept of one address.

use core::ops::Deref;
use core::time::Duration;

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
const RETRIES: u16 = 3;

/// `maxFailures`, and `minBadDays` without a success: what was reached once is bad then.
const FAILURES: u16 = 10;
const BAD_AFTER: Duration = DAY.saturating_mul(7);

/// Whoever was attempted less than this ago is not judged.
const JUST_NOW: Duration = Duration::from_secs(60);

/// The numbers of the buckets that an entry is in: one to four, and behind them none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Numbers([BucketNumber; BUCKETS_OF_NEW]);

/// No bucket.
const NONE: BucketNumber = BucketNumber::MAX;

impl Default for Numbers {
    fn default() -> Self {
        Self([NONE; BUCKETS_OF_NEW])
    }
}

impl Numbers {
    pub(crate) const fn one(number: BucketNumber) -> Self {
        Self([number, NONE, NONE, NONE])
    }

    /// Adds a number, if there is room for it.
    pub(crate) fn push(&mut self, number: BucketNumber) {
        if let Some(free) = self.0.iter_mut().find(|its| **its == NONE) {
            *free = number;
        }
    }

    /// Takes a number out; the others keep their order.
    pub(crate) fn remove(&mut self, number: BucketNumber) {
        let before = core::mem::take(self);
        for &other in before.iter().filter(|other| **other != number) {
            self.push(other);
        }
    }
}

impl Deref for Numbers {
    type Target = [BucketNumber];

    fn deref(&self) -> &[BucketNumber] {
        let used = self.0.iter().take_while(|its| **its != NONE).count();
        self.0.get(..used).unwrap_or_default()
    }
}

/// A time that has been, or never was: as small as a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Past(u64);

impl Past {
    /// Nanoseconds and one, so that nothing is never.
    fn new(time: Option<Time>) -> Self {
        Self(time.map_or(0, |at| at.as_nanos().saturating_add(1)))
    }

    fn get(self) -> Option<Time> {
        self.0.checked_sub(1).map(Time::from_nanos)
    }
}

/// `knownAddress` of the reference. There may be twenty thousand, so it is kept small.
///
/// What finds an entry, tells it, and says whether it has to go from a full bucket, for which all in
/// the bucket are compared, is in its first 64 bytes, and so in one line of a processor's cache.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub(crate) struct Entry {
    pub(crate) address: NetAddress,
    /// Failures since the last success.
    pub(crate) attempts: u16,
    /// Whether it has proved good: then it is in one old bucket, else in up to four new ones.
    pub(crate) old: bool,
    /// Its place in the shuffled list of those that are as old.
    pub(crate) place: u32,
    /// The last attempt; when it came in, if there was none.
    pub(crate) last_attempt: Time,
    last_success: Past,
    /// Who told it first.
    pub(crate) source: NetAddress,
    pub(crate) buckets: Numbers,
    /// Its network, and its rank among those of it that are as old.
    pub(crate) lane: u32,
    pub(crate) rank: u32,
    first_success: Past,
}

const _: () = assert!(size_of::<Option<Entry>>() <= 128);
const _: () = assert!(core::mem::offset_of!(Entry, last_success) < 64);

impl Entry {
    pub(crate) fn new(address: NetAddress, source: NetAddress, now: Time) -> Self {
        Self {
            address,
            source,
            last_attempt: now,
            last_success: Past::default(),
            first_success: Past::default(),
            attempts: 0,
            lane: NOWHERE,
            rank: NOWHERE,
            place: NOWHERE,
            buckets: Numbers::default(),
            old: false,
        }
    }

    /// When its node was last reached there.
    pub(crate) fn last_success(&self) -> Option<Time> {
        self.last_success.get()
    }

    /// When its node was reached there for the first time. The reference does not keep this.
    pub(crate) fn first_success(&self) -> Option<Time> {
        self.first_success.get()
    }

    /// Its node was reached then, for the first and for the last time.
    pub(crate) fn set_successes(&mut self, first: Option<Time>, last: Option<Time>) {
        self.last_success = Past::new(last);
        self.first_success = Past::new(first.or(last).min(last));
    }

    /// `isBad` of the reference: worthless, and the first to go from a full bucket.
    pub(crate) fn is_bad(&self, now: Time) -> bool {
        if self.old || now - self.last_attempt < JUST_NOW {
            return false;
        }
        let never = self.last_success().is_none();
        now - self.last_attempt > MISSING || never && self.attempts >= RETRIES || self.is_dead(now)
    }

    /// Whether it has failed so often, for so long, that it need not be tested again, however good
    /// it was.
    pub(crate) fn is_dead(&self, now: Time) -> bool {
        let success = self.last_success().unwrap_or(Time::EPOCH);
        self.attempts >= FAILURES && now - success > BAD_AFTER
    }
}

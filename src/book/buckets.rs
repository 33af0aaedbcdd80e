//! The buckets: who is in which, and who has to go from a full one.

use alloc::vec::Vec;

use super::entry::BucketNumber;
use crate::peers::arena::Slot;

/// Entries of a bucket. The reference lets one more in, as its check comes before the entry.
pub(crate) const BUCKET_SIZE: usize = 64;

/// A table of buckets, each of which holds a few entries in no order that matters.
#[derive(Clone, Debug)]
pub(crate) struct Buckets(Vec<Vec<Slot>>);

impl Buckets {
    pub(crate) fn new(count: usize) -> Self {
        Self(alloc::vec![Vec::new(); count])
    }

    pub(crate) fn of(&self, number: BucketNumber) -> &[Slot] {
        self.0.get(usize::from(number)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn is_full(&self, number: BucketNumber) -> bool {
        self.of(number).len() >= BUCKET_SIZE
    }

    /// Puts an entry into a bucket that is not full and does not hold it.
    pub(crate) fn put(&mut self, number: BucketNumber, slot: Slot) {
        if let Some(bucket) = self.0.get_mut(usize::from(number)) {
            debug_assert!(bucket.len() < BUCKET_SIZE && !bucket.contains(&slot));
            // The first few at once, as few buckets stay with less.
            if bucket.is_empty() {
                bucket.reserve(BUCKET_SIZE / 4);
            }
            bucket.push(slot);
        }
    }

    pub(crate) fn take(&mut self, number: BucketNumber, slot: Slot) {
        if let Some(bucket) = self.0.get_mut(usize::from(number))
            && let Some(place) = bucket.iter().position(|its| *its == slot)
        {
            bucket.swap_remove(place);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (BucketNumber, &[Slot])> {
        (0..).zip(self.0.iter().map(Vec::as_slice))
    }
}

//! How many bytes of messages that are to be sent all connections of a node hold at once.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// Bytes that are held now.
#[derive(Debug, Default)]
pub(super) struct Budget(AtomicUsize);

/// Some of those bytes, until this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    /// Takes so many bytes, if not more than `max` are held then.
    pub(super) fn take(self: &Arc<Self>, bytes: usize, max: usize) -> Option<Share> {
        let more = |held: usize| held.checked_add(bytes).filter(|held| *held <= max);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.ok().map(|_| Share {
            budget: Arc::clone(self),
            bytes,
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_held_than_may_be_and_what_is_given_back_can_be_had_again() {
        let budget = Arc::new(Budget::default());
        let first = budget.take(60, 100).unwrap();
        assert!(budget.take(41, 100).is_none());
        let _second = budget.take(40, 100).unwrap();
        assert!(budget.take(usize::MAX, usize::MAX).is_none());
        drop(first);
        assert!(budget.take(60, 100).is_some());
    }
}

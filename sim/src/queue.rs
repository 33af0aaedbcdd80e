//! What happens when: a queue in order of time, and of insertion where times are equal.
//!
//! It is a radix heap. Nothing is ever due before what was taken last, so an item lies in the bucket
//! of the highest bit in which its time differs from that moment. When the first bucket is empty, the
//! next one that isn't is spread over those below, in order. So each item moves a few times, always
//! to the end of a list, and those of one time, which always share a bucket, keep their order without
//! a number for it.

use std::collections::VecDeque;

/// A queue of items with the time at which each is due, in nanoseconds.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    /// The time of what was taken last.
    last: u64,
    /// What is due at that very time.
    due: VecDeque<T>,
    /// By the highest bit that differs: 0 is the lowest.
    buckets: [Vec<(u64, T)>; 64],
    /// Which buckets hold anything.
    filled: u64,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            last: 0,
            due: VecDeque::new(),
            buckets: core::array::from_fn(|_| Vec::new()),
            filled: 0,
        }
    }

    /// Has an item come at this time; what is late comes at once.
    pub(crate) fn push(&mut self, at: u64, item: T) {
        self.place(at.max(self.last), item);
    }

    fn place(&mut self, at: u64, item: T) {
        let differs = at ^ self.last;
        if differs == 0 {
            self.due.push_back(item);
            return;
        }
        let bucket = differs.ilog2();
        self.filled |= 1 << bucket;
        self.buckets[bucket as usize].push((at, item));
    }

    /// When the next item is due.
    pub(crate) fn next_at(&mut self) -> Option<u64> {
        if self.due.is_empty() {
            self.spread();
        }
        (!self.due.is_empty()).then_some(self.last)
    }

    /// Takes the next item, with its time.
    pub(crate) fn pop(&mut self) -> Option<(u64, T)> {
        let at = self.next_at()?;
        let item = self.due.pop_front()?;
        Some((at, item))
    }

    /// Moves on to the time of what comes next, and spreads its bucket over those below.
    fn spread(&mut self) {
        if self.filled == 0 {
            return;
        }
        let bucket = self.filled.trailing_zeros() as usize;
        self.filled &= self.filled - 1;
        let mut items = core::mem::take(&mut self.buckets[bucket]);
        self.last = items.iter().map(|(at, _)| *at).min().unwrap_or(self.last);
        for (at, item) in items.drain(..) {
            self.place(at, item);
        }
        // Its room is used again, unless it was a rare crowd.
        if items.capacity() <= 4_096 {
            self.buckets[bucket] = items;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue that can't be wrong: everything, sorted by time and by when it was put in.
    fn by_sorting(pushed: &[(u64, u32)]) -> Vec<(u64, u32)> {
        let mut sorted = pushed.to_vec();
        sorted.sort_by_key(|(at, _)| *at);
        sorted
    }

    #[test]
    fn items_come_by_time_and_those_of_one_time_as_they_were_put_in() {
        let mut state = 1_u64;
        let mut pushed = Vec::new();
        let mut queue = Queue::new();
        for n in 0..10_000_u32 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let at = state >> (40 + n % 20);
            pushed.push((at, n));
            queue.push(at, n);
        }
        let taken: Vec<_> = core::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(taken, by_sorting(&pushed));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn what_is_put_in_while_items_are_taken_finds_its_place() {
        let mut queue = Queue::new();
        for n in 0..100 {
            queue.push(n % 7 * 1_000, n);
        }
        let (mut before, mut taken, mut put_in) = ((0, 0), 0, 100);
        while let Some((at, n)) = queue.pop() {
            // Of one time, what was put in first comes first.
            assert!(taken == 0 || (at, n) > before, "{before:?} {at} {n}");
            before = (at, n);
            taken += 1;
            if n < 100 {
                queue.push(at + n % 3 * 500, put_in);
                put_in += 1;
            }
        }
        assert_eq!(taken, 200);
    }

    #[test]
    fn what_is_late_comes_at_once_and_time_does_not_run_back() {
        let mut queue = Queue::new();
        queue.push(10, 'a');
        assert_eq!(queue.pop(), Some((10, 'a')));
        queue.push(3, 'b');
        assert_eq!(queue.pop(), Some((10, 'b')));
        assert_eq!(queue.pop(), None);
        queue.push(u64::MAX, 'c');
        assert_eq!(queue.pop(), Some((u64::MAX, 'c')));
    }
}

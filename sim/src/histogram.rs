//! How many nodes have how many of something.

use serde::{Deserialize, Serialize};

/// Buckets of a histogram: what a chart can show.
const BUCKETS_MAX: usize = 64;

/// How many nodes have how many of something, in buckets of one width: the first counts those from
/// 0 up to `width`, and so on. The width is a power of two, so that the histograms of several runs
/// can be added up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Histogram {
    /// How many values fall into one bucket.
    pub width: u64,
    /// How many nodes there are in each; the last holds at least one.
    pub counts: Vec<u64>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            width: 1,
            counts: Vec::new(),
        }
    }
}

impl Histogram {
    /// The histogram of these values.
    pub fn of(values: impl IntoIterator<Item = u64>) -> Self {
        let mut all = Self::default();
        for value in values {
            all.add(value, 1);
        }
        all
    }

    /// Adds those of another run.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, nodes) in (0..).zip(&other.counts) {
            self.add(other.width.saturating_mul(bucket), *nodes);
        }
        while self.width < other.width {
            self.widen();
        }
    }

    /// How many nodes there are.
    #[must_use]
    pub fn nodes(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn add(&mut self, value: u64, nodes: u64) {
        if nodes == 0 {
            return;
        }
        while value / self.width >= BUCKETS_MAX as u64 {
            self.widen();
        }
        // It is below the most that there may be.
        let bucket = usize::try_from(value / self.width).unwrap_or(BUCKETS_MAX);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += nodes;
        }
    }

    fn widen(&mut self) {
        self.width = self.width.saturating_mul(2);
        let pairs = self.counts.chunks(2);
        self.counts = pairs.map(|pair| pair.iter().sum()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_widen_until_all_values_have_a_place() {
        assert_eq!(Histogram::of([0, 3, 3]).counts, [1, 0, 0, 2]);
        let wide = Histogram::of([0, 1, 2, 127, 128]);
        assert_eq!((wide.width, wide.nodes()), (4, 5));
        assert_eq!(
            (wide.counts[0], wide.counts[31], wide.counts[32]),
            (3, 1, 1)
        );
        assert_eq!(wide.counts.len(), 33);
        assert_eq!(Histogram::of([u64::MAX]).nodes(), 1);
    }

    #[test]
    fn two_runs_add_up_whichever_is_wider() {
        let (narrow, wide) = (Histogram::of([1, 2, 2]), Histogram::of([2, 200]));
        for (mut sum, other) in [(narrow.clone(), &wide), (wide.clone(), &narrow)] {
            sum.merge(other);
            assert_eq!(sum, Histogram::of([1, 2, 2, 2, 200]));
        }
    }
}

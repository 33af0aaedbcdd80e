//! The only source of chance in an experiment: SplitMix64, in integers, so that a seed gives the
//! same run on every machine.

#[path = "../support/split_mix.rs"]
mod split_mix;

use core::time::Duration;

use split_mix::mix;

#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The chance of one part of a run. Parts of one run do not draw the same numbers.
    pub(crate) const fn new(seed: u64, part: u64) -> Self {
        Self(mix(mix(seed) ^ part))
    }

    pub(crate) const fn next(&mut self) -> u64 {
        split_mix::next(&mut self.0)
    }

    /// A keyed hash of these words, to put things into buckets.
    pub(crate) fn hash(key: u64, words: &[u64]) -> u64 {
        let absorb = |hash, word: &u64| Self::new(hash, *word).next();
        words.iter().fold(key, absorb)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * bound as u128;
        usize::try_from(wide >> 64).expect("less than the bound")
    }

    /// A span from `least` up to, and without, `most`.
    pub(crate) fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + scaled(most.saturating_sub(least), self.next())
    }

    /// A span that ends at any moment with the same likelihood, whatever its age.
    ///
    /// Von Neumann's method: it compares uniform numbers and takes no logarithm, whose last bits
    /// differ from platform to platform.
    pub(crate) fn memoryless(&mut self, mean: Duration) -> Duration {
        let mut whole = 0;
        loop {
            let first = self.next();
            let (mut last, mut falling) = (first, 1_u32);
            loop {
                let next = self.next();
                if next > last {
                    break;
                }
                (last, falling) = (next, falling + 1);
            }
            if !falling.is_multiple_of(2) {
                return mean * whole + scaled(mean, first);
            }
            whole += 1;
        }
    }

    /// Moves `count` of these, drawn without repeating, to the front, and returns them.
    pub(crate) fn draw<'a, T>(&mut self, count: usize, from: &'a mut [T]) -> &'a [T] {
        let count = count.min(from.len());
        for place in 0..count {
            let other = place + self.below(from.len() - place);
            from.swap(place, other);
        }
        &from[..count]
    }
}

/// `span` times `fraction` / 2^64.
fn scaled(span: Duration, fraction: u64) -> Duration {
    let nanos = (span.as_nanos() * u128::from(fraction)) >> 64;
    Duration::from_nanos(u64::try_from(nanos).expect("a span of less than 500 years"))
}

//! Chance, all of it from one number.
//!
//! Each use has a stream of its own, so that a fault that is switched on doesn't change how long
//! messages take, and one more node doesn't change who dies. Only whole numbers decide anything.

use core::time::Duration;

use pex::Seed;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::scenario::Range;

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    /// Where nodes live, and who they are.
    Places,
    /// Whom nodes know when they start, and how wrong their clocks are.
    Start,
    /// How long messages and dials take.
    Network,
    /// Who comes and goes.
    Churn,
    /// What goes wrong, and when.
    Faults,
    /// Which faults a swarm has.
    Swarm,
    /// What thin nodes tell.
    Thin,
    /// What hostile nodes do.
    Hostile,
    /// Which options nodes have.
    Tuning,
    /// What a swarm's network is like.
    Shape,
    /// Who is in a swarm's network of the sorts that came later.
    Later,
    /// Who in a swarm's network is to be connected with whom, come what may.
    Friends,
    /// Who in a swarm's network lives in one network with others, and who speaks V1 alone.
    Neighbours,
    /// Whether a swarm's network is one of which something is expected as a whole, and what it is like.
    Whole,
    /// Whose disk is taken back to a copy.
    Copies,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64, what_for: Use) -> Self {
        let mut generator = ChaCha8Rng::from_seed(key(seed));
        generator.set_stream(what_for as u64);
        Self(generator)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// A number below `bound`, each equally likely to within 2^-32; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let wide = u64::from(self.0.next_u32()) * u64::from(bound);
        (wide >> 32) as u32
    }

    /// A place in a list of this length.
    pub(crate) fn index(&mut self, len: usize) -> usize {
        self.below(u32::try_from(len).unwrap_or(u32::MAX)) as usize
    }

    /// A number of nanoseconds from zero to `most`.
    pub(crate) fn up_to(&mut self, most: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * (u128::from(most) + 1);
        (wide >> 64) as u64
    }

    /// A time within a range, in nanoseconds.
    pub(crate) fn within(&mut self, range: Range) -> u64 {
        let (from, to) = (nanos(range.from), nanos(range.to));
        from + self.up_to(to.saturating_sub(from))
    }

    /// Whether something of this likelihood happens.
    pub(crate) fn happens(&mut self, likelihood: Likelihood) -> bool {
        // What never happens draws nothing, so it costs nothing.
        likelihood.0 != 0 && self.next_u64() <= likelihood.0
    }
}

/// How likely something is, as the share of all 64-bit numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Likelihood(u64);

impl Likelihood {
    /// From a share between 0 and 1.
    pub(crate) const fn of(share: f64) -> Self {
        // 2^64 is exact as a float, and a product of two floats is the same everywhere.
        Self((share * 18_446_744_073_709_551_616.0) as u64)
    }
}

/// The nanoseconds of a time; five hundred years at most.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2)
}

fn key(seed: u64) -> [u8; 32] {
    let mut key = *b"pex-sim: the seed of a whole run";
    for (byte, of_seed) in key.iter_mut().zip(seed.to_le_bytes()) {
        *byte ^= of_seed;
    }
    key
}

/// The seed of one life of one node.
pub(crate) fn seed_of(seed: u64, node: u32, life: u32) -> Seed {
    Seed::new(key(!seed)).derive(u64::from(node) << 32 | u64::from(life))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_seeds_differ() {
        let first = |seed, what_for| Chance::new(seed, what_for).next_u64();
        assert_ne!(first(1, Use::Network), first(1, Use::Faults));
        assert_ne!(first(1, Use::Network), first(2, Use::Network));
        assert_eq!(first(1, Use::Network), first(1, Use::Network));
        assert_ne!(seed_of(1, 2, 0), seed_of(1, 2, 1));
        assert_ne!(seed_of(1, 2, 0), seed_of(1, 3, 0));
    }

    #[test]
    fn a_likelihood_is_kept_and_its_ends_are_certain() {
        let mut chance = Chance::new(1, Use::Faults);
        let mut count = |share| {
            let likelihood = Likelihood::of(share);
            (0..10_000).filter(|_| chance.happens(likelihood)).count()
        };
        assert_eq!(count(0.0), 0);
        assert_eq!(count(1.0), 10_000);
        assert!((2_300..2_700).contains(&count(0.25)));
    }
}

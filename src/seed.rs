//! The only source of chance.

#[cfg(test)]
mod stuck;

use core::fmt;
use core::hash::Hasher as _;
use core::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::NodeId;

const HOUR: Duration = Duration::from_secs(3_600);

/// 32 secret bytes from which all chance in the core is drawn.
///
/// Draw them from the operating system once and keep them to yourself: whoever knows them knows
/// which addresses a node will tell next. Two machines with the same seed that see the same events
/// at the same times do the same things, byte for byte, on every platform.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A seed of its own for the part of a program that `purpose` names, so that two machines
    /// started from one seed do not draw the same numbers.
    #[must_use]
    pub fn derive(&self, purpose: u64) -> Self {
        #[cfg(test)]
        if stuck::ones(self).is_some() {
            return *self;
        }
        let mut generator = ChaCha8Rng::from_seed(self.0);
        generator.set_stream(purpose);
        let mut bytes = [0; 32];
        generator.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Debug for Seed {
    /// Prints no byte of it: logs are read by others.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(secret)")
    }
}

/// The generator behind a seed: ChaCha with 8 rounds, whose state is the seed and a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chance {
    generator: ChaCha8Rng,
    /// Whether it comes out as ones alone, or as zeros alone; none if by chance.
    #[cfg(test)]
    ones: Option<bool>,
}

impl Chance {
    pub(crate) fn new(seed: &Seed) -> Self {
        Self {
            generator: ChaCha8Rng::from_seed(seed.0),
            #[cfg(test)]
            ones: stuck::ones(seed),
        }
    }

    /// The generator as it was at `position`.
    pub(crate) fn resume(seed: &Seed, position: u128) -> Self {
        let mut chance = Self::new(seed);
        chance.generator.set_word_pos(position);
        chance
    }

    pub(crate) fn position(&self) -> u128 {
        self.generator.get_word_pos()
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        #[cfg(test)]
        if let Some(ones) = self.ones {
            return if ones { u64::MAX } else { 0 };
        }
        self.generator.next_u64()
    }

    /// A number below `bound`, each equally likely to within 2^-32; 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        // Fixed-point multiplication: no loop whose length depends on luck.
        let wide = u64::from(self.next_u32()).wrapping_mul(bound.into());
        u32::try_from(wide >> 32).unwrap_or(u32::MAX)
    }

    /// Four numbers, each below its bound of at most 2,048, out of half as much chance as four draws
    /// take: what one multiplication leaves over is what the next one multiplies. Each four are
    /// equally likely to within 2^-64, and so each number to within 2^-31.
    pub(crate) fn four_below(&mut self, bounds: [u16; 4]) -> [u16; 4] {
        debug_assert!(bounds.iter().all(|&bound| bound <= 2_048));
        let mut chance = self.next_u64();
        bounds.map(|bound| {
            let wide = u128::from(chance).wrapping_mul(bound.into());
            let [low @ .., _, _, _, _, _, _, _, _] = wide.to_le_bytes();
            chance = u64::from_le_bytes(low);
            u16::try_from(wide >> 64).unwrap_or(u16::MAX)
        })
    }

    /// A time from zero to `most`, in milliseconds.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        let millis = u32::try_from(most.as_millis()).unwrap_or(u32::MAX);
        Duration::from_millis(self.below(millis.saturating_add(1)).into())
    }

    /// This time, up to a quarter shorter or longer, so that it tells nothing.
    pub(crate) fn about(&mut self, every: Duration) -> Duration {
        let quarter = every.checked_div(4).unwrap_or_default();
        let jitter = self.up_to(quarter.saturating_mul(2));
        every.saturating_sub(quarter).saturating_add(jitter)
    }

    /// How long something lasts that ends in each hour with the same chance, so that having lasted
    /// says nothing about how long it goes on. At most ten times as long as the mean.
    pub(crate) fn life(&mut self, mean: Duration) -> Duration {
        let mean = u32::try_from(mean.as_secs() / 3_600).unwrap_or(u32::MAX);
        let mut hours = 0_u32;
        while hours < mean.saturating_mul(10) && self.below(mean) != 0 {
            hours = hours.saturating_add(1);
        }
        HOUR.saturating_mul(hours).saturating_add(self.up_to(HOUR))
    }

    fn next_u32(&mut self) -> u32 {
        #[cfg(test)]
        if let Some(ones) = self.ones {
            return if ones { u32::MAX } else { 0 };
        }
        self.generator.next_u32()
    }
}

/// A keyed hash, SipHash-1-3: equal for equal bytes, and without the key nobody can aim at a value.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HashKey(u64, u64);

impl fmt::Debug for HashKey {
    /// Prints no digit of it: whoever knows it can choose what collides.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey(secret)")
    }
}

impl HashKey {
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        Self(chance.next_u64(), chance.next_u64())
    }

    /// The key of these two numbers, for a hash of what is secret itself.
    pub(crate) const fn fixed(one: u64, two: u64) -> Self {
        Self(one, two)
    }

    pub(crate) fn hash(self, bytes: &[u8]) -> u64 {
        SipHasher13::new_with_keys(self.0, self.1).hash(bytes)
    }
}

/// An id with its keyed hash, so that an event hashes it once for all the tables it looks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hashed {
    pub(crate) id: NodeId,
    pub(crate) hash: u64,
}

impl HashKey {
    pub(crate) fn of(self, id: NodeId) -> Hashed {
        Hashed {
            id,
            hash: self.hash(id.as_bytes()),
        }
    }
}

/// Hashes text as it is written, without a buffer; the pieces in which it comes do not matter.
pub(crate) struct TextHash(SipHasher13);

impl TextHash {
    pub(crate) fn new(key: HashKey) -> Self {
        Self(SipHasher13::new_with_keys(key.0, key.1))
    }

    pub(crate) fn finish(&self) -> u64 {
        self.0.finish()
    }
}

impl fmt::Write for TextHash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_never_prints_its_bytes() {
        assert_eq!(alloc::format!("{:?}", Seed::new([7; 32])), "Seed(secret)");
    }

    #[test]
    fn a_key_never_prints_its_digits() {
        assert_eq!(
            alloc::format!("{:?}", HashKey::fixed(7, 18)),
            "HashKey(secret)"
        );
    }

    #[test]
    fn chance_resumes_where_it_was() {
        let seed = Seed::new([7; 32]);
        let mut chance = Chance::new(&seed);
        for _ in 0..33 {
            chance.below(100);
        }
        let mut again = Chance::resume(&seed, chance.position());
        assert_eq!(chance.next_u64(), again.next_u64());
    }

    #[test]
    fn the_stream_of_a_seed_is_the_same_for_ever() {
        // Logs recorded by one release must replay on the next.
        let mut chance = Chance::new(&Seed::new([7; 32]));
        assert_eq!(chance.next_u64(), 4_115_934_089_738_703_076);
    }

    #[test]
    fn derived_seeds_differ() {
        let seed = Seed::new([7; 32]);
        assert_ne!(seed.derive(1), seed.derive(2));
        assert_eq!(seed.derive(1), seed.derive(1));
    }

    #[test]
    fn below_covers_its_range_and_nothing_else() {
        let mut chance = Chance::new(&Seed::new([1; 32]));
        let mut seen = [0u32; 10];
        for _ in 0..10_000 {
            seen[chance.below(10) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1150).contains(&n)), "{seen:?}");
        assert_eq!(chance.below(0), 0);
    }

    #[test]
    fn four_at_once_are_as_likely_as_four_one_by_one_and_do_not_depend_on_each_other() {
        let mut chance = Chance::new(&Seed::new([1; 32]));
        let mut seen = [0_u32; 81];
        for _ in 0..81_000 {
            let [a, b, c, d] = chance.four_below([3; 4]).map(usize::from);
            seen[a * 27 + b * 9 + c * 3 + d] += 1;
        }
        // A thousand of each, give or take five standard deviations.
        let near = |&n: &u32| (840..1_160).contains(&n);
        assert!(seen.iter().all(near), "{seen:?}");
        assert_eq!(chance.four_below([1, 0, 1, 0]), [0; 4]);
    }
}

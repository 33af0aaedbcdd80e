//! What the tables inside find things by.

use crate::NodeId;
use crate::seed::HashKey;

/// Words of the longest thing that is looked up: an IPv6 address and a port, or an id.
const WORDS: usize = 3;

/// A keyed hash of a few words, for tables whose order nobody gets to see.
///
/// Each word is multiplied with a secret number of 128 bits, and the upper half of the sum is the
/// hash: so two different things, whoever chose them, collide as rarely as if their hashes had been
/// drawn (multiply-shift; Dietzfelbinger 1996, who proves it). A table of a full book is looked in
/// three times for each address that is told, and [`HashKey`] would be a third of the work of that.
///
/// Unlike that one it is no secret function: whoever saw hashes would know the key. So it is for
/// tables alone, and what a hash decides outside of them goes by [`HashKey`].
#[derive(Clone, Copy)]
pub(crate) struct IndexKey {
    factors: [u128; WORDS],
    start: u128,
}

impl core::fmt::Debug for IndexKey {
    /// Prints no digit of it.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("IndexKey(secret)")
    }
}

impl IndexKey {
    /// The one that follows from this key.
    pub(crate) fn new(key: HashKey) -> Self {
        let half = |number: u8| u128::from(key.hash(&[number]));
        let whole = |number: u8| half(number) << 64 | half(!number);
        Self {
            factors: [whole(1), whole(2), whole(3)],
            start: whole(0),
        }
    }

    /// The hash of so many words. Those that are left out count as nothing, so what is of different
    /// lengths has to differ in its words.
    pub(crate) fn hash<const N: usize>(&self, words: [u64; N]) -> u64 {
        const { assert!(N <= WORDS) };
        let mut sum = self.start;
        for (factor, word) in self.factors.iter().zip(words) {
            sum = sum.wrapping_add(factor.wrapping_mul(word.into()));
        }
        (sum >> 64) as u64
    }

    /// The hash of an id.
    pub(crate) fn of(&self, id: NodeId) -> u64 {
        let [one, two, three] = id.words();
        self.hash([one, two, three])
    }

    /// The hash of the bits of an IP address, an IPv4 one as IPv6 writes it.
    pub(crate) fn of_ip(&self, bits: u128) -> u64 {
        self.hash(halves(bits))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the halves are meant")]
pub(crate) const fn halves(bits: u128) -> [u64; 2] {
    [bits as u64, (bits >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Seed;
    use crate::seed::Chance;

    fn key(seed: u8) -> IndexKey {
        let mut chance = Chance::new(&Seed::new([seed; 32]));
        IndexKey::new(HashKey::draw(&mut chance))
    }

    #[test]
    fn every_bit_of_every_word_counts() {
        let key = key(7);
        let mut seen = BTreeSet::new();
        seen.insert(key.hash([0, 0, 0]));
        for word in 0..WORDS {
            for bit in 0..64 {
                let mut words = [0; WORDS];
                words[word] = 1 << bit;
                assert!(seen.insert(key.hash(words)), "bit {bit} of word {word}");
            }
        }
    }

    #[test]
    fn another_key_hashes_in_another_way() {
        assert_ne!(key(7).hash([1, 2]), key(8).hash([1, 2]));
        assert_eq!(key(7).hash([1, 2]), key(7).hash([1, 2, 0]));
    }

    #[test]
    fn what_is_in_a_row_collides_as_rarely_as_what_is_drawn() {
        // A table's place goes by the low bits, and its marks by the high ones.
        for (step, shift) in [
            (1, 0),
            (1, 52),
            (1 << 8, 0),
            (1 << 16, 52),
            (0x0101_0101, 0),
        ] {
            let mut pairs = 0;
            for seed in 0..200 {
                let (key, mut places) = (key(seed), [0_u32; 4_096]);
                for number in 0..4_096 {
                    let hash = key.hash([number * step]);
                    let place = &mut places[usize::try_from(hash >> shift & 0xfff).unwrap()];
                    pairs += *place;
                    *place += 1;
                }
            }
            // 4,096 in as many places: each of eight million pairs with a chance of 1 in 4,096.
            assert!(pairs / 200 < 4_096, "{step} {shift}: {}", pairs / 200);
        }
    }
}

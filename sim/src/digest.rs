//! A number that stands for everything that has happened.

const KEYS: [u64; 4] = [
    0x9e37_79b9_7f4a_7c15,
    0xd1b5_4a32_d192_ed03,
    0x8cb9_2ba7_2f3d_8dd7,
    0xaef1_7502_108e_f2d9,
];

/// A running hash. It guards against mistakes, not against anybody who looks for collisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) const fn value(self) -> u64 {
        self.0
    }

    pub(crate) const fn number(&mut self, number: u64) {
        self.0 = fold(self.0 ^ number ^ KEYS[0], KEYS[1]);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        // Four at once, since one would wait for the one before.
        let mut lanes = KEYS;
        let mut blocks = bytes.chunks_exact(32);
        for block in &mut blocks {
            for ((lane, word), key) in lanes.iter_mut().zip(block.chunks_exact(8)).zip(KEYS) {
                *lane = fold(*lane ^ word_of(word), key);
            }
        }
        for lane in lanes {
            self.number(lane);
        }
        for word in blocks.remainder().chunks(8) {
            self.number(word_of(word));
        }
    }
}

fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

/// Both halves of a product, so that every bit of either matters.
const fn fold(one: u64, other: u64) -> u64 {
    let wide = one as u128 * other as u128;
    (wide as u64) ^ ((wide >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> u64 {
        let mut digest = Digest::default();
        digest.bytes(bytes);
        digest.value()
    }

    #[test]
    fn every_byte_and_the_order_of_things_matter() {
        let text: Vec<u8> = (0..100).collect();
        for place in 0..text.len() {
            let mut other = text.clone();
            other[place] ^= 1;
            assert_ne!(of(&text), of(&other), "{place}");
            assert_ne!(of(&text), of(&text[..place]), "{place}");
        }
        let both = |one, other| {
            let mut digest = Digest::default();
            digest.number(one);
            digest.number(other);
            digest.value()
        };
        assert_ne!(both(1, 2), both(2, 1));
    }
}

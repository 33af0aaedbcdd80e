//! SplitMix64: numbers that follow from a seed, and are the same on every machine (Steele, Lea and
//! Flood, "Fast Splittable Pseudorandom Number Generators", 2014).

/// The number after this state, which it moves on.
pub(super) const fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mix(*state)
}

/// Spreads a word over all bits, so that no two become one.
pub(super) const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

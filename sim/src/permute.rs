//! An order of its own for everyone who walks a list that all share.

/// The place in a list of `len` that comes at `at` in the order with this key: each place once. It is
/// a small Feistel cipher over the next even power of two, gone through again where it leads out of
/// the list.
pub(crate) fn place(key: u64, at: u32, len: u32) -> u32 {
    debug_assert!(at < len, "the order has as many places as the list");
    let bits = 32 - len.saturating_sub(1).leading_zeros();
    let half = bits.div_ceil(2).max(1);
    let mask = (1_u32 << half) - 1;
    let mut at = at;
    loop {
        let (mut left, mut right) = (at >> half, at & mask);
        for round in 0..4 {
            let mixed = (key ^ u64::from(right) << 3 ^ round)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(key.rotate_left(17));
            let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40;
            (left, right) = (right, left ^ (mixed as u32 & mask));
        }
        at = left << half | right;
        if at < len {
            return at;
        }
    }
}

/// The key of a node's order.
pub(crate) const fn key(seed: u64, node: u32) -> u64 {
    (seed ^ (node as u64).wrapping_mul(0xd1b5_4a32_d192_ed03)).wrapping_mul(0x8cb9_2ba7_2f3d_8dd7)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn an_order_has_each_place_once_and_differs_by_key() {
        for len in [1, 2, 3, 5, 64, 100, 1_000, 4_097] {
            let order: Vec<_> = (0..len).map(|at| place(key(1, 7), at, len)).collect();
            assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), len as usize);
            assert!(order.iter().all(|at| *at < len));
        }
        let order = |node| {
            (0..1_000)
                .map(|at| place(key(1, node), at, 1_000))
                .collect::<Vec<_>>()
        };
        let same = order(1)
            .iter()
            .zip(order(2))
            .filter(|(one, other)| **one == *other)
            .count();
        assert!(same < 10, "{same}");
    }
}

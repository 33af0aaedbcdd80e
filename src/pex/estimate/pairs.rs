//! Pairs of tellers: what two peers have both told of.
#![expect(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "small counts, IEEE 754, and places that are codes of tellers"
)]

use alloc::vec::Vec;

use super::arithmetic::sqrt;
use super::table::Table;

/// How many nodes of the sample each teller, and each pair of them, told of.
pub(super) struct Pairs {
    /// One more than the codes in use; code 0 is nobody's.
    codes: usize,
    told: Vec<u32>,
    both: Vec<u16>,
}

impl Pairs {
    pub(super) fn of(table: &Table, tellers: usize) -> Self {
        // Where all that was told were arcs, no pair has anything in common.
        let codes = if table.len() == 0 { 0 } else { tellers + 1 };
        let mut pairs = Self {
            codes,
            told: alloc::vec![0; codes],
            both: alloc::vec![0; codes * codes],
        };
        for entry in table.entries() {
            for (place, i) in entry.tellers().enumerate() {
                pairs.told[i] += 1;
                for j in entry.tellers().take(place) {
                    pairs.both[i * codes + j] += 1;
                    pairs.both[j * codes + i] += 1;
                }
            }
        }
        pairs
    }

    pub(super) fn told(&self, i: usize) -> f64 {
        f64::from(self.told[i])
    }

    pub(super) fn both(&self, i: usize, j: usize) -> f64 {
        f64::from(self.both[i * self.codes + j])
    }

    /// The codes of those who have told of anything.
    pub(super) fn speakers(&self) -> impl Iterator<Item = usize> + Clone {
        (0..self.codes).filter(|&i| self.told[i] > 0)
    }

    /// The pairs of these tellers: the product of what they told, and what both told.
    fn among(&self, tellers: u128) -> impl Iterator<Item = (f64, f64, f64)> + Clone {
        let these = move |i: &usize| tellers >> i & 1 == 1;
        self.speakers().filter(these).flat_map(move |i| {
            let others = self.speakers().take_while(move |&j| j < i).filter(these);
            others.map(move |j| (self.told(i), self.told(j), self.both(i, j)))
        })
    }

    /// By how much more the overlaps of the pairs scatter than chance would have it in a network
    /// of `nodes`; at least 1. Of nodes with many tellers only some pairs are known, so what is
    /// expected in all is taken from what was found in all.
    pub(super) fn dispersion(&self, tellers: u128, nodes: f64) -> f64 {
        let (mut found, mut products) = (0.0, 0.0);
        for (a, b, both) in self.among(tellers) {
            found += both;
            products += a * b;
        }
        let rate = found / products.max(1.0);
        let (mut scatter, mut pairs) = (0.0, 0.0);
        for (a, b, both) in self.among(tellers) {
            // The variance of a hypergeometric draw: none where one of the two told all.
            let expected = a * b * rate;
            let variance = expected * (1.0 - a / nodes) * (1.0 - b / nodes);
            if variance > 0.0 {
                let off = both - expected;
                scatter += off * off / variance;
                pairs += 1.0;
            }
        }
        if pairs > 0.0 {
            (scatter / pairs).max(1.0)
        } else {
            1.0
        }
    }

    /// The same in a network of any size.
    pub(super) fn scatter(&self, tellers: u128) -> f64 {
        self.dispersion(tellers, f64::INFINITY)
    }

    /// The size from pairs of tellers, and its interval: that of a Poisson count by its score.
    pub(super) fn ratio(&self, tellers: u128) -> (f64, f64, f64) {
        let (mut products, mut overlaps) = (0.0, 0.0);
        for (a, b, both) in self.among(tellers) {
            products += a * b;
            overlaps += both;
        }
        let margin = 1.96 * sqrt(overlaps + 0.96);
        let least = (overlaps + 1.92 - margin).max(1e-3);
        (
            products / overlaps.max(1.0),
            products / (overlaps + 1.92 + margin),
            products / least,
        )
    }
}

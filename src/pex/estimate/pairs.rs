//! Pairs of occasions: what two peers have both told of, and whose answers are not to be trusted.
#![expect(
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "as in the census: small counts, IEEE 754, and places that are bits of a word"
)]

use alloc::vec::Vec;

use super::{Census, OCCASIONS, ones, sqrt};

/// How many times the usual overlap, or what part of it, makes a peer suspect.
const SUSPECT: f64 = 4.0;

/// Common nodes that must be expected before their number says anything of a peer: a Poisson count
/// of twelve falls below a quarter of itself once in two thousand times.
const TELLING: f64 = 12.0;

/// How many nodes each occasion, and each pair of them, told of.
pub(super) struct Pairs {
    occasions: usize,
    pub(super) told: [u64; OCCASIONS],
    both: Vec<[u32; OCCASIONS]>,
}

impl Pairs {
    pub(super) fn of(census: &Census) -> Self {
        let occasions = census.occasions.len().min(OCCASIONS);
        let mut told = [0; OCCASIONS];
        let mut both = alloc::vec![[0; OCCASIONS]; occasions];
        for &told_by in census.sample.values() {
            for i in ones(told_by).take_while(|&i| i < occasions) {
                told[i] += 1;
                for j in ones(told_by).take_while(|&j| j < i) {
                    both[i][j] += 1;
                    both[j][i] += 1;
                }
            }
        }
        Self {
            occasions,
            told,
            both,
        }
    }

    /// The occasions whose overlap with the others is as usual.
    pub(super) fn trusted(&self) -> u64 {
        let speakers: Vec<usize> = (0..self.occasions).filter(|&i| self.told[i] > 0).collect();
        let all = speakers.iter().fold(0, |mask, &i| mask | 1 << i);
        if speakers.len() < 5 {
            return all;
        }
        let overlaps: Vec<(f64, f64)> = speakers
            .iter()
            .map(|&i| self.overlap(i, &speakers))
            .collect();
        let usual = median(
            overlaps
                .iter()
                .map(|(found, of)| found / of.max(1.0))
                .collect(),
        );
        speakers
            .iter()
            .zip(overlaps)
            .filter(|&(_, (found, of))| {
                let expected = of * usual;
                let telling = expected >= TELLING;
                !telling || (found * SUSPECT >= expected && found <= expected * SUSPECT)
            })
            .fold(0, |mask, (&i, _)| mask | 1 << i)
    }

    /// What an occasion has in common with the others, and of how many pairs of nodes: counted
    /// over the three quarters of the others with which it has least, so that a few peers who
    /// vouch for each other can't make up for what they lack with everybody else.
    fn overlap(&self, i: usize, speakers: &[usize]) -> (f64, f64) {
        let mut others: Vec<(f64, f64)> = speakers
            .iter()
            .filter(|&&j| j != i)
            .map(|&j| {
                (
                    f64::from(self.both[i][j]),
                    (self.told[i] * self.told[j]) as f64,
                )
            })
            .collect();
        others.sort_unstable_by(|a, b| (a.0 * b.1).total_cmp(&(b.0 * a.1)));
        let least = others.len() - others.len() / 4;
        others
            .iter()
            .take(least)
            .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    /// By how much more the overlaps of the pairs scatter than chance would have it in a network
    /// of `nodes`; at least 1.
    pub(super) fn dispersion(&self, trusted: u64, nodes: f64) -> f64 {
        let (mut scatter, mut pairs) = (0.0, 0.0);
        for i in ones(trusted) {
            for j in ones(trusted).take_while(|&j| j < i) {
                let (a, b) = (self.told[i] as f64, self.told[j] as f64);
                // The variance of a hypergeometric draw: none where one of the two told all.
                let expected = a * b / nodes;
                let variance = expected * (1.0 - a / nodes) * (1.0 - b / nodes);
                if variance > 0.0 {
                    let off = f64::from(self.both[i][j]) - expected;
                    scatter += off * off / variance;
                    pairs += 1.0;
                }
            }
        }
        if pairs > 0.0 {
            (scatter / pairs).max(1.0)
        } else {
            1.0
        }
    }

    /// The size from pairs of occasions, and its interval, in units of the sample.
    pub(super) fn ratio(&self, trusted: u64) -> (f64, f64, f64) {
        let (mut products, mut overlaps) = (0.0, 0.0);
        for i in ones(trusted) {
            for j in ones(trusted).take_while(|&j| j < i) {
                products += (self.told[i] * self.told[j]) as f64;
                overlaps += f64::from(self.both[i][j]);
            }
        }
        let margin = 1.96 * sqrt(overlaps + 0.96);
        let least = (overlaps + 1.92 - margin).max(1e-3);
        (
            products / overlaps,
            products / (overlaps + 1.92 + margin),
            products / least,
        )
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

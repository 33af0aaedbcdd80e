//! How large the network is, from what its nodes tell of each other.
//!
//! What one peer has told, over all its answers, is one capture occasion: repeats within a peer
//! speak of that peer's store, and not of the network. With n_i nodes told by peer i and S
//! different nodes told by all, the size N solves S = N (1 - prod (1 - n_i / N)), and its variance
//! is N / (1 / prod q_i + t - 1 - sum 1 / q_i) with q_i = 1 - n_i / N and t occasions (Darroch,
//! "The multiple-recapture census", Biometrika 45, 1958). With fewer than ten recaptures, the
//! pairs of peers are counted instead: N = sum n_i n_j / sum overlap_ij, with the score interval
//! of a Poisson count. With none, nothing is known but a lower bound, and that is what is said.
//!
//! A peer whose overlap with the others is far off what is usual among them tells of nodes that
//! nobody else knows, or of a corner of the network, and does not count.
//!
//! Memory is bounded whatever N is: at most 64 occasions (the one that told nothing for longest
//! gives way), and at most 2,048 nodes. When there are more, a keyed hash of the id chooses which
//! half is kept, and the result is scaled.
//!
//! Floating point is used with `+ - * /` and conversion only, which IEEE 754 defines to the last
//! bit on every platform.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "IEEE 754 defines + - * / to the last bit; counts stay far below 2^53, conversions of \
              floats saturate, and places are those of the bits of a word"
)]

mod pairs;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::NodeId;
use pairs::Pairs;

/// Occasions that are told apart: the bits of a word.
const OCCASIONS: usize = 64;

/// Nodes in the sample.
const SAMPLE: usize = 2_048;

/// Recaptures from which the census is used; below, the pairs.
const ENOUGH: u64 = 10;

/// How large the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Estimate {
    /// No two peers have told of the same node, so nothing bounds the size from above.
    Unknown {
        /// Different nodes that peers have told of.
        at_least: u64,
    },
    /// The most likely size, and an interval that holds it in 95 of 100 networks whose nodes tell
    /// of each other at random.
    Known {
        /// The most likely number of nodes.
        nodes: u64,
        /// The lower end of the 95 % interval.
        low: u64,
        /// The upper end of the 95 % interval.
        high: u64,
    },
}

/// The nodes told of, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Census {
    /// The peer behind each bit, and when it last told anything, in answers counted.
    occasions: Vec<(NodeId, u64)>,
    /// Which occasions told of a node, by the hash of its id.
    sample: BTreeMap<u64, u64>,
    /// The sample holds hashes with so many leading zeros: one node in 2^level.
    level: u32,
    answers: u64,
}

impl Census {
    /// Begins an answer of `teller`; returns the mark with which to count its nodes.
    pub(crate) fn open(&mut self, teller: NodeId) -> u64 {
        self.answers = self.answers.saturating_add(1);
        let answers = self.answers;
        let known = self.occasions.iter().position(|(peer, _)| *peer == teller);
        let place = known.unwrap_or_else(|| self.new_occasion(teller));
        if let Some((_, last)) = self.occasions.get_mut(place) {
            *last = answers;
        }
        1 << place
    }

    fn new_occasion(&mut self, teller: NodeId) -> usize {
        if self.occasions.len() < OCCASIONS {
            self.occasions.push((teller, 0));
            return self.occasions.len() - 1;
        }
        let quietest = (0..OCCASIONS).min_by_key(|&i| self.occasions.get(i).map(|(_, last)| *last));
        let place = quietest.unwrap_or_default();
        if let Some(occasion) = self.occasions.get_mut(place) {
            *occasion = (teller, 0);
        }
        self.sample.retain(|_, told_by| {
            *told_by &= !(1 << place);
            *told_by != 0
        });
        place
    }

    /// Counts a node, by the keyed hash of its id, for the answer with this mark.
    pub(crate) fn count(&mut self, hash: u64, mark: u64) {
        if hash.leading_zeros() < self.level {
            return;
        }
        *self.sample.entry(hash).or_default() |= mark;
        while self.sample.len() > SAMPLE {
            self.level += 1;
            self.sample.split_off(&(1 << (64 - self.level)));
        }
    }

    /// Whether this can be a census: its parts keep their bounds and agree with each other.
    pub(crate) fn is_sound(&self) -> bool {
        if self.occasions.len() > OCCASIONS {
            return false;
        }
        let marks = (0..self.occasions.len()).fold(0, |mask, place| mask | 1_u64 << place);
        self.sample.len() <= SAMPLE
            && self.level < u64::BITS
            && self.sample.iter().all(|(hash, told_by)| {
                hash.leading_zeros() >= self.level && *told_by != 0 && told_by & !marks == 0
            })
    }

    /// How large the network is, as far as this census can tell.
    pub(crate) fn estimate(&self) -> Estimate {
        let pairs = Pairs::of(self);
        let trusted = pairs.trusted();
        let told: Vec<f64> = ones(trusted).map(|i| pairs.told[i] as f64).collect();
        let distinct = self
            .sample
            .values()
            .filter(|&told_by| told_by & trusted != 0)
            .count() as u64;
        let scale = 1_u64 << self.level;
        let captures: f64 = told.iter().sum();
        let recaptures = (captures as u64).saturating_sub(distinct);
        if recaptures == 0 {
            return Estimate::Unknown {
                at_least: distinct.saturating_mul(scale),
            };
        }
        let (nodes, low, high) = if recaptures < ENOUGH {
            pairs.ratio(trusted)
        } else {
            darroch(&told, distinct as f64, scale as f64)
        };
        let seen = distinct.saturating_mul(scale);
        let scaled = |n: f64| ((n * scale as f64) as u64).max(seen);
        Estimate::Known {
            nodes: scaled(nodes),
            low: scaled(low),
            high: scaled(high),
        }
    }
}

/// The census of Darroch: the size, and its interval, in units of the sample.
fn darroch(told: &[f64], distinct: f64, scale: f64) -> (f64, f64, f64) {
    let expected = |n: f64| n * (1.0 - told.iter().map(|&k| 1.0 - k / n).product::<f64>());
    // What is expected to be distinct grows with the size, so bisection finds the size.
    let (mut low, mut high) = (distinct, distinct * 2.0);
    while expected(high) < distinct && high < 1e15 {
        low = high;
        high *= 2.0;
    }
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if expected(middle) < distinct {
            low = middle;
        } else {
            high = middle;
        }
    }
    let nodes = high;
    let missed = told.iter().map(|&k| 1.0 - k / nodes);
    let unseen: f64 = missed.clone().product();
    let spread = if unseen > 0.0 {
        let weight = 1.0 / unseen + told.len() as f64 - 1.0 - missed.map(|q| 1.0 / q).sum::<f64>();
        nodes / weight.max(1e-9)
    } else {
        0.0
    };
    // One node in `scale` is in the sample: that is a binomial draw of its own.
    let variance = spread + nodes * (1.0 - 1.0 / scale);
    let margin = 1.96 * sqrt(variance);
    (nodes, (nodes - margin).max(distinct), nodes + margin)
}

/// The square root to a thousandth; the core has no floating-point one.
fn sqrt(value: f64) -> f64 {
    ((value * 1e6) as u128).isqrt() as f64 / 1e3
}

/// The places of the ones in a mask of occasions.
fn ones(mask: u64) -> impl Iterator<Item = usize> + Clone {
    (0..OCCASIONS).filter(move |place| mask & (1 << place) != 0)
}

#[cfg(test)]
mod tests;

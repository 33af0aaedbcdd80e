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

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::NodeId;

/// Occasions that are told apart: the bits of a word.
const OCCASIONS: usize = 64;

/// Nodes in the sample.
const SAMPLE: usize = 2_048;

/// Recaptures from which the census is used; below, the pairs.
const ENOUGH: u64 = 10;

/// How many times the usual overlap, or what part of it, makes a peer suspect.
const SUSPECT: f64 = 4.0;

/// Common nodes that must be expected before their number says anything of a peer: a Poisson count
/// of twelve falls below a quarter of itself once in two thousand times.
const TELLING: f64 = 12.0;

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
        let marks = (0..self.occasions.len()).fold(0, |mask, place| mask | 1_u64 << place);
        self.occasions.len() <= OCCASIONS
            && self.sample.len() <= SAMPLE
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

/// How many nodes each occasion, and each pair of them, told of.
struct Pairs {
    occasions: usize,
    told: [u64; OCCASIONS],
    both: Vec<[u32; OCCASIONS]>,
}

impl Pairs {
    fn of(census: &Census) -> Self {
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
    fn trusted(&self) -> u64 {
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

    /// The size from pairs of occasions, and its interval, in units of the sample.
    fn ratio(&self, trusted: u64) -> (f64, f64, f64) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;
    use crate::seed::Chance;

    fn id(n: u64) -> NodeId {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&n.to_le_bytes());
        NodeId::new(bytes)
    }

    /// Spreads small numbers over all bits, as a hash does.
    const fn hash(n: u64) -> u64 {
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }

    /// Each of `peers` tells `each` of `nodes` nodes, drawn at random.
    fn census(nodes: u32, peers: u64, each: u32, chance: &mut Chance) -> Census {
        let mut census = Census::default();
        for peer in 0..peers {
            let mark = census.open(id(peer));
            for _ in 0..each {
                census.count(hash(u64::from(chance.below(nodes)) + 1), mark);
            }
        }
        census
    }

    fn known(census: &Census) -> (u64, u64, u64) {
        match census.estimate() {
            Estimate::Known { nodes, low, high } => (nodes, low, high),
            Estimate::Unknown { at_least } => panic!("unknown, at least {at_least}"),
        }
    }

    #[test]
    fn nothing_is_known_before_two_peers_tell_of_the_same_node() {
        let mut census = Census::default();
        assert_eq!(census.estimate(), Estimate::Unknown { at_least: 0 });
        for peer in 0..3 {
            let mark = census.open(id(peer));
            (0..10).for_each(|n| census.count(hash(peer * 10 + n + 1), mark));
        }
        assert_eq!(census.estimate(), Estimate::Unknown { at_least: 30 });
    }

    #[test]
    fn what_one_peer_repeats_says_nothing_of_the_network() {
        let mut census = Census::default();
        for _ in 0..50 {
            let mark = census.open(id(1));
            (0..100).for_each(|n| census.count(hash(n + 1), mark));
        }
        assert_eq!(census.estimate(), Estimate::Unknown { at_least: 100 });
    }

    #[test]
    fn a_network_whose_nodes_all_tell_everything_is_known_exactly() {
        let mut census = Census::default();
        for peer in 0..4 {
            let mark = census.open(id(peer));
            (0..49).for_each(|n| census.count(hash(n + 1), mark));
        }
        assert_eq!(known(&census), (49, 49, 49));
    }

    /// The share of runs whose interval holds the truth, and the median error in percent.
    fn quality(nodes: u32, peers: u64, each: u32) -> (usize, u64) {
        let mut chance = Chance::new(&Seed::new([9; 32]));
        let mut errors = Vec::new();
        let mut held = 0;
        for _ in 0..100 {
            let (estimate, low, high) = known(&census(nodes, peers, each, &mut chance));
            held += usize::from((low..=high).contains(&u64::from(nodes)));
            errors.push(estimate.abs_diff(u64::from(nodes)) * 100 / u64::from(nodes));
        }
        errors.sort_unstable();
        (held, errors[50])
    }

    #[test]
    fn random_answers_give_the_size_and_an_interval_that_holds_it() {
        // Sixteen peers with a hundred nodes each are few captures of ten thousand, so the error
        // allowed there is three times what the Cramer-Rao bound leaves.
        for (nodes, peers, each, error) in [
            (1_000, 16, 100, 2),
            (1_000, 64, 100, 1),
            (10_000, 16, 100, 15),
            (10_000, 64, 400, 5),
        ] {
            let (held, median) = quality(nodes, peers, each);
            assert!(
                held >= 88,
                "{nodes} nodes: the interval held the truth {held} times of 100"
            );
            assert!(median <= error, "{nodes} nodes: median error {median} %");
        }
    }

    #[test]
    fn a_large_network_is_estimated_from_a_sample() {
        let mut chance = Chance::new(&Seed::new([3; 32]));
        let census = census(100_000, 64, 3_000, &mut chance);
        assert!(census.sample.len() <= SAMPLE);
        let (nodes, low, high) = known(&census);
        assert!((90_000..=110_000).contains(&nodes), "{low} {nodes} {high}");
        assert!(low <= 100_000 && 100_000 <= high, "{low} {nodes} {high}");
    }

    #[test]
    fn a_few_peers_who_tell_of_nodes_that_nobody_knows_do_not_count() {
        let mut chance = Chance::new(&Seed::new([5; 32]));
        let mut census = census(1_000, 20, 200, &mut chance);
        let (honest, _, _) = known(&census);
        for liar in 100..102 {
            let mark = census.open(id(liar));
            (0..1_000).for_each(|n| census.count(hash(1_000_000 + liar * 10_000 + n), mark));
        }
        let (nodes, _, _) = known(&census);
        assert!(
            nodes.abs_diff(honest) <= honest / 20,
            "{honest} became {nodes}"
        );
    }

    #[test]
    fn the_census_keeps_sixty_four_occasions() {
        let mut census = Census::default();
        for peer in 0..1_000 {
            let mark = census.open(id(peer));
            census.count(hash(peer + 1), mark);
        }
        assert_eq!(census.occasions.len(), OCCASIONS);
        assert_eq!(census.sample.len(), OCCASIONS);
        assert!(census.occasions.iter().any(|(peer, _)| *peer == id(999)));
    }
}

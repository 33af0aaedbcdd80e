//! The multiple-recapture census (Darroch, Biometrika 45, 1958).
//!
//! With n_i nodes told by peer i and S different nodes told by all, the size N solves
//! S = N (1 - prod (1 - n_i / N)), and its variance is N / (1 / prod q_i + t - 1 - sum 1 / q_i)
//! with q_i = 1 - n_i / N and t peers.
//!
//! Of a node with more than four tellers, four are kept. How many there are, and so the n_i, is
//! then taken from a Poisson distribution of the tellers of a node, which is cut off at zero, for
//! nobody tells of such a node, and at more than four.
#![expect(
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "IEEE 754 defines + - * / to the last bit"
)]

use alloc::vec::Vec;

use super::arithmetic::{power, zero};
use super::pairs::Pairs;
use super::table::Table;

/// The most tellers of a node that make a difference.
const MOST_TELLERS: f64 = 40.0;

/// What trusted tellers told.
pub(super) struct Captures {
    /// Different nodes of the sample, and those of them with more tellers than are kept.
    pub(super) distinct: f64,
    many: f64,
    /// How often a peer told of a node, among those whose tellers are all known, and in all as
    /// far as it is known.
    complete: f64,
    known: f64,
    /// How many nodes each teller told of, as far as it is known.
    told: Vec<f64>,
}

impl Captures {
    pub(super) fn of(table: &Table, pairs: &Pairs, trusted: u128) -> Self {
        let is_trusted = |code: &usize| trusted >> code & 1 == 1;
        let (mut distinct, mut many, mut complete) = (0_u64, 0_u64, 0_usize);
        for entry in table.entries() {
            let count = entry.tellers().filter(is_trusted).count();
            // Of one that half of its tellers made up, the others are not believed to be more.
            let has_more = entry.has_more() && count > 2;
            distinct += u64::from(count > 0);
            many += u64::from(has_more);
            complete += if has_more { 0 } else { count };
        }
        let told: Vec<f64> = pairs
            .speakers()
            .filter(is_trusted)
            .map(|i| pairs.told(i))
            .collect();
        Self {
            distinct: distinct as f64,
            many: many as f64,
            complete: complete as f64,
            known: told.iter().sum(),
            told,
        }
    }

    /// How often a node was told of by another peer than the first, as far as it is known.
    pub(super) fn recaptures(&self) -> f64 {
        self.known - self.distinct
    }

    /// What part of all that was told came from trusted tellers.
    pub(super) fn share(&self, pairs: &Pairs) -> f64 {
        let all: f64 = pairs.speakers().map(|i| pairs.told(i)).sum();
        self.known / all.max(1.0)
    }

    /// How many nodes there are in units of the sample, and the variance of that.
    pub(super) fn census(&self) -> (f64, f64) {
        let scale = self.scale();
        let told: Vec<f64> = self
            .told
            .iter()
            .map(|&told| (told * scale).min(self.distinct))
            .collect();
        census(&told, self.distinct)
    }

    /// By how much the tellers told more than is known of them.
    fn scale(&self) -> f64 {
        if self.many <= 0.0 {
            return 1.0;
        }
        // The mean number of tellers of those told of grows with the mean of all.
        let mean = zero(0.0, MOST_TELLERS, 40, |mean| {
            let (none, beyond) = tail(mean);
            mean * self.distinct / (1.0 - none).max(1e-12) - self.complete - self.many * beyond
        });
        let (none, _) = tail(mean);
        (mean * self.distinct / (1.0 - none).max(1e-12) / self.known.max(1.0)).max(1.0)
    }
}

/// Of a Poisson variable with this mean: the chance that it is zero, and its mean when it is over
/// four.
fn tail(mean: f64) -> (f64, f64) {
    let (mut term, mut all) = (1.0, 1.0);
    let (mut over, mut weighted) = (0.0, 0.0);
    for k in 1..120_u32 {
        term *= mean / f64::from(k);
        all += term;
        if k > 4 {
            over += term;
            weighted += term * f64::from(k);
        }
    }
    let beyond = if over > 0.0 { weighted / over } else { 5.0 };
    (1.0 / all, beyond)
}

/// The 95 % interval of a count of which little is expected: no more on its lower side than chance
/// has it, and none at all where that is zero.
pub(super) fn interval(expected: f64) -> (f64, f64) {
    let (none, _) = tail(expected);
    let one_sided = none > 0.05;
    let (mut term, mut sum, mut low, mut k) = (none, none, 0.0, 0.0);
    let most = if one_sided { 0.95 } else { 0.975 };
    while sum < most && k < 100.0 {
        k += 1.0;
        term *= expected / k;
        if sum < 0.025 {
            low = k;
        }
        sum += term;
    }
    (low, k)
}

/// The size, and its variance.
fn census(told: &[f64], distinct: f64) -> (f64, f64) {
    let missed = |n: f64| told.iter().map(|&k| 1.0 - k / n).product::<f64>();
    let expected = |n: f64| n * (1.0 - missed(n));
    // What is expected to be distinct grows with the size.
    let (mut low, mut high) = (distinct, distinct * 2.0);
    while expected(high) < distinct && high < 1e15 {
        low = high;
        high *= 2.0;
    }
    let nodes = zero(low, high, 50, |n| expected(n) - distinct);
    let unseen = missed(nodes);
    if unseen <= 0.0 {
        return (nodes, 0.0);
    }
    let parts: f64 = told.iter().map(|&k| 1.0 / (1.0 - k / nodes)).sum();
    let weight = 1.0 / unseen + told.len() as f64 - 1.0 - parts;
    (nodes, nodes / weight.max(1e-9))
}

/// The same for so many answers of one size, each of which counts for itself.
pub(super) fn census_of_answers(answers: u64, each: f64, distinct: f64) -> (f64, f64) {
    let missed = |n: f64| power((1.0 - each / n).max(0.0), answers);
    let expected = |n: f64| n * (1.0 - missed(n));
    let (mut low, mut high) = (distinct.max(each), distinct.max(each) * 2.0);
    while expected(high) < distinct && high < 1e15 {
        low = high;
        high *= 2.0;
    }
    let nodes = zero(low, high, 50, |n| expected(n) - distinct);
    let unseen = missed(nodes);
    if unseen <= 0.0 {
        return (nodes, 0.0);
    }
    let times = answers as f64;
    let weight = 1.0 / unseen + times - 1.0 - times / (1.0 - each / nodes);
    (nodes, nodes / weight.max(1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_census_of_two_peers_is_the_product_over_the_overlap() {
        // 100 and 80 with 20 in common.
        let (nodes, _) = census(&[100.0, 80.0], 160.0);
        assert!((nodes - 400.0).abs() < 1e-6, "{nodes}");
    }

    #[test]
    fn answers_of_one_size_are_a_census_too() {
        let (one, spread) = census(&[50.0; 8], 300.0);
        let (other, same) = census_of_answers(8, 50.0, 300.0);
        assert!((one - other).abs() < 1e-6 && (spread - same).abs() < 1e-6);
    }

    #[test]
    fn of_few_answers_that_have_little_in_common_there_are_many_more_than_they_told() {
        // Two of a hundred with one in common: 10,000, and the same of four answers of fifty.
        let (nodes, _) = census_of_answers(2, 100.0, 199.0);
        assert!((nodes - 10_000.0).abs() < 1e-6, "{nodes}");
        let (one, spread) = census(&[50.0; 4], 199.0);
        let (other, same) = census_of_answers(4, 50.0, 199.0);
        assert!(one > 7_000.0 && (one - other).abs() < 1e-6 * one);
        assert!((spread - same).abs() < 1e-6 * spread, "{spread} {same}");
    }

    #[test]
    fn the_tail_of_a_poisson_variable_is_that_of_the_textbook() {
        let (none, beyond) = tail(1.0);
        assert!((none - 0.367_879).abs() < 1e-6, "{none}");
        // (1 - e^-1 (1 + 1 + 1/2 + 1/6)) / (1 - e^-1 (1 + 1 + 1/2 + 1/6 + 1/24)).
        assert!((beyond - 5.188_6).abs() < 1e-3, "{beyond}");
    }
}

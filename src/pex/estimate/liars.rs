//! Whose answers do not count: those of peers who have less, or more, in common with the others
//! than is usual among them. They tell of nodes that nobody else knows, or of a corner of the
//! network. Liars who vouch for each other are the reason for more than one look at it: one takes
//! those who have far more in common than chance allows for one, another leaves out the quarter of
//! the others with which a peer has most in common, and a third counts those with which it has next
//! to nothing in common.
#![expect(
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "small counts, IEEE 754, and places of the speakers"
)]

use alloc::vec::Vec;

use super::arithmetic::{median, sqrt};
use super::pairs::Pairs;

/// How many times the usual overlap, or what part of it, makes a peer suspect.
const SUSPECT: f64 = 4.0;

/// Standard deviations of a Poisson count, by its square root, that chance is not believed.
const UNLIKELY: f64 = 3.0;

/// Fewer peers can't say what is usual.
const QUORUM: usize = 5;

/// Above this the rest scatters too much to say that it is those left out who are strange.
const SCATTERED: f64 = 1.5;

/// How often the rest is looked at anew, without those found strange before.
const LOOKS: usize = 4;

/// The tellers that count, as a mask of their codes.
pub(super) fn trusted(pairs: &Pairs) -> u128 {
    let speakers: Vec<usize> = pairs.speakers().collect();
    if speakers.len() < QUORUM {
        return mask(&speakers);
    }
    let rest = without_strangers(pairs, &speakers);
    let look = Look::new(pairs, &rest);
    let least: Vec<(f64, f64)> = rest.iter().map(|&i| look.without_the_most(i)).collect();
    let usual = usual(&least);
    let odd = |&(found, of): &(f64, f64)| is_odd(found, of * usual);
    let trusted: Vec<usize> = rest
        .iter()
        .zip(&least)
        .filter(|&(_, overlap)| !odd(overlap))
        .map(|(&i, _)| i)
        .collect();
    mask(&unless_scattered(pairs, trusted, &rest))
}

fn mask(tellers: &[usize]) -> u128 {
    tellers.iter().fold(0, |mask, &i| mask | 1 << i)
}

/// Those who are neither strangers to most others, nor a clique that is a stranger to the rest.
fn without_strangers(pairs: &Pairs, speakers: &[usize]) -> Vec<usize> {
    let mut rest = speakers.to_vec();
    for _ in 0..LOOKS {
        let look = Look::new(pairs, &rest);
        let strangers: Vec<f64> = rest.iter().map(|&i| look.strangers(i)).collect();
        let half = rest.len() as f64 / 2.0;
        let usually_strange = median(strangers.clone()) > half;
        let overlaps = look.with_cliques();
        let usual = usual(&overlaps);
        let before = rest.len();
        let kept = rest.iter().zip(strangers.iter().zip(&overlaps));
        rest = kept
            .filter(|&(_, (&strangers, &(found, of)))| {
                let is_stranger = !usually_strange && strangers > half;
                !is_stranger && !is_odd(found, of * usual)
            })
            .map(|(&i, _)| i)
            .collect();
        if rest.len() == before {
            break;
        }
    }
    unless_scattered(pairs, rest, speakers)
}

/// The rest, if it is most of all and its pairs have in common what chance gives them: else it is
/// not those left out who are strange, but all are neighbours of some, and nobody is left out.
fn unless_scattered(pairs: &Pairs, rest: Vec<usize>, all: &[usize]) -> Vec<usize> {
    let is_nearly_whole = rest.len() * 8 >= all.len() * 7;
    let is_most = rest.len() * 2 >= all.len();
    if is_nearly_whole || is_most && pairs.scatter(mask(&rest)) <= SCATTERED {
        rest
    } else {
        all.to_vec()
    }
}

/// The middle one of the rates.
fn usual(overlaps: &[(f64, f64)]) -> f64 {
    let rates = overlaps.iter().map(|(found, of)| found / of.max(1.0));
    median(rates.collect())
}

/// Whether so many common nodes are not what chance makes of so many expected.
fn is_odd(found: f64, expected: f64) -> bool {
    let off = 2.0 * (sqrt(expected) - sqrt(found + 0.375));
    let few = off > UNLIKELY && found * SUSPECT < expected;
    let many = off < -UNLIKELY && found > expected * SUSPECT && expected >= 12.0;
    few || many
}

/// The pairs, and the rate at which a node of one is one of the other, as is usual.
struct Look<'a> {
    pairs: &'a Pairs,
    speakers: &'a [usize],
    usual: f64,
}

impl<'a> Look<'a> {
    fn new(pairs: &'a Pairs, speakers: &'a [usize]) -> Self {
        let whole: f64 = speakers.iter().map(|&i| pairs.told(i)).sum();
        let rates = speakers.iter().map(|&i| {
            let found: f64 = speakers
                .iter()
                .filter(|&&j| j != i)
                .map(|&j| pairs.both(i, j))
                .sum();
            found / (pairs.told(i) * (whole - pairs.told(i))).max(1.0)
        });
        let usual = median(rates.collect());
        Self {
            pairs,
            speakers,
            usual,
        }
    }

    /// What two have in common, and of how many pairs of nodes.
    fn pair(&self, i: usize, j: usize) -> (f64, f64) {
        let product = self.pairs.told(i) * self.pairs.told(j);
        (self.pairs.both(i, j), product)
    }

    fn others(&self, i: usize) -> impl Iterator<Item = usize> + Clone {
        self.speakers.iter().copied().filter(move |&j| j != i)
    }

    /// Whether two have more in common than chance would ever have it.
    fn is_clique(&self, i: usize, j: usize) -> bool {
        let (both, product) = self.pair(i, j);
        both > 4.0 + 4.0 * self.usual * product
    }

    /// How many others a peer has next to nothing in common with, where there should be a lot.
    fn strangers(&self, i: usize) -> f64 {
        let strange = self.others(i).filter(|&j| {
            let (both, product) = self.pair(i, j);
            (both + 1.0) * 3.0 <= self.usual * product
        });
        strange.count() as f64
    }

    /// What each has in common with those outside its clique; a clique is looked at as one.
    fn with_cliques(&self) -> Vec<(f64, f64)> {
        let heads = self.cliques();
        let mut sums = alloc::vec![(0.0, 0.0); heads.len()];
        for (&i, &head) in self.speakers.iter().zip(&heads) {
            for (&j, _) in self
                .speakers
                .iter()
                .zip(&heads)
                .filter(|&(_, &other)| other != head)
            {
                let (both, product) = self.pair(i, j);
                sums[head].0 += both;
                sums[head].1 += product;
            }
        }
        heads.iter().map(|&head| sums[head]).collect()
    }

    /// The first one in the clique of each, by places.
    fn cliques(&self) -> Vec<usize> {
        let mut heads: Vec<usize> = (0..self.speakers.len()).collect();
        for (place, &i) in self.speakers.iter().enumerate() {
            for (other, &j) in self.speakers.iter().enumerate().take(place) {
                let (one, two) = (heads[place], heads[other]);
                if one != two && self.is_clique(i, j) {
                    let head = one.min(two);
                    for each in &mut heads {
                        if *each == one || *each == two {
                            *each = head;
                        }
                    }
                }
            }
        }
        heads
    }

    /// What a peer has in common with the three quarters of the others with which it has least.
    fn without_the_most(&self, i: usize) -> (f64, f64) {
        let mut others: Vec<(f64, f64)> = self.others(i).map(|j| self.pair(i, j)).collect();
        let least = others.len() - others.len() / 4;
        let by_rate = |a: &(f64, f64), b: &(f64, f64)| (a.0 * b.1).total_cmp(&(b.0 * a.1));
        if least > 0 && least < others.len() {
            others.select_nth_unstable_by(least, by_rate);
        }
        let taken = others.iter().take(least);
        taken.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

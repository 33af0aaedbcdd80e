//! What part of the network the stores hold whose nodes are told of in arcs.
//!
//! A store that holds a part tells arcs in which the ids lie further apart, and so there seem to be fewer
//! nodes. But where one has told of all that he knows, another one then tells of nodes that are new: so
//! many of his as the first one left out. Whoever makes up nodes finds more that is new, and so does who
//! tells where he was first: so the usual share is looked for among the lower ones.
#![expect(clippy::float_arithmetic, reason = "IEEE 754")]

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::arithmetic::sqrt;
use super::cover::Density;

/// Comparisons that are remembered.
pub(super) const MOST: usize = 40;

/// How many comparisons it takes at least: fewer where each finds something known and something new, which
/// who makes up all that he tells does not bring about. Of how many nodes each, and of how many in all.
const QUORUM: usize = 6;
const FEW: usize = 3;
const EACH: u8 = 4;
const ALL: f64 = 48.0;

/// The share below which so many of those told again are that were compared is usual.
const LOWER: f64 = 0.25;

/// Standard deviations of a count that are not put down to chance.
const ODD: f64 = 4.0;

/// Nodes come to a network too, and so are new on old ground: that is what a twentieth is put down to.
const BORN: f64 = 0.05;

/// The least that a store is believed to hold.
const LEAST: f64 = 0.001;

/// Nodes that somebody told of where another one had told of all that he knows, and those of them that were
/// new all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Compared {
    pub(super) told: u8,
    pub(super) fresh: u8,
}

impl Compared {
    fn told(self) -> f64 {
        self.told.into()
    }

    fn share(self) -> f64 {
        f64::from(self.fresh) / self.told().max(1.0)
    }

    /// Whether chance does not make so many new where this share is.
    fn is_odd(self, share: f64) -> bool {
        let off = f64::from(self.fresh) - self.told() * share;
        off * off > ODD * ODD * (self.told() * share * (1.0 - share) + 1.0)
    }
}

/// What is known of the stores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Parts {
    /// The last comparisons, each with the code of who told last.
    compared: Vec<(u8, Compared)>,
    /// What share of the network a store leaves out, and the variance of that.
    left_out: f64,
    variance: f64,
    /// It was more than a few at some time.
    are_found: bool,
}

impl Parts {
    /// Takes in what the teller with this code has told where others had; with whose are connected.
    pub(super) fn compare(
        &mut self,
        code: u8,
        compared: &[Compared],
        is_here: impl Fn(u8) -> bool,
    ) {
        let mut of_use = compared.iter().filter(|it| it.told >= EACH).peekable();
        if of_use.peek().is_none() {
            return;
        }
        for &compared in of_use {
            if self.compared.len() >= MOST {
                // The first one of those who have gone, or else the first one.
                let leaves = self.compared.iter().position(|it| !is_here(it.0));
                self.compared.remove(leaves.unwrap_or_default());
            }
            self.compared.push((code, compared));
        }
        let here = self.compared.iter().filter(|it| is_here(it.0));
        let Some(mut enough) = enough(here).or_else(|| enough(self.compared.iter())) else {
            return;
        };
        let usual = usual(&mut enough);
        enough.retain(|it| !it.is_odd(usual));
        let all: f64 = enough.iter().map(|it| it.told()).sum();
        let fresh: f64 = enough.iter().map(|it| f64::from(it.fresh)).sum();
        self.left_out = fresh / all.max(1.0);
        self.variance = self.left_out * (1.0 - self.left_out) / all.max(1.0);
        self.are_found |= self.left_out > BORN;
    }

    /// The codes of tellers are new ones.
    pub(super) fn forget(&mut self) {
        self.compared.clear();
    }

    /// Whether the stores were found to hold a part.
    pub(super) const fn are_found(&self) -> bool {
        self.are_found
    }

    /// How many nodes there are on the whole, where the stores hold so many.
    pub(super) fn whole(&self, stored: Density) -> Density {
        let least = 1.0 - self.left_out - 1.96 * sqrt(self.variance);
        let high = stored.high / least.max(LEAST);
        if self.left_out <= BORN {
            return Density { high, ..stored };
        }
        let share = (1.0 - self.left_out).max(LEAST);
        let nodes = stored.nodes / share;
        let relative = |variance: f64, of: f64| variance / (of * of);
        // Which nodes are in the stores that have told is chance as well.
        let spread = relative(stored.chance, stored.nodes)
            + relative(self.variance, share)
            + self.left_out / stored.nodes;
        let margin = 1.96 * sqrt(spread);
        Density {
            nodes,
            low: (nodes / (1.0 + margin)).max(stored.low),
            high: nodes / (1.0 - margin).max(0.02),
            variance: spread * nodes * nodes,
            ..stored
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        let are_of_some = self.compared.iter().all(|(_, it)| it.fresh <= it.told);
        let are_shares = [self.left_out, self.variance].map(|it| (0.0..=1.0).contains(&it));
        self.compared.len() <= MOST && are_of_some && are_shares == [true; 2]
    }
}

/// These, if they are enough.
fn enough<'a>(
    compared: impl Iterator<Item = &'a (u8, Compared)>,
) -> Option<SmallVec<[Compared; 64]>> {
    let compared: SmallVec<[Compared; 64]> = compared.map(|it| it.1).collect();
    let all: f64 = compared.iter().map(|it| it.told()).sum();
    let are_mixed = compared
        .iter()
        .all(|it| (BORN..=1.0 - BORN).contains(&it.share()));
    let least = if are_mixed { FEW } else { QUORUM };
    (compared.len() >= least && all >= ALL).then_some(compared)
}

/// The share below which a quarter of all that was compared lies.
fn usual(compared: &mut [Compared]) -> f64 {
    compared.sort_unstable_by(|a, b| a.share().total_cmp(&b.share()));
    let all: f64 = compared.iter().map(|it| it.told()).sum();
    let mut up_to = 0.0;
    let usual = compared.iter().find(|it| {
        up_to += it.told();
        up_to >= all * LOWER
    });
    usual.map_or(0.0, |it| it.share())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: fn(u8) -> bool = |_| true;

    const fn of(told: u8, fresh: u8) -> Compared {
        Compared { told, fresh }
    }

    /// What is known after these comparisons, each of another teller.
    fn parts(compared: &[Compared]) -> Parts {
        let mut parts = Parts::default();
        for (code, &compared) in (1..).zip(compared) {
            parts.compare(code, &[compared], HERE);
            assert!(parts.is_sound());
        }
        parts
    }

    fn stored(nodes: f64) -> Density {
        let chance = nodes / 10.0;
        Density {
            known: 100,
            nodes,
            low: nodes - 50.0,
            high: nodes + 50.0,
            variance: chance,
            chance,
        }
    }

    #[test]
    fn where_each_finds_half_new_the_stores_hold_half() {
        let whole = parts(&[of(20, 10); 6]).whole(stored(1_000.0));
        assert!((whole.nodes - 2_000.0).abs() < 1e-6, "{whole:?}");
        assert!(whole.low < 1_900.0 && 2_100.0 < whole.high, "{whole:?}");
        assert_eq!(whole.known, 100);
    }

    #[test]
    fn where_nobody_finds_anything_new_the_stores_are_whole() {
        let parts = parts(&[of(50, 0); 8]);
        let (whole, stored) = (parts.whole(stored(1_000.0)), stored(1_000.0));
        assert_eq!(
            (whole.nodes, whole.low, whole.high),
            (stored.nodes, stored.low, stored.high)
        );
        assert!(!parts.are_found());
    }

    #[test]
    fn as_much_new_as_may_have_been_born_only_makes_the_upper_end_higher() {
        let parts = parts(&[of(50, 2); 8]);
        let whole = parts.whole(stored(1_000.0));
        assert_eq!((whole.nodes, whole.low), (1_000.0, 950.0));
        assert!(
            1_050.0 / 0.96 < whole.high && whole.high < 1_050.0 / 0.93,
            "{whole:?}"
        );
        assert!(!parts.are_found());
    }

    #[test]
    fn it_takes_six_who_have_compared_or_three_where_each_finds_something_of_both() {
        assert!(!parts(&[of(50, 25); 2]).are_found());
        assert!(parts(&[of(50, 25); 3]).are_found());
        assert!(!parts(&[of(50, 50); 5]).are_found());
        assert!(parts(&[of(50, 50); 6]).are_found());
        // Together they have to be enough, and each alone too.
        assert!(!parts(&[of(15, 7); 3]).are_found());
        assert!(parts(&[of(16, 8); 3]).are_found());
        assert!(!parts(&[of(3, 2); 40]).are_found());
    }

    #[test]
    fn those_who_make_nodes_up_and_those_who_tell_where_these_were_first_change_nothing() {
        for honest in [0, 10] {
            let told = [of(20, honest); 14].into_iter().chain([of(20, 20); 7]);
            let told: Vec<Compared> = told.collect();
            let left_out = parts(&told).left_out;
            assert!(
                (left_out - f64::from(honest) / 20.0).abs() < 1e-9,
                "{left_out}"
            );
        }
    }

    #[test]
    fn guests_do_not_outvote_those_who_are_connected() {
        let mut parts = parts(&[of(50, 0); 6]);
        for guest in 0..200 {
            let is_here = |code| code <= 6 || code == 7 + guest % 100;
            parts.compare(7 + guest % 100, &[of(100, 100)], is_here);
            assert!(!parts.are_found(), "{guest}");
            assert!(parts.compared.len() <= MOST);
        }
    }

    #[test]
    fn what_was_compared_goes_with_the_codes_and_what_it_said_stays() {
        let mut parts = parts(&[of(20, 10); 6]);
        parts.forget();
        assert!(parts.compared.is_empty());
        assert!(parts.are_found() && (parts.left_out - 0.5).abs() < 1e-9);
    }

    #[test]
    fn more_new_than_told_and_shares_that_are_none_are_not_sound() {
        let mut damaged = parts(&[of(20, 10); 6]);
        damaged.compared[0].1.fresh = 21;
        assert!(!damaged.is_sound());
        for share in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
            let left_out = Parts {
                left_out: share,
                ..Parts::default()
            };
            let variance = Parts {
                variance: share,
                ..Parts::default()
            };
            assert!(!left_out.is_sound() && !variance.is_sound());
        }
    }
}

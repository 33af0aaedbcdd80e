//! Nodes come and go: two horizons, and what the size would be at none.
//!
//! Time is cut into slices, each long enough to hear of nearly every node. A node that nobody told
//! of in the last three is forgotten. What was told of in two slices, and in three, are two
//! censuses over two spans of time, and nodes that came or went within them make the longer one
//! larger. The line through both, where the span is as short as it takes to be told of, is the size
//! now. Where the two differ by no more than chance has it, the longer one is as good, and better.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "IEEE 754, and conversions of floats saturate"
)]

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::darroch::census_of_answers;
use super::table::Table;
use crate::Time;

/// How often the nodes are told of in a slice.
const TURNS: u64 = 4;

/// The same where peers know but part of the network, so that some nodes are told of seldom.
const TURNS_OF_PARTS: u64 = 32;

/// How many times its variance the square of what came must be before it is believed.
const DOUBT: f64 = 6.0;

/// What was told within one slice, in nodes of the sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Slice {
    began: Time,
    told: u64,
    answers: u64,
}

/// The last three slices of time, the current one first; and whether nodes were ever forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Horizons([Slice; 3], bool);

/// What the two horizons say.
pub(super) struct Now {
    /// How many there are by what was told lately, in units of the sample.
    pub(super) nodes: f64,
    pub(super) variance: f64,
}

impl Horizons {
    /// An answer begins.
    pub(super) const fn open(&mut self, now: Time) {
        let [current, ..] = &mut self.0;
        if current.answers == 0 {
            current.began = now;
        }
        current.answers = current.answers.saturating_add(1);
    }

    /// A node of the sample was told of.
    pub(super) const fn tell(&mut self) {
        let [current, ..] = &mut self.0;
        current.told = current.told.saturating_add(1);
    }

    /// The sample became smaller: to this share of what it was.
    pub(super) fn shrink(&mut self, share: f64) {
        for slice in &mut self.0 {
            slice.told = (slice.told as f64 * share) as u64;
        }
    }

    /// An answer ends, and perhaps a slice with it.
    pub(super) fn close(&mut self, table: &mut Table) {
        let [current, before, first] = self.0;
        let turns = |times: u64, nodes: u64| current.told >= nodes.saturating_mul(times);
        let begins = first.told == 0 && table.plural() * 2 >= table.len();
        let ends =
            table.plural() > 0 && (begins || is_known_well(table)) && turns(TURNS, table.plural())
                || table.len() > 0 && turns(TURNS_OF_PARTS, table.len());
        if ends {
            self.0 = [Slice::default(), current, before];
            let before = table.len();
            table.next_slice();
            self.1 |= is_known_well(table) && table.len() < before;
        }
    }

    /// All this was so long earlier: the clock was set back.
    pub(super) fn rewind(&mut self, back: Duration) {
        for slice in &mut self.0 {
            slice.began = slice.began.back(back);
        }
    }

    /// Whether there are three slices, of a network that is known well.
    pub(super) const fn are_known(&self, table: &Table) -> bool {
        let [_, before, first] = &self.0;
        before.told > 0 && first.told > 0 && is_known_well(table)
    }

    /// The size now, once there are three slices: `within` counts the nodes of the sample that
    /// trusted peers told of in so many slices, and `share` is theirs of all that was told.
    pub(super) fn now(&self, now: Time, share: f64, within: impl Fn(u32) -> f64) -> Now {
        let [current, before, first] = self.0;
        let census = |slices: u32, parts: &[Slice]| {
            // A damaged dump may hold any numbers.
            let sum = |of: fn(&Slice) -> u64| parts.iter().map(of).fold(0, u64::saturating_add);
            let (answers, told) = (sum(|it| it.answers), sum(|it| it.told) as f64);
            let each = told / (answers as f64).max(1.0);
            let trusted = ((answers as f64 * share) as u64).max(1);
            let (nodes, variance) = census_of_answers(trusted, each, within(slices).max(1.0));
            (nodes, variance, told * share)
        };
        let (short, short_variance, told) = census(2, &[current, before]);
        let (long, long_variance, _) = census(3, &[current, before, first]);
        let span = |slice: Slice| now.since(slice.began).as_secs_f64();
        let (near, far) = (span(before), span(first));
        let came = (long - short).max(0.0);
        let chance = short_variance + long_variance;
        // Below what chance makes of none, nothing came.
        let weight = (1.0 - DOUBT * chance / (came * came).max(1e-9)).max(0.0);
        // As long as it takes until a node is told of.
        let wait = near * short / told.max(1.0);
        let reach = if far > near {
            ((near - wait) / (far - near)).clamp(0.0, 4.0)
        } else {
            0.0
        };
        let far = 1.0 + reach;
        // Those who went are a Poisson count; and where some did, that there were none is not certain
        // because none was seen.
        let unseen = if self.1 { 1.0 } else { 0.0 };
        let turnover = (came + unseen) * far * far;
        let doubted = (1.0 - weight) * far * came;
        let steady = long_variance * (1.0 - weight) + doubted * doubted;
        let moving = short_variance * far * far * weight + turnover;
        Now {
            nodes: long - weight * far * came,
            variance: steady + moving,
        }
    }
}

/// Nearly every node that two peers know is known to more than four.
const fn is_known_well(table: &Table) -> bool {
    table.many() * 10 >= table.plural() * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_secs(1_000);

    /// Of a hundred seconds each, in which ten peers told of a hundred nodes; the last one ends now.
    fn three_slices() -> Horizons {
        let slice = |began| Slice {
            began: Time::from_secs(began),
            told: 1_000,
            answers: 10,
        };
        Horizons([slice(900), slice(800), slice(700)], true)
    }

    #[test]
    fn where_the_two_horizons_agree_the_longer_one_is_the_size() {
        // Of a thousand nodes, twenty answers of a hundred tell of so many, and thirty.
        let within = |slices| if slices == 2 { 878.0 } else { 958.0 };
        let now = three_slices().now(NOW, 1.0, within);
        let (long, variance) = census_of_answers(30, 100.0, 958.0);
        assert!((now.nodes - long).abs() < 1e-9 && (long - 1_000.0).abs() < 2.0);
        assert!(now.variance >= variance);
    }

    #[test]
    fn where_many_came_the_size_lies_on_the_line_through_both_horizons() {
        let within = |slices| if slices == 2 { 900.0 } else { 1_400.0 };
        let now = three_slices().now(NOW, 1.0, within);
        let (short, short_variance) = census_of_answers(20, 100.0, 900.0);
        let (long, _) = census_of_answers(30, 100.0, 1_400.0);
        // Spans of 200 and 300 seconds; it takes a tenth of a second for each node of the short one.
        let wait = 200.0 * short / 2_000.0;
        let steps = 1.0 + (200.0 - wait) / 100.0;
        let came = long - short;
        let nodes = long - steps * came;
        assert!(
            (now.nodes - nodes).abs() < long * 0.01,
            "{} {nodes}",
            now.nodes
        );
        // That of the short one, drawn out by so many steps, and of those who came and went.
        let meant = steps * steps * (short_variance + came + 1.0);
        // What is left of the doubt whether they came adds a twentieth; the longer one nothing.
        let off = (now.variance - meant).abs();
        assert!(off < meant * 0.1, "{} {meant}", now.variance);
    }
}

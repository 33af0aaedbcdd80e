//! How large the network is, from what its nodes tell of each other.
//!
//! An answer is evidence of one of two kinds. Nodes that follow each other on the ring of ids, none
//! left out, say how close they lie, and so how many there are on the whole (`arcs`, `cover`); and by
//! what one tells and another one left out, how much of it a store holds (`parts`). Of
//! any other answer counts what it has in common with those of other peers: all that one peer has
//! told is one capture occasion, for repeats within a peer speak of its store and not of the network
//! (`darroch`; `pairs` while there are fewer than ten recaptures). With neither, nothing is known
//! but a lower bound, and that is what is said.
//!
//! Peers that tell of their own neighbourhoods, and not of nodes at random, share more nodes with
//! some and fewer with others than chance would have it. By as much as the overlaps of the pairs
//! scatter more than a Poisson count does, the variance is multiplied (as Burnham and Anderson's
//! variance inflation factor c-hat in "Model Selection and Multimodel Inference", 2002).
//!
//! Peers that are far off what is usual do not count (`liars`, `cover`), nodes that nobody tells of
//! any more are forgotten (`horizons`), and one answer at most doubles the estimate or halves it,
//! but for what is known to be there.
//!
//! Memory is bounded whatever the size is: 64 KiB, and 24 bytes for each of at most 127 peers
//! (`table`, `tellers`).
//!
//! Floating point is used with `+ - * /` and conversion only, which IEEE 754 defines to the last
//! bit on every platform.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    reason = "IEEE 754 defines + - * / to the last bit; counts stay far below 2^53, and conversions \
              of floats saturate"
)]

mod arcs;
mod arithmetic;
mod cover;
mod darroch;
mod horizons;
mod liars;
mod pairs;
mod parts;
mod rates;
mod table;
mod tellers;

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::arc::Arc;
use super::telling::PAUSE;
use crate::Time;
use crate::seed::Hashed;
use arcs::Arcs;
use arithmetic::sqrt;
use darroch::Captures;
use horizons::Horizons;
use pairs::Pairs;
use table::Table;
use tellers::Tellers;

/// Recaptures from which the census is used; below, the pairs.
const ENOUGH: f64 = 10.0;

/// Peers that must have told something before one answer can't move the estimate far: with fewer,
/// whoever came first could hold it where it is.
const WITNESSES: usize = 5;

/// Nodes that nobody told of, few enough to count them one by one.
const FEW: f64 = 8.0;

/// The largest size that is given: no network of peers comes near it.
const MOST: u64 = 1 << 32;

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

/// What peers have told of, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Census {
    tellers: Tellers,
    table: Table,
    horizons: Horizons,
    arcs: Arcs,
    answers: u32,
    now: Time,
    /// Something was told since the anchor that was not known.
    news: bool,
    anchor: Anchor,
}

/// An estimate of late, from which the one now is not far off: so one answer can't move it far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Anchor {
    /// Zero if there is none yet.
    nodes: u64,
    /// The answer after which it is set anew.
    due: u32,
}

/// With which the nodes of an answer are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The teller's, or zero: the answer was an arc, and has been counted.
    code: u8,
}

/// A size with its variance, by one kind of evidence.
#[derive(Clone, Copy, Debug)]
struct Guess {
    nodes: f64,
    low: f64,
    high: f64,
    /// The square of the relative standard deviation.
    spread: f64,
    tellers: u32,
}

impl Census {
    /// Begins an answer, which may be an `arc`. Count each of its nodes with the mark that is
    /// returned, and close it. Those are connected the keyed hash of whose id `is_here`.
    pub(crate) fn open(
        &mut self,
        now: Time,
        teller: Hashed,
        arc: Option<&Arc>,
        is_here: impl Fn(u64) -> bool,
    ) -> Mark {
        self.now = now;
        self.answers = self.answers.saturating_add(1);
        let before = self.tellers.len();
        let code = self
            .tellers
            .code(teller.hash, self.answers, &mut self.table);
        if self.tellers.len() < before {
            self.arcs.rename();
        }
        if let Some(arc) = arc {
            let last_end = self.tellers.get_mut(code).and_then(|teller| {
                let goes_on = !arc.is_first() && teller.rested(now) < PAUSE;
                Some(teller.arc_end).filter(|&end| end != 0 && goes_on)
            });
            let teller = (code, &self.tellers);
            self.arcs.add(now, arc, teller, last_end, is_here);
            if let Some(teller) = self.tellers.get_mut(code) {
                teller.tell_arc(now, arc.end());
            }
            self.news = true;
            if !self.arcs.are_of_parts() {
                return Mark { code: 0 };
            }
        }
        self.horizons.open(now);
        Mark { code }
    }

    /// Counts a node, by the keyed hash of its id, for the answer with this mark.
    pub(crate) fn count(&mut self, hash: u64, mark: Mark) {
        if mark.code == 0 || !self.table.holds(hash) {
            return;
        }
        let share = self.table.share();
        self.news |= self.table.tell(hash, mark.code);
        if self.table.share() < share {
            self.horizons.shrink(self.table.share() / share);
        }
        self.horizons.tell();
    }

    /// Whether this place on the ring lies where some arc has told of all.
    pub(crate) fn is_told(&self, at: u64) -> bool {
        self.arcs.is_told(at)
    }

    /// How many nodes there are by the middle one of the arcs of several peers; without their
    /// variance, and what else was told.
    pub(crate) fn by_most_arcs(&self, is_here: impl Fn(u64) -> bool) -> Option<u64> {
        self.arcs.usual(self.now, is_here).map(|nodes| nodes as u64)
    }

    /// Ends the answer.
    pub(crate) fn close(&mut self) {
        self.horizons.close(&mut self.table);
        let is_due = self.answers >= self.anchor.due && self.tellers.len() >= WITNESSES;
        if !is_due || !self.news {
            return;
        }
        if let Estimate::Known { nodes, .. } = self.estimate() {
            self.anchor.nodes = nodes;
            self.news = false;
            // An estimate is work, so the more answers there were, the fewer set it anew.
            let later = (self.answers / 8).clamp(1, 256);
            self.anchor.due = self.answers.saturating_add(later);
        }
    }

    /// The clock was set back by so much.
    pub(crate) fn rewind(&mut self, back: Duration) {
        self.now = self.now.back(back);
        self.horizons.rewind(back);
        self.arcs.rewind(back);
    }

    /// Whether this can be a census: its parts keep their bounds and agree with each other.
    pub(crate) fn is_sound(&self) -> bool {
        self.tellers.is_sound()
            && self.table.is_sound(self.tellers.len())
            && self.arcs.is_sound()
            && self.anchor.nodes <= MOST
    }

    /// How large the network is, as far as this census can tell.
    pub(crate) fn estimate(&self) -> Estimate {
        let pairs = Pairs::of(&self.table, self.tellers.len());
        let trusted = liars::trusted(&pairs);
        let captures = Captures::of(&self.table, &pairs, trusted);
        let arc = self.arcs.density();
        let seen = self.seen(&captures, trusted);
        let by_arcs = arc.map(|arc| self.by_arcs(arc));
        let by_captures = self.by_captures(&pairs, trusted, &captures);
        match Guess::of_both(by_arcs, by_captures, self.arcs.are_of_parts()) {
            Some(guess) => self.anchored(guess, seen),
            None if self.anchor.nodes > 0 => Estimate::Known {
                nodes: self.anchor.nodes.max(seen),
                low: seen,
                high: MOST,
            },
            None => Estimate::Unknown { at_least: seen },
        }
    }

    /// Different nodes that are known to be there.
    fn seen(&self, captures: &Captures, trusted: u128) -> u64 {
        // Of what was told long ago it is not known that it is still there.
        let lately = if self.horizons.are_known(&self.table) {
            self.within(1, trusted)
        } else {
            captures.distinct
        };
        let told = (lately / self.table.share()) as u64;
        let Some(arc) = self.arcs.density() else {
            return told.min(MOST);
        };
        // Where more than there can be by the arcs was told in no order, and fewer peers stand for it,
        // it was made up.
        let is_outvoted =
            told as f64 > arc.high && self.tellers.arcs() > trusted.count_ones() as usize;
        if is_outvoted {
            arc.known
        } else {
            told.max(arc.known)
        }
        .min(MOST)
    }

    fn by_arcs(&self, arc: cover::Density) -> Guess {
        let nodes = arc.nodes;
        Guess {
            nodes,
            low: arc.low,
            high: arc.high,
            spread: arc.variance / (nodes * nodes),
            tellers: self.tellers.arcs() as u32,
        }
    }

    fn by_captures(&self, pairs: &Pairs, trusted: u128, captures: &Captures) -> Option<Guess> {
        let (distinct, share) = (captures.distinct, self.table.share());
        let recaptures = captures.recaptures();
        if recaptures < 1.0 {
            return None;
        }
        let tellers = trusted.count_ones();
        if recaptures < ENOUGH {
            let (nodes, low, high) = pairs.ratio(trusted);
            let scaled = |nodes: f64| nodes.max(distinct) / share;
            return Some(Guess {
                nodes: scaled(nodes),
                low: scaled(low),
                high: scaled(high),
                spread: 1.0 / recaptures,
                tellers,
            });
        }
        let (mut nodes, spread) = captures.census();
        let dispersion = pairs.dispersion(trusted, nodes);
        let mut variance = spread * dispersion;
        let mut floor = distinct;
        let within = |slices| self.within(slices, trusted);
        if self.horizons.are_known(&self.table) {
            let now = self.horizons.now(self.now, captures.share(pairs), within);
            nodes *= now.nodes / distinct;
            variance += now.variance;
            floor = 1.0;
        }
        // Which nodes are in the sample is chance as well.
        let variance = variance + nodes * (1.0 - share);
        let relative = sqrt(variance) / nodes;
        let (low, high) =
            if share >= 1.0 && floor > 1.0 && nodes - distinct < FEW && dispersion < 1.5 {
                let (least, most) = darroch::interval(nodes - distinct);
                (distinct + least, distinct + most)
            } else {
                let low = nodes / (1.0 + 1.96 * relative);
                (low, nodes / (1.0 - 1.96 * relative).max(0.02))
            };
        Some(Guess {
            nodes: nodes / share,
            low: low.max(floor) / share,
            high: high / share,
            spread: relative * relative,
            tellers,
        })
    }

    /// Nodes of the sample that trusted peers told of in so many of the last slices.
    fn within(&self, slices: u32, trusted: u128) -> f64 {
        let is_trusted = |code: usize| trusted >> code & 1 == 1;
        let lately = self.table.entries().filter(|entry| entry.is_within(slices));
        lately
            .filter(|entry| entry.tellers().any(is_trusted))
            .count() as f64
    }

    /// The estimate, in its bounds: not under what is known to be there, not over the most, and not
    /// far from the anchor.
    fn anchored(&self, guess: Guess, seen: u64) -> Estimate {
        // An answer may move the estimate from one end to the other, and the anchor with it: three
        // steps are a factor of two.
        let step = 1.259;
        let anchor = self.anchor.nodes as f64;
        let nodes = if self.anchor.nodes == 0 {
            guess.nodes
        } else {
            guess.nodes.clamp(anchor / step, anchor * step)
        };
        let nodes = ((nodes + 0.5) as u64).clamp(seen, MOST);
        Estimate::Known {
            nodes,
            low: ((guess.low + 0.5) as u64).min(nodes),
            high: ((guess.high + 0.5) as u64).clamp(nodes, MOST),
        }
    }
}

impl Guess {
    /// Both kinds of evidence as one: weighted by what they know, if they agree; if they do not,
    /// the one that more peers stand for.
    fn of_both(arcs: Option<Self>, captures: Option<Self>, are_of_parts: bool) -> Option<Self> {
        let (Some(a), Some(b)) = (arcs, captures) else {
            return arcs.or(captures);
        };
        let (one, other) = (a.spread.max(1e-12), b.spread.max(1e-12));
        let off = (a.nodes - b.nodes) / f64::midpoint(a.nodes, b.nodes);
        if off * off > 16.0 * (one + other) {
            let is_first = if are_of_parts {
                a.nodes < b.nodes
            } else {
                a.tellers >= b.tellers
            };
            return Some(if is_first { a } else { b });
        }
        let weight = other / (one + other);
        let nodes = a.nodes * weight + b.nodes * (1.0 - weight);
        let spread = one * other / (one + other);
        let margin = 1.96 * sqrt(spread) * nodes;
        Some(Self {
            nodes,
            low: nodes - margin,
            high: nodes + margin,
            spread,
            tellers: a.tellers.saturating_add(b.tellers),
        })
    }
}

#[cfg(test)]
mod tests;

//! Answers that are arcs: nodes that follow each other on the ring of ids, none left out.
//!
//! A peer of our kind walks its store in the order of the ids, from a start that nobody else can
//! know, and goes on with each further answer. That it does is not believed, but seen.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "differences on the ring wrap, places are below the length, and IEEE 754"
)]

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::cover::{Cover, Density, Stretch, rate};
use crate::NodeId;

/// Nodes in the order of the ring that are not there by chance: one answer in forty thousand.
const ORDERED: usize = 8;

/// How many times the usual gap may lie between an answer and the one it goes on from.
const GOES_ON: u64 = 12;

/// Nodes by the length of the ring of 64 bits that no network has: 2^28 on the whole ring.
const DENSEST: f64 = 1.0 / 68_719_476_736.0;

/// How often the nodes are told of before a cover is an old one, and another begins.
const TURNS: f64 = 8.0;

/// Tellers by whose arcs it is said what is usual, and how many it takes at least.
pub(super) const RATES: usize = 32;
const QUORUM: usize = 5;

/// An arc: the first 64 bits of its ids, in the order of the ring.
pub(super) struct Arc(SmallVec<[u64; 128]>);

/// The first 64 bits of an id.
fn place(id: NodeId) -> u64 {
    let (first, _) = id.as_bytes().split_at(8);
    first
        .iter()
        .fold(0, |place, &byte| place << 8 | u64::from(byte))
}

impl Arc {
    /// The arc that these nodes are, if they are one: in order, with the top of the ring passed at
    /// most once. The teller itself may come first, and is otherwise in no answer of its own.
    pub(super) fn of(teller: NodeId, ids: impl Iterator<Item = NodeId>) -> Option<Self> {
        let own = place(teller);
        let mut places: SmallVec<[u64; 128]> = SmallVec::new();
        for (number, at) in ids.map(place).enumerate() {
            // A node with several addresses comes several times.
            let again = places.last() == Some(&at);
            if !(again || number == 0 && at == own) {
                places.push(at);
            }
        }
        let first = *places.first()?;
        let from_first = |at: u64| at.wrapping_sub(first);
        let in_order = places
            .windows(2)
            .all(|pair| from_first(pair[0]) < from_first(pair[1]));
        if places.len() < ORDERED || !in_order {
            return None;
        }
        let length = from_first(*places.last()?) as f64;
        if places.len() as f64 / length > DENSEST {
            return None;
        }
        let before = places.partition_point(|&at| from_first(at) < from_first(own));
        if before < places.len() && places[before] != own {
            places.insert(before, own);
        }
        Some(Self(places))
    }

    /// The gaps between its nodes; and the one before it, if it goes on from where the teller's
    /// last arc ended.
    fn gaps(&self, last_end: u64) -> SmallVec<[Stretch; 128]> {
        let (first, last) = (self.0[0], self.end());
        let usual = last.wrapping_sub(first) / (self.0.len() as u64 - 1).max(1);
        let before = first.wrapping_sub(last_end);
        let goes_on = last_end != 0 && before > 0 && before <= usual.saturating_mul(GOES_ON);
        let start = goes_on.then_some(last_end);
        let mut gaps = SmallVec::new();
        let places = start.iter().chain(&self.0);
        for (&after, &to) in places.clone().zip(places.skip(1)) {
            if after < to {
                gaps.push(Stretch::gap(after, to));
            } else {
                if after < u64::MAX {
                    gaps.push(Stretch::top(after));
                }
                if to > 0 {
                    gaps.push(Stretch::gap(0, to));
                }
            }
        }
        gaps
    }

    /// Where it ends.
    pub(super) fn end(&self) -> u64 {
        self.0.last().copied().unwrap_or_default()
    }
}

/// What arcs have told: a cover of the ring, and the one that will replace it when what it knows
/// has grown old.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Arcs {
    old: Cover,
    young: Cover,
    /// How many nodes there are by the last arc alone of each of the last tellers.
    rates: VecDeque<(u64, f64)>,
}

impl Arcs {
    /// Takes in an arc of this peer, whose last one ended there.
    pub(super) fn add(&mut self, arc: &Arc, peer: u64, last_end: u64) {
        let gaps = arc.gaps(last_end);
        let before = self.rates.iter().position(|&(teller, _)| teller == peer);
        if let Some(place) = before {
            self.rates.remove(place);
        } else if self.rates.len() >= RATES {
            self.rates.pop_front();
        }
        self.rates.push_back((peer, rate(&gaps)));
        let usual = self.usual();
        self.old.add(&gaps, usual);
        self.young.add(&gaps, usual);
        if let Some(density) = self.old.density()
            && self.young.told as f64 > TURNS * density.nodes
        {
            self.old = core::mem::take(&mut self.young);
        }
    }

    /// How many nodes there are by the middle one of the last arcs, once there are enough of them.
    fn usual(&self) -> Option<f64> {
        let mut rates: SmallVec<[f64; RATES]> = self.rates.iter().map(|&(_, rate)| rate).collect();
        rates.sort_unstable_by(f64::total_cmp);
        let middle = rates.get(rates.len() / 2).copied();
        middle.filter(|_| rates.len() >= QUORUM)
    }

    pub(super) fn density(&self) -> Option<Density> {
        self.old.density()
    }

    pub(super) fn is_sound(&self) -> bool {
        self.old.is_sound()
            && self.young.is_sound()
            && self.rates.len() <= RATES
            && self.rates.iter().all(|(_, rate)| rate.is_finite())
    }
}

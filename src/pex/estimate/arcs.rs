//! What arcs say: how close the ids lie on the parts of the ring that they cover.
#![expect(
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "IEEE 754, and places are below the length"
)]

use core::time::Duration;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::cover::{Cover, Density, RING, Stretch, Word, rate};
use super::parts::Parts;
use super::rates::{Rates, seconds};
use super::tellers::Tellers;
use crate::Time;
use crate::pex::arc::Arc;

/// How often the nodes are told of before a cover is an old one, and another begins.
const TURNS: f64 = 8.0;

/// So many gaps in a row are together half as long as one usually is once in ten million times, if it
/// is by chance: else the ids were ground to lie there.
const CLOSE: usize = 8;
const GROUND: f64 = 0.5;

/// The median of the gaps, in means.
const MIDDLE_GAP: f64 = core::f64::consts::LN_2;

/// The gaps between nodes in the order of the ring.
fn gaps(places: &[u64]) -> SmallVec<[Stretch; 128]> {
    let mut gaps = SmallVec::new();
    for pair in places.windows(2) {
        let (after, to) = (pair[0], pair[1]);
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

/// Which gaps are between nodes that lie too close together: where so many nodes are `usual` on the
/// whole ring, or else where this arc is like most of itself.
fn ground(gaps: &[Stretch], usual: Option<f64>) -> SmallVec<[bool; 128]> {
    let mean = usual.map_or_else(
        || {
            let mut lengths: SmallVec<[u64; 128]> = gaps.iter().map(Stretch::length).collect();
            lengths.sort_unstable();
            let middle = lengths.get(lengths.len() / 2);
            middle.map_or(0.0, |&gap| gap as f64) / MIDDLE_GAP
        },
        |usual| RING / usual.max(1.0),
    );
    let mut ground = SmallVec::from_elem(false, gaps.len());
    for (place, window) in gaps.windows(CLOSE).enumerate() {
        let span: f64 = window.iter().map(|gap| gap.length() as f64).sum();
        if span < mean * GROUND {
            ground[place..place + CLOSE].fill(true);
        }
    }
    ground
}

/// What arcs have told: a cover of the ring, and the one that will replace it when what it knows
/// has grown old.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Arcs {
    old: Cover,
    young: Cover,
    /// What is usual, by each of the last tellers.
    rates: Rates,
    /// What the stores hold of the network.
    parts: Parts,
    /// The cover is not the first one.
    was_replaced: bool,
}

impl Arcs {
    /// Takes in an arc of the peer with this code, whose last one ended there, if it may go on from it;
    /// with who is connected.
    pub(super) fn add(
        &mut self,
        now: Time,
        arc: &Arc,
        (code, tellers): (u8, &Tellers),
        last_end: Option<u64>,
        is_here: impl Fn(u64) -> bool,
    ) {
        let peer = tellers.peer(code);
        let along = arc.along(last_end);
        let mut gaps = gaps(&along);
        let was_usual = self.usual(now, &is_here);
        let ground = ground(&gaps, was_usual);
        let close = ground.iter().filter(|&&is_ground| is_ground).count();
        let mut fresh = SmallVec::<[u64; 128]>::from_slice(arc.fresh());
        fresh.sort_unstable();
        // Of whoever tells of little else it is not to be believed that the rest is usual.
        if close > 0 && close * 2 <= gaps.len() {
            let on_ground = gaps
                .iter()
                .zip(&ground)
                .filter(|&(_, &is_ground)| is_ground);
            let on_ground: SmallVec<[u64; 128]> = on_ground.map(|(gap, _)| gap.to()).collect();
            fresh.retain(|at| !on_ground.contains(at));
            gaps.retain(|gap| !on_ground.contains(&gap.to()));
        }
        let nodes = rate(&gaps);
        self.rates.add(now, peer, nodes, &is_here);
        let usual = self.usual(now, &is_here);
        if was_usual.is_none() && usual.is_some_and(|usual| self.old.is_odd(usual)) {
            // Somebody made up a part of what was taken in when nothing was usual yet, and perhaps
            // more than can be seen.
            (self.old, self.young) = (Cover::default(), Cover::default());
            self.parts = Parts::default();
        }
        let word = Word {
            now: seconds(now),
            counts: self.rates.counts(now, peer, &is_here),
        };
        let compared = self.old.add(word, &gaps, usual, &fresh);
        self.young.add(word, &gaps, usual, &fresh);
        // Of who has been round the ring the own nodes are known, and once all was told, those of all.
        let was_round = f64::from(self.rates.arcs_of(peer)) * along.len() as f64 > nodes;
        if !was_round && !self.was_replaced {
            self.parts
                .compare(code, &compared, |code| is_here(tellers.peer(code)));
        }
        if self.is_outdone() {
            let young = core::mem::take(&mut self.young);
            self.old = young.after(&self.old);
            self.was_replaced = true;
        }
    }

    /// Whether the young cover takes over: it knows more of the network as it is now, or the other
    /// one is too old in any case.
    fn is_outdone(&self) -> bool {
        let (Some(old), Some(young)) = (self.old.density(), self.young.density()) else {
            return false;
        };
        young.variance < old.variance || self.young.told as f64 > TURNS * old.nodes
    }

    /// How many nodes there are by the middle one of the last arcs, once there are enough of them.
    pub(super) fn usual(&self, now: Time, is_here: impl Fn(u64) -> bool) -> Option<f64> {
        self.rates.middle(now, is_here)
    }

    /// The codes of tellers are new ones.
    pub(super) fn rename(&mut self) {
        self.parts.forget();
    }

    pub(super) fn rewind(&mut self, back: Duration) {
        self.rates.rewind(back);
        let back = u32::try_from(back.as_secs()).unwrap_or(u32::MAX);
        self.old.rewind(back);
        self.young.rewind(back);
    }

    pub(super) fn density(&self) -> Option<Density> {
        self.old.density().map(|it| self.parts.whole(it))
    }

    /// Whether those who tell know but a part of the network.
    pub(super) const fn are_of_parts(&self) -> bool {
        self.parts.are_found()
    }

    pub(super) fn is_told(&self, at: u64) -> bool {
        self.old.holds(at)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.old.is_sound()
            && self.young.is_sound()
            && self.rates.is_sound()
            && self.parts.is_sound()
    }
}

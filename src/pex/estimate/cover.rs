//! What is known of the ring of ids: the stretches of it in which every node was told.
//!
//! Ids are hashes, so they lie evenly on the ring, and a stretch with so many of them says how many
//! there are on the whole. A stretch on which the nodes lie far closer or far wider than on the
//! others is left out: someone made up its nodes, or had his ids chosen to lie there.
#![expect(
    clippy::cast_precision_loss,
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "IEEE 754; counts of nodes, and places found by search"
)]

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::arithmetic::sqrt;
use super::parts::Compared;

/// Stretches that are kept.
pub(super) const STRETCHES: usize = 96;

/// Standard deviations of a Poisson count that are not put down to chance.
const ODD: f64 = 4.5;

/// How far off what is said to be usual is by itself.
const VAGUE: f64 = 0.06;

/// The time of what several have told of by now, or somebody who does not count.
const AGAIN: u32 = 0;

/// What was told so many seconds ago says what a teller knew, and not yet what has changed since.
const LATELY: u32 = 60;

/// From after one id up to another, the nodes in it, and when they were told of, in seconds: 24 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stretch {
    after: u64,
    to: u64,
    nodes: u32,
    told_at: u32,
}

impl Stretch {
    /// From one node to the next one.
    pub(super) const fn gap(after: u64, to: u64) -> Self {
        let (nodes, told_at) = (1, AGAIN);
        Self {
            after,
            to,
            nodes,
            told_at,
        }
    }

    /// From a node to the top of the ring; the node that comes next lies beyond.
    pub(super) const fn top(after: u64) -> Self {
        let to = u64::MAX;
        Self {
            nodes: 0,
            ..Self::gap(after, to)
        }
    }

    /// Where its last node lies.
    pub(super) const fn to(&self) -> u64 {
        self.to
    }

    pub(super) const fn length(&self) -> u64 {
        self.to.saturating_sub(self.after)
    }

    /// Whether chance does not put so many nodes here, where so many are usual on the whole ring.
    fn is_odd(&self, usual: f64) -> bool {
        let found = f64::from(self.nodes);
        let expected = usual * self.length() as f64 / RING;
        let vague = VAGUE * expected;
        let off = found - expected;
        off * off > ODD * ODD * (found.max(expected).max(1.0) + vague * vague)
    }
}

/// What an arc tells of stretches of which somebody else has told.
pub(super) type Comparisons = SmallVec<[Compared; 4]>;

/// The word of somebody who tells an arc.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    /// When it is given, in seconds.
    pub(super) now: u32,
    pub(super) counts: bool,
}

/// Stretches that do not overlap, in the order of the ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cover {
    stretches: Vec<Stretch>,
    /// Nodes told of, again and again, since the cover began, but for what was left out.
    pub(super) told: u64,
    /// Nodes in it that were not there when it was told of.
    came: u64,
}

/// How many nodes a cover says there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Density {
    /// Different nodes in the cover.
    pub(super) known: u64,
    pub(super) nodes: f64,
    /// The 95 % interval.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) variance: f64,
    /// The part of the variance that is due to the nodes that nobody has told of.
    pub(super) chance: f64,
}

impl Cover {
    /// Takes in an arc, as the gaps between its nodes in the order of the ring, unless it is far
    /// from what is `usual`; and drops of what it knew what is. Of the nodes told with it, those at
    /// these places, in order, are `fresh`. Returns what of it is new where another one has told.
    pub(super) fn add(
        &mut self,
        word: Word,
        gaps: &[Stretch],
        usual: Option<f64>,
        fresh: &[u64],
    ) -> Comparisons {
        let (told, length) = total(gaps);
        let is_odd = |one: &Stretch| usual.is_some_and(|usual| one.is_odd(usual));
        let whole = Stretch {
            after: 0,
            to: length,
            nodes: u32::try_from(told).unwrap_or(u32::MAX),
            told_at: AGAIN,
        };
        if is_odd(&whole) {
            return Comparisons::new();
        }
        let compared = self.compare(word, gaps, fresh);
        let told_at = if word.counts { word.now } else { AGAIN };
        // What is made up makes no cover older, or others would replace it that know too little.
        self.told = self.told.saturating_add(told);
        let came = fresh.iter().filter(|&&at| self.holds(at)).count();
        self.came = self.came.saturating_add(came as u64);
        for run in self.runs(gaps) {
            self.insert(Stretch { told_at, ..run });
        }
        if usual.is_some() {
            self.stretches.retain(|one| !is_odd(one));
            if self.stretches.len() > STRETCHES / 2 {
                self.join();
            }
        }
        compared
    }

    /// This one in place of an older one: where nodes came and went, they still do, seen or not.
    pub(super) fn after(mut self, older: &Self) -> Self {
        self.came = self.came.max(older.came.min(1));
        self
    }

    /// The parts of an arc that lie outside the cover, whole gaps each.
    fn runs(&self, gaps: &[Stretch]) -> Vec<Stretch> {
        let mut runs: Vec<Stretch> = Vec::new();
        for gap in gaps.iter().filter(|gap| !self.touches(gap)) {
            match runs.last_mut().filter(|run| run.to == gap.after) {
                Some(run) => {
                    run.to = gap.to;
                    run.nodes += gap.nodes;
                }
                None => runs.push(*gap),
            }
        }
        runs
    }

    /// Whether something of this gap is in the cover.
    fn touches(&self, gap: &Stretch) -> bool {
        let next = self.stretches.partition_point(|one| one.to <= gap.after);
        self.stretches
            .get(next)
            .is_some_and(|one| one.after < gap.to)
    }

    pub(super) fn holds(&self, at: u64) -> bool {
        self.place_of(at).is_some()
    }

    /// Of the nodes that lie where somebody has told lately, and nobody after him, how many there are and
    /// how many of them are new all the same, for each such stretch. It counts as told again from now on.
    fn compare(&mut self, word: Word, gaps: &[Stretch], fresh: &[u64]) -> Comparisons {
        let mut compared = Comparisons::new();
        let is_once =
            |one: &Stretch| one.told_at != AGAIN && word.now.saturating_sub(one.told_at) <= LATELY;
        if !self.stretches.iter().any(is_once) {
            return compared;
        }
        let mut last = None;
        for gap in gaps {
            let Some(place) = self.place_of(gap.to) else {
                continue;
            };
            if last != Some(place) {
                last = is_once(&self.stretches[place]).then_some(place);
                self.stretches[place].told_at = AGAIN;
                if last.is_some() {
                    compared.push(Compared::default());
                }
            }
            if let Some(compared) = compared.last_mut().filter(|_| last == Some(place)) {
                let is_fresh = fresh.binary_search(&gap.to).is_ok();
                compared.told = compared.told.saturating_add(1);
                compared.fresh = compared.fresh.saturating_add(is_fresh.into());
            }
        }
        compared.retain(|_| word.counts);
        compared
    }

    /// Which stretch a node at this place is in.
    fn place_of(&self, at: u64) -> Option<usize> {
        let next = self.stretches.partition_point(|one| one.to < at);
        let is_there = self.stretches.get(next).is_some_and(|one| one.after < at);
        is_there.then_some(next)
    }

    pub(super) fn rewind(&mut self, back: u32) {
        for one in &mut self.stretches {
            one.told_at = one.told_at.saturating_sub(back);
        }
    }

    fn insert(&mut self, run: Stretch) {
        if self.stretches.len() >= STRETCHES {
            self.join();
        }
        if self.stretches.len() >= STRETCHES {
            // The one that says least makes room.
            let places = 0..self.stretches.len();
            let least = places.min_by_key(|&place| self.stretches[place].nodes);
            match least {
                Some(place) if self.stretches[place].nodes < run.nodes => {
                    self.stretches.remove(place);
                }
                _ => return,
            }
        }
        let place = self.stretches.partition_point(|one| one.after < run.after);
        self.stretches.insert(place, run);
    }

    /// Makes one of each two stretches that meet.
    fn join(&mut self) {
        self.stretches.dedup_by(|next, one| {
            let meet = one.to == next.after;
            if meet {
                one.to = next.to;
                one.nodes = one.nodes.saturating_add(next.nodes);
                one.told_at = one.told_at.min(next.told_at);
            }
            meet
        });
    }

    /// How many nodes there are, as far as this cover can tell.
    pub(super) fn density(&self) -> Option<Density> {
        let (known, length) = total(&self.stretches);
        if known < 4 || length == 0 {
            return None;
        }
        // Of a ring that is known all around, the last gap ends where the first begins.
        let share = length as f64 / RING;
        let open = u64::MAX - length;
        // The length of so many gaps scatters: with two less, the mean square of the relative error
        // is the least.
        let rate = (known as f64 - 2.0) / share;
        let nodes = known as f64 + rate * (open as f64 / RING);
        let chance = nodes * nodes * (open as f64 / RING) / known as f64;
        // As many have gone as came, and both are Poisson counts; how many came on the rest of the
        // ring is not known, and does not matter.
        let variance = chance + 2.0 * self.came as f64;
        let margin = 1.96 * sqrt(variance);
        // Low estimates are the more likely ones, so the interval has another middle.
        let middle = known as f64 * (1.0 + open as f64 / RING / share);
        let low = middle - margin;
        Some(Density {
            known,
            nodes,
            low: if self.came == 0 {
                low.max(known as f64)
            } else {
                low
            },
            high: middle + margin,
            variance,
            chance,
        })
    }

    /// Whether a part of it is far from what is usual.
    pub(super) fn is_odd(&self, usual: f64) -> bool {
        self.stretches.iter().any(|one| one.is_odd(usual))
    }

    pub(super) fn is_sound(&self) -> bool {
        let ordered = self
            .stretches
            .windows(2)
            .all(|pair| pair[0].to <= pair[1].after);
        ordered
            && self.stretches.len() <= STRETCHES
            && self.stretches.iter().all(|one| one.after < one.to)
    }
}

/// The ring of the first 64 bits of the ids.
pub(super) const RING: f64 = 18_446_744_073_709_551_616.0;

/// The nodes in all of these, and how long they are.
fn total(stretches: &[Stretch]) -> (u64, u64) {
    stretches.iter().fold((0, 0), |(nodes, length), one| {
        let nodes = u64::from(one.nodes).saturating_add(nodes);
        (nodes, one.length().saturating_add(length))
    })
}

/// The nodes on the whole ring if it were everywhere as on these.
pub(super) fn rate(stretches: &[Stretch]) -> f64 {
    let (nodes, length) = total(stretches);
    nodes as f64 * RING / (length as f64).max(1.0)
}

#[cfg(test)]
mod tests;

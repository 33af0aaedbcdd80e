//! How many nodes there are by the arcs of each of the last tellers, and by the middle one of these.
//!
//! Ids are for free: whoever comes as one teller after the other, each with one arc of a made-up network,
//! would be most of the last ones before long. So whoever is still connected counts before who has
//! gone, and who is so for some time before who has come just now; and is not put out by him.

use alloc::collections::VecDeque;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::Time;

/// Tellers that are remembered: as many as the memory of a census has room for.
pub(super) const MOST: usize = 30;

/// How many tellers it takes at least: one who lies is not the middle one of three.
const QUORUM: usize = 3;

/// How many seconds after he told first somebody has settled, who counts before others: with one place for
/// his connection he makes one such teller in this time.
const SETTLES: u32 = 60;

/// Tellers of less time that are remembered, where there are enough others.
const NEWCOMERS: usize = MOST / 4;

/// What one teller has told.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    teller: u64,
    /// How many nodes there are by its last arc alone.
    nodes: f64,
    /// When it told for the first time, in seconds.
    first: u32,
    /// Whether it has told again after that time.
    stayed: bool,
    /// Arcs that it has told.
    arcs: u8,
}

impl Told {
    /// Whether it has settled: by what it told, or by being connected still, for whoever has no news is
    /// not asked for long.
    const fn has_settled(&self, now: u32, is_here: bool) -> bool {
        self.stayed || is_here && now.saturating_sub(self.first) >= SETTLES
    }
}

pub(super) fn seconds(time: Time) -> u32 {
    u32::try_from((time - Time::EPOCH).as_secs()).unwrap_or(u32::MAX)
}

/// The last tellers, who has told last at the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Rates(VecDeque<Told>);

impl Rates {
    /// By an arc of this teller there are so many nodes; with who is connected.
    pub(super) fn add(
        &mut self,
        now: Time,
        teller: u64,
        nodes: f64,
        is_here: impl Fn(u64) -> bool,
    ) {
        let now = seconds(now);
        let before = self.0.iter().position(|it| it.teller == teller);
        let before = before.and_then(|place| self.0.remove(place));
        if before.is_none() {
            self.make_room(now, is_here);
        }
        let first = before.map_or(now, |it| it.first.min(now));
        let stayed = before.is_some_and(|it| it.has_settled(now, true));
        let arcs = before.map_or(0, |it| it.arcs).saturating_add(1);
        self.0.push_back(Told {
            teller,
            nodes,
            first,
            stayed,
            arcs,
        });
    }

    fn make_room(&mut self, now: u32, is_here: impl Fn(u64) -> bool) {
        let is_new = |it: &Told| !it.has_settled(now, is_here(it.teller));
        let newcomers = self.0.iter().filter(|it| is_new(it)).count();
        let crowded = newcomers >= NEWCOMERS && self.0.len().saturating_sub(newcomers) >= QUORUM;
        if crowded || self.0.len() >= MOST {
            let may_leave = self.0.iter().enumerate();
            let may_leave = may_leave.filter(|(_, it)| !crowded || is_new(it));
            // The first one who has gone, or else the first one.
            let leaves = may_leave.min_by_key(|(_, it)| is_here(it.teller));
            let leaves = leaves.map(|(place, _)| place);
            let _left = leaves.and_then(|place| self.0.remove(place));
        }
    }

    /// The middle one, of the first of these that are enough: those who have settled and are connected;
    /// those who are connected; those who had settled; all.
    pub(super) fn middle(&self, now: Time, is_here: impl Fn(u64) -> bool) -> Option<f64> {
        let now = seconds(now);
        let told = self.0.iter();
        let here = told.clone().filter(|it| is_here(it.teller));
        let settled = here.clone().filter(|it| it.has_settled(now, true));
        middle_of(settled)
            .or_else(|| middle_of(here))
            .or_else(|| middle_of(told.clone().filter(|it| it.stayed)))
            .or_else(|| middle_of(told))
    }

    /// Whether the word of this teller counts: he has settled, if enough have; or is connected, if enough
    /// are.
    pub(super) fn counts(&self, now: Time, teller: u64, is_here: impl Fn(u64) -> bool) -> bool {
        let now = seconds(now);
        let here = self.0.iter().filter(|it| is_here(it.teller));
        let settled = here.clone().filter(|it| it.has_settled(now, true));
        if settled.clone().count() >= QUORUM {
            return settled.clone().any(|it| it.teller == teller);
        }
        here.clone().count() < QUORUM || is_here(teller)
    }

    /// How many arcs this teller has told.
    pub(super) fn arcs_of(&self, teller: u64) -> u8 {
        let told = self.0.iter().find(|it| it.teller == teller);
        told.map_or(0, |it| it.arcs)
    }

    pub(super) fn rewind(&mut self, back: Duration) {
        let back = u32::try_from(back.as_secs()).unwrap_or(u32::MAX);
        for told in &mut self.0 {
            told.first = told.first.saturating_sub(back);
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        self.0.len() <= MOST && self.0.iter().all(|it| it.nodes.is_finite())
    }
}

/// The middle one of these, if they are enough.
fn middle_of<'a>(told: impl Iterator<Item = &'a Told>) -> Option<f64> {
    let mut rates: SmallVec<[f64; MOST]> = told.map(|it| it.nodes).collect();
    rates.sort_unstable_by(f64::total_cmp);
    let middle = rates.len().checked_div(2).and_then(|it| rates.get(it));
    middle.copied().filter(|_| rates.len() >= QUORUM)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All are connected.
    const HERE: fn(u64) -> bool = |_| true;

    const fn at(secs: u64) -> Time {
        Time::from_secs(1_000_000 + secs)
    }

    /// So many tellers with this rate, each of whom tells twice, a minute apart.
    fn settled(tellers: u64, nodes: f64) -> Rates {
        let mut rates = Rates::default();
        for time in [0, 60] {
            (0..tellers).for_each(|teller| rates.add(at(time), teller, nodes, HERE));
        }
        rates
    }

    #[test]
    fn who_tells_once_and_leaves_does_not_move_the_middle_of_those_who_stay() {
        for tellers in [5, 20, 30] {
            let mut rates = settled(tellers, 1_000.0);
            for guest in 0..500 {
                rates.add(at(60 + guest / 10), 1_000 + guest, 9e9, HERE);
                assert_eq!(rates.middle(at(60 + guest / 10), HERE), Some(1_000.0));
                assert!(rates.is_sound());
            }
        }
    }

    #[test]
    fn as_long_as_few_have_stayed_all_count_and_there_must_be_three() {
        let mut rates = settled(2, 1_000.0);
        assert_eq!(rates.middle(at(60), HERE), None);
        for guest in 0..3 {
            rates.add(at(61), 1_000 + guest, 2_000.0, HERE);
        }
        assert_eq!(rates.middle(at(61), HERE), Some(2_000.0));
    }

    #[test]
    fn three_who_are_connected_outvote_all_who_stayed_for_a_minute_each_and_have_gone() {
        let mut rates = settled(3, 1_000.0);
        let is_here = |teller| teller < 3;
        for guest in 0..100 {
            for time in [guest * 60, guest * 60 + 60] {
                rates.add(at(time), 1_000 + guest, 9e9, is_here);
            }
            assert_eq!(rates.middle(at(guest * 60 + 60), is_here), Some(1_000.0));
            assert!(rates.0.iter().filter(|it| is_here(it.teller)).count() == 3);
        }
        let without_them = rates.middle(at(6_000), |_| false);
        assert_eq!((rates.0.len(), without_them), (MOST, Some(9e9)));
    }

    #[test]
    fn who_has_no_news_and_is_not_asked_again_settles_as_soon_as_who_has_some() {
        let mut rates = Rates::default();
        (0..10).for_each(|teller| rates.add(at(0), teller, 1_000.0, HERE));
        for time in 0..10 {
            (10..14).for_each(|teller| rates.add(at(time * 60), teller, 9e9, HERE));
            assert_eq!(rates.middle(at(time * 60), HERE), Some(1_000.0), "{time}");
        }
    }

    #[test]
    fn where_nobody_is_left_the_last_ones_count() {
        let mut rates = Rates::default();
        for teller in 0..100 {
            let nodes = if teller < 60 { 1_000.0 } else { 2_000.0 };
            rates.add(at(teller), teller, nodes, |_| false);
        }
        let middle = rates.middle(at(100), |_| false);
        assert_eq!((rates.0.len(), middle), (MOST, Some(2_000.0)));
    }

    #[test]
    fn who_stays_counts_after_a_minute_and_a_clock_that_is_set_back_does_not_change_that() {
        let mut rates = settled(5, 1_000.0);
        for time in [61, 120, 121] {
            (10..17).for_each(|teller| rates.add(at(time), teller, 2_000.0, HERE));
            let middle = if time < 121 { 1_000.0 } else { 2_000.0 };
            assert_eq!(rates.middle(at(time), HERE), Some(middle), "{time}");
        }
        rates.rewind(Duration::from_secs(500));
        let now = Time::from_secs(1_000_121 - 500);
        assert_eq!(rates.middle(now, HERE), Some(2_000.0));
    }

    #[test]
    fn who_has_settled_counts_where_three_have_and_else_who_is_connected() {
        let mut rates = settled(2, 1_000.0);
        rates.add(at(61), 9, 1_000.0, HERE);
        assert!(rates.counts(at(61), 9, HERE));
        assert!(!rates.counts(at(61), 8, |teller| teller != 8));
        assert!(rates.counts(at(61), 8, |teller| teller == 1));
        let mut rates = settled(3, 1_000.0);
        rates.add(at(61), 9, 1_000.0, HERE);
        assert!(rates.counts(at(61), 2, HERE) && !rates.counts(at(61), 9, HERE));
        assert_eq!([2, 9, 8].map(|teller| rates.arcs_of(teller)), [2, 1, 0]);
    }
}

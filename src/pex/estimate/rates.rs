//! How many nodes there are by the arcs of each of the last tellers, and by the middle one of these.
//!
//! Ids are for free: whoever comes as one teller after the other, each with one arc of a made-up network,
//! would be most of the last ones before long. So who has told over some time counts before who has
//! not, and is not put out by him.

use alloc::collections::VecDeque;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::Time;

/// Tellers that are remembered: as many as the memory of a census has room for.
pub(super) const MOST: usize = 30;

/// How many tellers it takes at least.
pub(super) const QUORUM: usize = 5;

/// For how many seconds somebody has told who counts before others: with one place for his connection he makes
/// one such teller in this time, and each of the others has been asked again by then.
const STAYS: u32 = 60;

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
    /// Whether it has told over some time.
    stays: bool,
}

fn seconds(time: Time) -> u32 {
    u32::try_from((time - Time::EPOCH).as_secs()).unwrap_or(u32::MAX)
}

/// The last tellers, who has told last at the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Rates(VecDeque<Told>);

impl Rates {
    /// By an arc of this teller there are so many nodes.
    pub(super) fn add(&mut self, now: Time, teller: u64, nodes: f64) {
        let before = self.0.iter().position(|it| it.teller == teller);
        let before = before.and_then(|place| self.0.remove(place));
        if before.is_none() {
            self.make_room();
        }
        let now = seconds(now);
        let first = before.map_or(now, |it| it.first.min(now));
        let stays = before.is_some_and(|it| it.stays || now.saturating_sub(first) >= STAYS);
        self.0.push_back(Told {
            teller,
            nodes,
            first,
            stays,
        });
    }

    fn make_room(&mut self) {
        let newcomers = self.0.iter().filter(|it| !it.stays).count();
        let crowded = self.have_quorum() && newcomers >= NEWCOMERS;
        if crowded || self.0.len() >= MOST {
            let oldest = self.0.iter().position(|it| !crowded || !it.stays);
            let _gone = oldest.and_then(|place| self.0.remove(place));
        }
    }

    /// Whether enough have told over some time.
    fn have_quorum(&self) -> bool {
        self.0.iter().filter(|it| it.stays).count() >= QUORUM
    }

    /// The middle one, once there are so many: of those who have told over some time, if they are
    /// enough.
    pub(super) fn middle(&self, least: usize) -> Option<f64> {
        let all = !self.have_quorum();
        let rates = self.0.iter().filter(|it| all || it.stays);
        let mut rates: SmallVec<[f64; MOST]> = rates.map(|it| it.nodes).collect();
        rates.sort_unstable_by(f64::total_cmp);
        let middle = rates.len().checked_div(2).and_then(|it| rates.get(it));
        middle.copied().filter(|_| self.0.len() >= least)
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> Time {
        Time::from_secs(1_000_000 + secs)
    }

    /// So many tellers with this rate, each of whom tells twice, a minute apart.
    fn settled(tellers: u64, nodes: f64) -> Rates {
        let mut rates = Rates::default();
        for time in [0, 60] {
            (0..tellers).for_each(|teller| rates.add(at(time), teller, nodes));
        }
        rates
    }

    #[test]
    fn who_tells_once_and_leaves_does_not_move_the_middle_of_those_who_stay() {
        for tellers in [5, 20, 30] {
            let mut rates = settled(tellers, 1_000.0);
            for guest in 0..500 {
                rates.add(at(60 + guest / 10), 1_000 + guest, 9e9);
                assert_eq!(rates.middle(QUORUM), Some(1_000.0));
                assert!(rates.is_sound());
            }
        }
    }

    #[test]
    fn as_long_as_few_have_stayed_all_count_and_there_must_be_five() {
        let mut rates = settled(4, 1_000.0);
        assert_eq!(rates.middle(QUORUM), None);
        for guest in 0..5 {
            rates.add(at(61), 1_000 + guest, 2_000.0);
        }
        assert_eq!(rates.middle(QUORUM), Some(2_000.0));
    }

    #[test]
    fn where_nobody_stays_the_last_ones_count() {
        let mut rates = Rates::default();
        for teller in 0..100 {
            let nodes = if teller < 60 { 1_000.0 } else { 2_000.0 };
            rates.add(at(teller), teller, nodes);
        }
        assert_eq!((rates.0.len(), rates.middle(QUORUM)), (MOST, Some(2_000.0)));
    }

    #[test]
    fn who_stays_counts_after_a_minute_and_a_clock_that_is_set_back_does_not_change_that() {
        let mut rates = settled(5, 1_000.0);
        for time in [61, 120, 121] {
            (10..17).for_each(|teller| rates.add(at(time), teller, 2_000.0));
            let middle = if time < 121 { 1_000.0 } else { 2_000.0 };
            assert_eq!(rates.middle(QUORUM), Some(middle), "{time}");
        }
        rates.rewind(Duration::from_secs(500));
        assert_eq!(rates.middle(QUORUM), Some(2_000.0));
    }
}

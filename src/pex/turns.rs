//! Whose turn it is: three lines of peers that may be asked, and what each line may cost.
//!
//! **Newcomers**, who were not asked yet on their connection, come first. But not all of them at
//! once: where a thousand nodes make up the network, a dozen of answers hold most of it. A few are
//! asked, and from what they tell it shows how many more are worth it. Those that are held back are
//! asked later all the same.
//!
//! **Kin** and **others** are asked again as long as that pays. Each of the two has a purse. What an
//! answer tells that is new goes into it, and a question takes from it. Purses are apart, so that
//! nothing which the others repeat is paid for by what kin tells, and the other way round.
//!
//! How they pay is told in `purse.rs`. Nothing but an answer full of news makes a lean purse rich.
//!
//! Where both purses are empty, somebody is asked now and then: less than once in two minutes, and
//! the two lines in turns. So long after the last of them, these two lines come before newcomers; and
//! each of them has its turn after twice as long, whatever the other one can pay for. Otherwise those
//! who never answer could be all that is asked.
//!
//! A policy of the reference has but one line, and no purse.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::purse::{COST, EVERY, LEAN_MAX, PURSE_FIRST, PURSE_MAX, Purse};
use super::rotation::{Rotation, Slot};
use crate::{Config, Policy, Time};

/// How many more are asked each time that too few of those have answered, and how long that takes at
/// first and in the end.
const MORE: u32 = 8;
const PATIENCE: Duration = Duration::from_secs(1);
const PATIENCE_MAX: Duration = Duration::from_secs(30);

/// How long one of the two lines waits at most, whoever is asked in the other.
const EACH_LINE: Duration = EVERY.saturating_mul(2);

/// Nodes of the network for each arc that is told at once: about what an answer holds. Shorter arcs
/// overlap more than they hasten.
const NODES_AN_ARC: u64 = 80;

/// How much more a new node pays into a lean purse. Where one of a hundred nodes is replaced in a
/// minute, an answer now and then has nothing new, and a purse that no more than broke even would
/// stand empty half of the time.
const LEAN_PAY: u32 = 3;

/// So many new nodes in one answer make a lean purse rich: they are no trickle, but a part of the
/// network that was never heard of.
const SEARCH: u32 = 25;

/// In which line a peer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Newcomers,
    Kin,
    Others,
}

/// What an answer was worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worth {
    pub(crate) is_kin: bool,
    /// Whether it is the first of its connection.
    pub(crate) is_first: bool,
    pub(crate) told: u32,
    pub(crate) fresh: u32,
    pub(crate) order: Order,
}

/// In which order it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// In that of the ring: an arc. With how many nodes there are by the arcs of several peers, if
    /// there were so many; not by that of one, who may lie.
    Arc(Option<u64>),
    /// In none, by kin who could have told an arc.
    Disorder,
    /// In none, and none was to be expected.
    Any,
}

/// All but the lines themselves, as it is dumped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Means {
    kin: Purse,
    others: Purse,
    /// When somebody was last asked again, and when one of kin and one of the others was.
    last_at: Time,
    kin_at: Time,
    others_at: Time,
    /// Whether the next who can't be paid for is kin.
    kin_is_next: bool,
    /// How many of those who are connected may have been asked.
    width: u32,
    /// When more may, if newcomers are held back, and how long that takes.
    wider_at: Option<Time>,
    patience: Duration,
}

impl Default for Means {
    fn default() -> Self {
        Self {
            kin: Purse::default(),
            others: Purse::default(),
            last_at: Time::EPOCH,
            kin_at: Time::EPOCH,
            others_at: Time::EPOCH,
            kin_is_next: false,
            width: 0,
            wider_at: None,
            patience: PATIENCE,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Turns {
    newcomers: Rotation,
    kin: Rotation,
    others: Rotation,
    /// Connected peers that were asked: kin, and others.
    asked_kin: u32,
    asked_others: u32,
    means: Means,
    /// Newcomers that are asked before anything is known of the network.
    first: u32,
    /// Whether there is but one line, and nothing is paid for.
    is_plain: bool,
}

impl Turns {
    pub(crate) fn new(config: &Config) -> Self {
        let first = u32::try_from(config.asked_first).unwrap_or(u32::MAX);
        Self {
            newcomers: Rotation::default(),
            kin: Rotation::default(),
            others: Rotation::default(),
            asked_kin: 0,
            asked_others: 0,
            means: Means {
                width: first,
                ..Means::default()
            },
            first,
            is_plain: config.policy != Policy::Unseen,
        }
    }

    /// In which line such a peer stands.
    pub(crate) const fn line(&self, is_kin: bool, was_asked: bool) -> Line {
        match (self.is_plain, was_asked, is_kin) {
            (false, false, _) => Line::Newcomers,
            (false, true, true) => Line::Kin,
            _ => Line::Others,
        }
    }

    pub(crate) const fn rotation(&self, line: Line) -> &Rotation {
        match line {
            Line::Newcomers => &self.newcomers,
            Line::Kin => &self.kin,
            Line::Others => &self.others,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        let all = self.newcomers.len().saturating_add(self.kin.len());
        all.saturating_add(self.others.len())
    }

    pub(crate) fn push_back(&mut self, slot: Slot, line: Line) {
        match line {
            Line::Newcomers => self.newcomers.push_back(slot),
            Line::Kin => self.kin.push_back(slot),
            Line::Others => self.others.push_back(slot),
        }
    }

    pub(crate) fn remove(&mut self, slot: Slot) {
        for line in [&mut self.newcomers, &mut self.kin, &mut self.others] {
            line.remove(slot);
        }
    }

    /// A peer of V1 is up, which tells much and may be asked seldom: it takes nobody's place.
    pub(crate) const fn on_patient_peer(&mut self) {
        self.means.width = self.means.width.saturating_add(1);
    }

    /// A search begins: the first peer is there.
    pub(crate) fn on_first_peer(&mut self, now: Time) {
        let purse = Purse::first(now);
        self.means = Means {
            kin: purse,
            others: purse,
            last_at: now,
            kin_at: now,
            others_at: now,
            width: self.first,
            ..Means::default()
        };
    }

    /// A connected peer is asked for the first time.
    pub(crate) const fn on_first_question(&mut self, is_kin: bool) {
        let asked = self.asked_mut(is_kin);
        *asked = asked.saturating_add(1);
    }

    /// A peer that was asked is gone.
    pub(crate) const fn on_asked_gone(&mut self, is_kin: bool) {
        let asked = self.asked_mut(is_kin);
        *asked = asked.saturating_sub(1);
    }

    const fn asked_mut(&mut self, is_kin: bool) -> &mut u32 {
        if is_kin {
            &mut self.asked_kin
        } else {
            &mut self.asked_others
        }
    }

    /// Nobody has answered a question: it has cost nothing, and another may be asked instead.
    pub(crate) fn on_silence(&mut self, now: Time, is_kin: bool) {
        let purse = self.purse(is_kin);
        let max = if purse.is_rich(now) {
            PURSE_MAX
        } else {
            LEAN_MAX
        };
        purse.earn(now, COST, max);
        self.means.width = self.means.width.saturating_add(1);
    }

    pub(crate) fn on_answer(&mut self, now: Time, worth: Worth) {
        let Worth { told, fresh, .. } = worth;
        let all_new = fresh > 0 && fresh.saturating_mul(2) >= told;
        let bonus = if all_new { COST } else { 0 };
        let mut earned = fresh.saturating_mul(COST).saturating_add(bonus);
        // What somebody tells first is new, and says nothing of what he tells when he is asked
        // again; but that of kin goes on.
        if worth.is_kin && fresh == 0 {
            // Where an arc ends, no more is known than that. But where they begin in what is known,
            // one after the other, all of it is known soon.
            self.means.kin.shrink(now);
        }
        let goes_on = if worth.is_kin {
            worth.order != Order::Disorder
        } else {
            !worth.is_first
        };
        let max = if !goes_on {
            PURSE_FIRST
        } else if fresh >= SEARCH || self.purse(worth.is_kin).is_rich(now) {
            PURSE_MAX
        } else {
            earned = earned.saturating_mul(LEAN_PAY);
            LEAN_MAX
        };
        self.purse(worth.is_kin).earn(now, earned, max);
        let wider = match worth.order {
            Order::Arc(nodes) => {
                let arcs = nodes.unwrap_or_default() / NODES_AN_ARC;
                u32::try_from(arcs).unwrap_or(u32::MAX)
            }
            Order::Disorder => 0,
            Order::Any => {
                // For whoever has told something that was new, another; for whoever has told
                // little else, two.
                let some = fresh > 0 && fresh.saturating_mul(8) >= told;
                let more = u32::from(some).saturating_add(u32::from(all_new));
                self.means.width.saturating_add(more)
            }
        };
        self.means.width = self.means.width.max(wider);
    }

    const fn purse(&mut self, is_kin: bool) -> &mut Purse {
        if is_kin {
            &mut self.means.kin
        } else {
            &mut self.means.others
        }
    }

    /// Whose turn it is, if it is somebody's.
    pub(crate) fn next(&mut self, now: Time) -> Option<Slot> {
        if self.is_plain {
            return self.others.pop_front();
        }
        if self.newcomers.len() == 0 {
            self.means.wider_at = None;
        }
        let means = &self.means;
        let is_overdue = means.last_at + EVERY <= now
            || self.kin.len() > 0 && means.kin_at + EACH_LINE <= now
            || self.others.len() > 0 && means.others_at + EACH_LINE <= now;
        let overdue = is_overdue.then(|| self.next_again(now)).flatten();
        let slot = overdue.or_else(|| self.next_newcomer(now));
        slot.or_else(|| self.next_again(now))
    }

    /// Whose turn it is of those who were asked before.
    fn next_again(&mut self, now: Time) -> Option<Slot> {
        let Means {
            last_at,
            kin_at,
            others_at,
            ..
        } = self.means;
        let (kin, others) = (self.kin.len() > 0, self.others.len() > 0);
        let asks_kin = if others && others_at + EACH_LINE <= now {
            false
        } else if kin && (kin_at + EACH_LINE <= now || self.means.kin.spend(now, last_at)) {
            true
        } else if others && self.means.others.spend(now, last_at) {
            false
        } else if last_at + EVERY <= now && (kin || others) {
            self.kin_has_its_turn()
        } else {
            return None;
        };
        self.means.last_at = now;
        if asks_kin {
            self.means.kin_at = now;
            self.kin.pop_front()
        } else {
            self.means.others_at = now;
            self.others.pop_front()
        }
    }

    fn next_newcomer(&mut self, now: Time) -> Option<Slot> {
        if self.newcomers.len() == 0 {
            return None;
        }
        if self.asked_in_all() >= self.means.width {
            let patience = self.means.patience;
            let wider_at = *self.means.wider_at.get_or_insert(now + patience);
            if wider_at > now {
                return None;
            }
            self.means.width = self.asked_in_all().saturating_add(MORE);
            self.means.patience = patience.saturating_mul(2).min(PATIENCE_MAX);
        }
        self.means.wider_at = None;
        self.newcomers.pop_front()
    }

    /// Whether it is kin whose turn it is, where nobody can be paid for.
    const fn kin_has_its_turn(&mut self) -> bool {
        let kin = self.means.kin_is_next;
        self.means.kin_is_next = !kin;
        (kin || self.others.len() == 0) && self.kin.len() > 0
    }

    /// From when it is somebody's turn, as long as nothing else happens.
    pub(crate) fn next_at(&self, now: Time) -> Option<Time> {
        if self.is_plain {
            return (self.others.len() > 0).then_some(Time::EPOCH);
        }
        let means = &self.means;
        let is_held = self.asked_in_all() >= means.width;
        let newcomers = is_held.then_some(means.wider_at).flatten();
        let newcomers = (self.newcomers.len() > 0).then(|| newcomers.unwrap_or(Time::EPOCH));
        let again = |line: &Rotation, purse: Purse, at: Time| {
            (line.len() > 0).then(|| purse.pays_at(now, means.last_at).min(at + EACH_LINE))
        };
        let kin = again(&self.kin, means.kin, means.kin_at);
        let others = again(&self.others, means.others, means.others_at);
        newcomers.into_iter().chain(kin).chain(others).min()
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        let means = &mut self.means;
        for at in [&mut means.last_at, &mut means.kin_at, &mut means.others_at] {
            *at = at.back(back);
        }
        means.wider_at = means.wider_at.map(|at| at.back(back));
        means.kin.rewind(back);
        means.others.rewind(back);
    }

    pub(crate) const fn means(&self) -> Means {
        self.means
    }

    /// Takes back what was dumped; false if that can't have been.
    pub(crate) fn resume(&mut self, now: Time, means: Means) -> bool {
        self.means = means;
        means.kin.can_be(now)
            && means.others.can_be(now)
            && means.last_at <= now
            && means.kin_at <= now
            && means.others_at <= now
            && means.wider_at.is_none_or(|at| at <= now + PATIENCE_MAX)
            && (PATIENCE..=PATIENCE_MAX).contains(&means.patience)
    }

    /// Connected peers that were asked, kin or others.
    pub(crate) const fn asked(&self, is_kin: bool) -> u32 {
        if is_kin {
            self.asked_kin
        } else {
            self.asked_others
        }
    }

    const fn asked_in_all(&self) -> u32 {
        self.asked_kin.saturating_add(self.asked_others)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Time = Time::from_secs(1_000);
    const INSTANT: Duration = Duration::from_nanos(1);

    fn searching() -> Turns {
        let mut turns = Turns::new(&Config::default());
        turns.on_first_peer(START);
        turns
    }

    #[test]
    fn newcomers_come_before_kin_and_kin_before_others() {
        let mut turns = searching();
        turns.push_back(1, Line::Others);
        turns.push_back(2, Line::Kin);
        turns.push_back(3, Line::Newcomers);
        let order = [(); 4].map(|()| turns.next(START));
        assert_eq!(order, [Some(3), Some(2), Some(1), None]);
    }

    #[test]
    fn a_line_that_has_waited_for_260_seconds_comes_before_newcomers() {
        for (waits, other) in [(Line::Kin, Line::Others), (Line::Others, Line::Kin)] {
            let mut turns = searching();
            // So that it is not overdue that anybody is asked again.
            let asked_at = START + EACH_LINE.saturating_sub(EVERY / 2);
            turns.push_back(1, other);
            assert_eq!(turns.next(asked_at), Some(1));
            turns.push_back(2, waits);
            turns.push_back(3, Line::Newcomers);
            turns.push_back(4, Line::Newcomers);
            let due = START + EACH_LINE;
            assert_eq!(turns.next(due.back(INSTANT)), Some(3), "{waits:?}");
            assert_eq!(turns.next(due), Some(2));
            assert_eq!(turns.next(due), Some(4));
        }
    }

    #[test]
    fn where_nobody_can_be_paid_for_a_line_has_its_turn_though_the_other_one_is_empty() {
        // No search has begun, so both purses are empty.
        let mut turns = Turns::new(&Config::default());
        let at = |times: u32| Time::EPOCH + EVERY * times;
        turns.push_back(1, Line::Kin);
        turns.push_back(2, Line::Others);
        assert_eq!(turns.next(at(1).back(INSTANT)), None);
        assert_eq!(turns.next(at(1)), Some(2));
        assert_eq!(turns.next(at(1)), None);
        turns.remove(1);
        turns.push_back(2, Line::Others);
        assert_eq!(turns.next(at(2).back(INSTANT)), None);
        assert_eq!(turns.next(at(2)), Some(2));
        turns.push_back(1, Line::Kin);
        assert_eq!(turns.next(at(3)), Some(1));
        turns.push_back(1, Line::Kin);
        assert_eq!(turns.next(at(4)), Some(1));
    }

    #[test]
    fn means_are_taken_back_as_they_can_be_and_not_otherwise() {
        let mut turns = searching();
        let (means, later) = (turns.means(), START + INSTANT);
        let purse = |holds| {
            let mut purse = Purse::first(START);
            purse.earn(START, holds, holds);
            purse
        };
        let (full, too_full) = (purse(PURSE_MAX), purse(PURSE_MAX + 1));
        let ahead = Purse::first(later);
        #[rustfmt::skip]
        let can_be = [
            means,
            Means { kin: full, others: full, ..means },
            Means { wider_at: Some(START + PATIENCE_MAX), ..means },
            Means { patience: PATIENCE_MAX, ..means },
        ];
        assert!(can_be.into_iter().all(|it| turns.resume(START, it)));
        #[rustfmt::skip]
        let can_not = [
            Means { kin: too_full, ..means },
            Means { kin: ahead, ..means },
            Means { others: too_full, ..means },
            Means { others: ahead, ..means },
            Means { last_at: later, ..means },
            Means { kin_at: later, ..means },
            Means { others_at: later, ..means },
            Means { wider_at: Some(later + PATIENCE_MAX), ..means },
            Means { patience: PATIENCE.saturating_sub(INSTANT), ..means },
            Means { patience: PATIENCE_MAX + INSTANT, ..means },
        ];
        for it in can_not {
            assert!(!turns.resume(START, it), "{it:?}");
        }
    }

    #[test]
    fn where_nobody_was_asked_again_for_130_seconds_somebody_is_before_newcomers() {
        let mut turns = searching();
        turns.push_back(1, Line::Kin);
        (2..=3).for_each(|slot| turns.push_back(slot, Line::Newcomers));
        let due = START + EVERY;
        let order = [due.back(INSTANT), due, due].map(|at| turns.next(at));
        assert_eq!(order, [Some(2), Some(1), Some(3)]);
    }

    #[test]
    fn a_line_in_which_nobody_stands_makes_nothing_overdue() {
        for line in [Line::Kin, Line::Others] {
            let mut turns = searching();
            let asked_at = START + EACH_LINE.saturating_sub(EVERY / 2);
            turns.push_back(1, line);
            assert_eq!(turns.next(asked_at), Some(1));
            turns.push_back(1, line);
            turns.push_back(2, Line::Newcomers);
            assert_eq!(turns.next(START + EACH_LINE), Some(2), "{line:?}");
            assert_eq!(turns.next(START + EACH_LINE), Some(1));
        }
    }

    /// Somebody in each line was asked just now, and these are the purses.
    fn just_asked(turns: &mut Turns, now: Time, kin: Purse, others: Purse) {
        let means = Means {
            kin,
            others,
            last_at: now,
            kin_at: now,
            others_at: now,
            ..turns.means()
        };
        assert!(turns.resume(now, means));
    }

    fn holding(holds: u32) -> Purse {
        let mut purse = Purse::default();
        purse.earn(START, holds, holds);
        purse
    }

    #[test]
    fn where_nobody_can_be_paid_for_the_two_lines_take_turns() {
        let mut turns = Turns::new(&Config::default());
        turns.push_back(1, Line::Kin);
        turns.push_back(2, Line::Others);
        let order = [(); 4].map(|()| {
            just_asked(&mut turns, START, Purse::default(), Purse::default());
            let slot = turns.next(START + EVERY)?;
            turns.push_back(slot, turns.line(slot == 1, true));
            Some(slot)
        });
        assert_eq!(order, [2, 1, 2, 1].map(Some));
    }

    #[test]
    fn it_is_somebodys_turn_when_it_is_said_to_be_and_not_before() {
        let evenly = Duration::from_millis(10_500);
        for (holds, wait) in [
            (COST - 1, EVERY),
            (COST, evenly),
            (LEAN_MAX, evenly),
            (LEAN_MAX + 1, Duration::ZERO),
        ] {
            for line in [Line::Kin, Line::Others] {
                let mut turns = Turns::new(&Config::default());
                // The other line could pay for a question at once.
                let (poor, rich) = (holding(holds), holding(PURSE_MAX));
                let (kin, others) = match line {
                    Line::Kin => (poor, rich),
                    _ => (rich, poor),
                };
                just_asked(&mut turns, START, kin, others);
                assert_eq!(turns.next_at(START), None);
                turns.push_back(1, line);
                let at = START + wait;
                assert_eq!(turns.next_at(START).map(|it| it.max(START)), Some(at));
                if wait > Duration::ZERO {
                    assert_eq!(turns.next(at.back(INSTANT)), None);
                }
                assert_eq!(turns.next(at), Some(1), "{line:?} {holds}");
            }
        }
    }

    #[test]
    fn a_line_waits_for_260_seconds_though_the_other_was_asked_of_late() {
        for line in [Line::Kin, Line::Others] {
            let mut turns = Turns::new(&Config::default());
            just_asked(&mut turns, START, Purse::default(), Purse::default());
            turns.means.last_at = START + EACH_LINE.saturating_sub(INSTANT);
            turns.push_back(1, line);
            let due = START + EACH_LINE;
            assert_eq!(turns.next_at(turns.means.last_at), Some(due));
            assert_eq!(turns.next(due.back(INSTANT)), None);
            assert_eq!(turns.next(due), Some(1), "{line:?}");
        }
    }

    #[test]
    fn when_a_search_begins_nine_questions_to_each_line_are_paid_for_at_once() {
        for line in [Line::Kin, Line::Others] {
            let mut turns = searching();
            let mut paid = 0;
            turns.push_back(1, line);
            while turns.next(START).is_some() {
                turns.push_back(1, line);
                paid += 1;
            }
            assert_eq!(paid, 9, "{line:?}");
        }
    }

    /// What a purse holds that held so much before such an answer, of which so much was told and new.
    fn after(holds: u32, is_kin: bool, is_first: bool, told: [u32; 2], order: Order) -> Purse {
        let mut turns = Turns::new(&Config::default());
        just_asked(&mut turns, START, holding(holds), holding(holds));
        let [told, fresh] = told;
        let worth = Worth {
            is_kin,
            is_first,
            told,
            fresh,
            order,
        };
        turns.on_answer(START, worth);
        assert_eq!(*turns.purse(!is_kin), holding(holds));
        *turns.purse(is_kin)
    }

    #[test]
    fn each_new_node_pays_for_a_question_or_for_three_out_of_a_lean_purse() {
        for (holds, told, now_holds) in [
            (0, [100, 0], 0),
            (1, [100, 1], 7),
            (0, [3, 1], 6),
            // Half of it is new, which pays for one more.
            (0, [2, 1], 12),
            (0, [100, 24], LEAN_MAX),
            // So many are part of a network that was never heard of.
            (0, [100, 25], 50),
            (LEAN_MAX, [100, 1], LEAN_MAX),
            (LEAN_MAX + 1, [100, 1], LEAN_MAX + 3),
            (PURSE_MAX - 1, [100, 100], PURSE_MAX),
        ] {
            let others = after(holds, false, false, told, Order::Any);
            assert_eq!(others, holding(now_holds), "{holds}, then {told:?}");
            if told[1] > 0 {
                for is_first in [true, false] {
                    let kin = after(holds, true, is_first, told, Order::Arc(None));
                    assert_eq!(kin, holding(now_holds), "{holds}, then {told:?}");
                }
            }
        }
    }

    #[test]
    fn what_somebody_tells_first_or_in_no_order_where_there_is_one_pays_for_little() {
        for (holds, now_holds) in [(0, PURSE_FIRST), (100, 100)] {
            let first = after(holds, false, true, [100, 100], Order::Any);
            assert_eq!(first, holding(now_holds));
            let disorderly = after(holds, true, false, [100, 100], Order::Disorder);
            assert_eq!(disorderly, holding(now_holds));
        }
    }

    #[test]
    fn kin_without_news_costs_an_eighth_of_what_its_purse_holds_and_others_cost_nothing() {
        for (holds, now_holds) in [(16, 14), (100, 87), (1, 0)] {
            let kin = after(holds, true, false, [100, 0], Order::Arc(None));
            assert_eq!(kin, holding(now_holds));
            let others = after(holds, false, false, [100, 0], Order::Any);
            assert_eq!(others, holding(holds));
        }
    }

    #[test]
    fn a_question_that_nobody_answers_has_cost_nothing_and_another_may_be_asked() {
        for (holds, now_holds) in [(0, 2), (LEAN_MAX - 1, LEAN_MAX), (100, 102)] {
            for is_kin in [true, false] {
                let mut turns = Turns::new(&Config::default());
                just_asked(&mut turns, START, holding(holds), holding(holds));
                turns.on_silence(START, is_kin);
                assert_eq!(*turns.purse(is_kin), holding(now_holds));
                assert_eq!(*turns.purse(!is_kin), holding(holds));
                assert_eq!(turns.means.width, turns.first + 1);
            }
        }
    }

    #[test]
    fn of_each_eighty_nodes_by_the_arcs_one_may_be_asked_and_of_few_as_many_as_at_first() {
        for (nodes, width) in [
            (None, 12),
            (Some(80), 12),
            (Some(13 * 80 - 1), 12),
            (Some(13 * 80), 13),
            (Some(100 * 80), 100),
        ] {
            let mut turns = searching();
            let worth = Worth {
                is_kin: true,
                is_first: true,
                told: 100,
                fresh: 100,
                order: Order::Arc(nodes),
            };
            turns.on_answer(START, worth);
            assert_eq!(turns.means.width, width, "{nodes:?}");
        }
    }
}

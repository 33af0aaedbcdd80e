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
mod tests;

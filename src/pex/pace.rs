//! When to ask next.
//!
//! Three policies. [`Policy::Unseen`], ours, keeps an interval for each peer: the shortest gap the
//! peer allows, divided by the share of its last answer that was new. A peer that still tells us
//! news is asked as often as it allows; one that repeats itself is asked less and less, down to
//! once in ten minutes. One answer can lengthen an interval at most twofold, so no single stale or
//! empty answer silences a search, and what one peer does never slows the questions to another. What
//! a store has no use for counts little (`credit.rs`), so who makes up nodes without end is soon asked as
//! seldom as who has no news.
//! Kin is asked for more of an arc until that runs into what is known, and rests for a few seconds
//! then. Once a peer may be asked, `turns.rs` decides whether it is worth it.
//!
//! [`Policy::Tendermint0350`] and [`Policy::Tendermint0359`] are the reference's, in `gate.rs`.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::telling::PAUSE;

/// How the machine decides when to ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Policy {
    /// Ours: an interval for each peer, from the share of its last answer that was new.
    #[default]
    Unseen,
    /// Tendermint 0.35.0 to 0.35.2: one interval, from the share of new addresses since the last
    /// request, squared and truncated to a whole number ("formula A").
    Tendermint0350,
    /// Tendermint 0.35.3 to 0.35.9 and 0.36: one interval, from all addresses ever added over
    /// those that the last answer added, squared ("formula B").
    Tendermint0359,
}

/// The longest wait of ours between two requests to a peer, and `fullCapacityInterval` of the
/// reference.
pub(crate) const LONGEST: Duration = Duration::from_secs(600);

/// How many gaps a peer is left alone at most whose last answer had something new.
const CAP: u32 = 4;

/// How long a peer is left alone at least whose arc has run into what is known: as long as it takes
/// for it to begin another, and a little. On the way to it no pause becomes shorter.
const REST: Duration = PAUSE.saturating_add(Duration::from_millis(100));

/// How long it takes between two peers that begin another arc. As more and more is known, fewer of
/// those arcs lie where something is left, and it is not worth much to be told many of them before
/// the long ones have come to their ends.
const BETWEEN_ARCS: Duration = Duration::from_millis(45);

/// How long a peer is left alone at least when a request to it could not be sent.
pub(crate) const RETRY_UNSENT: Duration = Duration::from_secs(1);

/// What one answer taught us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lesson {
    /// Valid addresses in it.
    pub(crate) told: u32,
    /// Those of nodes we had not heard of.
    pub(crate) fresh: u32,
    /// Whether one of those is among its last addresses; of kin, whether its arc goes on into ground
    /// that no arc was told of.
    pub(crate) ends_fresh: bool,
    /// Whether it came from kin, who tells arcs or all of a small store, and was neither.
    pub(crate) is_disorderly: bool,
    /// Peers that could be asked now or later, the one that answered included.
    pub(crate) available: u32,
    /// Whether the store is nearly full.
    pub(crate) full: bool,
}

/// The interval of one peer under [`Policy::Unseen`] after an answer: `gap` is the shortest that
/// the peer allows, `last` the interval before.
pub(crate) fn unseen(gap: Duration, last: Duration, lesson: Lesson) -> Duration {
    if lesson.full {
        // There is no room for news; each peer is still asked now and then, so that what it tells
        // can replace what died.
        return LONGEST;
    }
    let (last, cap) = (last.max(gap), gap.saturating_mul(CAP));
    let longest = last.saturating_mul(2);
    let wanted = match gap.saturating_mul(lesson.told).checked_div(lesson.fresh) {
        // Where little is new a whole network may still be to be heard of, a little in each answer.
        Some(wanted) => wanted.min(cap),
        // Where so little is new, nothing of a hundred may be by bad luck, and nothing of the next.
        None if (cap..cap.saturating_mul(2)).contains(&last) => half_again(last),
        None => longest,
    };
    wanted.clamp(gap, longest).min(LONGEST)
}

/// The same for a peer that tells arcs, as so many do. As long as the end of an arc is new, more of
/// it is wanted. Else the arc has run into what is known; and after a rest another one is told. The
/// rest is half as long again each time that nothing of an answer was new, or that it was no arc: who
/// makes up nodes has news without end, and would be asked at the others' cost.
pub(crate) fn along_an_arc(gap: Duration, last: Duration, lesson: Lesson, kin: u32) -> Duration {
    if lesson.full {
        return LONGEST;
    }
    let rest = gap.max(REST).max(BETWEEN_ARCS.saturating_mul(kin));
    let has_none = lesson.fresh == 0 || lesson.is_disorderly;
    let wanted = match (lesson.ends_fresh, has_none) {
        (_, true) => half_again(last).max(rest),
        (true, _) => gap,
        (false, _) => rest,
    };
    wanted.min(LONGEST)
}

fn half_again(wait: Duration) -> Duration {
    wait.saturating_mul(3).checked_div(2).unwrap_or(wait)
}

/// How long a peer that did not answer `misses` times in a row is left alone.
pub(crate) fn after_silence(gap: Duration, misses: u32) -> Duration {
    gap.saturating_mul(1_u32.checked_shl(misses).unwrap_or(u32::MAX))
        .min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Duration = Duration::from_millis(300);

    const fn lesson(told: u32, fresh: u32) -> Lesson {
        Lesson {
            told,
            fresh,
            ends_fresh: fresh > 0,
            is_disorderly: false,
            available: 1,
            full: false,
        }
    }

    #[test]
    fn a_peer_that_tells_only_news_is_asked_as_often_as_it_allows() {
        assert_eq!(unseen(GAP, GAP, lesson(100, 100)), GAP);
        assert_eq!(unseen(GAP, LONGEST, lesson(100, 100)), GAP);
    }

    #[test]
    fn a_peer_whose_news_is_half_of_what_it_tells_is_asked_half_as_often() {
        assert_eq!(unseen(GAP, GAP, lesson(100, 50)), 2 * GAP);
    }

    #[test]
    fn an_arc_is_gone_along_as_long_as_its_end_is_new_and_left_where_it_is_known() {
        let arc = |fresh, ends_fresh| Lesson {
            ends_fresh,
            ..lesson(100, fresh)
        };
        assert_eq!(along_an_arc(GAP, REST, arc(50, true), 16), GAP);
        assert_eq!(along_an_arc(GAP, GAP, arc(50, false), 16), REST);
        assert_eq!(along_an_arc(GAP, REST, arc(0, false), 16), REST * 3 / 2);
        // What is no arc is not gone along, however much of it is new.
        let made_up = Lesson {
            is_disorderly: true,
            ..arc(100, true)
        };
        assert_eq!(along_an_arc(GAP, REST, made_up, 16), REST * 3 / 2);
        // Many of them rest for longer.
        assert_eq!(
            along_an_arc(GAP, GAP, arc(50, false), 64),
            64 * BETWEEN_ARCS
        );
        let longest = along_an_arc(GAP, LONGEST, arc(0, false), 16);
        assert_eq!(longest, LONGEST);
    }

    #[test]
    fn where_anything_is_new_nobody_is_left_alone_for_more_than_four_gaps() {
        assert_eq!(unseen(GAP, LONGEST, lesson(100, 1)), 4 * GAP);
        assert_eq!(unseen(GAP, LONGEST, lesson(100, 0)), LONGEST);
    }

    #[test]
    fn one_stale_or_empty_answer_at_most_doubles_the_wait() {
        assert_eq!(unseen(GAP, GAP, lesson(100, 0)), 2 * GAP);
        assert_eq!(unseen(GAP, GAP, lesson(0, 0)), 2 * GAP);
        assert_eq!(unseen(GAP, 2 * GAP, lesson(100, 1)), 4 * GAP);
    }

    #[test]
    fn the_wait_never_exceeds_ten_minutes() {
        let mut wait = GAP;
        for _ in 0..100 {
            wait = unseen(GAP, wait, lesson(100, 0));
            assert!(wait <= LONGEST);
        }
        assert_eq!(wait, LONGEST);
        for misses in 0..100 {
            assert!(after_silence(GAP, misses) <= LONGEST);
        }
    }

    #[test]
    fn a_nearly_full_store_asks_each_peer_once_in_ten_minutes() {
        let full = Lesson {
            told: 100,
            fresh: 100,
            ends_fresh: false,
            is_disorderly: false,
            available: 1,
            full: true,
        };
        assert_eq!(unseen(GAP, GAP, full), LONGEST);
    }

    #[test]
    fn after_little_news_the_wait_without_any_grows_by_half_once_and_by_twice_from_then_on() {
        for (gaps, next) in [(3, 6), (4, 6), (6, 9), (8, 16), (9, 18)] {
            assert_eq!(unseen(GAP, gaps * GAP, lesson(100, 0)), next * GAP);
        }
    }
}

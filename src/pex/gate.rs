//! The pace of the reference: its two formulas, with one interval for all peers, here so that they
//! can be compared with ours. They compute what the originals compute, truncation included. What
//! surrounds them is ours: deadlines are absolute, and no peer is asked sooner than it allows.
//!
//! The formulas use floating point. Only `+ - * /` and conversion are used, which IEEE 754 defines
//! to the last bit on every platform.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::pace::{LONGEST, Lesson, Policy};
use crate::Time;

/// `noAvailablePeersWaitPeriod` of the reference.
const NO_PEER: Duration = Duration::from_secs(1);

/// `minReceiveRequestInterval` of 0.35.0 and of 0.35.9.
const MIN_0350: Duration = Duration::from_millis(100);
const MIN_0359: Duration = Duration::from_millis(200);

/// The state of the reference's formulas: the time before which nobody is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Gate {
    /// [`Policy::Unseen`] has none.
    Open,
    /// Formula A: counters since the last request, and the last ratio squared.
    A {
        next: Time,
        told: u32,
        fresh: u32,
        squared: f32,
    },
    /// Formula B: all nodes ever added.
    B { next: Time, total: u64 },
}

impl Gate {
    pub(crate) fn new(policy: Policy, now: Time) -> Self {
        match policy {
            Policy::Unseen => Self::Open,
            // 0.35.0 starts with a zero deadline: its first request goes out at once.
            Policy::Tendermint0350 => Self::A {
                next: now,
                told: 0,
                fresh: 0,
                squared: 0.0,
            },
            Policy::Tendermint0359 => Self::B {
                next: now + MIN_0359,
                total: 0,
            },
        }
    }

    /// The time from which the next peer may be asked.
    pub(crate) const fn next(&self) -> Time {
        match self {
            Self::Open => Time::EPOCH,
            Self::A { next, .. } | Self::B { next, .. } => *next,
        }
    }

    /// Whether one request closes the gate until [`Gate::next`].
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        match self {
            Self::Open => {}
            Self::A { next, .. } | Self::B { next, .. } => *next = next.back(back),
        }
    }

    /// The first peer after a time without any: do not wait out an interval that was reckoned
    /// from peers who are gone. The reference does.
    pub(crate) fn on_first_peer(&mut self, now: Time) {
        match self {
            Self::Open => {}
            Self::A { next, .. } => *next = (*next).min(now + MIN_0350),
            Self::B { next, .. } => *next = (*next).min(now + MIN_0359),
        }
    }

    /// A request went out; `available` peers are left.
    pub(crate) fn on_asked(&mut self, now: Time, available: u32, full: bool) {
        match self {
            Self::Open => {}
            Self::A {
                next,
                told,
                fresh,
                squared,
            } => {
                *next = now + formula_a(available, full, told, fresh, squared);
            }
            // B waits for the answer. Should none come, the next peer is asked after the shortest
            // interval; the reference re-arms the interval it had.
            Self::B { next, .. } => *next = now + MIN_0359,
        }
    }

    /// An answer was accepted.
    pub(crate) fn on_answer(&mut self, now: Time, lesson: Lesson) {
        match self {
            Self::Open => {}
            Self::A { told, fresh, .. } => {
                *told = told.saturating_add(lesson.told);
                *fresh = fresh.saturating_add(lesson.fresh);
            }
            Self::B { next, total } => {
                *total = total.saturating_add(u64::from(lesson.fresh));
                *next = now + formula_b(*total, lesson);
            }
        }
    }
}

/// `calculateNextRequestTime` of 0.35.0.
#[expect(
    clippy::float_arithmetic,
    reason = "the reference's own, to the last bit"
)]
fn formula_a(
    available: u32,
    full: bool,
    told: &mut u32,
    fresh: &mut u32,
    squared: &mut f32,
) -> Duration {
    if full {
        return LONGEST;
    }
    let base = MIN_0350
        .saturating_mul(2)
        .checked_div(available.min(50))
        .unwrap_or(MIN_0350);
    if *told > 0 || *squared == 0.0 {
        #[expect(clippy::cast_precision_loss, reason = "the reference's own conversion")]
        let ratio = told.saturating_add(1) as f32 / fresh.saturating_add(1) as f32;
        *squared = ratio * ratio;
        *told = 0;
        *fresh = 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the reference truncates: every square below two counts as one"
    )]
    base.saturating_mul(*squared as u32)
}

/// `calculateNextRequestTime` of 0.35.9.
#[expect(
    clippy::float_arithmetic,
    reason = "the reference's own, to the last bit"
)]
fn formula_b(total: u64, lesson: Lesson) -> Duration {
    if lesson.full {
        return LONGEST;
    }
    if lesson.available == 0 {
        return NO_PEER;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the reference's own conversions; one that would overflow in Go saturates here"
    )]
    let nanos = {
        let base = MIN_0359.as_nanos() as f64 / f64::from(lesson.available);
        let multiplier = total.saturating_add(1) as f64 / f64::from(lesson.fresh.saturating_add(1));
        (base * multiplier * multiplier) as u64
    };
    Duration::from_nanos(nanos).saturating_add(MIN_0359)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that PROTOCOL-V2 section 4 works out for a minimum of 200 ms.
    #[test]
    fn formula_b_gives_the_worked_values_of_the_reference() {
        let wait = |total, fresh, available| {
            formula_b(
                total,
                Lesson {
                    told: 100,
                    fresh,
                    ends_fresh: false,
                    is_disorderly: false,
                    available,
                    full: false,
                },
            )
        };
        assert_eq!(wait(100, 100, 1), Duration::from_millis(400));
        assert_eq!(wait(1, 1, 1), Duration::from_millis(400));
        assert_eq!(wait(100, 0, 1).as_secs(), 2040);
        assert_eq!(wait(260, 0, 32).as_secs(), 425);
        assert_eq!(wait(1000, 0, 1).as_secs(), 200_400);
    }

    #[test]
    fn formula_b_waits_a_second_without_peers_and_ten_minutes_when_nearly_full() {
        let none = Lesson {
            told: 0,
            fresh: 0,
            ends_fresh: false,
            is_disorderly: false,
            available: 0,
            full: false,
        };
        assert_eq!(formula_b(5, none), NO_PEER);
        assert_eq!(formula_b(5, Lesson { full: true, ..none }), LONGEST);
    }

    #[test]
    fn formula_a_truncates_every_square_below_two_to_one() {
        // 101 told and 72 new make (102/73)^2 = 1.95, which counts as 1.
        let (mut told, mut fresh, mut squared) = (101, 72, 0.0);
        assert_eq!(
            formula_a(1, false, &mut told, &mut fresh, &mut squared),
            2 * MIN_0350
        );
        assert!(squared > 1.9);
        assert_eq!((told, fresh), (0, 0));
    }

    #[test]
    fn formula_a_keeps_the_last_square_after_an_empty_answer() {
        let (mut told, mut fresh, mut squared) = (100, 0, 0.0);
        let slow = formula_a(4, false, &mut told, &mut fresh, &mut squared);
        assert_eq!(slow, MIN_0350 / 2 * 10_201);
        assert_eq!(
            formula_a(4, false, &mut told, &mut fresh, &mut squared),
            slow
        );
    }

    #[test]
    fn formula_a_spreads_its_requests_over_at_most_fifty_peers() {
        let wait = |available| {
            let (mut told, mut fresh, mut squared) = (1, 1, 0.0);
            formula_a(available, false, &mut told, &mut fresh, &mut squared)
        };
        assert_eq!(wait(0), MIN_0350);
        assert_eq!(wait(50), Duration::from_millis(4));
        assert_eq!(wait(5000), Duration::from_millis(4));
    }
}

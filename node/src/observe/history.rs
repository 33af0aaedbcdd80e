//! How the network grew, in bounded memory: fine for the last hour, coarse for the last week.

use core::time::Duration;
use std::collections::VecDeque;

use pex::{Estimate, Time};
use serde::{Serialize, Serializer};

/// A point every ten seconds, for an hour.
const FINE: (Duration, usize) = (Duration::from_secs(10), 360);

/// A point every ten minutes, for a week.
const COARSE: (Duration, usize) = (Duration::from_secs(600), 1_008);

/// What was known at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) at: Time,
    /// Nodes in the book.
    pub(super) known: u64,
    pub(super) estimate: Estimate,
}

/// As `[second, known, estimated, low, high]`; `null` for what is not known. There may be thousands.
impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (nodes, low, high) = match self.estimate {
            Estimate::Known { nodes, low, high } => (Some(nodes), Some(low), Some(high)),
            _ => (None, None, None),
        };
        let second = (self.at - Time::EPOCH).as_secs();
        (second, self.known, nodes, low, high).serialize(serializer)
    }
}

/// Points at least so far apart, and at most so many: the oldest goes.
#[derive(Clone, Debug, Serialize)]
struct Series {
    /// Seconds between two points.
    step: u64,
    points: VecDeque<Point>,
    #[serde(skip)]
    max: usize,
}

impl Series {
    const fn new((step, max): (Duration, usize)) -> Self {
        Self {
            step: step.as_secs(),
            points: VecDeque::new(),
            max,
        }
    }

    fn is_due(&self, now: Time) -> bool {
        let step = Duration::from_secs(self.step);
        self.points.back().is_none_or(|last| last.at + step <= now)
    }

    fn push(&mut self, point: Point) {
        if !self.is_due(point.at) {
            return;
        }
        if self.points.len() >= self.max {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }
}

/// The number of nodes known and estimated over time.
#[derive(Clone, Debug, Serialize)]
pub(super) struct History {
    fine: Series,
    coarse: Series,
}

impl History {
    pub(super) const fn new() -> Self {
        Self {
            fine: Series::new(FINE),
            coarse: Series::new(COARSE),
        }
    }

    /// Whether a point at this time would be kept.
    pub(super) fn is_due(&self, now: Time) -> bool {
        self.fine.is_due(now) || self.coarse.is_due(now)
    }

    /// Keeps a point, unless there is one from a moment ago.
    pub(super) fn push(&mut self, point: Point) {
        self.fine.push(point);
        self.coarse.push(point);
    }

    /// The newest point of the last hour.
    pub(super) fn last(&self) -> Option<Point> {
        self.fine.points.back().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: u64) -> Point {
        Point {
            at: Time::from_secs(second),
            known: second,
            estimate: Estimate::Known {
                nodes: 3,
                low: 2,
                high: 5,
            },
        }
    }

    #[test]
    fn a_month_of_seconds_leaves_an_hour_of_fine_points_and_a_week_of_coarse_ones() {
        let mut history = History::new();
        let month = 30 * 86_400;
        for second in 0..=month {
            history.push(point(second));
        }
        let ends = |series: &Series| {
            let at = |point: Option<&Point>| point.unwrap().known;
            let (front, back) = (series.points.front(), series.points.back());
            (series.points.len(), at(front), at(back))
        };
        assert_eq!(ends(&history.fine), (360, month - 3_590, month));
        assert_eq!(ends(&history.coarse), (1_008, month - 604_200, month));
    }

    #[test]
    fn a_clock_that_stands_still_adds_nothing() {
        let mut history = History::new();
        for _ in 0..1_000 {
            history.push(point(7));
        }
        assert_eq!(history.fine.points.len(), 1);
        assert!(!history.is_due(Time::from_secs(16)));
        assert!(history.is_due(Time::from_secs(17)));
    }

    #[test]
    fn a_point_says_null_for_what_is_not_known() {
        let known = serde_json::to_string(&point(7)).unwrap();
        assert_eq!(known, "[7,7,3,2,5]");
        let estimate = serde_json::to_string(&Point {
            estimate: crowdless(),
            ..point(7)
        });
        assert_eq!(estimate.unwrap(), "[7,7,null,null,null]");
    }

    /// What a machine that has met nobody estimates.
    fn crowdless() -> Estimate {
        let (me, seed) = (pex::NodeId::new([1; 20]), pex::Seed::new([1; 32]));
        pex::Pex::new(pex::Config::default(), me, seed, Time::from_secs(1)).estimate()
    }
}

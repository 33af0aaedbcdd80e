//! How a crawl went: what was found and reached by when, for how many answers.

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// Points that are kept. When there are more, every second one goes, and the others come half as
/// often.
const POINTS_MAX: usize = 300;

/// How often there is a point in the beginning.
const EVERY: Duration = Duration::from_millis(50);

/// What was known at a moment of a crawl.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Point {
    /// Seconds since the crawl began.
    pub seconds: f64,
    /// Answers that had come.
    pub answers: u64,
    /// Nodes that somebody had told of.
    pub found: u64,
    /// Nodes that were connected with.
    pub reached: u64,
    /// Nodes that could not be connected with.
    pub failed: u64,
    /// The lower end of the estimate's interval, the estimate, and the upper end; none if there was
    /// none yet.
    pub estimate: Option<[u64; 3]>,
}

/// A bounded number of points, spread over the whole of a crawl.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    points: Vec<Point>,
    every: Duration,
    next: Duration,
}

impl Default for Curve {
    fn default() -> Self {
        Self::since(Vec::new())
    }
}

impl Curve {
    /// A curve that goes on after these points.
    pub(super) fn since(points: Vec<Point>) -> Self {
        let mut curve = Self {
            points,
            every: EVERY,
            next: Duration::ZERO,
        };
        curve.thin();
        // It goes on in steps as long as those before, or these would be thinned out for the sake of its.
        let last = curve
            .points
            .last()
            .map_or(0.0, |last| last.seconds.min(1e9));
        let points = u32::try_from(curve.points.len()).unwrap_or(u32::MAX);
        while curve.every.as_secs_f64() * f64::from(points) < last {
            curve.every *= 2;
        }
        curve
    }

    /// Notes a point, if it is time for one.
    pub(super) fn note(&mut self, now: Duration, point: impl FnOnce() -> Point) {
        if now >= self.next {
            self.points.push(point());
            self.thin();
            self.next = now + self.every;
        }
    }

    /// Notes how it ended.
    pub(super) fn end(mut self, point: Point) -> Vec<Point> {
        self.points.push(point);
        self.points
    }

    pub(super) fn points(&self) -> &[Point] {
        &self.points
    }

    fn thin(&mut self) {
        while self.points.len() > POINTS_MAX {
            let mut place = 0_usize;
            self.points.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.every *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crawl_that_goes_on_keeps_half_of_its_curve_for_what_was_before() {
        let point = |seconds: f64| Point {
            seconds,
            answers: 1,
            found: 1,
            reached: 1,
            failed: 0,
            estimate: None,
        };
        let before = (0..200).map(|n| point(f64::from(n) * 3.2)).collect();
        let mut curve = Curve::since(before);
        for ms in (640_000..1_280_000_u32).step_by(50) {
            curve.note(Duration::from_millis(ms.into()), || {
                point(f64::from(ms) / 1e3)
            });
        }
        let points = curve.points();
        let early = points.iter().filter(|it| it.seconds < 640.0).count();
        assert!(
            points.len() > 100 && 3 * early > points.len(),
            "{early} of {}",
            points.len()
        );
    }

    #[test]
    fn a_curve_of_a_long_crawl_has_few_points_and_they_span_all_of_it() {
        let mut curve = Curve::default();
        for ms in 0..1_000_000_u32 {
            let seconds = f64::from(ms) / 1e3;
            curve.note(Duration::from_millis(ms.into()), || Point {
                seconds,
                answers: ms.into(),
                found: 1,
                reached: 1,
                failed: 0,
                estimate: None,
            });
        }
        let points = curve.points();
        assert!(
            (POINTS_MAX / 2..=POINTS_MAX).contains(&points.len()),
            "{}",
            points.len()
        );
        assert_eq!(points[0].answers, 0);
        let middle = points[points.len() / 2].answers;
        assert!((400_000..600_000).contains(&middle), "{middle}");
        assert!(points.last().unwrap().answers > 980_000);
        assert!(points.windows(2).all(|two| two[0].answers < two[1].answers));
    }
}

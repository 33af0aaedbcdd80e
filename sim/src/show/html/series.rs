//! What was sampled in the runs of a case, as one line with a band around it.

use crate::show::Case;
use crate::show::measure::quantile;
use crate::{Sample, Spread};

/// The value at one moment: the median of the runs, and how far it spreads over nodes and runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) at: f64,
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
}

/// The low end, the middle and the high end of something that was sampled.
pub(super) type Value = fn(&Sample) -> Option<[f64; 3]>;

pub(super) const fn ends(spread: &Spread) -> [f64; 3] {
    [spread.p5, spread.median, spread.p95]
}

/// The points of a case. The moments are those of the longest run, and of a run that has ended
/// before the last value goes on.
pub(super) fn series(case: &Case, value: Value) -> Vec<Point> {
    let samples = case.runs.iter().map(|it| it.samples.as_slice());
    let longest = samples.clone().max_by_key(|it| it.len());
    let points = longest.unwrap_or_default().iter().enumerate();
    points
        .filter_map(|(place, moment)| {
            let known = samples.clone().filter_map(|all| {
                let sample = all.get(place).or_else(|| all.last())?;
                value(sample)
            });
            let values: Vec<[f64; 3]> = known.collect();
            let of = |part: f64, pick: fn(&[f64; 3]) -> f64| {
                let mut sorted: Vec<f64> = values.iter().map(pick).collect();
                sorted.sort_by(f64::total_cmp);
                quantile(&sorted, part)
            };
            (!values.is_empty()).then(|| Point {
                at: moment.at,
                low: of(0.05, |[low, _, _]| *low),
                median: of(0.5, |[_, median, _]| *median),
                high: of(0.95, |[_, _, high]| *high),
            })
        })
        .collect()
}

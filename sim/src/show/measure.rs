//! What can be measured of the runs of a scenario.

#![expect(clippy::cast_precision_loss, reason = "numbers for people")]

use super::Case;
use super::words::{number, percent};
use crate::{Guess, Outcome, Sample, Tally};

/// Something that can be measured of the runs of a scenario.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Measure {
    /// Its name in files.
    pub name: &'static str,
    /// What it is, as the heading of a column.
    pub title: &'static str,
    /// What is counted; `%` if it is a share, which is a number from 0 to 1.
    pub unit: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    values: fn(&Outcome) -> Vec<Option<f64>>,
}

/// A number over seeds, or over newcomers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Measured {
    /// Half lie below; `None` where half or more have none, as who never came so far.
    pub median: Option<f64>,
    /// A twentieth lie below.
    pub low: Option<f64>,
    /// A twentieth lie above.
    pub high: Option<f64>,
    /// Their mean; `None` where any has none.
    pub mean: Option<f64>,
    /// How many there were.
    pub of: usize,
}

impl Measure {
    /// The measure with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        MEASURES.iter().find(|it| it.name == name)
    }

    /// Measures runs; `None` if there is nothing to measure in any.
    #[must_use]
    pub fn of(&self, runs: &[Outcome]) -> Option<Measured> {
        // Where nobody estimates anything there is nothing to be measured.
        let mut newcomers = runs.iter().flat_map(|it| &it.newcomers);
        let nobody = !newcomers.any(|it| it.guess.is_some());
        if self.name.starts_with("guess") && nobody {
            return None;
        }
        let values = runs.iter().flat_map(|it| (self.values)(it)).collect();
        measured(values)
    }

    /// A value of it, as people read it, without its unit but for `%`.
    #[must_use]
    pub fn say(&self, value: f64) -> String {
        match self.unit {
            "%" => percent(value),
            _ => number(value),
        }
    }

    /// Measures a case.
    #[must_use]
    pub fn of_case(&self, case: &Case) -> Option<Measured> {
        self.of(&case.runs)
    }
}

/// All measures there are. Those of newcomers are taken over the newcomers of all seeds, the others
/// over the seeds.
pub const MEASURES: &[Measure] = &[
    Measure {
        name: "living",
        title: "nodes",
        unit: "nodes",
        about: "nodes that live at the end",
        values: |it| vec![it.samples.last().map(|it| it.living as f64)],
    },
    Measure {
        name: "to-half",
        title: "s to 50 %",
        unit: "s",
        about: "seconds until a newcomer knew half of the living",
        values: |it| newcomers(it, |it| it.to_half),
    },
    Measure {
        name: "to-90",
        title: "s to 90 %",
        unit: "s",
        about: "seconds until a newcomer knew 90 % of the living",
        values: |it| newcomers(it, |it| it.to_90),
    },
    Measure {
        name: "to-99",
        title: "s to 99 %",
        unit: "s",
        about: "seconds until a newcomer knew 99 % of the living",
        values: |it| newcomers(it, |it| it.to_99),
    },
    Measure {
        name: "answers",
        title: "answers",
        unit: "answers",
        about: "answers that a newcomer had had when it knew 99 % of the living",
        values: |it| newcomers(it, |it| it.to_99.map(|_| it.answers as f64)),
    },
    Measure {
        name: "newborn",
        title: "s to be known",
        unit: "s",
        about: "seconds until half of the watched nodes knew a newcomer",
        values: |it| {
            let times = newcomers(it, |it| it.known_to_half);
            // In a network that nobody watches but they, nobody comes to know them.
            let is_known = times.iter().any(Option::is_some);
            if is_known { times } else { Vec::new() }
        },
    },
    Measure {
        name: "known",
        title: "known",
        unit: "%",
        about: "share of the living that a watched node knows at the end, on average",
        values: |it| vec![it.samples.last().map(|it| it.known.mean)],
    },
    Measure {
        name: "known-late",
        title: "known, late",
        unit: "%",
        about: "share of the living that a watched node knows, on average over the last half",
        values: |it| vec![mean(late(it), |it| it.known.mean)],
    },
    Measure {
        name: "together",
        title: "together",
        unit: "%",
        about: "share of the nodes between whom one gets over their connections, at the end",
        values: |it| ending(it, |it| it.together),
    },
    Measure {
        name: "requests",
        title: "requests/min",
        unit: "requests",
        about: "requests of a watched node in a minute",
        values: |it| vec![rate(it, 0.0, |it| it.requests)],
    },
    Measure {
        name: "requests-late",
        title: "requests a node and minute",
        unit: "requests",
        about: "requests of a watched node in a minute, over the last half",
        values: |it| vec![rate(it, half(it), |it| it.requests)],
    },
    Measure {
        name: "bytes",
        title: "bytes/min",
        unit: "bytes",
        about: "bytes that a watched node sent in a minute",
        values: |it| vec![rate(it, 0.0, |it| it.bytes)],
    },
    Measure {
        name: "bytes-late",
        title: "bytes a node and minute",
        unit: "bytes",
        about: "bytes that a watched node sent in a minute, over the last half",
        values: |it| vec![rate(it, half(it), |it| it.bytes)],
    },
    Measure {
        name: "estimate",
        title: "estimate",
        unit: "%",
        about: "the estimate of a watched node at the end, over the truth",
        values: |it| ending(it, |it| it.estimate.map(|it| it.median)),
    },
    Measure {
        name: "estimate-off",
        title: "estimate off by",
        unit: "%",
        about: "how far 95 % of the estimates of the watched nodes are off the truth at most, on \
                average over the last half",
        values: |it| {
            let off: Vec<f64> = late(it).iter().filter_map(|it| it.off).collect();
            let mean = off.iter().sum::<f64>() / off.len() as f64;
            if off.is_empty() {
                Vec::new()
            } else {
                vec![Some(mean)]
            }
        },
    },
    Measure {
        name: "covered",
        title: "covered",
        unit: "%",
        about: "share of the watched nodes whose interval holds the truth at the end",
        values: |it| ending(it, |it| it.covered),
    },
    Measure {
        name: "guess-error",
        title: "error after 100",
        unit: "%",
        about: "how far the estimate of a newcomer was off the truth after a hundred answers",
        values: |it| guesses(it, |it| Some(it.error())),
    },
    Measure {
        name: "guess-covered",
        title: "covered after 100",
        unit: "%",
        about: "share of the newcomers whose interval held the truth after a hundred answers",
        values: |it| {
            let share = share(&guesses(it, |it| it.covers().then_some(1.0)));
            share.map(Some).into_iter().collect()
        },
    },
    Measure {
        name: "busiest",
        title: "busiest",
        unit: "times",
        about: "requests to the node that was asked most, over the mean of all that were asked",
        values: |it| vec![busiest(it)],
    },
    Measure {
        name: "in-degree",
        title: "in-degree",
        unit: "peers",
        about: "peers that dialed a node; the median of all nodes",
        values: |it| vec![Some(it.in_degree.median)],
    },
    Measure {
        name: "in-degree-max",
        title: "in-degree, most",
        unit: "peers",
        about: "peers that dialed the node that was dialed by most",
        values: |it| vec![Some(it.in_degree.max)],
    },
    Measure {
        name: "events",
        title: "events",
        unit: "events",
        about: "events that were handled",
        values: |it| vec![Some(it.events as f64)],
    },
];

impl Guess {
    /// How far it is off, over the truth.
    #[must_use]
    pub fn error(&self) -> f64 {
        (self.nodes as f64 / (self.truth.max(1)) as f64 - 1.0).abs()
    }

    /// Whether the interval holds the truth.
    #[must_use]
    pub const fn covers(&self) -> bool {
        self.low <= self.truth && self.truth <= self.high
    }
}

fn newcomers(outcome: &Outcome, value: fn(&Tally) -> Option<f64>) -> Vec<Option<f64>> {
    outcome.newcomers.iter().map(value).collect()
}

/// Whoever has no estimate is without a value.
fn guesses(outcome: &Outcome, value: fn(&Guess) -> Option<f64>) -> Vec<Option<f64>> {
    let all = outcome.newcomers.iter().map(|it| it.guess.as_ref());
    all.map(|it| it.and_then(value)).collect()
}

/// What there is of these.
fn share(values: &[Option<f64>]) -> Option<f64> {
    let there = values.iter().flatten().count();
    (!values.is_empty()).then(|| there as f64 / values.len() as f64)
}

/// Of the last sample, if it has one: a network without estimates has nothing to be measured.
fn ending(outcome: &Outcome, value: fn(&Sample) -> Option<f64>) -> Vec<Option<f64>> {
    let found = outcome.samples.last().and_then(value);
    found.map(Some).into_iter().collect()
}

/// When the last half begins.
fn half(outcome: &Outcome) -> f64 {
    outcome.samples.last().map_or(0.0, |it| it.at / 2.0)
}

/// The samples of the last half.
fn late(outcome: &Outcome) -> &[Sample] {
    let samples = &outcome.samples;
    let early = samples.partition_point(|it| it.at <= half(outcome));
    samples.get(early..).unwrap_or_default()
}

/// The mean of what is counted from one sample to the next, over all that end after this time: each as
/// long as it lasted.
fn rate(outcome: &Outcome, after: f64, value: fn(&Sample) -> f64) -> Option<f64> {
    let (mut before, mut time, mut sum) = (0.0, 0.0, 0.0);
    for sample in &outcome.samples {
        let took = sample.at - before;
        before = sample.at;
        if sample.at > after {
            time += took;
            sum += took * value(sample);
        }
    }
    (time > 0.0).then(|| sum / time)
}

/// The mean over samples.
fn mean(samples: &[Sample], value: fn(&Sample) -> f64) -> Option<f64> {
    let sum: f64 = samples.iter().map(value).sum();
    (!samples.is_empty()).then(|| sum / samples.len() as f64)
}

/// Whoever was never asked is no part of it: a newcomer among a hundred thousand asks a few.
fn busiest(outcome: &Outcome) -> Option<f64> {
    let requests = outcome.asked.mean * outcome.asked_counts.nodes() as f64;
    let mean = requests / outcome.asked_nodes as f64;
    (mean > 0.0 && mean.is_finite()).then(|| outcome.asked.max / mean)
}

/// The median and the twentieths of these, of which those without a value are above all others.
fn measured(values: Vec<Option<f64>>) -> Option<Measured> {
    if values.is_empty() {
        return None;
    }
    let of = values.len();
    let sum: Option<f64> = values.iter().copied().sum();
    let mut sorted: Vec<f64> = values
        .into_iter()
        .map(|it| it.unwrap_or(f64::INFINITY))
        .collect();
    sorted.sort_by(f64::total_cmp);
    let at = |part| Some(quantile(&sorted, part)).filter(|it| it.is_finite());
    Some(Measured {
        median: at(0.5),
        low: at(0.05),
        high: at(0.95),
        mean: sum.map(|sum| sum / of as f64),
        of,
    })
}

/// The value below which such a part of them lies, between its neighbours if need be.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list"
)]
pub(crate) fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = part * last as f64;
    let below = (place.floor() as usize).min(last);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(0.0);
    let (low, high) = (at(below), at((below + 1).min(last)));
    let rest = place - place.floor();
    // Infinity times nothing is no number.
    if rest <= 0.0 || low >= high {
        low
    } else {
        low + (high - low) * rest
    }
}

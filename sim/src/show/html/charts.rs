//! The charts.

#![expect(clippy::cast_precision_loss, reason = "places in a picture")]

use core::fmt::Write as _;

use super::COLOURS;
use super::series::{Point, Value, ends, series};
use crate::page::escaped;
use crate::plot::{Chart, Scale};
use crate::show::Case;
use crate::{Histogram, Tally};

/// Newcomers of which it is drawn when they came how far.
const NEWCOMERS_MIN: usize = 5;

/// Something that is drawn over time.
struct Course {
    caption: &'static str,
    value: Value,
    range: Range,
}

/// From where to where values are drawn.
#[derive(Clone, Copy)]
enum Range {
    /// From none to all, in hundredths.
    Share,
    /// From none to the most there is.
    Count,
    /// Around a hundred, as near as they are.
    Truth,
}

const KNOWN: Course = Course {
    caption: "Share of the living that a watched node knows, per cent",
    value: |it| Some(ends(&it.known).map(|share| share * 100.0)),
    range: Range::Share,
};

const REQUESTS: Course = Course {
    caption: "Requests of a watched node in a minute",
    value: |it| Some([it.requests; 3]),
    range: Range::Count,
};

const BYTES: Course = Course {
    caption: "Bytes that a watched node sends in a minute",
    value: |it| Some([it.bytes; 3]),
    range: Range::Count,
};

const ESTIMATE: Course = Course {
    caption: "Estimate of the number of nodes, per cent of the truth",
    value: |it| {
        let estimate = it.estimate.as_ref()?;
        let [low, high] = it.interval.unwrap_or([estimate.p5, estimate.p95]);
        Some([low, estimate.median, high].map(|part| part * 100.0))
    },
    range: Range::Truth,
};

/// How one case went.
pub(super) fn course(case: &Case, page: &mut String) {
    legend(
        page,
        [
            ("v0", "median"),
            (
                "v1",
                "estimate, with the interval that should hold the truth",
            ),
            ("truth", "the truth"),
        ],
    );
    page.push_str("<div class=\"charts\">");
    for what in [&KNOWN, &REQUESTS, &BYTES] {
        let points = series(case, what.value);
        let mut chart = frame(what, &[&points]);
        chart.band("v0", points.iter().map(|it| (it.at, it.low, it.high)));
        chart.line("v0", points.iter().map(|it| (it.at, it.median)));
        chart.end(what.caption, page);
    }
    let points = series(case, ESTIMATE.value);
    if !points.is_empty() {
        let mut chart = frame(&ESTIMATE, &[&points]);
        chart.band("v1", points.iter().map(|it| (it.at, it.low, it.high)));
        chart.level("truth", 100.0);
        chart.line("v1", points.iter().map(|it| (it.at, it.median)));
        chart.end(ESTIMATE.caption, page);
    }
    page.push_str("</div>");
    let note = if case.runs.len() > 1 {
        "Bands reach from the twentieth below to the twentieth above, of the nodes in a run and of the runs."
    } else {
        "Bands reach from the twentieth of the nodes below to the twentieth above."
    };
    let _ = write!(page, "<p class=\"note\">{note}</p>");
}

/// All cases in one chart each.
pub(super) fn compare(cases: &[Case], page: &mut String) {
    let drawn = cases.get(..COLOURS.min(cases.len())).unwrap_or_default();
    let names: Vec<String> = drawn.iter().map(Case::name).collect();
    let classes = ["v0", "v1", "v2", "v3", "v4", "v5", "v6"];
    let lines = || classes.iter().copied();
    legend(page, lines().zip(names.iter().map(String::as_str)));
    if drawn.len() < cases.len() {
        let left = cases.len() - drawn.len();
        let _ = write!(
            page,
            "<p class=\"note\">The first {COLOURS} are drawn, {left} are left out; each is below.</p>"
        );
    }
    page.push_str("<div class=\"charts\">");
    for what in [&KNOWN, &REQUESTS, &BYTES, &ESTIMATE] {
        let all: Vec<Vec<Point>> = drawn.iter().map(|it| series(it, what.value)).collect();
        let all: Vec<&[Point]> = all.iter().map(Vec::as_slice).collect();
        if all.iter().all(|it| it.is_empty()) {
            continue;
        }
        let mut chart = frame(what, &all);
        for (class, points) in lines().zip(&all) {
            chart.line(class, points.iter().map(|it| (it.at, it.median)));
        }
        chart.end(what.caption, page);
    }
    page.push_str("</div>");
}

/// The nodes of one case beside each other.
pub(super) fn spread(case: &Case, page: &mut String) {
    page.push_str("<div class=\"charts\">");
    let newcomers: Vec<&Tally> = case.runs.iter().flat_map(|it| &it.newcomers).collect();
    if newcomers.len() >= NEWCOMERS_MIN {
        progress(&newcomers, page);
    }
    let (mut dialed, mut asked) = (Histogram::default(), Histogram::default());
    for run in &case.runs {
        dialed.merge(&run.in_degrees);
        asked.merge(&run.asked_counts);
    }
    columns(
        &dialed,
        "Nodes by how many peers dialed them",
        "peers",
        page,
    );
    columns(
        &asked,
        "Nodes by how often they were asked",
        "requests",
        page,
    );
    page.push_str("</div>");
}

/// How many of the newcomers have come how far, over the time since each started.
fn progress(newcomers: &[&Tally], page: &mut String) {
    let caption = "Newcomers that know 50, 90 and 99 % of the living, per cent of them";
    let sorted = |stage: fn(&Tally) -> Option<f64>| {
        let mut times: Vec<f64> = newcomers.iter().filter_map(|it| stage(it)).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let times = [
        ("v2", sorted(|it| it.to_half)),
        ("v4", sorted(|it| it.to_90)),
        ("v0", sorted(|it| it.to_99)),
    ];
    let ends = times.iter().filter_map(|(_, it)| it.last().copied());
    let last = ends.fold(0.0, f64::max);
    let mut chart = Chart::new(Scale::up_to(last), Scale::up_to(100.0), caption, "s");
    for (class, times) in &times {
        let all = newcomers.len() as f64;
        let share = |place: usize| place as f64 / all * 100.0;
        // A step at each.
        let steps = times.iter().enumerate();
        let steps = steps.flat_map(|(n, at)| [(*at, share(n)), (*at, share(n + 1))]);
        chart.line(class, [(0.0, 0.0)].into_iter().chain(steps));
    }
    chart.end(
        &format!("{caption}: from left to right half, nine tenths, all but a hundredth"),
        page,
    );
}

fn columns(histogram: &Histogram, what: &str, unit: &str, page: &mut String) {
    if histogram.nodes() == 0 {
        return;
    }
    let most = histogram.counts.iter().max().copied().unwrap_or(1) as f64;
    let end = (histogram.counts.len() as u64).saturating_mul(histogram.width);
    let (x, y) = (Scale::up_to(end as f64), Scale::up_to(most * 1.05));
    let mut chart = Chart::new(x, y, what, unit);
    for (nodes, place) in histogram.counts.iter().zip(0_u64..) {
        let from = place.saturating_mul(histogram.width);
        let to = from.saturating_add(histogram.width);
        let range = match to - 1 {
            last if last == from => format!("{from}"),
            last => format!("{from} to {last}"),
        };
        let said = format!("{nodes} nodes: {range}");
        chart.column(from as f64, to as f64, *nodes as f64, &said);
    }
    chart.end(what, page);
}

/// A frame that what is drawn fits into.
fn frame(what: &Course, all: &[&[Point]]) -> Chart {
    let values = || all.iter().flat_map(|it| it.iter()).map(|it| it.high);
    let top = values().fold(0.0, f64::max);
    let y = match what.range {
        Range::Share => Scale::up_to(100.0),
        Range::Truth => around_truth(all),
        // What is much at first and little later is seen at both times.
        Range::Count if values().filter(|it| *it * 50.0 < top).count() * 2 > values().count() => {
            Scale::log(top / 1e4, top * 1.05)
        }
        Range::Count => Scale::up_to(top * 1.05),
    };
    Chart::new(time(all), y, what.caption, "s")
}

/// The scale of time: by powers of ten, where the runs are not equally long by far.
fn time(all: &[&[Point]]) -> Scale {
    let ends = || all.iter().filter_map(|it| it.last()).map(|it| it.at);
    let (last, soonest) = (ends().fold(0.0, f64::max), ends().fold(f64::MAX, f64::min));
    let firsts = all.iter().filter_map(|it| it.iter().find(|it| it.at > 0.0));
    let first = firsts.map(|it| it.at).fold(f64::MAX, f64::min);
    if last > soonest * 20.0 {
        Scale::log(first, last)
    } else {
        Scale::up_to(last)
    }
}

/// The scale of an estimate. Early ones may be far off, and those are cut.
fn around_truth(all: &[&[Point]]) -> Scale {
    let late = || {
        let each = all.iter();
        each.flat_map(|it| it.get(it.len() / 4..).unwrap_or_default())
    };
    let low = late().map(|it| it.low).fold(98.0, f64::min);
    let high = late().map(|it| it.high).fold(102.0, f64::max);
    Scale::between((low - 1.0).max(0.0), (high + 1.0).min(200.0))
}

fn legend<'a>(page: &mut String, entries: impl IntoIterator<Item = (&'a str, &'a str)>) {
    page.push_str("<ul class=\"legend lines\">");
    for (class, text) in entries {
        let _ = write!(page, "<li class=\"{class}\">{}</li>", escaped(text));
    }
    page.push_str("</ul>");
}

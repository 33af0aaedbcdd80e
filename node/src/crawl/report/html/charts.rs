//! The charts: how the nodes were found, and how often each was told of.

#![expect(clippy::cast_precision_loss, reason = "places in a picture")]

use std::collections::BTreeMap;

use pex_sim::plot::{Chart, Scale};

use crate::crawl::Point;

/// Columns of the chart of how often each node was told of.
const COLUMNS: usize = 32;

/// What was found and reached, over time and over answers, and the estimate with its interval.
pub(super) fn curve(points: &[Point], page: &mut String) {
    page.push_str(
        "<ul class=\"legend lines\"><li class=\"found\">found</li><li class=\"reached\">reached</li>\
         <li class=\"estimate\">estimate, with the interval that holds it in 95 of 100 networks</li></ul>\
         <div class=\"charts\">",
    );
    let most = points.iter().map(|it| it.found).max().unwrap_or(1);
    let last = points.iter().rev().find_map(|it| it.estimate);
    // Early estimates may be far off: the scale is that of what there is.
    let high = last
        .map_or(most, |[_, _, high]| high.min(most * 2))
        .max(most);
    let y_max = high as f64 * 1.05;
    let end = points.last();
    let seconds = end.map_or(1.0, |it| it.seconds);
    over(
        points,
        |it| it.seconds,
        (seconds, y_max),
        ("over time", "seconds"),
        page,
    );
    let answers = end.map_or(1.0, |it| it.answers as f64);
    over(
        points,
        |it| it.answers as f64,
        (answers, y_max),
        ("over answers", "answers"),
        page,
    );
    page.push_str("</div>");
}

fn over(
    points: &[Point],
    x: impl Fn(&Point) -> f64,
    (x_max, y_max): (f64, f64),
    (what, unit): (&str, &str),
    page: &mut String,
) {
    let label = format!("Nodes found and reached {what}");
    let mut chart = Chart::new(Scale::up_to(x_max), Scale::up_to(y_max), &label, unit);
    let known = || points.iter().filter_map(|it| Some((x(it), it.estimate?)));
    let band = known().map(|(at, [low, _, high])| (at, low as f64, high as f64));
    chart.band("estimate", band);
    chart.line(
        "estimate",
        known().map(|(at, [_, nodes, _])| (at, nodes as f64)),
    );
    chart.line("found", points.iter().map(|it| (x(it), it.found as f64)));
    chart.line(
        "reached",
        points.iter().map(|it| (x(it), it.reached as f64)),
    );
    chart.end(&format!("Nodes {what}"), page);
}

/// How many nodes were told of by how many others.
pub(super) fn degrees(counts: &BTreeMap<usize, usize>, page: &mut String) {
    let most = counts.keys().next_back().copied().unwrap_or(0);
    let width = (most + 1).div_ceil(COLUMNS).max(1);
    let mut columns = vec![0_usize; most / width + 1];
    for (degree, nodes) in counts {
        if let Some(column) = columns.get_mut(degree / width) {
            *column += nodes;
        }
    }
    let highest = columns.iter().max().copied().unwrap_or(1) as f64;
    let x_max = (columns.len() * width) as f64;
    let what = "How many nodes were told of by how many others";
    let (x, y) = (Scale::up_to(x_max), Scale::up_to(highest * 1.05));
    let mut chart = Chart::new(x, y, what, "tellers");
    for (place, nodes) in columns.iter().enumerate() {
        let first = place * width;
        let range = match first + width - 1 {
            last if last == first => format!("{first}"),
            last => format!("{first} to {last}"),
        };
        let said = format!("{nodes} nodes were told of by {range} others");
        let end = (first + width) as f64;
        chart.column(first as f64, end, *nodes as f64, &said);
    }
    chart.end("Nodes by the number of others that told of them", page);
}

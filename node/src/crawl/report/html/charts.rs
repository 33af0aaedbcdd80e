//! The charts: how the nodes were found, and how often each was told of.

#![expect(clippy::cast_precision_loss, reason = "places in a picture")]

use core::fmt::Write as _;
use std::collections::BTreeMap;

use crate::crawl::Point;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 52.0;
const BELOW: f64 = 30.0;
const ABOVE: f64 = 10.0;
const RIGHT: f64 = 22.0;

/// Columns of the chart of how often each node was told of.
const COLUMNS: usize = 32;

/// A frame, and the scale in it.
struct Chart {
    x_max: f64,
    y_max: f64,
}

impl Chart {
    fn begin(x_max: f64, y_max: f64, what: &str, unit: &str, page: &mut String) -> Self {
        let chart = Self {
            x_max: x_max.max(1e-9),
            y_max: y_max.max(1.0),
        };
        let _ = write!(
            page,
            "<figure><svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{what}\">"
        );
        let step = step(chart.y_max);
        let mut y = 0.0;
        while y <= chart.y_max {
            let at = chart.y(y);
            let _ = write!(
                page,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/><text class=\"left\" x=\"{:.1}\" y=\"{:.1}\">{y}</text>",
                WIDTH - RIGHT,
                LEFT - 8.0,
                at + 4.0
            );
            y += step;
        }
        let step = self::step(chart.x_max);
        let mut x = 0.0;
        while x <= chart.x_max {
            let text = format!("{x:.3}");
            let text = text.trim_end_matches('0').trim_end_matches('.');
            let _ = write!(
                page,
                "<text class=\"below\" x=\"{:.1}\" y=\"{:.1}\">{text}</text>",
                chart.x(x),
                HEIGHT - BELOW + 18.0
            );
            x += step;
        }
        let _ = write!(
            page,
            "<text class=\"unit\" x=\"{:.1}\" y=\"{:.1}\">{unit}</text>",
            WIDTH - RIGHT,
            HEIGHT - 1.0
        );
        chart
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + value / self.x_max * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BELOW - value.min(self.y_max) / self.y_max * (HEIGHT - BELOW - ABOVE)
    }

    /// A line through these, as steps do not come from one point to the next by themselves.
    fn line(&self, class: &str, points: impl Iterator<Item = (f64, f64)>, page: &mut String) {
        let mut path = String::new();
        for (x, y) in points {
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", self.x(x), self.y(y));
        }
        let _ = write!(page, "<path class=\"{class}\" d=\"{path}\"/>");
    }
}

/// A round step of which there are from two to five up to `max`.
fn step(max: f64) -> f64 {
    let mut step = 1e-3;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if max / (step * factor) <= 5.0 || step > 1e15 {
                return step * factor;
            }
        }
        step *= 10.0;
    }
}

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
    let chart = Chart::begin(x_max, y_max, &label, unit, page);
    let known = || points.iter().filter_map(|it| Some((x(it), it.estimate?)));
    let mut band = String::new();
    let upper = known().map(|(at, [_, _, high])| (at, high));
    let lower: Vec<_> = known().map(|(at, [low, _, _])| (at, low)).collect();
    for (at, value) in upper.chain(lower.into_iter().rev()) {
        let letter = if band.is_empty() { 'M' } else { 'L' };
        let _ = write!(
            band,
            "{letter}{:.1} {:.1}",
            chart.x(at),
            chart.y(value as f64)
        );
    }
    let _ = write!(page, "<path class=\"band\" d=\"{band}\"/>");
    let estimate = known().map(|(at, [_, nodes, _])| (at, nodes as f64));
    chart.line("line estimate", estimate, page);
    chart.line(
        "line found",
        points.iter().map(|it| (x(it), it.found as f64)),
        page,
    );
    chart.line(
        "line reached",
        points.iter().map(|it| (x(it), it.reached as f64)),
        page,
    );
    let _ = write!(page, "</svg><figcaption>Nodes {what}</figcaption></figure>");
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
    let chart = Chart::begin(x_max, highest * 1.05, what, "tellers", page);
    for (place, nodes) in columns.iter().enumerate() {
        let (from, to) = (
            chart.x((place * width) as f64),
            chart.x(((place + 1) * width) as f64),
        );
        let top = chart.y(*nodes as f64);
        let first = place * width;
        let range = match first + width - 1 {
            last if last == first => format!("{first}"),
            last => format!("{first} to {last}"),
        };
        let _ = write!(
            page,
            "<rect class=\"column\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
             <title>{nodes} nodes were told of by {range} others</title></rect>",
            (to - from - 1.0).max(0.5),
            HEIGHT - BELOW - top
        );
    }
    page.push_str(
        "</svg><figcaption>Nodes by the number of others that told of them</figcaption></figure>",
    );
}

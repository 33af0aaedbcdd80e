//! Charts as SVG within a page: a frame with its scales, and lines, bands, columns and spans in it.
//!
//! How they look is said by classes of [`crate::page::STYLE`].

use core::fmt::Write as _;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 52.0;
const BELOW: f64 = 30.0;
const ABOVE: f64 = 10.0;
const RIGHT: f64 = 22.0;

/// Points of a line that are drawn. More are thinned, as no screen shows them.
const POINTS_MAX: usize = 400;

/// From which value to which a scale goes, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    from: f64,
    to: f64,
    is_log: bool,
}

impl Scale {
    /// From 0 to this.
    #[must_use]
    pub fn up_to(to: f64) -> Self {
        Self::between(0.0, to)
    }

    /// From one value to another.
    #[must_use]
    pub fn between(from: f64, to: f64) -> Self {
        let (from, to) = (finite(from), finite(to));
        Self {
            from,
            to: if to > from { to } else { from + 1.0 },
            is_log: false,
        }
    }

    /// By powers of ten, from one positive value to another.
    #[must_use]
    pub fn log(from: f64, to: f64) -> Self {
        let from = finite(from).max(1e-6);
        Self {
            from,
            to: finite(to).max(from * 10.0),
            is_log: true,
        }
    }

    /// Where a value is between the ends of the scale, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let value = finite(value).clamp(self.from, self.to);
        if self.is_log {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        }
    }

    /// Round values in it.
    fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            let mut tick = 10_f64.powf(self.from.log10().ceil());
            let mut ticks = Vec::new();
            while tick <= self.to * 1.000_001 {
                ticks.push(tick);
                tick *= 10.0;
            }
            return ticks;
        }
        let step = step(self.to - self.from);
        let first = (self.from / step).ceil();
        (0..7_u8)
            .map(|n| (first + f64::from(n)) * step)
            .take_while(|tick| *tick <= self.to + step * 1e-6)
            .collect()
    }
}

/// What is not finite can't be drawn.
const fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// A chart under way.
#[derive(Debug)]
pub struct Chart {
    x: Scale,
    y: Scale,
    svg: String,
}

impl Chart {
    /// A frame with two scales. The label is for those who can't see it; the unit is that of `x`.
    #[must_use]
    pub fn new(x: Scale, y: Scale, label: &str, unit: &str) -> Self {
        let mut chart = Self {
            x,
            y,
            svg: String::new(),
        };
        let (label, unit) = (crate::page::escaped(label), crate::page::escaped(unit));
        let _ = write!(
            chart.svg,
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">"
        );
        for tick in chart.y.ticks() {
            let at = chart.at_y(tick);
            let _ = write!(
                chart.svg,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/><text class=\"left\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 8.0,
                at + 4.0,
                short(tick)
            );
        }
        for tick in chart.x.ticks() {
            let at = chart.at_x(tick);
            let _ = write!(
                chart.svg,
                "<text class=\"below\" x=\"{at:.1}\" y=\"{:.1}\">{}</text>",
                HEIGHT - BELOW + 18.0,
                short(tick)
            );
        }
        let _ = write!(
            chart.svg,
            "<text class=\"unit\" x=\"{:.1}\" y=\"{:.1}\">{unit}</text>",
            WIDTH - RIGHT,
            HEIGHT - 1.0
        );
        chart
    }

    /// A line of this class through these points.
    pub fn line(&mut self, class: &str, points: impl IntoIterator<Item = (f64, f64)>) {
        let path = self.path(&thinned(points));
        let _ = write!(self.svg, "<path class=\"line {class}\" d=\"{path}\"/>");
    }

    /// The area between two lines: for each `x` its low and high `y`.
    pub fn band(&mut self, class: &str, points: impl IntoIterator<Item = (f64, f64, f64)>) {
        let (low, mut high): (Vec<_>, Vec<_>) = points
            .into_iter()
            .map(|(x, low, high)| ((x, low), (x, high)))
            .unzip();
        high.reverse();
        let mut around = thinned(low);
        around.extend(thinned(high));
        let path = self.path(&around);
        let _ = write!(self.svg, "<path class=\"band {class}\" d=\"{path}\"/>");
    }

    /// A level line all across, such as a goal.
    pub fn level(&mut self, class: &str, y: f64) {
        self.line(class, [(self.x.from, y), (self.x.to, y)]);
    }

    /// A column from one `x` to another, and what is said of it.
    pub fn column(&mut self, from: f64, to: f64, y: f64, said: &str) {
        let (from, to, top) = (self.at_x(from), self.at_x(to), self.at_y(y));
        let said = crate::page::escaped(said);
        let _ = write!(
            self.svg,
            "<rect class=\"column\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
             <title>{said}</title></rect>",
            (to - from - 1.0).max(0.5),
            HEIGHT - BELOW - top
        );
    }

    /// The chart as a figure of the page, with a line below it.
    pub fn end(mut self, caption: &str, page: &mut String) {
        self.svg.push_str("</svg>");
        let caption = crate::page::escaped(caption);
        let _ = write!(
            page,
            "<figure>{}<figcaption>{caption}</figcaption></figure>",
            self.svg
        );
    }

    fn path(&self, points: &[(f64, f64)]) -> String {
        let mut path = String::new();
        for (x, y) in points {
            let letter = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", self.at_x(*x), self.at_y(*y));
        }
        path
    }

    fn at_x(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)
    }

    fn at_y(&self, value: f64) -> f64 {
        HEIGHT - BELOW - self.y.place(value) * (HEIGHT - BELOW - ABOVE)
    }
}

/// So many of the points that a screen shows them all, the first and the last among them.
fn thinned(points: impl IntoIterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let points: Vec<_> = points.into_iter().collect();
    let step = points.len().div_ceil(POINTS_MAX).max(1);
    let last = points.last().copied();
    let left_out = points.len() % step != 1 && step > 1;
    let mut kept: Vec<_> = points.into_iter().step_by(step).collect();
    kept.extend(last.filter(|_| left_out));
    kept
}

/// A round step of which there are from two to five in such a range.
fn step(range: f64) -> f64 {
    let mut step = 1e-9;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if range / (step * factor) <= 5.0 || step > 1e18 {
                return step * factor;
            }
        }
        step *= 10.0;
    }
}

/// A number as it stands beside a scale: 0.25, 500, 20k, 1.5M.
fn short(value: f64) -> String {
    let (value, unit) = match value.abs() {
        it if it >= 1e9 => (value / 1e9, "G"),
        it if it >= 1e6 => (value / 1e6, "M"),
        it if it >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_a_few_round_ticks_within_it() {
        for (scale, ticks) in [
            (Scale::up_to(1.05), "0 0.5 1"),
            (Scale::up_to(60.0), "0 20 40 60"),
            (Scale::between(0.9, 1.1), "0.9 0.95 1 1.05 1.1"),
            (Scale::up_to(31_000.0), "0 10k 20k 30k"),
            (Scale::log(0.2, 20_000.0), "1 10 100 1000 10k"),
            (Scale::up_to(0.0), "0 0.2 0.4 0.6 0.8 1"),
        ] {
            let found: Vec<_> = scale.ticks().into_iter().map(short).collect();
            assert_eq!(found.join(" "), ticks);
        }
    }

    #[test]
    fn nothing_is_drawn_outside_of_the_frame() {
        let mut chart = Chart::new(Scale::up_to(10.0), Scale::up_to(1.0), "label", "s");
        chart.svg.clear();
        chart.line("a", [(-5.0, 0.0), (5.0, 0.5), (50.0, f64::INFINITY)]);
        assert_eq!(
            chart.svg,
            "<path class=\"line a\" d=\"M52.0 230.0L335.0 120.0L618.0 230.0\"/>"
        );
    }

    #[test]
    fn a_long_line_is_thinned_and_keeps_its_ends() {
        for length in [1, 2, 399, 400, 401, 799, 800, 801, 12_345] {
            let points = (0..length).map(|n| (f64::from(n), 0.0));
            let kept = thinned(points);
            assert!(kept.len() <= POINTS_MAX + 1, "{length}");
            let (first, last) = (kept[0].0, kept[kept.len() - 1].0);
            assert!(first < 0.5 && last > f64::from(length) - 1.5, "{length}");
        }
    }
}

//! The tables of the page.

use core::fmt::Write as _;

use crate::Population;
use crate::page::escaped;
use crate::show::Case;
use crate::show::measure::quantile;
use crate::show::table::{cell, columns, heading};
use crate::show::words::{number, thousands};

/// A line for each case.
pub(super) fn cases(cases: &[Case], page: &mut String) {
    let columns = columns(cases);
    open(page, "Scenario");
    page.push_str("<th scope=\"col\">seeds</th>");
    for measure in &columns {
        let _ = write!(
            page,
            "<th scope=\"col\" title=\"{}\">{}</th>",
            escaped(measure.about),
            escaped(&heading(measure))
        );
    }
    page.push_str("</tr></thead><tbody>");
    for case in cases {
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td>",
            escaped(&case.name()),
            case.seeds()
        );
        for measure in &columns {
            let (median, range) = cell(measure, case).unwrap_or_default();
            let _ = write!(page, "<td>{median}");
            if let Some(range) = range {
                let _ = write!(page, "<span class=\"of\">{range}</span>");
            }
            page.push_str("</td>");
        }
        page.push_str("</tr>");
    }
    page.push_str(
        "</tbody></table></div><p class=\"note\">Medians; below them the twentieths at either end, \
         of the newcomers or of the seeds.</p>",
    );
}

/// The nodes of each group, on average over the runs.
pub(super) fn population(case: &Case, page: &mut String) {
    open(page, "Runs");
    for head in [
        "born",
        "living at the end",
        "requests",
        "answers",
        "bytes",
        "dials",
        "faults seen",
    ] {
        let _ = write!(page, "<th scope=\"col\">{head}</th>");
    }
    page.push_str("</tr></thead><tbody>");
    let runs = case.runs.len().max(1) as u64;
    let groups = case.runs.first().map_or(0, |it| it.population.len());
    for place in 0..groups {
        let same = || case.runs.iter().filter_map(|it| it.population.get(place));
        let mean = |count: fn(&Population) -> u64| {
            let sum = same().map(count).fold(0, u64::saturating_add);
            thousands(sum / runs)
        };
        let name = same().next().map_or("", |it| it.runs.as_str());
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escaped(name));
        for count in [
            mean(|it| it.born),
            mean(|it| it.living),
            mean(|it| it.requests),
            mean(|it| it.answers),
            mean(|it| it.bytes),
            mean(|it| it.dials),
            mean(|it| it.faults_seen),
        ] {
            let _ = write!(page, "<td>{count}</td>");
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>");
    if runs > 1 {
        page.push_str("<p class=\"note\">The mean of the runs.</p>");
    }
}

/// What hostile nodes have got, as the median of the runs and the twentieths.
pub(super) fn gains(case: &Case, page: &mut String) {
    open(page, "Runs");
    page.push_str("<th scope=\"col\">what</th><th scope=\"col\">how much</th></tr></thead><tbody>");
    let first = case.runs.first();
    for gain in first.map_or(&[][..], |it| &it.gains) {
        let same = case.runs.iter().flat_map(|it| &it.gains);
        let same = same.filter(|it| it.runs == gain.runs && it.what == gain.what);
        let mut values: Vec<f64> = same.map(|it| it.value).collect();
        values.sort_by(f64::total_cmp);
        let [low, median, high] = [0.05, 0.5, 0.95].map(|part| number(quantile(&values, part)));
        let range = if low == high {
            String::new()
        } else {
            format!("<span class=\"of\">{low} to {high}</span>")
        };
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{median}{range}</td></tr>",
            escaped(&gain.runs),
            escaped(&gain.what)
        );
    }
    page.push_str("</tbody></table></div>");
}

/// A table that is moved sideways where it has no room.
fn open(page: &mut String, first: &str) {
    let _ = write!(
        page,
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"wide\"><thead><tr><th scope=\"col\">{first}</th>"
    );
}

//! The report for browsers: one page that needs nothing else, and lets nothing else in.

mod charts;
mod layout;
mod list;
mod picture;

use core::fmt::Write as _;
use std::io::{self, Write};

use pex_sim::page::{self, escaped, section};

use super::groups::{Counts, Groups};
use super::{Report, in_words, json};

/// What a crawl's page has beside what all pages have.
const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Lines of a group that are shown.
const LINES: usize = 12;

/// Writes one page: a picture of the network, how it was found, what its nodes have in common, and
/// the nodes, to be searched and sorted.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_html(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let groups = Groups::of(report);
    let summary = json::summary(report);
    let mut page = String::new();
    let name = format!("{}: a crawl", report.chain_id);
    page::begin(
        &mut page,
        &name,
        &[page::STYLE, STYLE].concat(),
        Some(SCRIPT),
    );
    title(&mut page, report, &summary.began);
    numbers(&mut page, report);
    section(&mut page, "picture", "Who told of whom", |page| {
        picture::draw(report, &groups, page);
    });
    section(&mut page, "curve", "How it was found", |page| {
        charts::curve(&report.curve, page);
    });
    page.push_str("<div class=\"columns\">");
    group(&mut page, "Versions", "reached nodes", &groups.versions);
    group(&mut page, "Dialects", "reached nodes", &groups.dialects);
    group(
        &mut page,
        "Dial errors",
        "nodes not reached",
        &groups.errors,
    );
    group(&mut page, "Networks", "all nodes", &groups.networks);
    page.push_str("</div>");
    section(&mut page, "degrees", "How many told of each node", |page| {
        charts::degrees(&groups.in_degrees, page);
    });
    section(&mut page, "nodes", "Nodes", |page| {
        list::write(report, page);
    });
    page::end(&mut page, Some(SCRIPT));
    out.write_all(page.as_bytes())
}

fn title(page: &mut String, report: &Report, began: &str) {
    let chain_id = escaped(&report.chain_id);
    let seconds = report.elapsed.as_secs_f64();
    let _ = write!(
        page,
        "<header><p class=\"kind\">Network crawl</p><h1>{chain_id}</h1>\
         <p class=\"when\">Began <time>{began}</time>, took {seconds:.1} s, {} answers{}</p></header>",
        report.answers,
        if report.complete {
            ""
        } else {
            "; <strong>stopped before the end</strong>"
        },
    );
}

fn numbers(page: &mut String, report: &Report) {
    let share = report
        .percent()
        .map_or_else(|| "?".to_owned(), |it| format!("{it} %"));
    let all = [
        ("found", report.found().to_string(), "nodes found"),
        ("reached", report.reached().to_string(), "reached"),
        ("unreachable", report.failed().to_string(), "not reachable"),
        ("estimate", in_words(report.estimate), "there seem to be"),
        ("percent", share, "found of these"),
        ("faults", report.faults.to_string(), "faults of peers"),
    ];
    page::numbers(page, all);
    let _ = write!(
        page,
        "<p class=\"complete\" id=\"completeness\">How complete it is believed to be: {}.</p>",
        escaped(&report.completeness())
    );
    if let Some(left_out) = report.left_out_in_words() {
        let _ = write!(page, "<p id=\"left-out\">Left out are {left_out}.</p>");
    }
}

/// A table of counts, each with a bar.
fn group(page: &mut String, title: &str, of: &str, counts: &Counts) {
    let _ = write!(
        page,
        "<section class=\"group\"><h2>{title}</h2><p class=\"note\">{of}</p>"
    );
    let most = counts.first().map_or(1, |(_, nodes)| *nodes);
    if counts.is_empty() {
        page.push_str("<p class=\"none\">None.</p></section>");
        return;
    }
    page.push_str("<table><tbody>");
    for (name, nodes) in counts.iter().take(LINES) {
        let name = escaped(name);
        let share = nodes * 1_000 / most;
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{name}</th><td class=\"bar\">\
             <svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
             <rect width=\"{share}\" height=\"10\"/></svg></td><td>{nodes}</td></tr>"
        );
    }
    page.push_str("</tbody></table>");
    if let Some(others) = counts.get(LINES..).filter(|it| !it.is_empty()) {
        let nodes: usize = others.iter().map(|(_, nodes)| nodes).sum();
        let _ = write!(
            page,
            "<p class=\"note\">and {} more, of {nodes} nodes</p>",
            others.len()
        );
    }
    page.push_str("</section>");
}

#[cfg(test)]
mod tests;

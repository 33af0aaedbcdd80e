//! The report for browsers: one page that needs nothing else.

mod charts;
mod series;
mod tables;

use core::fmt::Write as _;
use std::io::{self, Write};

use super::measure::Measure;
use super::words::{number, percent, thousands};
use super::{Case, words};
use crate::page::{self, escaped, section};

/// What the page of a simulation has beside what all pages have.
const STYLE: &str = include_str!("html/page.css");

/// Cases that have a colour of their own where all are in one chart.
const COLOURS: usize = 7;

/// Writes one page: how it went over time, node by node, and how to do it again. Several cases are
/// put side by side first.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_html(cases: &[Case], out: &mut impl Write) -> io::Result<()> {
    let mut page = String::new();
    let title = title(cases);
    let style = [page::STYLE, STYLE].concat();
    page::begin(&mut page, &title, &style, None);
    head(&mut page, &title, cases);
    breaches(&mut page, cases);
    match cases {
        [case] => whole(&mut page, case),
        cases => {
            section(&mut page, "cases", "Side by side", |page| {
                tables::cases(cases, page);
            });
            section(&mut page, "compare", "Over time", |page| {
                charts::compare(cases, page);
            });
            for case in cases {
                let name = escaped(&case.name());
                let _ = write!(
                    page,
                    "<details class=\"case\"><summary><h2>{name}</h2></summary>"
                );
                whole(&mut page, case);
                page.push_str("</details>");
            }
        }
    }
    page::end(&mut page, None);
    out.write_all(page.as_bytes())
}

fn title(cases: &[Case]) -> String {
    match cases {
        [case] => case.name(),
        cases => {
            let titles = cases.iter().filter_map(Case::scenario);
            let mut titles: Vec<_> = titles.map(|it| it.title.as_str()).collect();
            titles.dedup();
            match titles.as_slice() {
                [title] if !title.is_empty() => (*title).to_owned(),
                _ => format!("{} scenarios", cases.len()),
            }
        }
    }
}

fn head(page: &mut String, title: &str, cases: &[Case]) {
    let runs = || cases.iter().flat_map(|it| &it.runs);
    let events = runs().map(|it| it.events).sum();
    let count = runs().count();
    let _ = write!(
        page,
        "<header><p class=\"kind\">Simulation</p><h1>{}</h1>\
         <p class=\"when\">{} run{}, seed{} {}; {} events</p></header>",
        escaped(title),
        thousands(count as u64),
        if count == 1 { "" } else { "s" },
        if count == 1 { "" } else { "s" },
        words::ranges(runs().map(|it| it.seed)),
        thousands(events)
    );
}

/// What did not hold, first of all.
fn breaches(page: &mut String, cases: &[Case]) {
    for run in cases.iter().flat_map(|it| &it.runs) {
        let Some(breach) = &run.breach else {
            continue;
        };
        let mut said = Vec::new();
        // Into a vector it can't fail.
        let _ = super::write_breach(run, breach, &mut said);
        let said = String::from_utf8_lossy(&said);
        let _ = write!(
            page,
            "<section class=\"breach\" role=\"alert\"><p><strong>{}</strong></p></section>",
            escaped(said.trim_end())
        );
    }
}

/// All there is of one case.
fn whole(page: &mut String, case: &Case) {
    numbers(page, case);
    section(page, "course", "Over time", |page| {
        charts::course(case, page);
    });
    section(page, "spread", "Node by node", |page| {
        charts::spread(case, page);
    });
    section(page, "population", "Who there was", |page| {
        tables::population(case, page);
    });
    if case.runs.iter().any(|it| !it.gains.is_empty()) {
        section(page, "gains", "What hostile nodes got out of it", |page| {
            tables::gains(case, page);
        });
    }
    section(page, "again", "Run it again", |page| again(page, case));
}

fn numbers(page: &mut String, case: &Case) {
    let mut all = Vec::new();
    for (name, what, say) in [
        ("living", "nodes at the end", number as fn(f64) -> String),
        ("to-99", "seconds until a newcomer knew 99 %", number),
        ("answers", "answers it took", number),
        ("known", "of the living known at the end", percent),
        ("requests", "requests a node and minute", number),
        ("bytes", "bytes a node and minute", number),
        ("estimate", "of the truth is the estimate", percent),
        ("covered", "of the intervals hold the truth", percent),
        ("busiest", "times the mean the busiest is asked", number),
    ] {
        let measured = Measure::named(name).and_then(|it| it.of_case(case));
        if let Some(measured) = measured {
            let median = measured.median.map_or_else(|| "never".to_owned(), say);
            all.push((name, median, what));
        }
    }
    page::numbers(page, all);
}

fn again(page: &mut String, case: &Case) {
    let Some(scenario) = case.scenario() else {
        return;
    };
    let seeds: Vec<u64> = case.runs.iter().map(|it| it.seed).collect();
    let first = seeds.first().copied().unwrap_or(0);
    let in_a_row = (0..).zip(&seeds).all(|(n, seed)| first + n == *seed);
    let commands: Vec<String> = if in_a_row && seeds.len() > 1 {
        vec![format!(
            "pex sim scenario.toml --seed {first} --seeds {}",
            seeds.len()
        )]
    } else {
        let each = seeds.iter();
        each.map(|seed| format!("pex sim scenario.toml --seed {seed}"))
            .collect()
    };
    // Line by line, as what is escaped has none.
    let lines = |text: &str| text.lines().map(escaped).collect::<Vec<_>>().join("\n");
    let _ = write!(
        page,
        "<p class=\"note\">With this as scenario.toml:</p><pre tabindex=\"0\">{}</pre>\
         <p class=\"note\">The same seed gives the same run, byte for byte:</p><pre tabindex=\"0\">{}</pre>",
        lines(&scenario.to_text()),
        lines(&commands.join("\n"))
    );
}

#[cfg(test)]
mod tests;

//! Tables for people.

use std::io::{self, Write};

use super::Case;
use super::measure::{Measure, Measured};
use super::words::{number, percent, thousands};
use crate::page::printable;
use crate::{Breach, Outcome, Spread};

/// What the table of several cases has a column for, if any of them has it.
const COLUMNS: [&str; 12] = [
    "to-half",
    "to-90",
    "to-99",
    "answers",
    "newborn",
    "known",
    "requests",
    "bytes",
    "estimate",
    "covered",
    "guess-error",
    "busiest",
];

/// Writes what has happened in one run.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_run(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let title = match outcome.scenario.title.as_str() {
        "" => "a network",
        title => title,
    };
    writeln!(out, "{}", printable(title))?;
    writeln!(
        out,
        "seed {}, {} s, {} events, digest {:016x}",
        outcome.seed,
        number(outcome.seconds),
        thousands(outcome.events),
        outcome.digest
    )?;
    writeln!(out)?;
    population(outcome, out)?;
    writeln!(out)?;
    discovery(outcome, out)?;
    let runs = core::slice::from_ref(outcome);
    let rate = |name: &str| Measure::named(name).and_then(|it| it.of(runs)?.median);
    for (what, all, late) in [
        ("requests", "requests", "requests-late"),
        ("bytes sent", "bytes", "bytes-late"),
    ] {
        if let (Some(all), Some(late)) = (rate(all), rate(late)) {
            let (all, late) = (number(all), number(late));
            writeln!(
                out,
                "{what:14} {all} a node and minute; {late} in the last half"
            )?;
        }
    }
    estimate(outcome, out)?;
    if let Some(busiest) = rate("busiest") {
        let (most, times) = (number(outcome.asked.max), number(busiest));
        writeln!(
            out,
            "{:14} the busiest {most} times, {times} times the mean of those that were",
            "asked"
        )?;
    }
    spread("in-degree", &outcome.in_degree, number, out)?;
    for gain in &outcome.gains {
        let (runs, what) = (printable(&gain.runs), printable(&gain.what));
        writeln!(
            out,
            "{:14} {runs}: {what}: {}",
            "gained",
            number(gain.value)
        )?;
    }
    Ok(())
}

fn population(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let rows = outcome.population.iter().map(|it| {
        let counts = [
            it.born,
            it.living,
            it.requests,
            it.answers,
            it.bytes,
            it.dials,
            it.faults_seen,
        ];
        let counts = counts.into_iter().map(thousands);
        [printable(&it.runs)].into_iter().chain(counts).collect()
    });
    let heads = [
        "runs",
        "born",
        "living",
        "requests",
        "answers",
        "bytes",
        "dials",
        "faults seen",
    ];
    aligned(&heads.map(str::to_owned), &rows.collect::<Vec<_>>(), 1, out)
}

fn discovery(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let runs = core::slice::from_ref(outcome);
    for (what, name, share) in [
        ("50 %", "to-half", "half"),
        ("90 %", "to-90", "90 %"),
        ("99 %", "to-99", "99 %"),
    ] {
        let Some(measured) = Measure::named(name).and_then(|it| it.of(runs)) else {
            continue;
        };
        let came = outcome.newcomers.iter().filter(|it| match name {
            "to-half" => it.to_half.is_some(),
            "to-90" => it.to_90.is_some(),
            _ => it.to_99.is_some(),
        });
        let (came, of) = (came.count() as u64, measured.of as u64);
        let title = format!("to {what}");
        if came == 0 {
            writeln!(
                out,
                "{title:14} none of {} newcomers knew {share}",
                thousands(of)
            )?;
            continue;
        }
        let answers = Measure::named("answers").and_then(|it| it.of(runs)?.median);
        let answers = answers.filter(|_| name == "to-99");
        let answers = answers.map_or_else(String::new, |it| format!(", {} answers", number(it)));
        let who = if came == of {
            thousands(of)
        } else {
            format!("{} of {}", thousands(came), thousands(of))
        };
        writeln!(
            out,
            "{title:14} {} s{answers}, for {who} newcomer{}",
            said(&measured, number),
            if of == 1 { "" } else { "s" }
        )?;
    }
    if let Some(last) = outcome.samples.last() {
        spread("known", &last.known, percent, out)?;
        spread("peers", &last.peers, number, out)?;
    }
    Ok(())
}

fn estimate(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let Some(last) = outcome.samples.last() else {
        return Ok(());
    };
    let Some(estimate) = last.estimate else {
        return Ok(());
    };
    let covered = last.covered.map_or_else(String::new, |share| {
        format!("; the interval of {} of them holds it", percent(share))
    });
    writeln!(
        out,
        "{:14} {} of the truth ({} to {}){covered}",
        "estimate",
        percent(estimate.median),
        percent(estimate.p5),
        percent(estimate.p95)
    )
}

fn spread(
    what: &str,
    spread: &Spread,
    say: fn(f64) -> String,
    out: &mut impl Write,
) -> io::Result<()> {
    let [median, p5, p95, min, max] =
        [spread.median, spread.p5, spread.p95, spread.min, spread.max].map(say);
    if min == max {
        return writeln!(out, "{what:14} {median}");
    }
    writeln!(
        out,
        "{what:14} {median} ({p5} to {p95}; least {min}, most {max})"
    )
}

/// The median, and the twentieths where they differ.
fn said(measured: &Measured, say: impl Fn(f64) -> String) -> String {
    let one = |value: Option<f64>| value.map_or_else(|| "never".to_owned(), &say);
    let (median, low, high) = (one(measured.median), one(measured.low), one(measured.high));
    if low == median && high == median {
        median
    } else {
        format!("{median} ({low} to {high})")
    }
}

/// A measure of a case as it stands in tables: the median, and the twentieths where they differ.
pub(super) fn cell(measure: &Measure, case: &Case) -> Option<(String, Option<String>)> {
    let measured = measure.of_case(case)?;
    // The heading says that it is per cent.
    let one = |value: Option<f64>| match (value, measure.unit) {
        (None, _) => "never".to_owned(),
        (Some(share), "%") => percent(share).trim_end_matches(" %").to_owned(),
        (Some(value), _) => number(value),
    };
    let [median, low, high] = [measured.median, measured.low, measured.high].map(one);
    let range = (low != median || high != median).then(|| format!("{low} to {high}"));
    Some((median, range))
}

/// The heading of a column.
pub(super) fn heading(measure: &Measure) -> String {
    match measure.unit {
        "%" => format!("{}, %", measure.title),
        _ => measure.title.to_owned(),
    }
}

/// The measures that stand in a table of these cases: those that any of them has.
pub(super) fn columns(cases: &[Case]) -> Vec<&'static Measure> {
    let all = COLUMNS.iter().filter_map(|name| Measure::named(name));
    all.filter(|it| cases.iter().any(|case| it.of_case(case).is_some()))
        .collect()
}

/// Writes a line for each case with the medians over its seeds or newcomers, and below it the
/// twentieths where they differ.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_cases(cases: &[Case], out: &mut impl Write) -> io::Result<()> {
    let columns = columns(cases);
    let mut heads = vec!["scenario".to_owned(), "seeds".to_owned()];
    heads.extend(columns.iter().map(|it| heading(it)));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for case in cases {
        let cells: Vec<_> = columns
            .iter()
            .map(|it| cell(it, case).unwrap_or_default())
            .collect();
        let mut row = vec![printable(&case.name()), case.seeds()];
        row.extend(cells.iter().map(|(median, _)| median.clone()));
        rows.push(row);
        // Beside each other they would be wider than a screen.
        if cells.iter().any(|(_, range)| range.is_some()) {
            let mut below = vec![String::new(); 2];
            below.extend(
                cells
                    .into_iter()
                    .map(|(_, range)| range.unwrap_or_default()),
            );
            rows.push(below);
        }
    }
    aligned(&heads, &rows, 2, out)
}

/// Writes rows with their columns below each other; the first ones to the left, the others to the
/// right.
fn aligned(
    heads: &[String],
    rows: &[Vec<String>],
    left: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.chain(heads.get(column)).map(|it| it.chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    for row in [heads].into_iter().chain(rows.iter().map(Vec::as_slice)) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (text, &width))| {
                if column < left {
                    format!("{text:width$}")
                } else {
                    format!("{text:>width$}")
                }
            })
            .collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

/// Writes what did not hold, when, and where.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_breach(outcome: &Outcome, breach: &Breach, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "invariant {} does not hold: {}: node {}, {} s from the beginning, event {}, seed {}",
        breach.invariant,
        printable(&breach.what),
        breach.node,
        number(breach.at),
        breach.event,
        outcome.seed
    )
}

//! Tables as Markdown.

use std::io::{self, Write};

use super::{Row, Table, Which};
use crate::show::{Measure, ranges, thousands};
use crate::{Outcome, Scenario};

/// What stands in the place of what was not run.
const NOT_RUN: &str = "–";

/// Writes a table of what came out of its entries.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_markdown(
    table: &Table,
    quick: bool,
    runs: &[Outcome],
    out: &mut impl Write,
) -> io::Result<()> {
    let sizes = table.sizes(quick);
    writeln!(out, "### {}\n\n{}\n", table.title, table.about)?;
    let heads: Vec<String> = if is_wide(table) {
        let columns = table.columns();
        columns
            .map(|(measure, which)| title(measure, which))
            .collect()
    } else {
        let all = sizes.iter();
        all.map(|it| format!("{} nodes", thousands(u64::from(*it))))
            .collect()
    };
    writeln!(out, "| | {} |", heads.join(" | "))?;
    writeln!(out, "|---|{}", "---|".repeat(heads.len()))?;
    for row in &table.rows {
        let found: Vec<Vec<Outcome>> = sizes
            .iter()
            .map(|size| of(row.at(*size, &table.title).ok().as_ref(), runs))
            .collect();
        line(&row.name, &cells(table, row, quick, &found), out)?;
        // Goals are for the whole sizes.
        let goals = if quick { Vec::new() } else { goals(table, row) };
        if goals.iter().any(|it| !it.is_empty()) {
            line("*goal*", &goals, out)?;
        }
    }
    let Some(seeds) = seeds(table, quick, runs) else {
        return writeln!(
            out,
            "\nNot run yet: `pex sim tables --only {}` does.\n",
            table.name
        );
    };
    let has_goals = table.rows.iter().any(|row| !row.goal.is_empty());
    let missed = if has_goals && !quick {
        "; what misses its goal is **bold**"
    } else {
        ""
    };
    writeln!(
        out,
        "\nMedians, {seeds}{missed}. `pex sim tables --only {}{}` makes it again.\n",
        table.name,
        if quick { " --quick" } else { "" }
    )
}

fn line(name: &str, cells: &[String], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "| {name} | {} |", cells.join(" | "))
}

/// Whether the columns are what is measured: there is one size only.
const fn is_wide(table: &Table) -> bool {
    table.sizes.len() == 1
}

/// The runs of a scenario.
fn of(scenario: Option<&Scenario>, runs: &[Outcome]) -> Vec<Outcome> {
    let same = runs.iter().filter(|it| Some(&it.scenario) == scenario);
    same.cloned().collect()
}

/// With which seeds a table was run, if it was; fewer are usual for the largest networks.
fn seeds(table: &Table, quick: bool, runs: &[Outcome]) -> Option<String> {
    let entries = table.entries(quick).unwrap_or_default();
    let of_size = |size: &u32| {
        let own = entries.iter().filter(|it| it.size == *size);
        let seeds = own.flat_map(|entry| {
            let same = runs.iter().filter(|run| run.scenario == entry.scenario);
            same.map(|run| run.seed)
        });
        ranges(seeds)
    };
    let sizes = table.sizes(quick).iter();
    let mut said = sizes
        .map(|size| (*size, of_size(size)))
        .filter(|(_, seeds)| !seeds.is_empty());
    let (_, usual) = said.next()?;
    let others: Vec<String> = said
        .filter(|(_, seeds)| *seeds != usual)
        .map(|(size, seeds)| format!("; of {} nodes {seeds}", thousands(u64::from(size))))
        .collect();
    Some(format!("seeds {usual}{}", others.concat()))
}

fn title(measure: &Measure, which: Which) -> String {
    match which {
        Which::Median => measure.title.to_owned(),
        Which::High => format!("{}, a twentieth above", measure.title),
        Which::Mean => format!("{}, the mean", measure.title),
    }
}

/// What was measured of a row, column by column.
fn cells(table: &Table, row: &Row, quick: bool, found: &[Vec<Outcome>]) -> Vec<String> {
    let one = |(size, runs): (&u32, &Vec<Outcome>)| -> Vec<String> {
        let columns = table.columns().zip(&table.measures);
        columns
            .map(|((measure, which), name)| {
                let goal = table.goal(row, name, *size).filter(|_| !quick);
                cell(measure, which, runs, goal)
            })
            .collect()
    };
    let sizes = table.sizes(quick).iter().zip(found).map(one);
    if is_wide(table) {
        return sizes.flatten().collect();
    }
    sizes
        .map(|it| {
            let mut all = it;
            // Who never comes there has no number of answers either.
            let is_nothing = |it: &String| it.contains("never") || it == NOT_RUN || it == "none";
            if all.first().is_some_and(is_nothing) {
                all.truncate(1);
            }
            all.join(", ")
        })
        .collect()
}

fn cell(
    measure: &'static Measure,
    which: Which,
    runs: &[Outcome],
    goal: Option<super::Goal>,
) -> String {
    if runs.is_empty() {
        return NOT_RUN.to_owned();
    }
    let Some(measured) = measure.of(runs) else {
        return "none".to_owned();
    };
    let value = match which {
        Which::Median => measured.median,
        Which::High => measured.high,
        Which::Mean => measured.mean,
    };
    let said = value.map_or_else(|| never(runs), |it| with_unit(measure, measure.say(it)));
    if goal.is_some_and(|it| !it.is_met(value)) {
        format!("**{said}**")
    } else {
        said
    }
}

/// How far they came who never came far enough.
fn never(runs: &[Outcome]) -> String {
    let known = Measure::named("known");
    let share = known.and_then(|it| Some(it.say(it.of(runs)?.median?)));
    share.map_or_else(|| "never".to_owned(), |it| format!("never ({it})"))
}

fn with_unit(measure: &Measure, said: String) -> String {
    match measure.unit {
        // The heading says what is counted.
        "%" | "requests" | "bytes" | "times" => said,
        unit => format!("{said} {unit}"),
    }
}

/// The goals of a row, column by column.
fn goals(table: &Table, row: &Row) -> Vec<String> {
    let one = |size: &u32| -> Vec<String> {
        let columns = table.columns().zip(&table.measures);
        columns
            .map(|((measure, _), name)| {
                let goal = table.goal(row, name, *size);
                goal.map_or_else(String::new, |it| with_unit(measure, it.say(measure)))
            })
            .collect()
    };
    let sizes = table.sizes.iter().map(one);
    if is_wide(table) {
        return sizes.flatten().collect();
    }
    sizes
        .map(|it| {
            let there: Vec<String> = it.into_iter().filter(|it| !it.is_empty()).collect();
            there.join(", ")
        })
        .collect()
}

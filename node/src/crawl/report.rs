//! What a crawl has found, for people and for programs.

use core::time::Duration;
use std::io::{self, Write};

use pex::{Estimate, Kind, NodeId};
use serde::Serialize;

use super::map::{Found, Map, Outcome};

/// What a crawl has found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The nodes.
    pub map: Map,
    /// How many nodes there seem to be.
    pub estimate: Estimate,
    /// Faults of peers that were counted on the way.
    pub faults: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// Whether there was nothing left to do; false if it was stopped.
    pub complete: bool,
}

impl Report {
    /// Nodes that were connected with.
    #[must_use]
    pub const fn reached(&self) -> usize {
        self.map.reached()
    }

    /// Nodes whose every address failed.
    #[must_use]
    pub const fn failed(&self) -> usize {
        self.map.failed()
    }
}

#[derive(Serialize)]
struct NodeLine<'a> {
    id: String,
    address: Option<String>,
    reachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    moniker: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dialect: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    told_by: Vec<String>,
}

#[derive(Serialize)]
struct SummaryLine {
    summary: Summary,
}

#[derive(Serialize)]
struct Summary {
    nodes: usize,
    reachable: usize,
    unreachable: usize,
    estimate: EstimateFields,
    faults: u64,
    seconds: f64,
    complete: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EstimateFields {
    AtLeast { at_least: u64 },
    Known { nodes: u64, low: u64, high: u64 },
}

const fn fields(estimate: Estimate) -> EstimateFields {
    match estimate {
        Estimate::Known { nodes, low, high } => EstimateFields::Known { nodes, low, high },
        Estimate::Unknown { at_least } => EstimateFields::AtLeast { at_least },
        _ => EstimateFields::AtLeast { at_least: 0 },
    }
}

/// The estimate in words.
#[must_use]
pub fn in_words(estimate: Estimate) -> String {
    match fields(estimate) {
        EstimateFields::Known { nodes, low, high } if low == high => format!("{nodes}"),
        EstimateFields::Known { nodes, low, high } => format!("{nodes} ({low} to {high})"),
        EstimateFields::AtLeast { at_least } => format!("at least {at_least}"),
    }
}

const fn dialect(kind: Kind) -> &'static str {
    match kind {
        Kind::V1 => "v1",
        Kind::V2 => "v2",
        Kind::Kin => "v2, pex",
        _ => "unknown",
    }
}

fn node_line(id: NodeId, found: &Found) -> NodeLine<'_> {
    let mut line = NodeLine {
        id: id.to_string(),
        address: found.address.as_ref().map(ToString::to_string),
        reachable: false,
        moniker: None,
        version: None,
        dialect: None,
        answers: None,
        error: None,
        told_by: found.told_by.iter().map(ToString::to_string).collect(),
    };
    match &found.outcome {
        Outcome::Unvisited if found.is_dialed => {
            line.error = Some("not reached before the crawl ended");
        }
        Outcome::Unvisited => line.error = Some("not visited: the crawl ended before"),
        Outcome::Failed { why } => line.error = Some(why),
        Outcome::Reached {
            moniker,
            version,
            kind,
            answers,
        } => {
            line.reachable = true;
            line.moniker = Some(moniker);
            line.version = Some(version);
            line.dialect = Some(dialect(*kind));
            line.answers = Some(*answers);
        }
    }
    line
}

/// Writes one JSON object a line: the nodes by id, and a summary.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_json(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for (id, found) in report.map.nodes() {
        serde_json::to_writer(&mut *out, &node_line(*id, found))?;
        writeln!(out)?;
    }
    let summary = Summary {
        nodes: report.map.nodes().len(),
        reachable: report.reached(),
        unreachable: report.failed(),
        estimate: fields(report.estimate),
        faults: report.faults,
        seconds: (report.elapsed.as_secs_f64() * 1e3).round() / 1e3,
        complete: report.complete,
    };
    serde_json::to_writer(&mut *out, &SummaryLine { summary })?;
    writeln!(out)
}

/// Writes a table for people, and a summary below it.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_table(report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:40}  {:24}  reachable  {:12}  {:12}  moniker",
        "id", "address", "told by", "version"
    )?;
    for (id, found) in report.map.nodes() {
        write_row(*id, found, out)?;
    }
    let found = report.map.nodes().len();
    writeln!(out)?;
    writeln!(
        out,
        "{found} node{} found, {} reached, {} unreachable; network size {}; {:.1} s{}",
        if found == 1 { "" } else { "s" },
        report.reached(),
        report.failed(),
        in_words(report.estimate),
        report.elapsed.as_secs_f64(),
        if report.complete {
            ""
        } else {
            "; stopped before the end"
        }
    )
}

/// One row of the table. What its node chose is last, and what is wrong stands in its place, so
/// that the columns before keep their places.
fn write_row(id: NodeId, found: &Found, out: &mut impl Write) -> io::Result<()> {
    let line = node_line(id, found);
    let place = found.address.as_ref().map_or_else(String::new, |address| {
        let text = address.to_string();
        let place = text.split_once('@').map_or("", |(_, place)| place);
        printable(place)
    });
    let reachable = if line.reachable { "yes" } else { "no" };
    let told_by = tellers(found);
    write!(out, "{id:40}  {place:24}  {reachable:9}  {told_by:12}  ")?;
    if let Some(error) = line.error {
        return writeln!(out, "{}", printable(error));
    }
    let version = printable(line.version.unwrap_or("-"));
    let moniker = printable(line.moniker.unwrap_or("-"));
    writeln!(out, "{version:12}  {moniker}")
}

/// Who told of a node: the user, or the start of the first teller's id, and how many others.
fn tellers(found: &Found) -> String {
    let first = found.told_by.first().filter(|_| !found.is_seed);
    let name = first.map_or_else(
        || "you".to_owned(),
        |id| id.to_string().chars().take(8).collect(),
    );
    match found.told_by.len() - usize::from(first.is_some()) {
        0 => name,
        others => format!("{name} +{others}"),
    }
}

/// What others chose, safe to show on a terminal: neither control characters nor those that turn
/// the direction of text pass unescaped.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\'') {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown
}

#[cfg(test)]
mod tests;

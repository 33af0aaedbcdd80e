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
        address: found.address().map(ToString::to_string),
        reachable: false,
        moniker: None,
        version: None,
        dialect: None,
        answers: None,
        error: None,
        told_by: found.told_by.iter().map(ToString::to_string).collect(),
    };
    match &found.outcome {
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
        "{:40}  {:28}  {:16}  {:12}  told by",
        "id", "address", "moniker", "version"
    )?;
    for (id, found) in report.map.nodes() {
        let line = node_line(*id, found);
        let place = found.address().map_or_else(String::new, |address| {
            address
                .to_string()
                .split_once('@')
                .map_or_else(String::new, |(_, place)| place.into())
        });
        let told_by = match found.told_by.len() {
            0 => "you".to_owned(),
            1 => "1 node".to_owned(),
            n => format!("{n} nodes"),
        };
        let moniker = printable(line.moniker.unwrap_or("-"));
        let version = printable(line.version.unwrap_or("-"));
        write!(
            out,
            "{id:40}  {:28}  {moniker:16}  {version:12}  {told_by}",
            printable(&place)
        )?;
        match line.error {
            Some(error) => writeln!(out, "; {}", printable(error))?,
            None => writeln!(out)?,
        }
    }
    writeln!(out)?;
    writeln!(
        out,
        "{} nodes found, {} reached, {} unreachable; network size {}; {:.1} s{}",
        report.map.nodes().len(),
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

/// What others chose, safe to show on a terminal: neither control characters nor those that turn
/// the direction of text pass unescaped.
fn printable(text: &str) -> String {
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
mod tests {
    use pex::NodeAddress;

    use super::*;
    use crate::reach::Reach;

    fn report(moniker: &str) -> Report {
        let mut map = Map::default();
        let place = |n: u8| {
            let id = NodeId::new([n; 20]);
            NodeAddress::parse(&format!("{id}@10.0.0.1:{n}")).unwrap()
        };
        for n in 1..=3 {
            map.learn(&place(n), None, Reach::Host);
        }
        let (first, second) = (map.next_to_dial().unwrap(), map.next_to_dial().unwrap());
        let as_told = Outcome::Reached {
            moniker: moniker.into(),
            version: "0.38.17".into(),
            kind: Kind::V1,
            answers: 0,
        };
        map.arrived(first.0.id(), as_told);
        map.answered(first.0.id(), 2);
        map.dial_failed(second.0.id(), "closed".into());
        Report {
            map,
            estimate: Estimate::Known {
                nodes: 3,
                low: 2,
                high: 5,
            },
            faults: 1,
            elapsed: Duration::from_millis(1_234),
            complete: false,
        }
    }

    fn written(report: &Report, write: fn(&Report, &mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_json_lines_say_what_became_of_each_node() {
        let text = written(&report("ann"), write_json);
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let (one, two) = (NodeId::new([1; 20]), NodeId::new([2; 20]));
        let three = NodeId::new([3; 20]);
        assert_eq!(
            lines,
            [
                serde_json::json!({
                    "id": one.to_string(), "address": format!("mconn://{one}@10.0.0.1:1"),
                    "reachable": true, "moniker": "ann", "version": "0.38.17",
                    "dialect": "v1", "answers": 2, "told_by": [],
                }),
                serde_json::json!({
                    "id": two.to_string(), "address": format!("mconn://{two}@10.0.0.1:2"),
                    "reachable": false, "error": "closed", "told_by": [],
                }),
                serde_json::json!({
                    "id": three.to_string(), "address": format!("mconn://{three}@10.0.0.1:3"),
                    "reachable": false, "error": "not visited: the crawl ended before",
                    "told_by": [],
                }),
                serde_json::json!({ "summary": {
                    "nodes": 3, "reachable": 1, "unreachable": 1,
                    "estimate": { "nodes": 3, "low": 2, "high": 5 },
                    "faults": 1, "seconds": 1.234, "complete": false,
                }}),
            ]
        );
    }

    #[test]
    fn the_table_has_a_line_a_node_and_a_summary() {
        let text = written(&report("ann"), write_table);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 6);
        assert!(
            lines[1].contains("  ann  ") && lines[1].ends_with("  you"),
            "{}",
            lines[1]
        );
        assert!(lines[2].ends_with("you; closed"), "{}", lines[2]);
        assert_eq!(
            lines[5],
            "3 nodes found, 1 reached, 1 unreachable; network size 3 (2 to 5); 1.2 s; \
             stopped before the end"
        );
    }

    #[test]
    fn a_moniker_can_neither_paint_the_screen_nor_turn_the_text_round() {
        let text = written(&report("a\u{1b}[2J\u{202e}b\u{9b}c\r\n"), write_table);
        assert!(text.contains(r"a\u{1b}[2J\u{202e}b\u{9b}c\r\n"), "{text}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    }

    #[test]
    fn an_estimate_that_is_not_known_says_at_least_how_many() {
        assert_eq!(in_words(Estimate::Unknown { at_least: 7 }), "at least 7");
        let exact = Estimate::Known {
            nodes: 7,
            low: 7,
            high: 7,
        };
        assert_eq!(in_words(exact), "7");
    }
}

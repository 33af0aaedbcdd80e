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
        Outcome::Unvisited if found.is_dialed() => {
            line.error = Some("not reached before the crawl ended");
        }
        Outcome::Unvisited => line.error = Some("not visited: the crawl ended before"),
        Outcome::Failed { why, .. } => line.error = Some(why),
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

/// One row of the table. What its node chose is last, and what is wrong stands in its place, so
/// that the columns before keep their places.
fn write_row(id: NodeId, found: &Found, out: &mut impl Write) -> io::Result<()> {
    let line = node_line(id, found);
    let place = found.address().map_or_else(String::new, |address| {
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
        map.dial_failed(second.0, "closed".into());
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
        let columns =
            |line: usize| -> Vec<&str> { lines[line].split_whitespace().skip(1).collect() };
        assert_eq!(columns(1), ["10.0.0.1:1", "yes", "you", "0.38.17", "ann"]);
        assert_eq!(columns(2), ["10.0.0.1:2", "no", "you", "closed"]);
        assert_eq!(columns(3)[..4], ["10.0.0.1:3", "no", "you", "not"]);
        assert_eq!(
            lines[5],
            "3 nodes found, 1 reached, 1 unreachable; network size 3 (2 to 5); 1.2 s; \
             stopped before the end"
        );
    }

    #[test]
    fn the_table_names_the_first_teller_by_the_start_of_its_id_and_counts_the_others() {
        let mut found = Found::default();
        found.told_by.push(NodeId::new([0xab; 20]));
        assert_eq!(tellers(&found), "abababab");
        found.told_by.extend((1..=3).map(|n| NodeId::new([n; 20])));
        assert_eq!(tellers(&found), "abababab +3");
        found.is_seed = true;
        assert_eq!(tellers(&found), "you +4");
    }

    #[test]
    fn rows_of_nodes_that_were_reached_fit_into_140_columns() {
        let mut report = report("a-name-of-20-letters");
        let id = NodeId::new([7; 20]);
        let address = format!("{id}@255.255.255.255:65535");
        let address = NodeAddress::parse(&address).unwrap();
        for teller in 1..=60 {
            let teller = Some(NodeId::new([teller; 20]));
            report.map.learn(&address, teller, Reach::Host);
        }
        let text = written(&report, write_table);
        assert_eq!(text.matches(" 01010101 +59 ").count(), 1, "{text}");
        assert!(text.lines().all(|line| line.len() <= 140), "{text}");
    }

    #[test]
    fn a_node_that_is_being_dialed_at_the_end_is_told_from_one_that_is_not() {
        let mut report = report("ann");
        let errors = |report: &Report| {
            let line = |(id, found)| node_line(id, found).error.map(str::to_owned);
            report
                .map
                .nodes()
                .iter()
                .map(|(id, found)| line((*id, found)))
                .next_back()
        };
        let not_visited = "not visited: the crawl ended before";
        assert_eq!(errors(&report), Some(Some(not_visited.to_owned())));
        assert!(report.map.next_to_dial().is_some());
        let not_reached = "not reached before the crawl ended";
        assert_eq!(errors(&report), Some(Some(not_reached.to_owned())));
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

//! JSON lines: written for programs, and read again to compare two crawls.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::UNIX_EPOCH;

use pex::{Estimate, NodeId};
use serde::{Deserialize, Serialize};

use super::groups::{self, Counts, Groups};
use super::{Point, Report, dialect};
use crate::crawl::map::{Found, Outcome};
use crate::crawl::text;

/// One node, as a line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NodeLine {
    /// Who it is, in 40 hexadecimal digits.
    #[serde(with = "text::id")]
    pub id: NodeId,
    /// Where it was reached, or tried last, or told to be.
    pub address: Option<String>,
    /// The network of its IP address.
    #[serde(default)]
    pub network: String,
    /// Whether it was connected with.
    pub reachable: bool,
    /// Its name for itself, as it chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moniker: Option<String>,
    /// The version of its software, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is taken to speak: `v1`, `v2`, or `v2, pex`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// How many requests it answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<u32>,
    /// Why it was not reached, as a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The sort of that failure, in words that are the same for all of a sort.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_sort: Option<String>,
    /// Whether the crawl began there.
    #[serde(default)]
    pub seed: bool,
    /// Who told of it, in the order in which they did.
    #[serde(default, with = "text::ids")]
    pub told_by: Vec<NodeId>,
}

/// How the last line begins.
const SUMMARY: &str = "{\"summary\":";

#[derive(Serialize, Deserialize)]
struct SummaryLine {
    summary: Summary,
}

/// The last line: a crawl as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Summary {
    /// The chain that was crawled.
    #[serde(default)]
    pub chain_id: String,
    /// When it began, as RFC 3339 has it, in UTC.
    #[serde(default)]
    pub began: String,
    /// Nodes that somebody told of.
    pub nodes: u64,
    /// Nodes that were connected with.
    pub reachable: u64,
    /// Nodes that could not be connected with.
    pub unreachable: u64,
    estimate: EstimateFields,
    /// How many hundredths of the network were found, by the estimate; none if that can't be told.
    #[serde(default)]
    pub percent: Option<u64>,
    /// The same in words.
    #[serde(default)]
    pub completeness: String,
    /// Answers of peers.
    #[serde(default)]
    pub answers: u64,
    /// Faults of peers.
    pub faults: u64,
    /// Addresses that were told and left out: too many were told by a few, or are known.
    #[serde(default)]
    pub left_out: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Whether there was nothing left to do.
    pub complete: bool,
    #[serde(default)]
    versions: Vec<Count>,
    #[serde(default)]
    dialects: Vec<Count>,
    #[serde(default)]
    errors: Vec<Count>,
    #[serde(default)]
    networks: Vec<Count>,
    #[serde(default)]
    curve: Vec<Point>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum EstimateFields {
    Known { nodes: u64, low: u64, high: u64 },
    AtLeast { at_least: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    name: String,
    nodes: u64,
}

const fn fields(estimate: Estimate) -> EstimateFields {
    match estimate {
        Estimate::Known { nodes, low, high } => EstimateFields::Known { nodes, low, high },
        Estimate::Unknown { at_least } => EstimateFields::AtLeast { at_least },
        _ => EstimateFields::AtLeast { at_least: 0 },
    }
}

/// A node as its line.
pub(super) fn node_line(id: NodeId, found: &Found) -> NodeLine {
    let mut line = NodeLine {
        id,
        address: found.address.as_ref().map(ToString::to_string),
        network: groups::network(found),
        reachable: false,
        moniker: None,
        version: None,
        dialect: None,
        answers: None,
        error: None,
        error_sort: None,
        seed: found.is_seed,
        told_by: found.told_by.clone(),
    };
    match &found.outcome {
        Outcome::Unvisited => {
            line.error = Some(if found.is_dialed {
                "not reached before the crawl ended".to_owned()
            } else {
                "not visited: the crawl ended before".to_owned()
            });
            line.error_sort = Some(groups::unvisited(found).to_owned());
        }
        Outcome::Failed { sort, why } => {
            line.error = Some(why.clone());
            line.error_sort = Some(sort.to_string());
        }
        Outcome::Reached {
            moniker,
            version,
            kind,
            answers,
        } => {
            line.reachable = true;
            line.moniker = Some(moniker.clone());
            line.version = Some(version.clone());
            line.dialect = Some(dialect(*kind).to_owned());
            line.answers = Some(*answers);
        }
    }
    line
}

pub(super) fn summary(report: &Report) -> Summary {
    let groups = Groups::of(report);
    let began = UNIX_EPOCH + Duration::from_nanos(report.began.as_nanos());
    Summary {
        chain_id: report.chain_id.clone(),
        began: humantime::format_rfc3339_seconds(began).to_string(),
        nodes: report.found() as u64,
        reachable: report.reached() as u64,
        unreachable: report.failed() as u64,
        estimate: fields(report.estimate),
        percent: report.percent(),
        completeness: report.completeness(),
        answers: report.answers,
        faults: report.faults,
        left_out: report.left_out,
        seconds: (report.elapsed.as_secs_f64() * 1e3).round() / 1e3,
        complete: report.complete,
        versions: counts(groups.versions),
        dialects: counts(groups.dialects),
        errors: counts(groups.errors),
        networks: counts(groups.networks),
        curve: report.curve.clone(),
    }
}

fn counts(counts: Counts) -> Vec<Count> {
    let count = |(name, nodes)| Count {
        name,
        nodes: nodes as u64,
    };
    counts.into_iter().map(count).collect()
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
    let summary = summary(report);
    serde_json::to_writer(&mut *out, &SummaryLine { summary })?;
    writeln!(out)
}

/// What [`write_json`] has written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Results {
    /// The nodes, by id.
    pub nodes: BTreeMap<NodeId, NodeLine>,
    /// The crawl as a whole.
    pub summary: Summary,
}

/// Why something is no result of a crawl.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResultsError {
    /// A line is not what it should be.
    Line {
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
    /// There is no summary at the end: it was cut off.
    NoSummary,
}

impl fmt::Display for ResultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { number, why } => write!(
                f,
                "line {number} is none of a crawl's ({why}); give what pex crawl --json has written"
            ),
            Self::NoSummary => f.write_str(
                "the summary at the end is missing, so it was cut off; give a whole result",
            ),
        }
    }
}

impl core::error::Error for ResultsError {}

impl Results {
    /// What a report says.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let nodes = report.map.nodes().iter();
        Self {
            nodes: nodes
                .map(|(id, found)| (*id, node_line(*id, found)))
                .collect(),
            summary: summary(report),
        }
    }

    /// Reads what [`write_json`] has written.
    ///
    /// # Errors
    ///
    /// The first line that is not one of a crawl's.
    pub fn parse(text: &str) -> Result<Self, ResultsError> {
        let mut nodes = BTreeMap::new();
        for (line, number) in text.lines().zip(1..) {
            let wrong = |error: serde_json::Error| ResultsError::Line {
                number,
                why: error.to_string(),
            };
            if line.starts_with(SUMMARY) {
                let last: SummaryLine = serde_json::from_str(line).map_err(wrong)?;
                let summary = last.summary;
                return Ok(Self { nodes, summary });
            }
            let node: NodeLine = serde_json::from_str(line).map_err(wrong)?;
            nodes.insert(node.id, node);
        }
        Err(ResultsError::NoSummary)
    }
}

//! What a crawl has found, for people and for programs.

mod csv;
pub(super) mod groups;
mod html;
mod json;
mod table;

use core::time::Duration;

use pex::{Estimate, Kind, Time};

use super::curve::Point;
use super::map::Map;

pub(crate) use pex_sim::page::printable;

pub use csv::write_csv;
pub use html::write_html;
pub use json::{NodeLine, Results, ResultsError, Summary, write_json};
pub use table::{write_summary, write_table};

/// What a crawl has found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The chain that was crawled.
    pub chain_id: String,
    /// When it began.
    pub began: Time,
    /// The nodes.
    pub map: Map,
    /// How many nodes there seem to be.
    pub estimate: Estimate,
    /// Answers of peers that came.
    pub answers: u64,
    /// Faults of peers that were counted on the way.
    pub faults: u64,
    /// Addresses that were told and left out: who told of them, or all in its network, had told of
    /// 50,000 that were not reached, or 200,000 are known.
    pub left_out: u64,
    /// How long it took, interruptions left out.
    pub elapsed: Duration,
    /// Whether there was nothing left to do; false if it was stopped.
    pub complete: bool,
    /// Whether dials had to wait, or were not made, for want of file descriptors.
    pub starved: bool,
    /// How it went.
    pub curve: Vec<Point>,
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

    /// How many nodes are known.
    #[must_use]
    pub fn found(&self) -> usize {
        self.map.nodes().len()
    }

    /// How many hundredths of the network were found, as far as the estimate can tell.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let Estimate::Known { nodes, .. } = self.estimate else {
            return None;
        };
        let found = self.found() as u64;
        Some((found.saturating_mul(100) / nodes.max(found).max(1)).min(100))
    }

    /// What was left out, if anything was.
    pub(super) fn left_out_in_words(&self) -> Option<String> {
        let words = "addresses, since too many were told that were not reached";
        (self.left_out > 0).then(|| format!("{} {words}", self.left_out))
    }

    /// How complete it is believed to be, or why that can't be told.
    #[must_use]
    pub fn completeness(&self) -> String {
        match (self.estimate, self.percent()) {
            // Seeds are told of by nobody, and liars tell of nodes that are not there.
            (Estimate::Known { nodes, low, high }, _) if self.found() as u64 > high => format!(
                "{} found, and about {nodes} ({low} to {high}) estimated: nothing seems to be missing",
                self.found()
            ),
            (Estimate::Known { nodes, low, high }, Some(percent)) => {
                let found = self.found();
                format!("{found} of about {nodes} ({low} to {high}): {percent} %")
            }
            _ => format!(
                "{} found; how many there are can't be told by what the nodes tell",
                self.found()
            ),
        }
    }
}

/// The estimate in words.
#[must_use]
pub fn in_words(estimate: Estimate) -> String {
    match estimate {
        Estimate::Known { nodes, low, high } if low == high => format!("{nodes}"),
        Estimate::Known { nodes, low, high } => format!("{nodes} ({low} to {high})"),
        Estimate::Unknown { at_least } => format!("at least {at_least}"),
        _ => "not known".to_owned(),
    }
}

/// What a dialect is called.
pub(super) const fn dialect(kind: Kind) -> &'static str {
    match kind {
        Kind::V1 => "v1",
        Kind::V2 => "v2",
        Kind::Kin => "v2, pex",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests;

//! What has changed between two crawls of one network.

use std::io::{self, Write};

use pex::NodeId;
use serde::Serialize;

use super::printable;
use super::report::groups::UNVISITED;
use super::report::{NodeLine, Results, Summary};
use super::sort::{NO_DESCRIPTORS, NO_ROOM};
use super::text;

/// One thing that has changed of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// Nobody tells of the node any more.
    Gone {
        /// Where it was.
        address: Option<String>,
    },
    /// Nobody had told of the node before.
    New {
        /// Where it is.
        address: Option<String>,
        /// Whether it was reached.
        reachable: bool,
    },
    /// The node is reached now, and was not before.
    Reachable,
    /// The node is not reached now, and was before.
    Unreachable {
        /// Why not, as a sentence.
        error: Option<String>,
    },
    /// The version of its software is another one.
    Version {
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// It calls itself otherwise.
    Moniker {
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// It is reached, or told of, at another place.
    Address {
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
}

/// How many nodes of each sort of change there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Tally {
    gone: usize,
    new: usize,
    reachable: usize,
    unreachable: usize,
    version: usize,
    moniker: usize,
    address: usize,
    unchanged: usize,
}

/// What has changed from one crawl to another.
#[derive(Clone, Debug)]
pub struct Diff {
    old: Summary,
    new: Summary,
    changes: Vec<(NodeId, Change)>,
    tally: Tally,
}

impl Diff {
    /// Compares two crawls.
    ///
    /// # Errors
    ///
    /// If they are of different chains, as a sentence.
    pub fn of(old: &Results, new: &Results) -> Result<Self, String> {
        let (one, other) = (&old.summary.chain_id, &new.summary.chain_id);
        if one != other {
            return Err(format!(
                "the first is of the chain {one:?} and the second of {other:?}; \
                 give two results of one chain"
            ));
        }
        let mut diff = Self {
            old: old.summary.clone(),
            new: new.summary.clone(),
            changes: Vec::new(),
            tally: Tally::default(),
        };
        for (id, was) in &old.nodes {
            match new.nodes.get(id) {
                Some(is) => diff.compare(*id, was, is),
                None => diff.note(
                    *id,
                    Change::Gone {
                        address: was.address.clone(),
                    },
                ),
            }
        }
        for (id, is) in &new.nodes {
            if !old.nodes.contains_key(id) {
                let address = is.address.clone();
                let reachable = is.reachable;
                diff.note(*id, Change::New { address, reachable });
            }
        }
        Ok(diff)
    }

    /// What has changed, by node.
    #[must_use]
    pub fn changes(&self) -> &[(NodeId, Change)] {
        &self.changes
    }

    fn note(&mut self, id: NodeId, change: Change) {
        let tally = &mut self.tally;
        *match change {
            Change::Gone { .. } => &mut tally.gone,
            Change::New { .. } => &mut tally.new,
            Change::Reachable => &mut tally.reachable,
            Change::Unreachable { .. } => &mut tally.unreachable,
            Change::Version { .. } => &mut tally.version,
            Change::Moniker { .. } => &mut tally.moniker,
            Change::Address { .. } => &mut tally.address,
        } += 1;
        self.changes.push((id, change));
    }

    fn compare(&mut self, id: NodeId, was: &NodeLine, is: &NodeLine) {
        let before = self.changes.len();
        // Of one that was not tried it is not known.
        match (reaches(was), reaches(is)) {
            (Some(false), Some(true)) => self.note(id, Change::Reachable),
            (Some(true), Some(false)) => {
                let error = is.error.clone();
                self.note(id, Change::Unreachable { error });
            }
            _ => {}
        }
        // Who was not reached has told nothing of itself, and that is no change.
        if let Some((from, to)) = differing(was.version.as_ref(), is.version.as_ref()) {
            self.note(id, Change::Version { from, to });
        }
        if let Some((from, to)) = differing(was.moniker.as_ref(), is.moniker.as_ref()) {
            self.note(id, Change::Moniker { from, to });
        }
        // Of one that was not reached it is chance which of its addresses is named.
        let both = was.reachable && is.reachable;
        let addresses = (was.address.as_ref(), is.address.as_ref());
        if let (true, Some((from, to))) = (both, differing(addresses.0, addresses.1)) {
            self.note(id, Change::Address { from, to });
        }
        if self.changes.len() == before {
            self.tally.unchanged += 1;
        }
    }

    /// The summary, in one line; what did not happen is left out.
    #[must_use]
    pub fn in_words(&self) -> String {
        let it = self.tally;
        let counts = [
            (it.new, "new"),
            (it.gone, "gone"),
            (it.reachable, "reachable now"),
            (it.unreachable, "no longer reachable"),
            (it.version, "of another version"),
            (it.moniker, "of another moniker"),
            (it.address, "at another address"),
            (it.unchanged, "unchanged"),
        ];
        let told = counts.iter().filter(|(count, _)| *count > 0);
        let told: Vec<String> = told
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        format!(
            "{} → {} nodes: {}{}",
            self.old.nodes,
            self.new.nodes,
            if told.is_empty() {
                "nothing to compare".to_owned()
            } else {
                told.join(", ")
            },
            match (self.old.complete, self.new.complete) {
                (true, true) => "",
                (false, false) => "; both were cut short, so some that seem new or gone are not",
                (false, true) => "; the first was cut short, so some that seem new are not",
                (true, false) => "; the second was cut short, so some that seem gone are not",
            }
        )
    }
}

/// Whether a node could be reached; none if its crawl did not try.
fn reaches(line: &NodeLine) -> Option<bool> {
    let sort = line.error_sort.as_deref();
    let [dialed, not] = UNVISITED;
    let was_not_tried = [dialed, not, NO_DESCRIPTORS, NO_ROOM];
    let is_unknown = sort.is_some_and(|sort| was_not_tried.contains(&sort));
    (!is_unknown).then_some(line.reachable)
}

fn differing(was: Option<&String>, is: Option<&String>) -> Option<(String, String)> {
    let (was, is) = (was?, is?);
    (was != is).then(|| (was.clone(), is.clone()))
}

#[derive(Serialize)]
struct ChangeLine<'a> {
    #[serde(with = "text::id")]
    id: NodeId,
    #[serde(flatten)]
    change: &'a Change,
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    summary: DiffSummary<'a>,
}

#[derive(Serialize)]
struct DiffSummary<'a> {
    chain_id: &'a str,
    from: Side<'a>,
    to: Side<'a>,
    #[serde(flatten)]
    tally: Tally,
}

#[derive(Serialize)]
struct Side<'a> {
    began: &'a str,
    nodes: u64,
    reachable: u64,
    complete: bool,
}

impl<'a> From<&'a Summary> for Side<'a> {
    fn from(it: &'a Summary) -> Self {
        Self {
            began: &it.began,
            nodes: it.nodes,
            reachable: it.reachable,
            complete: it.complete,
        }
    }
}

/// Writes one JSON object a line: the changes, and a summary.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_diff_json(diff: &Diff, out: &mut impl Write) -> io::Result<()> {
    for (id, change) in &diff.changes {
        serde_json::to_writer(&mut *out, &ChangeLine { id: *id, change })?;
        writeln!(out)?;
    }
    let summary = DiffSummary {
        chain_id: &diff.new.chain_id,
        from: (&diff.old).into(),
        to: (&diff.new).into(),
        tally: diff.tally,
    };
    serde_json::to_writer(&mut *out, &SummaryLine { summary })?;
    writeln!(out)
}

/// Writes a line a change, and a summary, for people.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_diff_table(diff: &Diff, out: &mut impl Write) -> io::Result<()> {
    for (id, change) in &diff.changes {
        let place = |address: &Option<String>| printable(address.as_deref().unwrap_or("-"));
        let (what, how) = match change {
            Change::Gone { address } => ("gone", place(address)),
            Change::New { address, .. } => ("new", place(address)),
            Change::Reachable => ("reachable", String::new()),
            Change::Unreachable { error } => ("unreachable", place(error)),
            Change::Version { from, to } => ("version", arrow(from, to)),
            Change::Moniker { from, to } => ("moniker", arrow(from, to)),
            Change::Address { from, to } => ("address", arrow(from, to)),
        };
        let line = format!("{what:11}  {id}  {how}");
        writeln!(out, "{}", line.trim_end())?;
    }
    if !diff.changes.is_empty() {
        writeln!(out)?;
    }
    writeln!(out, "{}", diff.in_words())
}

fn arrow(from: &str, to: &str) -> String {
    format!("{} → {}", printable(from), printable(to))
}

#[cfg(test)]
mod tests;

//! The table for people.

use std::io::{self, Write};

use pex::NodeId;

use super::groups::{Counts, Groups};
use super::json::node_line;
use super::{Report, in_words, printable};
use crate::crawl::map::Found;

/// Lines of a group that are shown; the rest is one line.
const LINES: usize = 10;

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
    write_summary(report, out)
}

/// Writes what the nodes have in common, how complete the crawl is believed to be, and one line of
/// all.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_summary(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let groups = Groups::of(report);
    write_group("dialects", &groups.dialects, out)?;
    write_group("versions", &groups.versions, out)?;
    write_group("dial errors", &groups.errors, out)?;
    writeln!(out, "{:12} {}", "complete", report.completeness())?;
    if let Some(left_out) = report.left_out_in_words() {
        writeln!(out, "{:12} {left_out}", "left out")?;
    }
    writeln!(out)?;
    let found = report.found();
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

/// The largest of a group, a line each, and how many nodes the others have.
fn write_group(name: &str, counts: &Counts, out: &mut impl Write) -> io::Result<()> {
    let mut name = name;
    for (what, nodes) in counts.iter().take(LINES) {
        writeln!(out, "{name:12} {nodes:>6}  {}", printable(what))?;
        name = "";
    }
    let others: usize = counts.iter().skip(LINES).map(|(_, nodes)| nodes).sum();
    if others > 0 {
        writeln!(
            out,
            "{name:12} {others:>6}  of {} others",
            counts.len() - LINES
        )?;
    }
    Ok(())
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
        return writeln!(out, "{}", printable(&error));
    }
    let version = printable(line.version.as_deref().unwrap_or("-"));
    let moniker = printable(line.moniker.as_deref().unwrap_or("-"));
    writeln!(out, "{version:12}  {moniker}")
}

/// Who told of a node: the user, or the start of the first teller's id, and how many others.
pub(super) fn tellers(found: &Found) -> String {
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

//! CSV, as RFC 4180 has it, for spreadsheets.

use std::io::{self, Write};

use super::Report;
use super::json::node_line;

const COLUMNS: [&str; 12] = [
    "id",
    "address",
    "network",
    "reachable",
    "dialect",
    "version",
    "moniker",
    "answers",
    "error_sort",
    "error",
    "seed",
    "told_by",
];

/// Writes a table for spreadsheets: a head, and a line a node. Whoever told of a node stands there
/// as a number: how many they were.
///
/// What peers chose can't become a formula: a text that a spreadsheet would take for one begins with
/// an apostrophe. So take JSON where the text must be as it was.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_csv(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut csv = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(out);
    csv.write_record(COLUMNS)?;
    for (id, found) in report.map.nodes() {
        let line = node_line(*id, found);
        let text = |text: Option<String>| harmless(text.unwrap_or_default());
        let yes = |it: bool| if it { "yes" } else { "no" }.to_owned();
        csv.write_record([
            line.id.to_string(),
            text(line.address),
            text(Some(line.network)),
            yes(line.reachable),
            text(line.dialect),
            text(line.version),
            text(line.moniker),
            line.answers.map_or_else(String::new, |it| it.to_string()),
            text(line.error_sort),
            text(line.error),
            yes(line.seed),
            line.told_by.len().to_string(),
        ])?;
    }
    csv.flush()
}

/// A text that no spreadsheet takes for a formula: what begins with one of the characters that make
/// one, or with white space before it, is quoted with an apostrophe. Control characters go.
fn harmless(text: String) -> String {
    let text: String = if text.chars().any(char::is_control) {
        text.chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    } else {
        text
    };
    let first = text.trim_start().chars().next();
    // The last four are the wide forms, which some spreadsheets take for the others.
    let is_formula = first.is_some_and(|first| "=+-@|%＝＋－＠".contains(first));
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_chose_is_no_formula() {
        for hostile in [
            "=HYPERLINK(\"http://evil\")",
            "+1",
            "-2+3",
            "@SUM(A1)",
            " =1",
            "\t=1",
            "|cmd",
            "%0A",
            "＝1",
            "\r\n=1",
        ] {
            let shown = harmless(hostile.to_owned());
            assert!(shown.starts_with('\''), "{shown:?}");
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
        for honest in ["validator-1", "a=b", "0.38.17", "", "node, \"one\""] {
            assert_eq!(harmless(honest.to_owned()), honest);
        }
    }
}

//! The report for browsers.

use std::io::{self, Write};

use super::Report;

/// Writes one page.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_html(_report: &Report, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<!doctype html>")
}

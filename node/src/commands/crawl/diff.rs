//! `pex crawl diff`.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use pex_node::crawl::{Diff, Results, write_diff_json, write_diff_table};

use crate::commands::terminal::Output;
use crate::commands::{Failure, Outcome};

pub(super) fn run(old: &Path, new: &Path, json: bool) -> Result<Outcome, Failure> {
    let diff = Diff::of(&read(old)?, &read(new)?).map_err(Failure::new)?;
    let mut out = BufWriter::new(Output::new());
    if json {
        write_diff_json(&diff, &mut out)?;
    } else {
        write_diff_table(&diff, &mut out)?;
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// The result of a crawl in a file.
pub(super) fn read(path: &Path) -> Result<Results, Failure> {
    let named =
        |why: &dyn core::fmt::Display| Failure::new(format_args!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| named(&error))?;
    Results::parse(&text).map_err(|error| named(&error))
}

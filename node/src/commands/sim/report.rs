//! `pex sim report`.

use core::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pex_sim::Outcome as Run;
use pex_sim::show::read_json;

use super::args::ReportArgs;
use super::outputs;
use crate::commands::{Failure, Outcome};

pub(super) fn run(args: &ReportArgs) -> Result<Outcome, Failure> {
    let runs = gather(&args.from)?;
    outputs::write_all(runs, &args.output)
}

/// What is in these files, and in the JSON files of these folders; in order of their names.
pub(super) fn gather(from: &[PathBuf]) -> Result<Vec<Run>, Failure> {
    let mut files = Vec::new();
    for path in from {
        if path.is_dir() {
            let mut inside = Vec::new();
            for entry in fs::read_dir(path).map_err(|error| named(path, &error))? {
                let file = entry.map_err(|error| named(path, &error))?.path();
                if file.extension().is_some_and(|it| it == "json") {
                    inside.push(file);
                }
            }
            if inside.is_empty() {
                return Err(named(path, &"there is no JSON of a run in this folder"));
            }
            inside.sort_by_cached_key(|it| in_order(&it.to_string_lossy()));
            files.extend(inside);
        } else {
            files.push(path.clone());
        }
    }
    let mut runs = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| named(&file, &error))?;
        runs.extend(read_json(&text).map_err(|error| named(&file, &error))?);
    }
    Ok(runs)
}

/// A name so that 9 comes before 10: its numbers with as many digits as any has.
fn in_order(name: &str) -> String {
    let mut key = String::new();
    let mut digits = String::new();
    for c in name.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            // Into a string it can't fail.
            let _ = write!(key, "{digits:0>24}");
            digits.clear();
        }
        key.push(c);
    }
    key
}

fn named(path: &Path, why: &dyn core::fmt::Display) -> Failure {
    Failure::new(format_args!("{}: {why}", path.display()))
}

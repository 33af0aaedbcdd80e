//! Where what came out of runs goes.

use std::io::{BufWriter, Write as _};
use std::path::Path;

use indicatif::HumanCount;
use pex_node::crawl::save;
use pex_sim::Outcome as Run;
use pex_sim::show::{cases, write_breach, write_cases, write_html, write_json};

use super::args::OutputArgs;
use crate::commands::terminal::Output;
use crate::commands::{Failure, Outcome, ahead};

/// Whether JSON is printed, so that nothing else may be.
pub(super) fn prints_json(args: &OutputArgs) -> bool {
    args.json.as_deref() == Some(Path::new("-"))
}

/// Fails if it is clear already that one of the files can't be written.
pub(super) fn must_be_writable(args: &OutputArgs) -> Result<(), Failure> {
    let json = args.json.iter().filter(|_| !prints_json(args));
    json.chain(&args.html)
        .try_for_each(|path| ahead::must_be_writable(path))
}

/// Writes the files that were asked for, and JSON if it is to be printed.
pub(super) fn files(runs: &[Run], args: &OutputArgs) -> Result<(), Failure> {
    if let Some(path) = &args.json {
        let mut bytes = Vec::new();
        for run in runs {
            write_json(run, &mut bytes)?;
        }
        if prints_json(args) {
            let mut out = Output::new();
            out.write_all(&bytes)?;
            out.flush()?;
        } else {
            save_to(path, &bytes)?;
        }
    }
    if let Some(path) = &args.html {
        let mut bytes = Vec::new();
        write_html(&cases(runs.to_vec()), &mut bytes)?;
        save_to(path, &bytes)?;
    }
    Ok(())
}

/// Writes what came out of several runs: the files, and a table with a line a scenario.
pub(super) fn write_all(runs: Vec<Run>, args: &OutputArgs) -> Result<Outcome, Failure> {
    files(&runs, args)?;
    let (count, events) = (runs.len(), runs.iter().map(|it| it.events).sum());
    let broken: Vec<&Run> = runs.iter().filter(|it| it.breach.is_some()).collect();
    let failure = told_of_all(&broken);
    if !args.quiet && !prints_json(args) {
        let mut out = BufWriter::new(Output::new());
        write_cases(&cases(runs), &mut out)?;
        writeln!(out)?;
        writeln!(out, "{count} runs, {} events", HumanCount(events))?;
        out.flush()?;
    }
    failure.map_or(Ok(Outcome::Done), |said| Err(Failure::new(said)))
}

/// What did not hold in a run; empty if all did.
pub(super) fn told(run: &Run) -> String {
    let mut said = Vec::new();
    if let Some(breach) = &run.breach {
        // Into a vector it can't fail.
        let _ = write_breach(run, breach, &mut said);
    }
    String::from_utf8_lossy(&said).trim_end().to_owned()
}

/// What did not hold, in several runs: in the first of them.
fn told_of_all(broken: &[&Run]) -> Option<String> {
    let first = told(broken.first()?);
    Some(match broken.len() {
        1 => first,
        of => format!("in {of} runs something did not hold that must; in the first, {first}"),
    })
}

/// Writes a file, whole or not at all, and names it if that fails.
pub(super) fn save_to(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    save(path, bytes).map_err(|error| {
        let why = crate::commands::what_to_do(&error);
        Failure::new(format_args!("cannot write {}: {why}", path.display()))
    })
}

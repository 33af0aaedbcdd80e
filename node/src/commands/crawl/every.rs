//! `pex crawl --out` and `--every`: results in dated files, and what has changed since the last.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use pex_node::crawl::{Diff, Report, Results, dated, newest, prune, write_json};
use tokio::time::{Instant, sleep_until};

use super::args::CrawlArgs;
use super::output::{Outputs, save_to};
use super::watch::End;
use super::{Crawled, blame, diff, first_failure, once, outcome};
use crate::commands::signals::Stop;
use crate::commands::terminal::{Output, complain};
use crate::commands::{Failure, Outcome};

pub(super) async fn run(args: &CrawlArgs, stop: &Stop) -> Result<Outcome, Failure> {
    let Some(folder) = args.repeat.out.as_deref() else {
        return Ok(Outcome::Done);
    };
    fs::create_dir_all(folder).map_err(|error| in_folder(folder, &error))?;
    let outputs = Outputs::of(&args.output, true);
    let mut last = previous(folder)?;
    let mut runs = 0;
    loop {
        let began = Instant::now();
        let (failed, end) = match once(args, stop).await {
            Ok(Crawled { report, end, state }) => {
                let kept = keep(args, folder, &report);
                let written = outputs.write(&report);
                let kept = kept.and_then(|results| {
                    let before = last.replace(results);
                    match (&before, &last) {
                        (Some(before), Some(now)) => tell_changes(before, now, &outputs),
                        _ => Ok(()),
                    }
                });
                let failures = [kept, written, state, blame(&report, &args.seeds)];
                (first_failure(failures), end)
            }
            // What can't be begun at all is to be known at once; later it may pass.
            Err(failure) if runs == 0 => return Err(failure),
            Err(failure) => (Err(failure), End::OutOfTime),
        };
        runs += 1;
        let Some(every) = args.repeat.every.filter(|_| end != End::Interrupted) else {
            failed?;
            return Ok(outcome(end));
        };
        if args.repeat.runs.is_some_and(|most| runs >= most) {
            failed?;
            return Ok(outcome(end));
        }
        // Whoever was out of reach this time may be there the next, and so may room on the disk.
        if let Err(failure) = failed {
            complain(format_args!("pex: {failure}"));
        }
        let Some(next) = began.checked_add(every) else {
            return Ok(outcome(end));
        };
        tokio::select! {
            // It may have come during the writes, which may have taken longer than the time between.
            biased;
            () = stop.asked() => return Ok(Outcome::Done),
            () = sleep_until(next) => {}
        }
    }
}

/// The newest result in the folder, if it can be read: to compare with, so it is no failure if not.
fn previous(folder: &Path) -> Result<Option<Results>, Failure> {
    let path = newest(folder).map_err(|error| in_folder(folder, &error))?;
    Ok(path.and_then(|path| match diff::read(&path) {
        Ok(results) => Some(results),
        Err(failure) => {
            complain(format_args!("pex: nothing to compare with: {failure}"));
            None
        }
    }))
}

/// Writes a result into the folder, and removes the oldest.
fn keep(args: &CrawlArgs, folder: &Path, report: &Report) -> Result<Results, Failure> {
    let mut bytes = Vec::new();
    write_json(report, &mut bytes)?;
    let path = dated(folder, report.began);
    save_to(&path, &bytes)?;
    prune(folder, args.repeat.keep, &path).map_err(|error| in_folder(folder, &error))?;
    Ok(Results::of(report))
}

fn tell_changes(last: &Results, now: &Results, outputs: &Outputs) -> Result<(), Failure> {
    match Diff::of(last, now) {
        Ok(diff) if outputs.prints_for_people() => {
            let mut out = Output::new();
            writeln!(out, "changes: {}", diff.in_words())?;
            out.flush()?;
        }
        // What reads JSON or CSV there has no use for such a line.
        Ok(diff) => complain(format_args!("pex: changes: {}", diff.in_words())),
        Err(why) => complain(format_args!("pex: nothing to compare with: {why}")),
    }
    Ok(())
}

fn in_folder(folder: &Path, error: &std::io::Error) -> Failure {
    let why = crate::commands::what_to_do(error);
    Failure::new(format_args!("folder {}: {why}", folder.display()))
}

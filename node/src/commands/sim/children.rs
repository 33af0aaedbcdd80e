//! Several runs, each in a process of its own: so one takes no memory from another, and a sweep on
//! this machine is the same commands as one that is spread over many.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use pex_sim::Outcome as Run;
use pex_sim::show::read_json;

use super::args::ManyArgs;
use super::job::Job;
use super::plan::paths;
use crate::commands::Failure;
use crate::commands::terminal::complain;

/// Runs them all, and gives what came out in their order. A run in which something did not hold
/// that must is among them; one that gave nothing is a failure, once all others are through.
pub(super) fn run(jobs: &[Job], many: &ManyArgs, quiet: bool) -> Result<Vec<Run>, Failure> {
    let kept = many.out.clone();
    let folder = match &kept {
        Some(folder) => folder.clone(),
        None => env::temp_dir().join(format!("pex-sim-{}", std::process::id())),
    };
    let in_folder = |error: std::io::Error| {
        let why = crate::commands::what_to_do(&error);
        Failure::new(format_args!("folder {}: {why}", folder.display()))
    };
    fs::create_dir_all(&folder).map_err(in_folder)?;
    let outcomes = all(jobs, &paths(jobs, &folder), many, quiet);
    if kept.is_none() {
        fs::remove_dir_all(&folder).map_err(in_folder)?;
    }
    outcomes
}

fn all(jobs: &[Job], paths: &[PathBuf], many: &ManyArgs, quiet: bool) -> Result<Vec<Run>, Failure> {
    let program = env::current_exe()?;
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let at_once = many.jobs.map_or(processors, usize::from).min(jobs.len());
    let bar = ProgressBar::new(jobs.len() as u64);
    if let Ok(style) = ProgressStyle::with_template("{elapsed} {bar:30} {pos} of {len} runs {msg}")
    {
        bar.set_style(style);
    }
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((job, path)) = jobs.get(place).zip(paths.get(place)) else {
                        break;
                    };
                    match one(&program, job, path) {
                        Ok(said) if quiet => drop(said),
                        Ok(said) => {
                            bar.suspend(|| complain(format_args!("{}: {said}", job.name())));
                        }
                        Err(why) => {
                            let said = format!("{}: {why}", job.name());
                            bar.suspend(|| complain(format_args!("pex: {said}")));
                            if let Ok(mut failed) = failed.lock() {
                                failed.push(said);
                            }
                        }
                    }
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let failed = failed.into_inner().unwrap_or_default();
    if !failed.is_empty() {
        return Err(Failure::new(format_args!(
            "{} of {} runs gave nothing; the lines above say which",
            failed.len(),
            jobs.len()
        )));
    }
    paths.iter().map(|path| read(path)).collect()
}

/// Runs one, and gives its last line; or says why it gave nothing.
fn one(program: &Path, job: &Job, path: &Path) -> Result<String, String> {
    // What is there from before must not be taken for what comes out now.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(format!("{}: {error}", path.display()));
    }
    let output = Command::new(program)
        .args(job.arguments_into(path))
        .output()
        .map_err(|error| error.to_string())?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if path.exists() {
        let broken = err.lines().last().filter(|_| !output.status.success());
        let broken = broken.map(|it| format!("; {}", it.trim_start_matches("pex: ")));
        return Ok(format!("{}{}", out.trim_end(), broken.unwrap_or_default()));
    }
    let why = err.trim_end().trim_start_matches("pex: ");
    Err(match why {
        "" => format!("{}; it may have been out of memory", output.status),
        why => why.to_owned(),
    })
}

/// What a run has written.
fn read(path: &Path) -> Result<Run, Failure> {
    let named =
        |why: &dyn core::fmt::Display| Failure::new(format_args!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| named(&error))?;
    let mut runs = read_json(&text).map_err(|error| named(&error))?;
    Ok(runs.remove(0))
}

//! Several runs, each in a process of its own: so one takes no memory from another, and a sweep on
//! this machine is the same commands as one that is spread over many.

use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use pex_sim::Outcome as Run;
use pex_sim::show::read_json;

use super::args::ManyArgs;
use super::job::Job;
use super::plan::paths;
use crate::commands::Failure;
use crate::commands::signals::when_to_end;
use crate::commands::terminal::complain;

/// The processes that run. Once they are stopped, no more is started.
#[derive(Debug, Default)]
pub(super) struct Processes(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    are_stopped: bool,
    running: BTreeMap<u32, Child>,
}

impl Processes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn are_stopped(&self) -> bool {
        self.state().are_stopped
    }

    /// Ends all of them.
    fn stop(&self) {
        let mut state = self.state();
        state.are_stopped = true;
        for child in state.running.values_mut() {
            // Who is at its end already need not be ended.
            let _ended = child.kill();
        }
    }

    /// Runs a command to its end; none if they are stopped.
    fn run(&self, command: &mut Command) -> io::Result<Option<Output>> {
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut state = self.state();
        if state.are_stopped {
            return Ok(None);
        }
        let mut child = command.spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let id = child.id();
        state.running.insert(id, child);
        drop(state);
        // Both at once: it waits where one of them is full.
        let (stdout, stderr) = thread::scope(|scope| {
            let err = scope.spawn(|| read_all(err));
            (read_all(out), err.join().unwrap_or_default())
        });
        // It has closed what it writes to, so its end is near.
        let child = self.state().running.remove(&id);
        let Some(mut child) = child else {
            return Ok(None);
        };
        let status = child.wait()?;
        let output = Output {
            status,
            stdout,
            stderr,
        };
        Ok(Some(output).filter(|_| !self.are_stopped()))
    }
}

/// What can be read, up to the end or to what can't.
fn read_all(from: Option<impl Read>) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(mut from) = from {
        let _read = from.read_to_end(&mut all);
    }
    all
}

/// Runs them all, and gives what came out in their order. A run in which something did not hold
/// that must is among them; one that gave nothing is a failure, once all others are through.
pub(super) fn run(jobs: &[Job], many: &ManyArgs, quiet: bool) -> Result<Vec<Run>, Failure> {
    let kept = many.out.clone();
    let folder = match &kept {
        Some(folder) => folder.clone(),
        None => env::temp_dir().join(format!("pex-sim-{}", std::process::id())),
    };
    let in_folder = |error: io::Error| {
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
    let processes = Arc::new(Processes::default());
    let whom = Arc::clone(&processes);
    when_to_end(move || whom.stop())?;
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((job, path)) = jobs.get(place).zip(paths.get(place)) else {
                        break;
                    };
                    match one(&processes, &program, job, path) {
                        Ok(None) => break,
                        Ok(Some(last)) if quiet && !last.is_broken => {}
                        Ok(Some(last)) => {
                            let said = format!("{}: {}", job.name(), last.line);
                            bar.suspend(|| complain(format_args!("{said}")));
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
    let done = bar.position();
    bar.finish_and_clear();
    if processes.are_stopped() {
        return Err(Failure::new(format_args!(
            "stopped when {done} of {} runs were done",
            jobs.len()
        )));
    }
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

/// What is said of a run that is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Last {
    /// What it took, and what did not hold with the command that shows it again.
    pub(super) line: String,
    pub(super) is_broken: bool,
}

/// Runs one, and gives what is said of it, or none if it was stopped; or says why it gave nothing.
pub(super) fn one(
    processes: &Processes,
    program: &Path,
    job: &Job,
    path: &Path,
) -> Result<Option<Last>, String> {
    // What is there from before must not be taken for what comes out now.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(format!("{}: {error}", path.display()));
    }
    let mut command = Command::new(program);
    let output = processes
        .run(command.args(job.arguments_into(path)))
        .map_err(|error| error.to_string())?;
    let Some(output) = output else {
        return Ok(None);
    };
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if path.exists() {
        let is_broken = !output.status.success();
        let broken = err.lines().last().filter(|_| is_broken);
        let broken = broken.map(|it| format!("; {}", it.trim_start_matches("pex: ")));
        let line = format!("{}{}", out.trim_end(), broken.unwrap_or_default());
        return Ok(Some(Last { line, is_broken }));
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

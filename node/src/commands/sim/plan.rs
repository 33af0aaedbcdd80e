//! What is to be run.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use pex_sim::combinations;

use super::args::{FlagArgs, ManyArgs, SimArgs};
use super::job::{Job, file_name, in_shell};
use super::said::Said;
use crate::commands::terminal::Output;
use crate::commands::{Failure, Outcome};

/// Where commands write to that are printed, unless it is said.
const FOLDER: &str = "runs";

/// The most runs of one command.
const JOBS_MAX: usize = 100_000;

/// Every run of a command.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) jobs: Vec<Job>,
    folder: PathBuf,
}

impl Plan {
    /// Every file in all combinations of what is swept over, with every seed.
    pub(super) fn of(args: &SimArgs) -> Result<Self, Failure> {
        if args.random {
            return Self::random(&args.many);
        }
        let flags = args.flags.said();
        let set = args.set.iter().map(|it| Said::option("--set", it));
        let fixed: Vec<Said> = flags.into_iter().chain(set).collect();
        // What else is set is set of something.
        let of_nodes = |key: &str| key == "nodes" || key.starts_with("nodes.");
        let has_nodes = fixed.iter().any(|it| of_nodes(&it.change.key))
            || args.many.sweep.iter().any(|it| of_nodes(&it.key));
        if args.files.is_empty() && !has_nodes {
            return Err(Failure::usage(
                "nothing to run; give a scenario, or the number of --nodes (pex sim --help has an example)",
            ));
        }
        let files: Vec<Option<&Path>> = match args.files.as_slice() {
            [] => vec![None],
            files => files.iter().map(|it| Some(it.as_path())).collect(),
        };
        let mut plan = Self {
            jobs: Vec::new(),
            folder: folder(&args.many),
        };
        for file in files {
            for swept in combinations(&args.many.sweep) {
                let count = swept.len();
                let swept = swept.iter().map(|it| Said::option("--sweep", it));
                let said: Vec<Said> = fixed.iter().cloned().chain(swept).collect();
                let mut job = Job::new(file, &said, args.many.seed)?;
                job.swept = count;
                plan.with_seeds(&job, &args.many)?;
            }
        }
        Ok(plan)
    }

    /// A scenario of its own for every seed.
    fn random(many: &ManyArgs) -> Result<Self, Failure> {
        let mut plan = Self {
            jobs: Vec::new(),
            folder: folder(many),
        };
        for seed in seeds(many)? {
            plan.take(Job::random(seed))?;
        }
        Ok(plan)
    }

    /// Takes in a job with each seed.
    fn with_seeds(&mut self, job: &Job, many: &ManyArgs) -> Result<(), Failure> {
        seeds(many)?.try_for_each(|seed| {
            self.take(Job {
                seed,
                ..job.clone()
            })
        })
    }

    fn take(&mut self, job: Job) -> Result<(), Failure> {
        if self.jobs.len() == JOBS_MAX {
            return Err(Failure::usage(format_args!(
                "more than {JOBS_MAX} runs; take fewer values or seeds"
            )));
        }
        self.jobs.push(job);
        Ok(())
    }

    /// Prints each scenario as a file has it.
    pub(super) fn print_scenarios(&self) -> Result<Outcome, Failure> {
        let mut out = Output::new();
        let mut seen: Vec<&Job> = Vec::new();
        for job in &self.jobs {
            if seen.iter().any(|it| it.scenario == job.scenario) {
                continue;
            }
            if !seen.is_empty() {
                writeln!(out, "\n# ---- another scenario ----\n")?;
            }
            write!(out, "{}", job.scenario.to_text())?;
            seen.push(job);
        }
        out.flush()?;
        Ok(Outcome::Done)
    }

    /// Prints one command a run.
    pub(super) fn print_commands(&self) -> Result<Outcome, Failure> {
        print_commands(&self.jobs, &self.folder)
    }
}

/// The seeds, one after the other.
fn seeds(many: &ManyArgs) -> Result<impl Iterator<Item = u64> + use<>, Failure> {
    let count = many.seeds.map_or(1, |it| u64::from(it.get()));
    let last = many.seed.checked_add(count - 1);
    let last = last.ok_or_else(|| Failure::usage("the seeds end at 2^64; begin lower"))?;
    Ok(many.seed..=last)
}

/// The folder that is meant.
pub(super) fn folder(many: &ManyArgs) -> PathBuf {
    many.out.clone().unwrap_or_else(|| PathBuf::from(FOLDER))
}

/// Prints one command a run, each with a file of its own.
pub(super) fn print_commands(jobs: &[Job], folder: &Path) -> Result<Outcome, Failure> {
    let mut out = Output::new();
    for (job, path) in jobs.iter().zip(paths(jobs, folder)) {
        writeln!(out, "{}", in_shell(&job.arguments_into(&path)))?;
    }
    out.flush()?;
    Ok(Outcome::Done)
}

/// The file of each run: by its name, with a number if that is another's.
pub(super) fn paths(jobs: &[Job], folder: &Path) -> Vec<PathBuf> {
    let mut taken = BTreeSet::new();
    jobs.iter()
        .map(|job| {
            let name = file_name(&job.name());
            let mut tried = name.clone();
            let mut number = 1;
            while !taken.insert(tried.clone()) {
                number += 1;
                tried = format!("{name}-{number}");
            }
            folder.join(format!("{tried}.json"))
        })
        .collect()
}

impl FlagArgs {
    /// The flags as keys that are set.
    fn said(&self) -> Vec<Said> {
        let mut all = Vec::new();
        let mut set = |flag: &str, key: &str, value: Option<String>| {
            all.extend(value.map(|value| Said::flag(flag, key, value)));
        };
        let text = |number: Option<u32>| number.map(|it| it.to_string());
        let time = |time: Option<core::time::Duration>| {
            time.map(|it| humantime::format_duration(it).to_string().replace(' ', ""))
        };
        set("--duration", "duration", time(self.duration));
        set("--sample-every", "sample-every", time(self.sample_every));
        let until = self.until_known.map(|it| it.to_string());
        set("--until-known", "until-known", until);
        if self.check || self.no_check {
            let flag = if self.check { "--check" } else { "--no-check" };
            set(flag, "check", Some(self.check.to_string()));
        }
        set("--nodes", "nodes.0.count", text(self.nodes));
        set("--policy", "nodes.0.runs", self.policy.clone());
        set("--depth", "nodes.0.depth", self.depth.clone());
        match (self.knows.as_deref(), self.newcomers) {
            (Some("everyone"), _) | (None, Some(_)) => {
                set("--knows", "nodes.0.knows", Some("everyone".to_owned()));
            }
            (knows, _) => {
                let knows = knows.map(str::to_owned);
                set("--knows", "nodes.0.knows.some", knows);
            }
        }
        set("--connected", "nodes.0.connected", text(self.connected));
        set("--store", "nodes.0.store", text(self.store));
        if self.nodes.is_some() {
            // Models of others are watched too: it is them that the flags are about.
            let watched = self.newcomers.is_none().to_string();
            set("--nodes", "nodes.0.watched", Some(watched));
        }
        if self.newcomers.is_some() {
            let (flag, policy) = match &self.newcomer_policy {
                Some(own) => ("--newcomer-policy", Some(own)),
                None => ("--policy", self.policy.as_ref()),
            };
            set("--newcomers", "nodes.1.count", text(self.newcomers));
            set(flag, "nodes.1.runs", policy.cloned());
            set("--connected", "nodes.1.connected", text(self.connected));
            set("--store", "nodes.1.store", text(self.store));
            set("--newcomers", "nodes.1.starts", Some("1s".to_owned()));
            set("--newcomers", "nodes.1.watched", Some("true".to_owned()));
        }
        let churn = self.churn.map(|it| it.to_string());
        set("--churn", "churn.replaced-a-minute", churn);
        set("--loss", "faults.loss", self.loss.map(|it| it.to_string()));
        if self.swarm {
            set("--swarm", "faults.swarm", Some("true".to_owned()));
        }
        all
    }
}

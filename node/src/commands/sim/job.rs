//! One run: of what, with which seed, and the command that does it again.

use std::fs;
use std::path::{Path, PathBuf};

use pex_sim::{Change, Scenario, changed, swarm};

use super::said::{Said, blame};
use crate::commands::Failure;

/// A scenario and a seed.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// The file of the scenario; none if it is made of changes alone, or of the seed.
    pub(super) file: Option<PathBuf>,
    /// The seed makes the scenario.
    pub(super) is_random: bool,
    /// What is set in it.
    pub(super) changes: Vec<Change>,
    /// How many of the last changes differ from run to run.
    pub(super) swept: usize,
    pub(super) seed: u64,
    pub(super) scenario: Scenario,
}

impl Job {
    /// Reads the scenario.
    pub(super) fn new(file: Option<&Path>, said: &[Said], seed: u64) -> Result<Self, Failure> {
        let text = match file {
            Some(path) => fs::read_to_string(path).map_err(|error| {
                Failure::new(format_args!(
                    "{}: {}",
                    path.display(),
                    crate::commands::what_to_do(&error)
                ))
            })?,
            None => String::new(),
        };
        if let Some(path) = file {
            // By the text as it is, so that the line is the one in the file.
            let read = Scenario::parse(&text);
            read.map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))?;
        }
        let changes: Vec<Change> = said.iter().map(|it| it.change.clone()).collect();
        let scenario = changed(&text, &changes)
            .map_err(Failure::usage)
            .and_then(|set| {
                let read = Scenario::parse(&set);
                read.map_err(|error| Failure::usage(blame(&text, said, &error)))
            })?;
        Ok(Self {
            file: file.map(Path::to_owned),
            is_random: false,
            changes,
            swept: 0,
            seed,
            scenario,
        })
    }

    /// The scenario that a seed makes.
    pub(super) fn random(seed: u64) -> Self {
        Self {
            file: None,
            is_random: true,
            changes: Vec::new(),
            swept: 0,
            seed,
            scenario: swarm(seed),
        }
    }

    /// The arguments of the command that runs it.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut all = vec!["sim".to_owned()];
        all.extend(self.file.iter().map(|it| it.display().to_string()));
        all.extend(self.is_random.then(|| "--random".to_owned()));
        for change in &self.changes {
            all.extend(["--set".to_owned(), change.to_string()]);
        }
        all.extend(["--seed".to_owned(), self.seed.to_string()]);
        all
    }

    /// The arguments of the command that runs it and writes its JSON into this file.
    pub(super) fn arguments_into(&self, path: &Path) -> Vec<String> {
        let mut all = self.arguments();
        all.extend(["--quiet".to_owned(), "--json".to_owned()]);
        all.push(path.display().to_string());
        all
    }

    /// The command that runs it.
    pub(super) fn command(&self) -> String {
        in_shell(&self.arguments())
    }

    /// What it is called in a list of runs, and its file by it.
    pub(super) fn name(&self) -> String {
        let stem = self.file.as_deref().and_then(Path::file_stem);
        let stem = stem.map(|it| it.to_string_lossy().into_owned());
        let fixed = self.changes.len().saturating_sub(self.swept);
        let swept = self.changes.iter().skip(fixed).map(ToString::to_string);
        let parts: Vec<String> = stem.into_iter().chain(swept).collect();
        format!("{} seed={}", parts.join(" "), self.seed)
            .trim_start()
            .to_owned()
    }
}

/// A command of `pex` as a shell takes it.
pub(super) fn in_shell(arguments: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:@+%".contains(c);
    let quoted = arguments.iter().map(|it| {
        if !it.is_empty() && it.chars().all(is_plain) {
            it.clone()
        } else {
            format!("'{}'", it.replace('\'', "'\\''"))
        }
    });
    let all: Vec<String> = ["pex".to_owned()].into_iter().chain(quoted).collect();
    all.join(" ")
}

/// A name that a file can have, whatever is in it.
pub(super) fn file_name(name: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "-.=".contains(c) => c,
        _ => '_',
    };
    name.chars().map(plain).take(180).collect()
}

//! What `pex sim` takes.

use core::num::NonZero;
use core::time::Duration;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use pex_sim::{Change, Sweep};

/// Run a whole network of nodes in virtual time
///
/// Takes scenarios, which are small text files, or makes one of the flags. What runs are the machines
/// of a node, in one thread, from one seed; the same seed gives the same run, byte for byte. Prints a
/// table, and writes JSON and an HTML report with plots if asked to. Several runs are spread over all
/// processors, each in a process of its own.
///
/// Exits with 1 if something did not hold that must, and says how to see that again.
///
/// Example: pex sim --nodes 1000 --duration 30s --html sim.html
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SimArgs {
    #[command(subcommand)]
    pub(super) command: Option<SimCommand>,
    /// Scenarios, as TOML; without one, a network is made of the flags
    #[arg(value_name = "FILE", conflicts_with = "nodes")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) flags: FlagArgs,
    /// Set a key of the scenario, such as nodes.0.count=1000; may be given more than once
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Change>,
    /// Let each seed make a scenario of its own, with nodes of all sorts, hostile ones too, churn and
    /// faults
    #[arg(long, conflicts_with_all = [
        "files", "set", "sweep", "nodes", "policy", "depth", "knows", "connected", "store",
        "newcomers", "newcomer_policy", "duration", "sample_every", "until_known", "churn", "loss",
        "swarm", "check", "no_check",
    ])]
    pub(super) random: bool,
    /// Print the scenario, to start one of your own from, and run nothing
    #[arg(long, conflicts_with_all = ["minimise", "print_commands", "json", "html", "out"])]
    pub(super) print: bool,
    /// If something does not hold, look for the smallest scenario in which it does not; of one run
    #[arg(long, conflicts_with = "print_commands")]
    pub(super) minimise: bool,
    #[command(flatten)]
    pub(super) many: ManyArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum SimCommand {
    Report(ReportArgs),
    Tables(TablesArgs),
}

/// Gather what runs have written into one table and one report
///
/// Reads the JSON of runs, and puts those of one scenario together: medians over their seeds, with the
/// twentieths at either end.
///
/// Example: pex sim report runs --html sweep.html
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Folders with JSON files of `pex sim`, or the files
    #[arg(required = true, value_name = "DIR")]
    pub(super) from: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Make the tables that put the reference's policies and ours side by side
///
/// Prints them as Markdown, with the goals: how a newcomer learns a network, what a network costs that
/// nobody joins, and how good the estimates of its size are.
///
/// Example: pex sim tables --quick
#[derive(Debug, Args)]
pub(crate) struct TablesArgs {
    /// Small networks and two seeds only, to see that it works
    #[arg(long, conflicts_with = "seeds")]
    pub(super) quick: bool,
    /// These tables only; may be given more than once, or with commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) only: Vec<String>,
    /// Networks of these sizes only, such as 1000,10000; what is left out has a dash in its place
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub(super) sizes: Vec<u32>,
    /// Make the tables of what is in this folder, and run nothing: what the commands of
    /// --print-commands have written
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "seed", "seeds", "out", "jobs", "print_commands",
    ])]
    pub(super) from: Option<PathBuf>,
    #[command(flatten)]
    pub(super) many: ManyArgs,
}

/// A network without a file.
#[derive(Debug, Args)]
#[command(next_help_heading = "A network without a file")]
pub(super) struct FlagArgs {
    /// How many nodes there are at the beginning
    #[arg(long, value_name = "N")]
    pub(super) nodes: Option<u32>,
    /// What they run: pex, pex-plain, pex-v1, pex-seed, tendermint-0.35.0, tendermint-0.35.9 or
    /// uniform
    #[arg(long, value_name = "NAME", requires = "nodes")]
    pub(super) policy: Option<String>,
    /// How much of each is there: full, exchange or thin
    #[arg(long, value_name = "NAME", requires = "nodes")]
    pub(super) depth: Option<String>,
    /// Whom each knows at the beginning: a number of others, or everyone
    #[arg(long, value_name = "N", requires = "nodes")]
    pub(super) knows: Option<String>,
    /// The most peers that each is connected with
    #[arg(long, value_name = "C", requires = "nodes")]
    pub(super) connected: Option<u32>,
    /// The most addresses that each keeps
    #[arg(long, value_name = "M", requires = "nodes")]
    pub(super) store: Option<u32>,
    /// So many come a second later, and are watched instead: all others know each other by then
    #[arg(long, value_name = "N", requires = "nodes")]
    pub(super) newcomers: Option<u32>,
    /// What the newcomers run [default: what the others do]
    #[arg(long, value_name = "NAME", requires = "newcomers")]
    pub(super) newcomer_policy: Option<String>,
    /// How long it goes on, in virtual time, such as 90s or 1h
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(super) duration: Option<Duration>,
    /// How often the network is looked at
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(super) sample_every: Option<Duration>,
    /// End as soon as each watched node knows this share of the living, such as 0.99
    #[arg(long, value_name = "SHARE")]
    pub(super) until_known: Option<f64>,
    /// The share of nodes that are replaced by newborn ones in a minute
    #[arg(long, value_name = "SHARE")]
    pub(super) churn: Option<f64>,
    /// The share of messages that are lost
    #[arg(long, value_name = "SHARE")]
    pub(super) loss: Option<f64>,
    /// Each seed switches on a random subset of all faults there are
    #[arg(long)]
    pub(super) swarm: bool,
    /// Check all invariants after every event, which costs time
    #[arg(long, overrides_with = "no_check")]
    pub(super) check: bool,
    /// Check none
    #[arg(long, overrides_with = "check")]
    pub(super) no_check: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Several runs")]
pub(super) struct ManyArgs {
    /// Where chance comes from, or the first of several seeds
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Run with so many seeds, one after the other
    #[arg(long, value_name = "N")]
    pub(super) seeds: Option<NonZero<u32>>,
    /// Run with each of these values of a key, such as nodes.0.count=1000,10000; given more than
    /// once, with all combinations
    #[arg(long, value_name = "KEY=VALUES")]
    pub(super) sweep: Vec<Sweep>,
    /// Write the JSON of each run into a file of this folder
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How many run at once [default: one a processor]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZero<usize>>,
    /// Print one command a run, to be run anywhere in any order, and run nothing; each writes its
    /// JSON into the folder of --out [default: runs]
    #[arg(long)]
    pub(super) print_commands: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Write what happened as JSON, a line a run; - prints it
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Write a report with plots
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
    /// Print no table
    #[arg(long)]
    pub(super) quiet: bool,
}

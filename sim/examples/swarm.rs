//! Runs small networks of every sort until so many events have happened, each checked after each event.
//!
//! `cargo run --release -p pex-sim --example swarm -- EVENTS [FROM]` runs the seeds from FROM on until
//! EVENTS events have happened, on every core, and prints each seed whose run breaks an invariant or
//! panics. With `--until-broken SEEDS [FROM]` it runs so many seeds instead, and no more once one has
//! broken something. `cargo run -p pex-sim --example swarm -- --seed SEED` runs one again, and prints its
//! scenario and what came of it. With `--print SEED` the scenario alone is printed, for `pex sim` to run
//! with that seed. `--minimise SEED` makes what breaks as small as it goes. `--digests SEEDS [FROM]` prints a
//! digest of all that was done for each of so many seeds, which is the same on every machine.

#![expect(
    clippy::disallowed_types,
    reason = "how fast it goes is told by the clock of the machine"
)]
#![expect(clippy::cast_precision_loss, reason = "a rate that a person reads")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pex_sim::{Minimal, Outcome, Program, Scenario, Simulation, swarm};

/// How often it says how far it is.
const SAYS: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.replace('_', "").parse::<u64>();
    match arguments[..] {
        ["--minimise", seed] => number(seed).map_or_else(|_| usage(), minimise),
        ["--seed" | "--print", seed] => match number(seed) {
            Ok(seed) => one(seed, arguments[0] == "--print"),
            Err(_) => usage(),
        },
        ["--until-broken" | "--digests", seeds] | ["--until-broken" | "--digests", seeds, _] => {
            let from = arguments.get(2).map_or(Ok(0), |from| number(from));
            match (number(seeds), from) {
                (Ok(seeds), Ok(from)) if arguments[0] == "--digests" => digests(seeds, from),
                (Ok(seeds), Ok(from)) => until_broken(seeds, from),
                _ => usage(),
            }
        }
        [events] | [events, _] => {
            let from = arguments.get(1).map_or(Ok(0), |from| number(from));
            match (number(events), from) {
                (Ok(events), Ok(from)) => many(events, from),
                _ => usage(),
            }
        }
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!(
        "write: swarm EVENTS [FIRST-SEED], swarm --until-broken SEEDS [FIRST-SEED], \
         swarm --digests SEEDS [FIRST-SEED], or swarm --seed, --print or --minimise SEED"
    );
    ExitCode::from(2)
}

/// To look at all of a store of thousands after every event takes a hundred times as long as the event
/// itself. Where many events are wanted, what is broken in it is seen at the next look.
const CHECK_BUDGET: u32 = 32;

fn run(seed: u64, check_budget: Option<u32>) -> Result<Outcome, String> {
    let mut scenario = swarm(seed);
    scenario.check_budget = check_budget;
    let ran = catch_unwind(AssertUnwindSafe(|| {
        Simulation::new(scenario, seed).map(|mut simulation| simulation.run())
    }));
    match ran {
        Ok(Ok(outcome)) => match &outcome.breach {
            None => Ok(outcome),
            Some(breach) => Err(format!("{breach:?}")),
        },
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it panicked".to_owned()),
    }
}

/// As many threads as there are processors, each of which does this.
fn on_every_core(work: impl Fn() + Sync) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(&work);
        }
    });
}

/// Whether so many seeds all hold. The lowest that doesn't is told, whichever was through first.
fn until_broken(seeds: u64, from: u64) -> ExitCode {
    let next = AtomicU64::new(from);
    let end = AtomicU64::new(from.saturating_add(seeds));
    let broken = Mutex::new(BTreeMap::new());
    on_every_core(|| {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                break;
            }
            if let Err(what) = run(seed, None)
                && let Ok(mut broken) = broken.lock()
            {
                end.fetch_min(seed, Ordering::Relaxed);
                broken.insert(seed, what);
            }
        }
    });
    let broken = broken.into_inner().unwrap_or_default();
    if let Some((seed, what)) = broken.first_key_value() {
        println!("seed {seed}: {what}");
        ExitCode::FAILURE
    } else {
        println!("{seeds} seeds broke nothing");
        ExitCode::SUCCESS
    }
}

/// What was done for each of so many seeds, in one line a seed.
fn digests(seeds: u64, from: u64) -> ExitCode {
    for seed in from..from.saturating_add(seeds) {
        match run(seed, Some(CHECK_BUDGET)) {
            Ok(outcome) => println!("{seed}: {} events, {:016x}", outcome.events, outcome.digest),
            Err(what) => {
                println!("{seed}: {what}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The most runs that it takes to make something small.
const TRIES: u32 = 400;

fn minimise(seed: u64) -> ExitCode {
    match Minimal::of(&swarm(seed), seed, TRIES) {
        Ok(Some(minimal)) => {
            println!("{}", text(&minimal.scenario));
            println!("# seed {}: {:?}", minimal.seed, minimal.breach);
            ExitCode::FAILURE
        }
        Ok(None) => {
            println!("seed {seed} breaks nothing");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::from(2)
        }
    }
}

fn text(scenario: &Scenario) -> String {
    let text = scenario.to_toml();
    text.unwrap_or_else(|error| format!("# {error}\n# {scenario:?}"))
}

fn one(seed: u64, only_print: bool) -> ExitCode {
    let scenario = swarm(seed);
    println!("{}", text(&scenario));
    if only_print {
        return ExitCode::SUCCESS;
    }
    match run(seed, None) {
        Ok(outcome) => {
            println!("{} events, digest {:x}", outcome.events, outcome.digest);
            for gain in outcome.gains {
                println!("  {}: {} {:.3}", gain.runs, gain.what, gain.value);
            }
            ExitCode::SUCCESS
        }
        Err(what) => {
            println!("seed {seed}: {what}");
            ExitCode::FAILURE
        }
    }
}

fn many(events: u64, from: u64) -> ExitCode {
    let (next, done) = (AtomicU64::new(from), AtomicU64::new(0));
    let failed = Mutex::new(Vec::new());
    let by_sort = Mutex::new(BTreeMap::<String, u64>::new());
    let begun = Instant::now();
    let said = Mutex::new(begun);
    on_every_core(|| {
        while done.load(Ordering::Relaxed) < events {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            match run(seed, Some(CHECK_BUDGET)) {
                Ok(outcome) => {
                    done.fetch_add(outcome.events, Ordering::Relaxed);
                    count(&by_sort, &outcome);
                }
                Err(what) => {
                    println!("seed {seed}: {what}");
                    if let Ok(mut failed) = failed.lock() {
                        failed.push(seed);
                    }
                }
            }
            if let Ok(mut said) = said.try_lock()
                && said.elapsed() >= SAYS
            {
                *said = Instant::now();
                let so_far = done.load(Ordering::Relaxed);
                let rate = so_far as f64 / begun.elapsed().as_secs_f64();
                eprintln!("  seed {seed}: {so_far} events, {rate:.0} a second");
            }
        }
    });
    let (done, next) = (done.into_inner(), next.into_inner());
    let rate = done as f64 / begun.elapsed().as_secs_f64();
    println!(
        "{done} events with seeds {from} to {}, {rate:.0} a second",
        next - 1
    );
    for (sort, runs) in by_sort.into_inner().unwrap_or_default() {
        println!("  {runs:6} runs with {sort}");
    }
    let failed = failed.into_inner().unwrap_or_default();
    if failed.is_empty() {
        println!("nothing broke");
        return ExitCode::SUCCESS;
    }
    println!("{} runs broke: {failed:?}", failed.len());
    println!(
        "run one again with: cargo run -p pex-sim --example swarm -- --seed {}",
        failed[0]
    );
    ExitCode::FAILURE
}

/// Counts in how many runs there was what.
fn count(by_sort: &Mutex<BTreeMap<String, u64>>, outcome: &Outcome) {
    let mut sorts: Vec<_> = (outcome.scenario.nodes.iter())
        .map(|group| match &group.runs {
            Program::Hostile(sort) => sort.clone(),
            other => format!("{other:?}"),
        })
        .collect();
    sorts.sort_unstable();
    sorts.dedup();
    if let Ok(mut by_sort) = by_sort.lock() {
        for sort in sorts {
            *by_sort.entry(sort).or_default() += 1;
        }
    }
}

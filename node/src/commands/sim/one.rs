//! One run, in this process.

use core::time::Duration;
use std::io::{BufWriter, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use pex_sim::show::write_run;
use pex_sim::{Minimal, Outcome as Run, Simulation};

use super::args::SimArgs;
use super::job::Job;
use super::{memory, outputs};
use crate::commands::terminal::{Output, complain};
use crate::commands::{Failure, Outcome};

/// How long the bar may stand still.
const FRAME: Duration = Duration::from_millis(200);

/// How often a smaller scenario is tried.
const TRIES: u32 = 400;

pub(super) fn run(job: &Job, args: &SimArgs) -> Result<Outcome, Failure> {
    let began = Instant::now();
    let outcome = or_panicked(job, || {
        let simulation = Simulation::new(job.scenario.clone(), job.seed);
        let mut simulation = simulation.map_err(Failure::usage)?;
        watch(&mut simulation, job.scenario.duration, began);
        Ok(simulation.outcome())
    })?;
    let took = began.elapsed();
    outputs::files(core::slice::from_ref(&outcome), &args.output)?;
    let effort = effort(&outcome, took);
    if outputs::prints_json(&args.output) {
        // Whatever reads the JSON has no use for that line.
        complain(format_args!("{effort}"));
    } else {
        let mut out = BufWriter::new(Output::new());
        if !args.output.quiet {
            write_run(&outcome, &mut out)?;
            writeln!(out)?;
        }
        writeln!(out, "{effort}")?;
        out.flush()?;
    }
    if outcome.breach.is_none() {
        return Ok(Outcome::Done);
    }
    if args.minimise {
        minimise(job, outputs::prints_json(&args.output))?;
    }
    Err(failure(&outcome, job))
}

/// What came out; or how to see it again, if it panicked: that is what invariant 33 is about.
pub(super) fn or_panicked<T>(
    job: &Job,
    run: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        Err(Failure::new(format_args!(
            "it panicked, which no machine of a node may; to see it again: {}",
            job.command()
        )))
    })
}

/// What did not hold, and how to see it again.
pub(super) fn failure(outcome: &Run, job: &Job) -> Failure {
    let again = job.command();
    Failure::new(format_args!(
        "{}; to see it again: {again}",
        outputs::told(outcome)
    ))
}

/// Prints the smallest scenario that is found in which it does not hold.
fn minimise(job: &Job, is_json_printed: bool) -> Result<(), Failure> {
    complain(format_args!("pex: looking for a smaller scenario"));
    let minimal = Minimal::of(&job.scenario, job.seed, TRIES).map_err(|it| Failure::new(&it))?;
    let Some(minimal) = minimal else {
        return Ok(());
    };
    let text = format!(
        "# Smaller after {} tries. To see it: pex sim FILE --seed {}\n{}",
        minimal.tries,
        minimal.seed,
        minimal.scenario.to_text()
    );
    if is_json_printed {
        complain(format_args!("{text}"));
        return Ok(());
    }
    let mut out = Output::new();
    write!(out, "\n{text}")?;
    out.flush()?;
    Ok(())
}

/// Runs to the end, with a bar.
fn watch(simulation: &mut Simulation, duration: Duration, began: Instant) {
    let bar = ProgressBar::new(1_000);
    let style = ProgressStyle::with_template("{elapsed} {bar:30} {msg}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    // Such a part of the time at once that it takes about a frame.
    let mut step = duration / 1_000;
    let mut until = Duration::ZERO;
    loop {
        let from = Instant::now();
        until = until.saturating_add(step.max(Duration::from_nanos(1)));
        if simulation.run_until(until) {
            break;
        }
        let took = from.elapsed();
        if took < FRAME / 2 {
            step = step.saturating_mul(2);
        } else if took > FRAME * 2 {
            step /= 2;
        }
        let (at, events) = simulation.progress();
        let share = at.as_secs_f64() / duration.as_secs_f64().max(1e-9);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a thousand at most"
        )]
        bar.set_position((share * 1_000.0) as u64);
        bar.set_message(format!(
            "{:.0} s, {} events, {} a second",
            at.as_secs_f64(),
            HumanCount(events),
            rate(events, began.elapsed())
        ));
    }
    bar.finish_and_clear();
}

/// What it took: the last line of a run.
fn effort(outcome: &Run, took: Duration) -> String {
    let memory = memory::peak().map_or_else(String::new, |bytes| {
        format!("; this process had {} MiB at most", bytes.div_ceil(1 << 20))
    });
    format!(
        "{} events in {:.2} s, {} a second{memory}",
        HumanCount(outcome.events),
        took.as_secs_f64(),
        rate(outcome.events, took)
    )
}

/// So many in a second.
fn rate(events: u64, took: Duration) -> HumanCount {
    let nanos = took.as_nanos().max(1);
    let rate = u128::from(events) * 1_000_000_000 / nanos;
    HumanCount(u64::try_from(rate).unwrap_or(u64::MAX))
}

//! How fast networks run, and what they take: events a second and memory, by size and by program.
//!
//! `cargo run --release -p pex-sim --example speed [NODES [SECONDS [PROGRAM [MORE]]]]`, where MORE is
//! further lines of the group in TOML, with `;` for a line's end.

#![expect(clippy::cast_precision_loss, reason = "events that a person waits for")]

use std::error::Error;

use pex_sim::{Scenario, Simulation};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let argument = |at: usize, default: &str| {
        let given = arguments.get(at).map(String::as_str);
        given.unwrap_or(default).to_owned()
    };
    let (nodes, seconds) = (argument(0, "1000"), argument(1, "600"));
    let (program, more) = (argument(2, "pex"), argument(3, "").replace(';', "\n"));
    let millis = 1_000.0 * seconds.parse::<f64>()?;
    let text = format!(
        "duration = '{millis}ms'\nsample-every = '10s'\ncheck = false\n\
         [[nodes]]\ncount = {nodes}\nruns = '{program}'\n{more}\n"
    );
    let scenario = Scenario::parse(&text)?;
    let begun = cpu();
    let mut simulation = Simulation::new(scenario, 1)?;
    println!("  made in {:.2} s, {} MiB", (cpu() - begun), peak() >> 10);
    let (mut at, mut before) = (core::time::Duration::ZERO, 0);
    let part = core::time::Duration::try_from_secs_f64(seconds.parse()?)? / 10;
    loop {
        let begun = cpu();
        at += part;
        let done = simulation.run_until(at);
        let (_, events) = simulation.progress();
        let rate = (events - before) as f64 / (cpu() - begun).max(0.01);
        println!(
            "  to {:6.0} s: {:9} events, {rate:9.0} a second, {} MiB at most",
            at.as_secs_f64(),
            events - before,
            peak() >> 10
        );
        before = events;
        if done {
            break;
        }
    }
    let outcome = simulation.outcome();
    let took = cpu() - begun;
    let known = outcome.samples.last().map_or(0.0, |last| last.known.median);
    println!(
        "{nodes} nodes of {program}, {seconds} s: {} events in {took:.2} s, {:.0} a second, {} MiB; \
         {:.1} % known, digest {:016x}",
        outcome.events,
        outcome.events as f64 / took,
        peak() >> 10,
        100.0 * known,
        outcome.digest,
    );
    Ok(())
}

/// The seconds that a processor has spent on this process: others who share it don't count.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.split(' ').nth(11));
    let ticks = ticks.and_then(|ticks| ticks.parse::<f64>().ok());
    ticks.unwrap_or_default() / 100.0
}

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

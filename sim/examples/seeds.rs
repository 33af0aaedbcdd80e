//! Runs a scenario with many seeds, and says which of them break something.
//!
//! `cargo run --release -p pex-sim --example seeds FILE [FROM [TO]]`

use pex_sim::{Scenario, Simulation};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| {
        let given = arguments.get(at).and_then(|text| text.parse().ok());
        given.unwrap_or(default)
    };
    let Some(file) = arguments.first() else {
        eprintln!("name the file of a scenario");
        std::process::exit(2);
    };
    let text = std::fs::read_to_string(file)?;
    let scenario = Scenario::parse(&text)?;
    let (from, to) = (number(1, 0), number(2, 10));
    let (mut events, mut broken) = (0, 0);
    for seed in from..to {
        let mut simulation = Simulation::new(scenario.clone(), seed)?;
        let outcome = simulation.run();
        events += outcome.events;
        if let Some(last) = outcome.samples.last() {
            let newcomer = outcome.newcomers.first().and_then(|it| it.to_99);
            println!(
                "seed {seed}: {:.0} s, {} events, {:.1} % known at least, {:.1} % by half; newcomer {newcomer:?} s to 99 %",
                outcome.seconds,
                outcome.events,
                100.0 * last.known.min,
                100.0 * last.known.median,
            );
        }
        if let Some(breach) = outcome.breach {
            broken += 1;
            println!(
                "seed {seed}: {} (invariant {}), node {}, {:.3} s, event {}",
                breach.what, breach.invariant, breach.node, breach.at, breach.event
            );
        }
    }
    println!("{} seeds, {events} events, {broken} broken", to - from);
    std::process::exit(i32::from(broken > 0));
}

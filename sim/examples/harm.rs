//! What each sort of hostile node does to a network: to nodes of ours, and to the same without what they
//! have against it.
//!
//! `cargo run --release -p pex-sim --example harm [SORT...]`
//!
//! Sixteen honest nodes that know four others each, and four newcomers after twenty seconds; three
//! hostile ones; a minute and a half.

use pex_sim::{Outcome, Scenario, ScenarioError, Simulation, hostile_sorts};

fn main() -> Result<(), ScenarioError> {
    let named: Vec<_> = std::env::args().skip(1).collect();
    let all = hostile_sorts().map(str::to_owned).collect();
    let sorts: Vec<String> = if named.is_empty() { all } else { named };
    for sort in sorts {
        for (name, honest) in [
            ("ours", "runs = 'pex'\n"),
            ("ours without arcs", "runs = 'pex-plain'\n"),
            ("undefended", "runs = 'pex'\ntuning = 'undefended'\n"),
        ] {
            let text = format!(
                "duration = '90s'\nsample-every = '30s'\ncheck = false\n\
                 [[nodes]]\ncount = 16\nkeeps-private = 1\nknows = {{ some = 4 }}\n{honest}\
                 [[nodes]]\ncount = 4\nknows = {{ some = 4 }}\nstarts = '20s'\n{honest}\
                 [[nodes]]\ncount = 3\nruns = {{ hostile = '{sort}' }}\n"
            );
            let mut simulation = Simulation::new(Scenario::parse(&text)?, 1)?;
            show(&sort, name, &simulation.run());
        }
    }
    Ok(())
}

fn show(sort: &str, name: &str, outcome: &Outcome) {
    let late = |time: fn(&pex_sim::Tally) -> Option<f64>| {
        let mut times: Vec<_> = outcome.newcomers.iter().map(time).collect();
        times.sort_by(|one, other| {
            let value = |time: &Option<f64>| time.unwrap_or(f64::INFINITY);
            value(one).total_cmp(&value(other))
        });
        let median = times.get(times.len() / 2).copied().flatten();
        median.map_or_else(|| "never".to_owned(), |time| format!("{time:.1} s"))
    };
    println!(
        "{sort}, {name}: newcomers know 90 % after {}, 99 % after {}",
        late(|tally| tally.to_90),
        late(|tally| tally.to_99),
    );
    if let Some(last) = outcome.samples.last() {
        let estimate = last.estimate;
        println!(
            "    known {:.3} at least, {:.3} by half; {:.1} peers; {:.1} requests and {:.0} bytes a node and minute; estimate {:.2?}",
            last.known.min,
            last.known.median,
            last.peers.median,
            last.requests,
            last.bytes,
            estimate.map(|it| [it.min, it.median, it.max]),
        );
    }
    let dials: u64 = outcome.population.iter().take(2).map(|it| it.dials).sum();
    let answers: u64 = outcome.population.iter().take(2).map(|it| it.answers).sum();
    print!("    {dials} dials, {answers} answers");
    for gain in &outcome.gains {
        print!("; {} {:.3}", gain.what, gain.value);
    }
    println!();
    if let Some(breach) = &outcome.breach {
        println!("    {breach:?}");
    }
}

//! What each sort of hostile node does to a network: to nodes of ours, to the same without what they
//! have against it, and to a model of Tendermint 0.35.9.
//!
//! `cargo run --release -p pex-sim --example harm [SORT...]`
//!
//! Fifty honest nodes that know four others each, and ten newcomers after two minutes; a fifth as many
//! hostile ones; ten minutes.

use pex_sim::{Outcome, Scenario, Simulation};

const SORTS: &[&str] = &[
    "amplifier",
    "arc-dense",
    "arc-grinder",
    "arc-sparse",
    "cursor-scraper",
    "echo",
    "flooder",
    "freezer",
    "hanger-up",
    "hasty",
    "inflater",
    "poisoner",
    "private-prober",
    "reconnector",
    "same-inflater",
    "shared-inflater",
    "silent",
    "slot-holder",
    "slow",
    "squatter",
    "sybil",
    "topology-spy",
];

fn main() {
    let named: Vec<_> = std::env::args().skip(1).collect();
    let all = SORTS.iter().map(|sort| (*sort).to_owned()).collect();
    let sorts: Vec<String> = if named.is_empty() { all } else { named };
    for sort in sorts {
        for (name, honest) in [
            ("ours", "runs = 'pex'\n"),
            ("undefended", "runs = 'pex'\ntuning = 'undefended'\n"),
        ] {
            let text = format!(
                "duration = '10min'\nsample-every = '10s'\n\
                 [[nodes]]\ncount = 50\nkeeps-private = 1\nknows = {{ some = 4 }}\n{honest}\
                 [[nodes]]\ncount = 10\nknows = {{ some = 4 }}\nstarts = '2min'\n{honest}\
                 [[nodes]]\ncount = 12\nruns = {{ hostile = '{sort}' }}\n"
            );
            let scenario = Scenario::parse(&text).unwrap_or_else(|error| panic!("{error}"));
            let simulation = Simulation::new(scenario, 1);
            let mut simulation = simulation.unwrap_or_else(|error| panic!("{error}"));
            show(&sort, name, &simulation.run());
        }
    }
}

fn show(sort: &str, name: &str, outcome: &Outcome) {
    let late = |time: fn(&pex_sim::Tally) -> Option<f64>| {
        let mut times: Vec<_> = outcome.newcomers.iter().map(time).collect();
        times.sort_by(|one, other| {
            let value = |time: &Option<f64>| time.unwrap_or(f64::INFINITY);
            value(one).total_cmp(&value(other))
        });
        let median = times.get(times.len() / 2).copied().flatten();
        median.map_or("never".to_owned(), |time| format!("{time:.1} s"))
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

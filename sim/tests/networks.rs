//! Whole networks, and what becomes of them.

use pex_sim::{Outcome, Scenario, Simulation};

/// Runs a scenario, and expects that nothing breaks.
fn run(text: &str, seed: u64) -> Outcome {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let outcome = Simulation::new(scenario, seed).unwrap().run();
    assert_eq!(outcome.breach, None, "seed {seed}");
    outcome
}

const SIXTEEN: &str = "duration = '2min'\n[[nodes]]\ncount = 16\nknows = { some = 2 }\n";

#[test]
fn the_same_seed_gives_the_same_run_and_another_one_another() {
    let one = run(SIXTEEN, 1);
    assert_eq!(one, run(SIXTEEN, 1));
    assert_ne!(one.digest, run(SIXTEEN, 2).digest);
}

#[test]
fn sixteen_nodes_who_know_two_others_each_soon_know_all() {
    for runs in ["pex", "pex-plain", "pex-v1"] {
        let outcome = run(&format!("{SIXTEEN}runs = '{runs}'\n"), 3);
        let last = outcome.samples.last().unwrap();
        assert_eq!(last.known.min, 1.0, "{runs}: {:?}", last.known);
        assert!(last.peers.min >= 10.0, "{runs}: {:?}", last.peers);
        assert_eq!(outcome.population[0].faults_seen, 0, "{runs}");
    }
}

#[test]
fn steps_of_any_length_lead_to_the_same_end() {
    let scenario = Scenario::parse(SIXTEEN).unwrap();
    let mut in_steps = Simulation::new(scenario, 1).unwrap();
    let mut at = core::time::Duration::ZERO;
    while !in_steps.run_until(at) {
        at += core::time::Duration::from_millis(777);
    }
    assert_eq!(in_steps.outcome(), run(SIXTEEN, 1));
}

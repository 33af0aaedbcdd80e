//! Nodes that are out for harm, among nodes that are not.

use pex_sim::{Outcome, Scenario, Simulation};

/// Runs a scenario, and expects that no invariant is broken.
fn run(text: &str, seed: u64) -> Outcome {
    let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let outcome = Simulation::new(scenario, seed).unwrap().run();
    assert_eq!(outcome.breach, None, "seed {seed}");
    outcome
}

#[test]
fn a_sort_that_there_is_not_is_answered_with_those_there_are() {
    let text = "[[nodes]]\ncount = 2\nruns = { hostile = 'nobody' }\n";
    let scenario = Scenario::parse(text).unwrap();
    let error = Simulation::new(scenario, 1).unwrap_err().to_string();
    assert!(error.contains("'nobody' is no sort"), "{error}");
    assert!(error.contains("silent"), "{error}");
}

#[test]
fn silent_peers_keep_nobody_from_learning_of_everybody() {
    let text = "duration = '5min'\n[[nodes]]\ncount = 24\nknows = { some = 4 }\n\
                [[nodes]]\ncount = 8\nruns = { hostile = 'silent' }\n";
    let outcome = run(text, 1);
    assert_eq!(outcome.samples.last().unwrap().known.min, 1.0);
    assert_eq!(outcome.population[1].answers, 0);
    assert!(outcome.population[0].faults_seen > 0);
}

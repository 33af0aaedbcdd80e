//! Many small networks in which everything goes wrong, with every invariant checked after every event.

use pex_sim::{Scenario, Simulation};

/// A network of this program whose faults each seed draws.
fn swarm(runs: &str, from: u64, to: u64) -> u64 {
    let text = format!(
        "duration = '75min'\nsample-every = '5min'\n\
         [[nodes]]\ncount = 13\nruns = '{runs}'\nknows = {{ first = 2 }}\n\
         [[nodes]]\ncount = 3\nruns = '{runs}'\nknows = {{ some = 2 }}\nclock-skew = '2min'\nstarts = '1min'\n\
         [faults]\nswarm = true\nuntil = '10min'\n"
    );
    let scenario = Scenario::parse(&text).unwrap();
    let mut events = 0;
    for seed in from..to {
        let outcome = Simulation::new(scenario.clone(), seed).unwrap().run();
        assert_eq!(outcome.breach, None, "seed {seed} of {runs}");
        events += outcome.events;
    }
    events
}

#[test]
fn nodes_of_v2_hold_every_invariant_whatever_goes_wrong() {
    // They ask each other less than those of V1.
    let events = swarm("pex", 0, 18);
    assert!(events > 100_000, "{events}");
}

#[test]
fn nodes_of_v1_hold_every_invariant_whatever_goes_wrong() {
    let events = swarm("pex-v1", 0, 16);
    assert!(events > 50_000, "{events}");
}

#[test]
fn who_comes_and_goes_where_few_are_remembered_is_not_asked_too_soon() {
    // Found by the swarm, with seed 7038.
    let text = "duration = '10s'\n\
                [[nodes]]\ncount = 1\nknows = { some = 0 }\ntuning = 'bounds'\nkeeps-private = 2\n\
                [[nodes]]\ncount = 2\nruns = { hostile = 'flooder' }\nclaims = 'v1'\n";
    let scenario = Scenario::parse(text).unwrap();
    for seed in 7_030..7_046 {
        let outcome = Simulation::new(scenario.clone(), seed).unwrap().run();
        assert_eq!(outcome.breach, None, "seed {seed}");
    }
}

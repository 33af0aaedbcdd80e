//! The scenarios that come with the simulator, and what is said about mistakes in one.

use core::time::Duration;
use std::fs;
use std::path::Path;

use pex_sim::{Scenario, Simulation};

#[test]
fn every_scenario_can_be_read_written_and_begun() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 8);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let scenario = Scenario::parse(&text);
        let scenario = scenario.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert!(!scenario.title.is_empty(), "{} has a title", file.display());
        let again = Scenario::parse(&scenario.to_toml().unwrap()).unwrap();
        assert_eq!(again, scenario, "{}", file.display());

        // Of the largest, a hundredth is begun.
        let mut scenario = scenario;
        for group in scenario.nodes.iter_mut().filter(|it| it.count > 1_000) {
            group.count /= 100;
        }
        let mut simulation = Simulation::new(scenario, 1).unwrap();
        simulation.run_until(Duration::from_secs(20));
        let outcome = simulation.outcome();
        assert_eq!(outcome.breach, None, "{}", file.display());
        assert!(outcome.events > 100, "{}", file.display());
    }
}

#[test]
fn a_mistake_is_told_with_its_line_and_what_to_write_instead() {
    for (text, expected) in [
        (
            "[[nodes]]\ncount = 3\nrun = 'pex'\n",
            "line 3: unknown field `run`, expected one of",
        ),
        (
            "duration = '1 parsec'\n[[nodes]]\ncount = 3\n",
            "expected a duration, such as '250ms', '90s' or '10min'",
        ),
        (
            "[[nodes]]\ncount = 3\nruns = 'go'\n",
            "line 3: unknown variant `go`, expected one of",
        ),
        (
            "[[nodes]]\ncount = 3\n[network]\ndials-fail = 2\n",
            "line 4: network.dials-fail: 2 is no share; write a number from 0 to 1",
        ),
        (
            "[[nodes]]\ncount = 0\n",
            "line 2: count: 0 nodes in all; write counts that add up to 1",
        ),
        (
            "[[nodes]]\ncount = 3\n[network]\nlatency = { from = '2s', to = '1s' }\n",
            "line 4: network.latency: from 2s to 1s is no range; write {",
        ),
        (
            "[[nodes]]\ncount = 3\nruns = 'pex-v1'\nstore = 5\n",
            "line 4: store: the book of V1 has a size of its own; leave it out",
        ),
        (
            "[[nodes]]\ncount = 3\nruns = { hostile = 'silent' }\nstore = 5\n",
            "line 4: store: hostile nodes know everybody, and do what they do; leave it out",
        ),
        (
            "[[nodes]]\ncount = 3\nclaims = 'v1'\n",
            "line 3: claims: an honest node says what it is; leave it out",
        ),
        (
            "[[nodes]]\ncount = 3\nruns = 'pex-v1'\nclaims = 'v2'\n",
            "line 4: claims: an honest node of V1 says what it is, or that it is of 'v1' alone; leave it out",
        ),
        (
            "[[nodes]]\ncount = 3\nruns = { hostile = 'silent' }\nneighbours = true\n",
            "line 4: neighbours: hostile nodes know everybody, and do what they do; leave it out",
        ),
        (
            "[[nodes]]\ncount = 3\ndials = 2\n",
            "line 3: dials: it is a part of connected, which is left out",
        ),
        (
            "[[nodes]]\ncount = 3\nclock-skew = '2years'\n",
            "line 3: clock-skew: a clock more than a year ahead; write less",
        ),
        (
            "[[nodes]]\ncount = 3\nconnected = 64\nstore = 5\n",
            "line 4: store: it has to have room for all peers and a few more; write 68 at least",
        ),
        (
            "[[nodes]]\ncount = 3\n[network]\nlatency = { from = '1s', too = '2s' }\n",
            "line 4: unknown field `too`",
        ),
        // Of several keys of that name, the one that is wrong.
        (
            "[[nodes]]\ncount = 3\nconnected = 2\ndials = 1\n[faults]\ndials = 2\n",
            "line 6: faults.dials: 2 is no share",
        ),
        (
            "[[nodes]]\ncount = 3\nconnected = 2\nlinked = 1\n\n[[nodes]]\ncount = 3\nconnected = 2\nlinked = 3\n",
            "line 9: linked: 3 of at most 2 peers",
        ),
        ("\nnodes = []\n", "line 2: count: 0 nodes in all"),
        (
            "[[nodes]]\ncount = 3\n\n[[nodes]]\ncount = 3\nclock-skew = '2years'\n",
            "line 6: clock-skew: a clock more than a year ahead",
        ),
        (
            "faults = { loss = 0.5, \"delay\" = 7 }\n[[nodes]]\ncount = 3\n",
            "line 1: faults.delay: 7 is no share",
        ),
        (
            "[[nodes]]\ncount = 3\nruns = { hostile = 'rude' }\n",
            "'rude' is no sort of hostile node; write one of",
        ),
    ] {
        let error = Scenario::parse(text).and_then(|it| Simulation::new(it, 1));
        let told = error.map(drop).unwrap_err().to_string();
        assert!(told.contains(expected), "{told:?} is not {expected:?}");
    }
}

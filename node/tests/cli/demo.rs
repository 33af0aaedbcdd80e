//! The demonstration, which is also `pex` alone.

use std::time::Duration;

use crate::command::{Outcome, Run, pex};

fn assert_found_all(run: &Outcome, nodes: &str) {
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
    for row in ["nodes in the network", "found", "reached"] {
        let line = run
            .out
            .lines()
            .find(|line| line.trim_start().starts_with(row));
        assert_eq!(
            line.and_then(|line| line.split_whitespace().last()),
            Some(nodes),
            "{row}"
        );
    }
    assert!(run.out.contains("estimated size"));
    assert!(
        run.out.ends_with("The newcomer found all of them.\n"),
        "{}",
        run.out
    );
}

#[test]
fn the_fast_demonstration_finds_all_nodes() {
    assert_found_all(&pex(&["demo", "--fast"], ""), "50");
}

#[test]
fn without_a_command_the_demonstration_runs_and_is_done_within_twenty_seconds() {
    let run = pex(&[], "");
    assert_found_all(&run, "50");
    assert!(run.took < Duration::from_secs(20), "{:?}", run.took);
}

#[test]
fn a_network_of_one_node_is_found_whole() {
    assert_found_all(&pex(&["demo", "--nodes", "1"], ""), "1");
}

#[test]
fn a_reader_who_leaves_does_not_fail_the_demonstration() {
    let mut run = Run::start(&["demo", "--fast", "--nodes", "5"], Vec::new());
    assert!(run.line().starts_with("5 nodes"));
    run.close_output();
    let end = run.end();
    assert_eq!((end.code, end.err.as_str()), (Some(0), ""));
}

//! What a whole node takes, so that 100,000 of them have room in 8 GiB. It is alone in its process,
//! of which the memory is looked at.
#![cfg(target_os = "linux")]

use core::time::Duration;

use pex_sim::{Scenario, Simulation};

const SCENARIO: &str = include_str!("../scenarios/hundred-thousand.toml");

/// The most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

#[test]
fn a_whole_node_with_a_small_store_takes_sixty_kib_at_most() {
    let mut scenario = Scenario::parse(SCENARIO).unwrap();
    for group in &mut scenario.nodes {
        group.count /= 100;
    }
    let nodes: u32 = scenario.nodes.iter().map(|group| group.count).sum();
    assert_eq!(nodes, 1_000);
    let before = peak();
    let mut simulation = Simulation::new(scenario, 1).unwrap();
    simulation.run_until(Duration::from_secs(120));
    let outcome = simulation.outcome();
    let known = outcome.samples.last().unwrap().known.median;
    assert!(known >= 0.05, "half of them know {known} of the network");
    let each = (peak() - before) / u64::from(nodes);
    assert!((20..=60).contains(&each), "{each} KiB a node");
}

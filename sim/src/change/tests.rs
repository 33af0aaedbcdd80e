//! Keys that are set, sweeps, and scenarios as text.

use super::*;
use crate::{Depth, Knows, Program};

const SMALL: &str = "\
title = \"a newcomer\"
duration = \"10s\"

[[nodes]]
count = 64
depth = \"exchange\"
knows = \"everyone\"

[[nodes]]
count = 1
connected = 16

[network]
latency = { from = \"1ms\", to = \"2ms\" }
";

fn scenario(text: &str) -> Scenario {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn set(text: &str, changes: &[&str]) -> Result<String, ChangeError> {
    let changes: Result<Vec<Change>, _> = changes.iter().map(|it| it.parse()).collect();
    changed(text, &changes?)
}

#[test]
fn keys_are_set_wherever_they_are_and_text_needs_no_quotes() {
    let text = set(
        SMALL,
        &[
            "nodes.0.count=1000",
            "duration=1m 30s",
            "nodes.0.knows.some=9",
            "nodes.1.runs=tendermint-0.35.0",
            "nodes.2.count=7",
            "network.latency.to=5s",
            "faults.loss=0.25",
            "network.dial={ from = \"1ms\", to = \"9ms\" }",
        ],
    );
    let changed = scenario(&text.unwrap());
    assert_eq!(changed.duration.as_secs(), 90);
    assert_eq!(changed.nodes[0].count, 1_000);
    assert_eq!(changed.nodes[0].knows, Knows::Some(9));
    assert_eq!(changed.nodes[0].depth, Depth::Exchange);
    assert_eq!(changed.nodes[1].runs, Program::Tendermint0350);
    assert_eq!(changed.nodes[2], scenario("[[nodes]]\ncount = 7").nodes[0]);
    assert_eq!(changed.network.latency.to.as_secs(), 5);
    assert_eq!(changed.network.latency.from.as_millis(), 1);
    assert_eq!(changed.network.dial.to.as_millis(), 9);
    assert!((changed.faults.loss - 0.25).abs() < 1e-9);
}

#[test]
fn a_scenario_can_be_made_of_keys_alone() {
    let text = set("", &["nodes.0.count=10", "nodes.1.count=2", "check=false"]);
    let made = scenario(&text.unwrap());
    assert_eq!((made.nodes.len(), made.check), (2, false));
}

#[test]
fn what_can_not_be_set_is_named() {
    assert_eq!(set(SMALL, &["duration"]), Err(ChangeError::NoValue));
    assert_eq!(set(SMALL, &["=1"]), Err(ChangeError::NoKey));
    assert_eq!(set(SMALL, &["nodes..count=1"]), Err(ChangeError::NoKey));
    let beyond = set(SMALL, &["nodes.7.count=1"]).unwrap_err();
    assert!(beyond.to_string().contains("nodes.7.count"), "{beyond}");
    let broken = set("duration = ", &["duration=1s"]).unwrap_err();
    assert!(matches!(broken, ChangeError::NotToml(_)));
}

#[test]
fn a_sweep_takes_its_values_in_all_combinations() {
    let sweep = |text: &str| text.parse::<Sweep>().unwrap();
    let all = combinations(&[
        sweep("nodes.0.count=10, 20"),
        sweep("faults.loss=0,0.1,0.5"),
    ]);
    let said: Vec<String> = all
        .iter()
        .map(|it| {
            it.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(said.len(), 6);
    assert_eq!(said[1], "nodes.0.count=10 faults.loss=0.1");
    assert_eq!(said[3], "nodes.0.count=20 faults.loss=0");
    let ranges = sweep("network.latency={from=\"1ms\",to=\"2ms\"},{from=\"3ms\",to=\"4ms\"}");
    assert_eq!(ranges.values[1], "{from=\"3ms\",to=\"4ms\"}");
    assert_eq!(combinations(&[]), [Vec::new()]);
    assert!("nodes.0.count=1,,2".parse::<Sweep>().is_err());
}

#[test]
fn the_text_of_a_scenario_says_what_is_not_by_default_and_reads_as_the_same() {
    let original = scenario(SMALL);
    let text = original.to_text();
    assert_eq!(scenario(&text), original, "{text}");
    for absent in [
        "sample-every",
        "faults",
        "churn",
        "dial",
        "runs",
        "behind-nat",
    ] {
        assert!(!text.contains(absent), "{absent} is as by default:\n{text}");
    }
    let hostile = set(
        SMALL,
        &["nodes.1.runs.hostile=flood", "nodes.1.knows.some=3"],
    )
    .unwrap();
    let hostile = scenario(&hostile);
    assert_eq!(scenario(&hostile.to_text()), hostile);
    let plain = scenario("[[nodes]]\ncount = 5");
    assert_eq!(plain.to_text().trim(), "[[nodes]]\ncount = 5");
}

#[test]
fn scenarios_are_told_apart_by_the_keys_in_which_they_differ() {
    let made = |changes: &[&str]| scenario(&set(SMALL, changes).unwrap());
    let (a, b, c) = (
        made(&[]),
        made(&["nodes.0.count=9", "title=other"]),
        made(&["faults.loss=0.5"]),
    );
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        differences(&[&a, &b, &c]),
        [
            vec![pair("nodes.0.count", "64"), pair("faults.loss", "0.0")],
            vec![pair("nodes.0.count", "9"), pair("faults.loss", "0.0")],
            vec![pair("nodes.0.count", "64"), pair("faults.loss", "0.5")],
        ]
    );
    assert_eq!(differences(&[&a, &a]), [Vec::new(), Vec::new()]);
    let titles = [pair("title", "a newcomer"), pair("title", "other")];
    assert_eq!(differences(&[&a, &b]), titles.map(|it| vec![it]));
}

//! Outcomes made by hand, and what is said of them.

use super::*;
use crate::{
    Change, Guess, Histogram, Outcome, Population, Sample, Scenario, Spread, Tally, changed,
};

const SCENARIO: &str = "\
title = \"a newcomer among 64\"

[[nodes]]
count = 64
knows = \"everyone\"

[[nodes]]
count = 8
";

fn even(median: f64, around: f64) -> Spread {
    Spread {
        min: median - around,
        p5: median - around,
        median,
        mean: median,
        p95: median + around,
        max: median + around,
    }
}

/// An outcome in which each newcomer needs a little longer than the one before it.
pub(crate) fn outcome(seed: u64) -> Outcome {
    let samples = (1..=10_u8).map(|second| {
        let at = f64::from(second);
        Sample {
            at,
            living: 72,
            known: even(at / 10.0 - 0.02, 0.02),
            peers: even(16.0, 2.0),
            together: Some(1.0),
            requests: 60.0 / at,
            bytes: 6_000.0 / at,
            estimate: (second > 2).then(|| even(1.0 + 0.1 / at, 0.01)),
            off: (second > 2).then_some(0.1 / at),
            covered: (second > 2).then_some(0.95),
            interval: (second > 2).then_some([0.9, 1.1]),
        }
    });
    let newcomers = (0..8_u8).map(|n| {
        let late = f64::from(n) * 0.1;
        Tally {
            node: 64 + u32::from(n),
            started: 0.0,
            to_half: Some(0.5 + late),
            to_90: Some(1.0 + late),
            to_99: (n < 7).then_some(2.05 + late),
            answers: 20 + u64::from(n),
            known_to_half: None,
            guess: Some(Guess {
                nodes: 72 + u64::from(n),
                low: 70,
                high: if n == 7 { 71 } else { 90 },
                truth: 72,
            }),
        }
    });
    Outcome {
        scenario: toml::from_str(SCENARIO).unwrap(),
        seed,
        seconds: 10.0,
        events: 123_456,
        digest: 0xabc,
        population: vec![Population {
            runs: "pex".to_owned(),
            born: 72,
            living: 72,
            requests: 1_000,
            answers: 999,
            bytes: 1_234_567,
            dials: 99,
            faults_seen: 0,
        }],
        samples: samples.collect(),
        newcomers: newcomers.collect(),
        in_degree: even(12.0, 3.0),
        in_degrees: Histogram::of((0..72).map(|n| 9 + n % 7)),
        asked: Spread {
            mean: 5.0,
            max: 12.0,
            ..even(5.0, 4.0)
        },
        asked_counts: Histogram::of((0..72).map(|n| if n < 36 { 0 } else { 8 + n % 5 })),
        asked_nodes: 36,
        gains: Vec::new(),
        breach: None,
    }
}

/// The same with a key of the scenario set.
pub(crate) fn with(change: &str, seed: u64) -> Outcome {
    let mut outcome = outcome(seed);
    let change: Change = change.parse().unwrap();
    let text = changed(SCENARIO, &[change]).unwrap();
    outcome.scenario = toml::from_str::<Scenario>(&text).unwrap();
    outcome
}

fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn median(name: &str, runs: &[Outcome]) -> Option<f64> {
    Measure::named(name).unwrap().of(runs).unwrap().median
}

#[test]
fn runs_of_one_scenario_are_a_case_and_its_seeds_are_in_order() {
    let outcomes = vec![
        outcome(9),
        with("nodes.0.count=9", 1),
        outcome(3),
        outcome(4),
    ];
    let cases = cases(outcomes);
    let said: Vec<_> = cases.iter().map(|it| (it.name(), it.seeds())).collect();
    let pair = |name: &str, seeds: &str| (name.to_owned(), seeds.to_owned());
    assert_eq!(
        said,
        [
            pair("nodes.0.count = 64", "3, 4, 9"),
            pair("nodes.0.count = 9", "1")
        ]
    );
}

#[test]
fn who_never_came_so_far_counts_as_the_slowest() {
    let close = |name: &str, value: f64| {
        let found = median(name, &[outcome(1)]).unwrap();
        assert!((found - value).abs() < 1e-9, "{name}: {found}");
    };
    close("to-99", 2.4);
    close("answers", 23.5);
    close("requests", 60.0 * 0.292_896_825_396_825_4);
    close(
        "bytes-late",
        6_000.0 * (1.0 / 6.0 + 1.0 / 7.0 + 0.125 + 1.0 / 9.0 + 0.1) / 5.0,
    );
    close("guess-covered", 7.0 / 8.0);
    close("busiest", 1.2);
    let measured = Measure::named("to-99").unwrap().of(&[outcome(1)]).unwrap();
    assert_eq!((measured.high, measured.of), (None, 8));
    let mut nobody = outcome(1);
    nobody.newcomers.iter_mut().for_each(|it| it.to_99 = None);
    assert_eq!(median("to-99", &[nobody]), None);
    assert!(Measure::named("newborn").unwrap().of(&[]).is_none());
}

#[test]
fn what_is_counted_from_sample_to_sample_counts_for_as_long_as_it_took() {
    let mut run = outcome(1);
    let sample = |at: f64, requests: f64| {
        let mut sample = run.samples[0].clone();
        (sample.at, sample.requests) = (at, requests);
        sample
    };
    run.samples = vec![sample(0.0, 0.0), sample(60.0, 3.0), sample(70.0, 10.0)];
    let found = median("requests", &[run]).unwrap();
    assert!((found - 4.0).abs() < 1e-9, "{found}");
}

#[test]
fn a_newcomer_without_an_estimate_counts_against_those_who_have_one() {
    let mut without = outcome(1);
    without.newcomers.iter_mut().for_each(|it| it.guess = None);
    assert_eq!(
        median("guess-covered", &[outcome(1), without.clone()]),
        Some(7.0 / 16.0)
    );
    assert_eq!(
        median(
            "guess-error",
            &[outcome(1), without.clone(), without.clone()]
        ),
        None
    );
    assert!(
        Measure::named("guess-covered")
            .unwrap()
            .of(&[without])
            .is_none()
    );
}

#[test]
fn the_table_of_a_run_says_what_happened() {
    let said = text(|out| write_run(&outcome(7), out));
    for line in [
        "a newcomer among 64",
        "seed 7, 10 s, 123,456 events, digest 0000000000000abc",
        "pex     72      72     1,000      999  1,234,567     99            0",
        "to 50 %        0.85 (0.535 to 1.17) s, for 8 newcomers",
        "to 99 %        2.4 (2.08 to never) s, 23.5 answers, for 7 of 8 newcomers",
        "known          98 % (96 % to 100 %; least 96 %, most 100 %)",
        "requests       17.6 a node and minute; 7.75 in the last half",
        "estimate       101 % of the truth (100 % to 102 %); the interval of 95 % of them holds it",
        "asked          the busiest 12 times, 1.2 times the mean of those that were",
        "in-degree      12 (9 to 15; least 9, most 15)",
    ] {
        assert!(said.lines().any(|it| it == line), "{line}\nnot in\n{said}");
    }
}

#[test]
fn the_table_of_cases_has_a_line_each_and_columns_for_what_there_is() {
    let cases = cases(vec![outcome(1), outcome(2), with("nodes.0.count=9", 1)]);
    let said = text(|out| write_cases(&cases, out));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 5);
    assert!(lines[0].contains("s to 99 %") && !lines[0].contains("s to be known"));
    assert!(lines[1].starts_with("nodes.0.count = 64  1, 2 "), "{said}");
    assert!(lines[2].contains("  2.05 to never  "), "{said}");
    assert!(lines[3].starts_with("nodes.0.count = 9   1 "), "{said}");
}

#[test]
fn what_is_written_as_json_reads_as_the_same() {
    let (one, two) = (outcome(1), outcome(2));
    let json = text(|out| {
        write_json(&one, out)?;
        write_json(&two, out)
    });
    assert_eq!(json.lines().count(), 2);
    assert_eq!(read_json(&json).unwrap(), [one, two]);
    assert_eq!(read_json("\n"), Err(OutcomeError::Empty));
    let cut = read_json(&json[..json.len() - 9]).unwrap_err();
    assert!(cut.to_string().contains("run it again"), "{cut}");
}

#[test]
fn what_did_not_hold_is_one_line_with_node_and_time_and_seed() {
    let breach = crate::Breach {
        invariant: 12,
        what: "a\nb".to_owned(),
        node: 5,
        at: 1.25,
        event: 77,
    };
    let said = text(|out| write_breach(&outcome(3), &breach, out));
    assert_eq!(
        said,
        "invariant 12 does not hold: a\\nb: node 5, 1.25 s from the beginning, event 77, seed 3\n"
    );
}

//! The report, as people and programs read it.

use std::io;

use pex::{NodeAddress, NodeId};

use super::json::node_line;
use super::table::tellers;
use super::*;
use crate::crawl::map::{Found, Outcome};

fn report(moniker: &str) -> Report {
    let mut map = Map::default();
    let place = |n: u8| {
        let id = NodeId::new([n; 20]);
        NodeAddress::parse(&format!("{id}@10.0.0.1:{n}")).unwrap()
    };
    for n in 1..=3 {
        map.learn(&place(n), None);
    }
    let as_told = Outcome::Reached {
        moniker: moniker.into(),
        version: "0.38.17".into(),
        kind: Kind::V1,
        answers: 0,
    };
    map.arrived(place(1).id(), Some(place(1)), as_told);
    map.answered(place(1).id(), 2);
    map.dial_failed(place(2), "hung up".into(), "closed".into());
    Report {
        chain_id: "chain-1".into(),
        began: Time::from_secs(1_700_000_000),
        answers: 2,
        starved: false,
        curve: Vec::new(),
        map,
        estimate: Estimate::Known {
            nodes: 3,
            low: 2,
            high: 5,
        },
        faults: 1,
        left_out: 4,
        elapsed: Duration::from_millis(1_234),
        complete: false,
    }
}

fn written(report: &Report, write: fn(&Report, &mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    write(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_json_lines_say_what_became_of_each_node() {
    let text = written(&report("ann"), write_json);
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (one, two) = (NodeId::new([1; 20]), NodeId::new([2; 20]));
    let three = NodeId::new([3; 20]);
    assert_eq!(
        lines,
        [
            serde_json::json!({
                "id": one.to_string(), "address": format!("mconn://{one}@10.0.0.1:1"),
                "reachable": true, "moniker": "ann", "version": "0.38.17",
                "dialect": "v1", "answers": 2, "told_by": [], "seed": true, "network": "local",
            }),
            serde_json::json!({
                "id": two.to_string(), "address": format!("mconn://{two}@10.0.0.1:2"),
                "reachable": false, "error": "closed", "error_sort": "hung up", "told_by": [],
                "seed": true, "network": "local",
            }),
            serde_json::json!({
                "id": three.to_string(), "address": format!("mconn://{three}@10.0.0.1:3"),
                "reachable": false, "error": "not visited: the crawl ended before",
                "error_sort": "not visited before the end",
                "told_by": [], "seed": true, "network": "local",
            }),
            serde_json::json!({ "summary": {
                "chain_id": "chain-1", "began": "2023-11-14T22:13:20Z", "answers": 2,
                "percent": 100, "completeness": "3 of about 3 (2 to 5): 100 %",
                "dialects": [{ "name": "v1", "nodes": 1 }],
                "versions": [{ "name": "0.38.17", "nodes": 1 }],
                "errors": [
                    { "name": "hung up", "nodes": 1 },
                    { "name": "not visited before the end", "nodes": 1 },
                ],
                "networks": [{ "name": "local", "nodes": 3 }],
                "curve": [],
                "nodes": 3, "reachable": 1, "unreachable": 1,
                "estimate": { "nodes": 3, "low": 2, "high": 5 },
                "faults": 1, "left_out": 4, "seconds": 1.234, "complete": false,
            }}),
        ]
    );
}

#[test]
fn the_table_has_a_line_a_node_and_a_summary() {
    let text = written(&report("ann"), write_table);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[4..12],
        [
            "",
            "dialects          1  v1",
            "versions          1  0.38.17",
            "dial errors       1  hung up",
            "                  1  not visited before the end",
            "complete     3 of about 3 (2 to 5): 100 %",
            "left out     4 addresses, since too many were told that were not reached",
            "",
        ]
    );
    assert_eq!(lines.len(), 13);
    let columns = |line: usize| -> Vec<&str> { lines[line].split_whitespace().skip(1).collect() };
    assert_eq!(columns(1), ["10.0.0.1:1", "yes", "you", "0.38.17", "ann"]);
    assert_eq!(columns(2), ["10.0.0.1:2", "no", "you", "closed"]);
    assert_eq!(columns(3)[..4], ["10.0.0.1:3", "no", "you", "not"]);
    assert_eq!(
        lines[12],
        "3 nodes found, 1 reached, 1 unreachable; network size 3 (2 to 5); 1.2 s; \
         stopped before the end"
    );
}

#[test]
fn the_table_names_the_first_teller_by_the_start_of_its_id_and_counts_the_others() {
    let mut found = Found::default();
    found.told_by.push(NodeId::new([0xab; 20]));
    assert_eq!(tellers(&found), "abababab");
    found.told_by.extend((1..=3).map(|n| NodeId::new([n; 20])));
    assert_eq!(tellers(&found), "abababab +3");
    found.is_seed = true;
    assert_eq!(tellers(&found), "you +4");
}

#[test]
fn rows_of_nodes_that_were_reached_fit_into_140_columns() {
    let mut report = report("a-name-of-20-letters");
    let id = NodeId::new([7; 20]);
    let address = format!("{id}@255.255.255.255:65535");
    let address = NodeAddress::parse(&address).unwrap();
    for teller in 1..=60 {
        let teller = Some(NodeId::new([teller; 20]));
        report.map.learn(&address, teller);
    }
    let text = written(&report, write_table);
    assert_eq!(text.matches(" 01010101 +59 ").count(), 1, "{text}");
    assert!(text.lines().all(|line| line.len() <= 140), "{text}");
}

#[test]
fn a_node_that_is_being_dialed_at_the_end_is_told_from_one_that_is_not() {
    let mut report = report("ann");
    let errors = |report: &Report| {
        let line = |(id, found)| node_line(id, found).error;
        report
            .map
            .nodes()
            .iter()
            .map(|(id, found)| line((*id, found)))
            .next_back()
    };
    let not_visited = "not visited: the crawl ended before";
    assert_eq!(errors(&report), Some(Some(not_visited.to_owned())));
    report.map.note_dialed(|id| id == NodeId::new([3; 20]));
    let not_reached = "not reached before the crawl ended";
    assert_eq!(errors(&report), Some(Some(not_reached.to_owned())));
}

#[test]
fn a_moniker_can_neither_paint_the_screen_nor_turn_the_text_round() {
    let text = written(&report("a\u{1b}[2J\u{202e}b\u{9b}c\r\n"), write_table);
    assert!(text.contains(r"a\u{1b}[2J\u{202e}b\u{9b}c\r\n"), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
}

#[test]
fn an_estimate_that_is_not_known_says_at_least_how_many() {
    assert_eq!(in_words(Estimate::Unknown { at_least: 7 }), "at least 7");
    let exact = Estimate::Known {
        nodes: 7,
        low: 7,
        high: 7,
    };
    assert_eq!(in_words(exact), "7");
}

#[test]
fn how_complete_a_crawl_is_follows_from_the_estimate_and_else_it_is_said_why_not() {
    let words = |estimate| {
        let report = Report {
            estimate,
            ..report("ann")
        };
        (report.percent(), report.completeness())
    };
    let known = |nodes, low, high| Estimate::Known { nodes, low, high };
    let (percent, text) = words(known(4, 3, 8));
    assert_eq!(
        (percent, text.as_str()),
        (Some(75), "3 of about 4 (3 to 8): 75 %")
    );
    // Seeds of which nobody has told.
    let (percent, text) = words(known(2, 2, 2));
    assert_eq!(percent, Some(100));
    assert!(
        text.ends_with("about 2 (2 to 2) estimated: nothing seems to be missing"),
        "{text}"
    );
    let (percent, text) = words(Estimate::Unknown { at_least: 3 });
    assert_eq!(percent, None);
    assert!(
        text.contains("can't be told by what the nodes tell"),
        "{text}"
    );
}

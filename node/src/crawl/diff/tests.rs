//! The difference of two crawls.

use serde_json::{Value, json};

use super::*;

fn id(n: u8) -> String {
    NodeId::new([n; 20]).to_string()
}

fn node(n: u8, more: &Value) -> String {
    let mut line = json!({
        "id": id(n), "address": format!("mconn://{}@10.0.0.1:{n}", id(n)), "reachable": true,
        "moniker": "m", "version": "0.38.17", "dialect": "v1", "answers": 1, "told_by": [],
    });
    for (field, value) in more.as_object().unwrap() {
        line[field] = value.clone();
    }
    line.to_string()
}

fn results(chain: &str, complete: bool, nodes: &[String]) -> Results {
    let summary = json!({ "summary": {
        "chain_id": chain, "nodes": nodes.len(), "reachable": 0, "unreachable": 0,
        "estimate": { "at_least": 1 }, "faults": 0, "seconds": 1.0, "complete": complete,
    }});
    let mut lines = nodes.to_vec();
    lines.push(summary.to_string());
    Results::parse(&lines.join("\n")).unwrap()
}

fn lost(n: u8) -> String {
    let why = json!({
        "reachable": false, "error": "closed", "moniker": null, "version": null, "dialect": null,
        "address": "elsewhere",
    });
    node(n, &why)
}

#[test]
fn what_has_changed_of_each_node_is_told_and_counted() {
    let old = [
        node(1, &json!({})),
        node(2, &json!({})),
        node(3, &json!({})),
        lost(4),
        node(5, &json!({})),
    ];
    let changed = json!({ "version": "0.38.18", "moniker": "\u{1b}[2J", "address": "a" });
    let new = [
        node(2, &changed),
        lost(3),
        node(4, &json!({})),
        node(5, &json!({})),
        node(6, &json!({})),
    ];
    let diff = Diff::of(&results("c", true, &old), &results("c", true, &new)).unwrap();
    let mut json_lines = Vec::new();
    write_diff_json(&diff, &mut json_lines).unwrap();
    let lines: Vec<Value> = String::from_utf8(json_lines)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let at = |n: u8| format!("mconn://{}@10.0.0.1:{n}", id(n));
    assert_eq!(
        lines[..7],
        [
            json!({ "id": id(1), "change": "gone", "address": at(1) }),
            json!({ "id": id(2), "change": "version", "from": "0.38.17", "to": "0.38.18" }),
            json!({ "id": id(2), "change": "moniker", "from": "m", "to": "\u{1b}[2J" }),
            json!({ "id": id(2), "change": "address", "from": at(2), "to": "a" }),
            json!({ "id": id(3), "change": "unreachable", "error": "closed" }),
            json!({ "id": id(4), "change": "reachable" }),
            json!({ "id": id(6), "change": "new", "address": at(6), "reachable": true }),
        ]
    );
    let counts = [
        ("gone", 1),
        ("new", 1),
        ("reachable", 1),
        ("unreachable", 1),
        ("version", 1),
        ("moniker", 1),
        ("address", 1),
        ("unchanged", 1),
    ];
    for (what, count) in counts {
        assert_eq!(lines[7]["summary"][what], count, "{what}");
    }

    let mut table = Vec::new();
    write_diff_table(&diff, &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    assert!(
        table.contains(&format!("version      {}  0.38.17 → 0.38.18\n", id(2))),
        "{table}"
    );
    assert!(table.contains(r"m → \u{1b}[2J"), "{table}");
    assert!(table.ends_with("1 unchanged\n"), "{table}");
}

#[test]
fn a_crawl_that_was_cut_short_is_said_to_be() {
    let whole = results("c", true, &[node(1, &json!({}))]);
    let cut = results("c", false, &[]);
    let words = |one, two| Diff::of(one, two).unwrap().in_words();
    assert!(
        words(&whole, &cut).ends_with("the second was cut short, so some that seem gone are not")
    );
    assert!(
        words(&cut, &whole).ends_with("the first was cut short, so some that seem new are not")
    );
}

#[test]
fn of_a_node_that_nobody_tried_to_reach_it_is_not_said_that_it_is_gone() {
    let unvisited = |n: u8| {
        let why = json!({
            "reachable": false, "error": "not visited", "moniker": null, "version": null,
            "error_sort": UNVISITED[usize::from(n % 2)],
        });
        node(n, &why)
    };
    let old = results("c", false, &[node(1, &json!({})), unvisited(2)]);
    let new = results("c", false, &[unvisited(1), node(2, &json!({}))]);
    let diff = Diff::of(&old, &new).unwrap();
    assert_eq!(diff.changes(), []);
    let words = diff.in_words();
    let says = "2 unchanged; both were cut short, so some that seem new or gone are not";
    assert!(words.ends_with(says), "{words}");
}

#[test]
fn crawls_of_two_chains_are_not_compared() {
    let (one, two) = (results("c", true, &[]), results("d", true, &[]));
    let error = Diff::of(&one, &two).unwrap_err();
    assert!(
        error.contains("\"c\"") && error.contains("give two results of one chain"),
        "{error}"
    );
}

#[test]
fn what_is_no_result_is_refused_with_its_line() {
    let whole = node(1, &json!({}));
    for (text, says) in [
        (whole.clone(), "the summary at the end is missing"),
        (format!("{whole}\n{{\"id\": 7}}\n"), "line 2"),
        (String::new(), "the summary at the end is missing"),
        ("garbage".to_owned(), "line 1"),
    ] {
        let error = Results::parse(&text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
        assert!(error.contains("give "), "it says what to do: {error}");
    }
}

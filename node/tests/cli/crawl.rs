//! `pex crawl` over networks of honest nodes, and how it is cut short.

use std::collections::BTreeSet;
use std::time::Duration;

use pex::{NodeAddress, Seed};
use pex_node::demo::{CHAIN, Network};
use serde_json::Value;

use crate::command::{Outcome, Run, pex_beside};
use crate::nodes::{Nodes, nobody};

const NODES: usize = 30;

async fn network() -> Network {
    Network::start(NODES, Seed::new([7; 32])).await.unwrap()
}

async fn crawl(chain: &str, seeds: &[&str], more: &[&str]) -> Outcome {
    let mut arguments = vec!["crawl", "--chain-id", chain];
    for seed in seeds {
        arguments.extend(["--seed", seed]);
    }
    arguments.extend(more);
    pex_beside(&arguments).await
}

/// The lines of nodes, and the summary.
fn parse(out: &str) -> (Vec<Value>, Value) {
    let mut lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = lines.pop().unwrap();
    (lines, summary["summary"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_from_one_seed_finds_every_node_and_says_who_told_of_it() {
    let network = network().await;
    let seed = network.addresses()[0].to_string();
    let run = crawl(CHAIN, &[&seed], &["--json"]).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let (nodes, summary) = parse(&run.out);

    let there: BTreeSet<String> = network
        .addresses()
        .iter()
        .map(ToString::to_string)
        .collect();
    let ids: BTreeSet<String> = network
        .addresses()
        .iter()
        .map(|at| at.id().to_string())
        .collect();
    let text = |node: &Value, field: &str| node[field].as_str().unwrap().to_owned();
    let found: BTreeSet<String> = nodes.iter().map(|node| text(node, "address")).collect();
    assert_eq!(found, there);
    for node in &nodes {
        assert!(text(node, "address").contains(&text(node, "id")));
        assert_eq!(node["reachable"], true);
        assert!(text(node, "moniker").starts_with("node-"));
        assert_eq!(text(node, "version"), pex_node::VERSION);
        assert_eq!(text(node, "dialect"), "v2, pex");
        assert!(node["answers"].as_u64() >= Some(1), "{node}");
        assert!(node["error"].is_null());
        let told_by = node["told_by"].as_array().unwrap();
        assert!(told_by.iter().all(|id| ids.contains(id.as_str().unwrap())));
        assert!(
            !told_by.is_empty() || text(node, "address") == seed,
            "{node}"
        );
    }
    for (field, expected) in [
        ("nodes", 30),
        ("reachable", 30),
        ("unreachable", 0),
        ("faults", 0),
    ] {
        assert_eq!(summary[field], expected, "{summary}");
    }
    assert_eq!(summary["complete"], true);
    assert!(summary["seconds"].is_f64());
    let estimate = &summary["estimate"];
    assert!(
        estimate["at_least"].is_u64() || estimate["high"].as_u64() >= Some(30),
        "{summary}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_a_row_for_each_node_and_a_summary() {
    let network = network().await;
    let run = crawl(CHAIN, &[&network.addresses()[0].to_string()], &[]).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = run.out.lines().collect();
    let header: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(
        header,
        [
            "id",
            "address",
            "reachable",
            "told",
            "by",
            "version",
            "moniker"
        ]
    );
    for address in network.addresses() {
        let row = lines
            .iter()
            .find(|line| line.starts_with(&address.id().to_string()));
        let columns: Vec<&str> = row.unwrap().split_whitespace().collect();
        assert_eq!(columns[1], format!("127.0.0.1:{}", address.port()));
        assert_eq!(columns[2], "yes");
        assert!(columns.last().unwrap().starts_with("node-"), "{columns:?}");
        let is_seed = address == &network.addresses()[0];
        assert_eq!(columns[3] == "you", is_seed, "{columns:?}");
        let mut ids = network.addresses().iter().map(|at| at.id().to_string());
        let teller = |id: String| id.starts_with(columns[3]);
        assert!(is_seed || ids.any(teller), "{columns:?}");
    }
    let summary = lines.last().unwrap();
    assert!(summary.starts_with("30 nodes found, 30 reached, 0 unreachable; network size "));
    let below: Vec<&str> = lines[1 + NODES..].to_vec();
    assert_eq!(below[1], "dialects         30  v2, pex");
    assert_eq!(
        below[2],
        format!("versions         30  {}", pex_node::VERSION)
    );
    assert!(below[3].starts_with("complete     30 "), "{}", below[3]);
    assert_eq!((below[0], below[4], below.len()), ("", "", 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn seeds_may_be_several_and_may_be_names() {
    let network = network().await;
    let [a, b, c, ..] = network.addresses() else {
        panic!("the network has thirty nodes");
    };
    let by_name = format!("{}@localhost:{}", c.id(), c.port());
    let run = crawl(CHAIN, &[&format!("{a},{b}"), &by_name], &["--json"]).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let (nodes, summary) = parse(&run.out);
    assert_eq!(summary["reachable"], NODES);
    let named = nodes.iter().find(|node| node["id"] == c.id().to_string());
    assert_eq!(named.unwrap()["address"], format!("mconn://{by_name}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_are_told_of_but_gone_are_listed_with_the_reason() {
    let (mut nodes, gone) = (Nodes::default(), nobody().await);
    let seed = nodes.honest("c", std::slice::from_ref(&gone)).await;
    let run = crawl("c", &[&seed.to_string()], &["--json"]).await;
    assert_eq!(
        (run.code, run.err.as_str()),
        (Some(0), ""),
        "a node is not a seed"
    );
    let (found, summary) = parse(&run.out);
    let lost = found
        .iter()
        .find(|node| node["id"] == gone.id().to_string())
        .unwrap();
    assert_eq!(lost["reachable"], false);
    assert!(
        lost["error"]
            .as_str()
            .unwrap()
            .contains("connection refused"),
        "{lost}"
    );
    assert_eq!(lost["told_by"], serde_json::json!([seed.id().to_string()]));
    assert_eq!(
        (&summary["reachable"], &summary["unreachable"]),
        (&1.into(), &1.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_reaches_nobody_in_time_is_cut_short_in_time() {
    let mut nodes = Nodes::default();
    let (silent, _) = nodes.silent().await;
    let run = crawl("c", &[&silent.to_string()], &["--json", "--max-time", "1s"]).await;
    assert_cut_short_before_anybody_was_reached(&run);
    // Sooner than the handshake's own five seconds.
    assert!(run.took >= Duration::from_secs(1) && run.took < Duration::from_secs(4));
}

fn assert_cut_short_before_anybody_was_reached(run: &Outcome) {
    assert_eq!(run.code, Some(3));
    assert_eq!(
        run.err,
        "pex: cut short before any node was reached; give --max-time more\n"
    );
    let (found, summary) = parse(&run.out);
    assert_eq!((found.len(), &summary["complete"]), (1, &false.into()));
    assert_eq!(found[0]["error"], "not reached before the crawl ended");
    assert_eq!(summary["estimate"]["at_least"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_before_anybody_is_reached_ends_a_crawl_as_the_end_of_its_time_does() {
    let mut nodes = Nodes::default();
    let (silent, met) = nodes.silent().await;
    let arguments = ["crawl", "--chain-id", "c", "--json", "--seed"];
    let seed = silent.to_string();
    let run = Run::start(&[&arguments[..], &[&seed]].concat(), Vec::new());
    met.acquire().await.unwrap().forget();
    run.signal("INT");
    let run = tokio::task::spawn_blocking(|| run.end()).await.unwrap();
    assert_cut_short_before_anybody_was_reached(&run);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_is_out_of_time_prints_what_it_has_and_exits_with_three() {
    let mut nodes = Nodes::default();
    let (silent, _) = nodes.silent().await;
    let seed = nodes.honest("c", &[silent]).await;
    let run = crawl("c", &[&seed.to_string()], &["--json", "--max-time", "2s"]).await;
    assert_eq!((run.code, run.err.as_str()), (Some(3), ""));
    let (found, summary) = parse(&run.out);
    assert_eq!((found.len(), &summary["reachable"]), (2, &1.into()));
    assert_eq!(summary["complete"], false);
}

/// Crawls until a node that a seed told of is dialed, and then interrupts.
async fn interrupted(more: &[&str]) -> (NodeAddress, Outcome) {
    let mut nodes = Nodes::default();
    let (silent, met) = nodes.silent().await;
    let seed = nodes.honest("c", &[silent]).await;
    let from = seed.to_string();
    let arguments = [&["crawl", "--chain-id", "c", "--seed", &from], more].concat();
    let run = Run::start(&arguments, Vec::new());
    met.acquire().await.unwrap().forget();
    run.signal("INT");
    (
        seed,
        tokio::task::spawn_blocking(|| run.end()).await.unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_crawl_with_what_it_has() {
    let (seed, run) = interrupted(&["--json"]).await;
    assert_eq!((run.code, run.err.as_str()), (Some(3), ""));
    let (found, summary) = parse(&run.out);
    let reached = found.iter().find(|node| node["reachable"] == true).unwrap();
    assert_eq!(reached["id"], seed.id().to_string());
    assert_eq!((found.len(), &summary["complete"]), (2, &false.into()));
    assert!(run.took < Duration::from_secs(4), "{:?}", run.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_a_crawl_cut_short_says_so() {
    let (_, run) = interrupted(&[]).await;
    assert_eq!(run.code, Some(3));
    assert!(
        run.out.trim_end().ends_with("s; stopped before the end"),
        "{}",
        run.out
    );
}

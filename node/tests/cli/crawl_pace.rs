//! How polite `pex crawl` is, and how patient.

use std::io;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pex::NodeAddress;
use tokio::net::TcpStream;

use crate::command::{Outcome, Run, pex, pex_beside};
use crate::nodes::{Nodes, hold, nobody, talk_garbage};

/// How many connections there are at once, and how many there were at most.
#[derive(Debug, Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// Strangers who say nothing, and count their guests together.
async fn strangers(nodes: &mut Nodes, count: usize) -> (Vec<NodeAddress>, Arc<Crowd>) {
    let crowd = Arc::new(Crowd::default());
    let mut addresses = Vec::new();
    for _ in 0..count {
        let crowd = Arc::clone(&crowd);
        let meet = move |stream| counted(Arc::clone(&crowd), stream);
        addresses.push(nodes.stranger(meet).await.0);
    }
    (addresses, crowd)
}

async fn counted(crowd: Arc<Crowd>, stream: TcpStream) -> io::Result<()> {
    let now = crowd.now.fetch_add(1, Ordering::SeqCst) + 1;
    crowd.most.fetch_max(now, Ordering::SeqCst);
    // So that a guest who leaves is seen to before the next has come.
    let end = hold(stream).await;
    crowd.now.fetch_sub(1, Ordering::SeqCst);
    end
}

async fn crawl(seeds: &[NodeAddress], more: &[&str]) -> Outcome {
    let seeds: Vec<String> = seeds.iter().map(ToString::to_string).collect();
    let seeds = seeds.join(",");
    let arguments = ["crawl", "--chain-id", "c", "--json", "--seed", &seeds];
    pex_beside(&[&arguments, more].concat()).await
}

/// The most connections at once, of a crawl that meets so many who say nothing.
async fn most_at_once(count: usize, more: &[&str]) -> usize {
    let mut nodes = Nodes::default();
    let (seeds, crowd) = strangers(&mut nodes, count).await;
    let cut = ["--max-time", "3s"];
    let run = crawl(&seeds, &[more, &cut].concat()).await;
    assert_eq!(run.code, Some(3), "{}", run.err);
    crowd.most.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_host_has_no_more_connections_than_it_may() {
    assert_eq!(most_at_once(12, &["--per-host", "2"]).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_dialed_at_once_than_there_are_workers() {
    assert_eq!(most_at_once(12, &["--workers", "3"]).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_this_machine_a_host_is_not_bounded_unless_it_is_said() {
    assert_eq!(most_at_once(12, &[]).await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn dials_are_no_faster_than_the_rate() {
    let mut seeds = Vec::new();
    for _ in 0..15 {
        seeds.push(nobody().await);
    }
    let run = crawl(&seeds, &["--rate", "5/s", "--retries", "0"]).await;
    // Five at once, five a second later, and five after another second.
    assert!(run.took >= Duration::from_secs(2), "{:?}", run.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_not_be_reached_is_dialed_again_as_often_as_is_said() {
    for (retries, dials) in [("0", 1), ("2", 3)] {
        let mut nodes = Nodes::default();
        let (stranger, met) = nodes.stranger(talk_garbage).await;
        let seeds = [stranger];
        let run = crawl(&seeds, &["--retries", retries, "--retry-after", "50ms"]).await;
        assert_eq!(run.code, Some(1), "{}", run.err);
        assert_eq!(met.available_permits(), dials, "with {retries} retries");
    }
}

#[test]
fn a_pace_that_can_not_be_kept_is_refused() {
    let seed = "00112233445566778899aabbccddeeff00112233@127.0.0.1:1";
    for (option, value, says) in [
        ("--workers", "0", "workers is 0"),
        ("--workers", "1001", "set it to a value from 1 to 1000"),
        ("--per-host", "0", "per-host is 0"),
        ("--rate", "0", "set it to a value from 1 to 10000"),
        ("--rate", "fast", "give a number of dials in a second"),
        ("--retries", "6", "retries is 6"),
        ("--retry-after", "2m", "longer than a minute"),
        ("--keep", "3", "--out"),
        ("--every", "1h", "--out"),
        ("--every", "0s", "more than 0s"),
    ] {
        let run = pex(
            &["crawl", "--chain-id", "c", "--seed", seed, option, value],
            "",
        );
        assert_eq!(run.code, Some(2), "{option} {value}: {}", run.err);
        assert!(run.err.contains(says), "{option} {value}: {}", run.err);
    }
}

#[test]
fn a_network_in_another_process_is_found_whole_in_both_dialects() {
    let arguments = [
        "testnet",
        "--nodes",
        "300",
        "--hosts",
        "7",
        "--gone",
        "20",
        "--chain-id",
        "c",
    ];
    let mut network = Run::start(&arguments, Vec::new());
    let line = network.line();
    let seed = line.strip_prefix("listening on ").unwrap();
    assert_eq!(network.line(), "300 nodes of chain c serve until stopped");
    // On a machine that is busy with other tests, many handshakes at once would not be done in time.
    let run = Command::new(env!("CARGO_BIN_EXE_pex"))
        .args(["crawl", "--chain-id", "c", "--seed", seed, "--json"])
        .args(["--workers", "16", "--retries", "3", "--retry-after", "1s"])
        .output()
        .unwrap();
    let out = String::from_utf8(run.stdout).unwrap();
    assert_eq!((run.status.code(), run.stderr), (Some(0), Vec::new()));
    let last = out.lines().last().unwrap();
    let summary: serde_json::Value = serde_json::from_str(last).unwrap();
    let summary = &summary["summary"];
    assert_eq!(summary["reachable"], 300, "{}", summary["errors"]);
    let dialects = serde_json::json!([
        { "name": "v1", "nodes": 100 },
        { "name": "v2", "nodes": 100 },
        { "name": "v2, pex", "nodes": 100 },
    ]);
    assert_eq!(summary["dialects"], dialects);
    assert_eq!(summary["errors"][0]["name"], "connection refused");
    assert_eq!(
        summary["nodes"],
        300 + summary["unreachable"].as_u64().unwrap()
    );
    network.signal("TERM");
    assert_eq!(network.end().code, Some(0));
}

//! The files of `pex crawl`: its results, and how it stands.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pex::{NodeAddress, NodeId, Seed};
use pex_node::demo::{CHAIN, Network};
use pex_node::serve::Server;
use pex_node::transport::TransportConfig;
use pex_node::{Notice, VERSION};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::command::{Outcome, Run, pex, pex_beside};
use crate::nodes::{listener, local, nobody};

async fn network() -> (Network, String) {
    let network = Network::start(20, Seed::new([7; 32])).await.unwrap();
    let seed = network.addresses()[0].to_string();
    (network, seed)
}

async fn crawl(seed: &str, more: &[&str]) -> Outcome {
    let arguments = ["crawl", "--chain-id", CHAIN, "--seed", seed];
    pex_beside(&[&arguments, more].concat()).await
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_formats_are_written_at_once_and_say_the_same() {
    let (_network, seed) = network().await;
    let folder = tempfile::tempdir().unwrap();
    let [json, csv, html, table] =
        ["a.json", "a.csv", "a.html", "a.txt"].map(|name| folder.path().join(name));
    let files = [
        "--json",
        text(&json),
        "--csv",
        text(&csv),
        "--html",
        text(&html),
        "--table",
        text(&table),
    ];
    let run = crawl(&seed, &files).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(
        run.out.starts_with("dialects         20  v2, pex\n"),
        "{}",
        run.out
    );
    let json = fs::read_to_string(json).unwrap();
    assert_eq!(json.lines().count(), 21);
    let mut csv = csv::Reader::from_path(csv).unwrap();
    let of_csv: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    for (line, row) in json.lines().zip(&of_csv) {
        let node: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&row[0], &row[6]),
            (
                node["id"].as_str().unwrap(),
                node["moniker"].as_str().unwrap()
            )
        );
        assert_eq!(
            row[11],
            node["told_by"].as_array().unwrap().len().to_string()
        );
    }
    assert_eq!(of_csv.len(), 20);
    assert!(
        fs::read_to_string(html)
            .unwrap()
            .contains("<b id=\"found\">20</b>")
    );
    assert!(
        fs::read_to_string(table)
            .unwrap()
            .contains("20 nodes found")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_format_can_be_printed() {
    let (_network, seed) = network().await;
    for (format, begins) in [
        ("table", "id "),
        ("json", "{\"id\":"),
        ("csv", "id,address,network,"),
        ("html", "<!doctype html>"),
        ("summary", "dialects "),
    ] {
        let run = crawl(&seed, &["--output", format]).await;
        assert!(run.out.starts_with(begins), "{format}");
    }
}

#[test]
fn a_file_that_can_not_be_written_is_named() {
    let arguments = ["crawl", "--chain-id", "c", "--retries", "0", "--seed"];
    let seed = "00112233445566778899aabbccddeeff00112233@127.0.0.1:1";
    for option in ["--json", "--state"] {
        let run = pex(
            &[&arguments[..], &[seed, option, "/nowhere/file"]].concat(),
            "",
        );
        assert_eq!(run.code, Some(1));
        assert!(run.err.contains("/nowhere/file"), "{}", run.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_found_is_printed_and_written_though_how_it_stands_can_not_be() {
    let (_network, seed) = network().await;
    // Somebody who says nothing, so that it goes on for a while.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = silent.local_addr().unwrap();
    let seeds = format!("{seed},00112233445566778899aabbccddeeff00112233@{place}");
    let folder = tempfile::tempdir().unwrap();
    let (states, json) = (folder.path().join("states"), folder.path().join("a.json"));
    fs::create_dir(&states).unwrap();
    let state = states.join("state");
    let files = ["--state", text(&state), "--json", text(&json)];
    let (run, ()) = tokio::join!(crawl(&seeds, &files), async {
        while !state.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        fs::remove_dir_all(&states).unwrap();
    });
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains(text(&state)), "{}", run.err);
    assert!(run.out.starts_with("dialects "), "{}", run.out);
    assert_eq!(fs::read_to_string(json).unwrap().lines().count(), 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_crawls_keep_the_last_results_and_say_what_has_changed() {
    let (_network, seed) = network().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("made");
    let repeat = [
        "--every",
        "100ms",
        "--runs",
        "3",
        "--keep",
        "2",
        "--out",
        text(&out),
    ];
    let run = crawl(&seed, &repeat).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let changes: Vec<&str> = run
        .out
        .lines()
        .filter(|line| line.starts_with("changes: "))
        .collect();
    assert_eq!(changes.len(), 2, "{}", run.out);
    assert_eq!(changes[0], "changes: 20 → 20 nodes: 20 unchanged");
    let mut kept: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    kept.sort();
    assert_eq!(kept.len(), 2);
    let diff = pex(&["crawl", "diff", text(&kept[0]), text(&kept[1])], "");
    assert_eq!((diff.code, diff.err.as_str()), (Some(0), ""));
    assert!(diff.out.ends_with("20 unchanged\n"));
    let diff = pex(
        &["crawl", "diff", "--json", text(&kept[0]), text(&kept[1])],
        "",
    );
    let summary: Value = serde_json::from_str(diff.out.trim_end()).unwrap();
    assert_eq!(summary["summary"]["unchanged"], 20);
    // A later life compares with the last of this one.
    let run = crawl(&seed, &["--out", text(&out)]).await;
    assert!(run.out.contains("changes: 20 → 20 nodes"), "{}", run.out);
}

#[test]
fn what_is_no_result_can_not_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    fs::write(&path, "garbage\n").unwrap();
    let run = pex(&["crawl", "diff", text(&path), text(&path)], "");
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("line 1 is none of a crawl's"),
        "{}",
        run.err
    );
    assert!(run.err.contains("a.json"), "{}", run.err);
}

/// A network of a chain of nodes, of which each counts its guests.
struct Counted {
    seed: String,
    guests: Arc<Mutex<BTreeMap<NodeId, usize>>>,
    _tasks: JoinSet<()>,
}

async fn counted(nodes: usize) -> Counted {
    let guests = Arc::new(Mutex::new(BTreeMap::new()));
    let mut tasks = JoinSet::new();
    let mut known: Vec<NodeAddress> = Vec::new();
    for _ in 0..nodes {
        let listener = listener().await;
        let place = listener.local_addr().unwrap();
        let local = local("c", "counts", VERSION, place);
        let id = local.id();
        let (config, seed) = (TransportConfig::default(), Seed::new([7; 32]));
        let mut server = Server::new(local, config, seed, listener, &known).unwrap();
        known.push(NodeAddress::mconn(id, place.ip(), place.port()));
        let guests = Arc::clone(&guests);
        tasks.spawn(async move {
            loop {
                if let Notice::Up(_) = server.next().await {
                    *guests.lock().unwrap().entry(id).or_default() += 1;
                }
            }
        });
    }
    Counted {
        seed: known.last().unwrap().to_string(),
        guests,
        _tasks: tasks,
    }
}

/// Those who were visited, as a state says.
fn visited(state: &str) -> Vec<NodeId> {
    let nodes = state
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    nodes
        .filter(|node| node["reached"].is_object() && node["open"] != true)
        .map(|node| node["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_was_killed_goes_on_and_visits_nobody_twice() {
    let network = counted(60).await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let arguments = [
        "crawl",
        "--chain-id",
        "c",
        "--json",
        "--seed",
        &network.seed,
        "--state",
        text(&state),
        "--rate",
    ];
    let run = Run::start(&[&arguments[..], &["2"]].concat(), Vec::new());
    let began = Instant::now();
    let before = loop {
        let written = fs::read_to_string(&state).map(|state| visited(&state));
        match written {
            Ok(visited) if visited.len() > 5 => break visited,
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        assert!(
            began.elapsed() < Duration::from_secs(50),
            "nothing is written down"
        );
    };
    run.signal("KILL");
    let killed = tokio::task::spawn_blocking(|| run.end()).await.unwrap();
    assert_eq!(killed.code, None);

    let run = pex_beside(&[&arguments[..], &["1000"]].concat()).await;
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.err.starts_with("pex: goes on from "), "{}", run.err);
    let last: Value = serde_json::from_str(run.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["summary"]["reachable"], 60, "{last}");
    // Who was visited before is not asked again, so that the answers of all are counted only if those from
    // before the kill are.
    let answers = last["summary"]["answers"].as_u64();
    assert!(answers >= Some(60), "{last}");
    // Each knows those who were there before it, so that what they tell may be of a smaller network: then
    // it is not known how many there are.
    let estimate = &last["summary"]["estimate"];
    let nodes = ["nodes", "at_least"]
        .into_iter()
        .find_map(|it| estimate[it].as_u64());
    assert!(nodes >= Some(60), "{last}");
    let guests = network.guests.lock().unwrap();
    for id in before {
        assert_eq!(guests[&id], 1, "it was visited before");
    }
    assert_eq!(guests.len(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crawl_that_came_to_its_end_begins_anew() {
    let (_network, seed) = network().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    for _ in 0..2 {
        let run = crawl(&seed, &["--state", text(&state)]).await;
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_could_not_be_reached_is_not_dialed_again_by_a_crawl_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let gone = nobody().await.to_string();
    let mut nodes = crate::nodes::Nodes::default();
    let (silent, _) = nodes.silent().await;
    let seeds = format!("{gone},{silent}");
    let arguments = [
        "crawl",
        "--chain-id",
        "c",
        "--json",
        "--retries",
        "0",
        "--seed",
        &seeds,
        "--state",
        text(&state),
        "--max-time",
        "2s",
    ];
    assert_eq!(pex_beside(&arguments).await.code, Some(3));
    let run = pex_beside(&arguments).await;
    assert!(
        run.err.contains("2 nodes known, 1 of them visited"),
        "{}",
        run.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_another_chain_or_a_damaged_one_is_refused() {
    let (_network, seed) = network().await;
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    crawl(&seed, &["--state", text(&state)]).await;
    let whole = fs::read(&state).unwrap();

    let other = pex(
        &[
            "crawl",
            "--chain-id",
            "other",
            "--seed",
            &seed,
            "--state",
            text(&state),
        ],
        "",
    );
    assert_eq!(other.code, Some(1));
    assert!(
        other.err.contains("of the chain \"pex-demo\""),
        "{}",
        other.err
    );
    assert!(
        other.err.contains("remove this one to begin anew"),
        "{}",
        other.err
    );
    assert_eq!(fs::read(&state).unwrap(), whole, "it is left as it was");

    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    // Nothing but the sum at the end tells that this is not as it was.
    let text_of_it = String::from_utf8(whole.clone()).unwrap();
    let forged = text_of_it.replacen("\"faults\":0", "\"faults\":7", 1);
    assert_ne!(forged, text_of_it);
    let forged = forged.as_bytes();
    for damaged in [&whole[..whole.len() / 2], &flipped, forged, b"", b"{}\n"] {
        fs::write(&state, damaged).unwrap();
        let run = crawl(&seed, &["--state", text(&state)]).await;
        assert_eq!(run.code, Some(1));
        assert!(
            run.err.contains("remove the file to begin anew"),
            "{}",
            run.err
        );
    }
}

#[test]
fn one_file_for_two_outputs_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("same");
    let otherwise = folder.path().join("./same");
    let link = folder.path().join("link");
    let (same, otherwise, link) = (text(&file), text(&otherwise), text(&link));
    let seed = "00112233445566778899aabbccddeeff00112233@127.0.0.1:1";
    let refused = |files: &[&str], flags: &str| {
        let arguments = ["crawl", "--chain-id", CHAIN, "--seed", seed];
        let run = pex(&[&arguments, files].concat(), "");
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
        let says = format!(
            "{flags} are one file, {folder}",
            folder = text(folder.path())
        );
        assert!(run.err.contains(&says), "{}", run.err);
        assert!(
            run.err.contains("give each a file of its own"),
            "{}",
            run.err
        );
    };
    refused(
        &["--json", same, "--csv", same, "--html", same],
        "--json and --csv",
    );
    refused(&["--state", same, "--csv", same], "--state and --csv");
    refused(
        &["--table", same, "--html", otherwise],
        "--table and --html",
    );
    assert!(!file.exists());
    fs::write(&file, "mine").unwrap();
    std::os::unix::fs::symlink("same", link).unwrap();
    refused(&["--state", link, "--json", same], "--state and --json");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_takes_several_outputs() {
    let (_network, seed) = network().await;
    let nowhere = ["--csv", "/dev/null", "--html", "/dev/null"];
    let run = crawl(&seed, &nowhere).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
}

//! How a crawl stands, written down: it goes on from there, or begins anew.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pex::{NodeAddress, NodeId, Seed};
use pex_node::serve::Server;
use pex_node::transport::TransportConfig;
use pex_node::{Notice, VERSION};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::command::{Run, pex, pex_beside};
use crate::crawl_files::{crawl, network, text};
use crate::nodes::{listener, local, nobody};

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

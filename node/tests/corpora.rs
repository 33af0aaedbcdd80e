//! Replays what the fuzzers have kept: every file under `fuzz/corpus`, through the body of its
//! target, without a fuzzer.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

#[path = "fuzz_bodies/conversation.rs"]
mod conversation_body;
#[path = "fuzz_bodies/node_info.rs"]
mod node_info_body;
#[path = "fuzz_bodies/node_key.rs"]
mod node_key_body;
#[path = "fuzz_bodies/packets.rs"]
mod packets_body;
#[path = "fuzz_bodies/peers_file.rs"]
mod peers_file_body;
#[path = "fuzz_bodies/scenario.rs"]
mod scenario_body;
#[path = "fuzz_bodies/settings.rs"]
mod settings_body;

use std::fs;
use std::path::Path;

fn replay(target: &str, at_least: usize, body: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = fs::read_dir(&directory).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= at_least, "{target}: {} files", files.len());
    for file in files {
        println!("{}", file.display());
        body(&fs::read(&file).unwrap());
    }
}

#[test]
fn the_conversation_corpus_passes() {
    replay("conversation", 20, conversation_body::conversation);
}

#[test]
fn the_node_info_corpus_passes() {
    replay("node_info", 20, node_info_body::node_info);
}

#[test]
fn the_node_key_corpus_passes() {
    replay("node_key", 10, node_key_body::node_key);
}

#[test]
fn the_packets_corpus_passes() {
    replay("packets", 20, packets_body::packets);
}

#[test]
fn the_peers_file_corpus_passes() {
    replay("peers_file", 20, peers_file_body::peers_file);
}

#[test]
fn the_scenario_corpus_passes() {
    replay("scenario", 20, scenario_body::scenario);
}

#[test]
fn the_settings_corpus_passes() {
    replay("settings", 20, settings_body::settings);
}

/// A corpus whose body nobody runs would rot.
#[test]
fn every_target_has_a_test_here() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let targets = fs::read_dir(corpus).unwrap();
    let mut targets: Vec<_> = targets.map(|target| target.unwrap().file_name()).collect();
    targets.sort();
    let expected = [
        "conversation",
        "node_info",
        "node_key",
        "packets",
        "peers_file",
        "scenario",
        "settings",
    ];
    assert_eq!(targets, expected);
}

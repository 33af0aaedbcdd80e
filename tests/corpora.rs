//! Replays what the fuzzers have kept: every file under `fuzz/corpus`, through the body of its
//! target, without a fuzzer.

/// What the fuzzer runs on addresses.
#[path = "fuzz_bodies/address.rs"]
pub mod address_body;
#[path = "fuzz_bodies/book_load.rs"]
mod book_load_body;
#[path = "fuzz_bodies/book_ops.rs"]
mod book_ops_body;
#[cfg(test)]
#[path = "support/world.rs"]
#[allow(dead_code, reason = "the tests of the peer manager use the rest")]
mod common;
#[path = "fuzz_bodies/estimator.rs"]
mod estimator_body;
#[path = "fuzz_bodies/journal.rs"]
mod journal_body;
#[cfg(test)]
#[path = "support/judge_of_peers.rs"]
mod judge;
#[path = "fuzz_bodies/message.rs"]
mod message_body;
#[path = "fuzz_bodies/message_prost.rs"]
mod message_prost_body;
#[cfg(test)]
#[path = "fuzz_bodies/mini_net.rs"]
mod mini_net_body;
#[cfg(test)]
#[path = "fuzz_bodies/node.rs"]
mod node_body;
#[cfg(test)]
#[path = "support/nodes.rs"]
#[allow(dead_code, reason = "the tests of the peer manager use the rest")]
mod nodes;
#[cfg(test)]
#[path = "fuzz_bodies/peers.rs"]
mod peers_body;
#[path = "fuzz_bodies/pex.rs"]
mod pex_body;
#[path = "fuzz_bodies/record.rs"]
mod record_body;
#[path = "fuzz_bodies/restore.rs"]
mod restore_body;

use std::fs;
use std::path::Path;

fn replay(target: &str, at_least: usize, body: fn(&[u8])) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap_or_else(|error| unreachable!("{}: {error}", directory.display()))
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    files.sort();
    assert!(files.len() >= at_least, "{target}: {} files", files.len());
    for file in files {
        println!("{}", file.display());
        let data = fs::read(&file);
        assert!(data.is_ok(), "{}: {:?}", file.display(), data.err());
        body(&data.unwrap_or_default());
    }
}

#[test]
fn the_address_corpus_passes() {
    replay("address", 40, address_body::address);
}

#[test]
fn the_book_load_corpus_passes() {
    replay("book_load", 20, book_load_body::book_load);
}

#[test]
fn the_book_ops_corpus_passes() {
    replay("book_ops", 20, book_ops_body::book_ops);
}

#[test]
fn the_estimator_corpus_passes() {
    replay("estimator", 20, estimator_body::estimator);
}

#[test]
fn the_message_corpus_passes() {
    replay("message", 40, message_body::message);
}

#[test]
fn the_message_prost_corpus_passes() {
    replay("message_prost", 20, message_prost_body::message_prost);
}

#[test]
fn the_pex_corpus_passes() {
    replay("pex", 40, pex_body::pex);
}

#[test]
fn the_journal_corpus_passes() {
    replay("journal", 10, journal_body::journal);
}

#[test]
fn the_mini_net_corpus_passes() {
    replay("mini_net", 20, mini_net_body::mini_net);
}

#[test]
fn the_node_corpus_passes() {
    replay("node", 20, node_body::node);
}

#[test]
fn the_node_v1_corpus_passes() {
    replay("node_v1", 20, node_body::node_v1);
}

#[test]
fn the_peers_corpus_passes() {
    replay("peers", 20, peers_body::peers);
}

#[test]
fn the_restore_corpus_passes() {
    replay("restore", 10, restore_body::restore);
}

/// A corpus whose body nobody runs would rot.
#[test]
fn every_target_has_a_test_here() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut targets: Vec<_> = fs::read_dir(corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    targets.sort();
    let expected = [
        "address",
        "book_load",
        "book_ops",
        "estimator",
        "journal",
        "message",
        "message_prost",
        "mini_net",
        "node",
        "node_v1",
        "peers",
        "pex",
        "record",
        "restore",
    ];
    assert_eq!(targets, expected);
}

#[test]
fn the_record_corpus_passes() {
    replay("record", 40, record_body::record);
}

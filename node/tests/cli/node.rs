//! `pex node`, alone and among others.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pex::NodeAddress;

use crate::command::{Run, pex};

const FAR: &str = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656";

/// A node of the chain `c`, and where it listens.
fn node(more: &[&str]) -> (Run, NodeAddress) {
    let listen = ["node", "--listen", "127.0.0.1:0", "--chain-id", "c"];
    let mut run = Run::start(&[&listen, more].concat(), Vec::new());
    let line = run.line();
    let address = line.strip_prefix("listening on ").unwrap();
    (run, NodeAddress::parse(address).unwrap())
}

/// A node on this machine, where nobody can be told apart by network.
fn neighbour(more: &[&str]) -> (Run, NodeAddress) {
    node(&[&["--lax", "--allow-duplicate-ip"], more].concat())
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// How many addresses of the book at `path` are good, once they are as many as wanted.
fn waits_for_good(path: &Path, wanted: usize) {
    let began = Instant::now();
    loop {
        let shown = pex(&["book", "show", "--json", "--old", text(path)], "");
        let good = shown
            .out
            .lines()
            .filter(|it| it.contains("127.0.0.1"))
            .count();
        if good >= wanted {
            return;
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{good}: {}",
            shown.err
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn nodes_that_know_only_a_seed_node_find_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let (seed, at) = neighbour(&["--seed-mode"]);
    let seeds = at.to_string();
    let books = ["one", "two", "three"].map(|name| folder.path().join(name));
    let nodes = books.each_ref().map(|book| {
        let started = neighbour(&["--seeds", &seeds, "--book", text(book)]);
        // The seed hangs up on it, and tells of it once it has reached it.
        std::thread::sleep(Duration::from_secs(3));
        started
    });
    // Each is connected with both of the others, whoever dialed.
    let addresses = nodes
        .each_ref()
        .map(|(_, address)| address.id().to_string());
    for (run, address) in nodes {
        run.signal("TERM");
        let end = run.end();
        assert_eq!(end.code, Some(0), "{}", end.err);
        for other in addresses
            .iter()
            .filter(|it| **it != address.id().to_string())
        {
            let up = format!("up {other} ");
            assert!(
                end.err.contains(&up),
                "{address} never met {other}: {}",
                end.err
            );
        }
    }
    seed.signal("TERM");
    let end = seed.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
    assert!(
        end.err.contains("it has been told what it asked for"),
        "{}",
        end.err
    );
}

#[test]
fn a_node_saves_its_book_at_its_end_and_needs_no_seed_after() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("addrbook.json");
    let (other, at) = neighbour(&[]);
    let (run, _) = neighbour(&["--seeds", &at.to_string(), "--book", text(&book)]);
    std::thread::sleep(Duration::from_secs(2));
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
    waits_for_good(&book, 1);

    let (run, _) = neighbour(&["--book", text(&book)]);
    std::thread::sleep(Duration::from_secs(2));
    run.signal("INT");
    let end = run.end();
    assert!(
        end.err.contains("1 addresses, 1 of them good"),
        "{}",
        end.err
    );
    let up = format!("up {} ", at.id());
    assert!(end.err.contains(&up), "{}", end.err);
    other.signal("TERM");
    assert_eq!(other.end().code, Some(0));
}

#[test]
fn a_damaged_book_is_left_as_it_is_and_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("addrbook.json");
    let damaged = "{\"key\": \"00112233445566778899aabb\", \"addrs\": [{\"addr\"";
    fs::write(&book, damaged).unwrap();
    let listen = ["node", "--listen", "127.0.0.1:0", "--chain-id", "c"];
    let run = pex(&[&listen[..], &["--book", text(&book)]].concat(), "");
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    for says in [text(&book), "damaged at line 1", "pex book repair"] {
        assert!(run.err.contains(says), "{}", run.err);
    }
    assert_eq!(fs::read_to_string(&book).unwrap(), damaged);
}

#[test]
fn wrong_options_are_named_with_what_to_write() {
    for (options, says) in [
        (vec!["--seeds", "nobody"], "--seeds"),
        (
            vec!["--max-num-outbound-peers", "2000000"],
            "from 0 to 1000000",
        ),
        (vec!["--external-address", "a b"], "--external-address"),
        (vec!["--private-peer-ids", "xyz"], "--private-peer-ids"),
    ] {
        let listen = ["node", "--listen", "127.0.0.1:0", "--chain-id", "c"];
        let run = pex(&[&listen[..], &options].concat(), "");
        assert_eq!(run.code, Some(2), "{options:?}");
        assert!(run.err.contains(says), "{options:?}: {}", run.err);
    }
}

#[test]
fn a_seed_node_without_anybody_says_that_it_has_none_and_why() {
    let (run, _) = node(&["--seed-mode"]);
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(0));
    assert!(
        end.err.contains("0 addresses to tell, because"),
        "{}",
        end.err
    );
}

#[test]
fn a_seed_that_cannot_be_resolved_does_not_stop_a_node() {
    let seed = "00112233445566778899aabbccddeeff00112233@nobody.invalid:26656";
    let (run, _) = node(&["--seeds", seed]);
    std::thread::sleep(Duration::from_millis(500));
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
}

#[test]
fn a_strict_node_says_once_that_near_addresses_are_not_taken_in() {
    let (near, at) = node(&[]);
    let (run, _) = node(&["--persistent-peers", &at.to_string(), "--seeds", FAR]);
    std::thread::sleep(Duration::from_secs(2));
    for run in [near, run] {
        run.signal("TERM");
        let end = run.end();
        assert_eq!(end.code, Some(0), "{}", end.err);
        assert!(
            end.err.matches("--lax takes them in").count() <= 1,
            "{}",
            end.err
        );
    }
}

//! `pex peers`, and the store that `pex serve` keeps.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use pex::peers::{Change, PeerRecord};
use pex::{NodeId, Time};
use pex_node::vault::{DiskVault, Vault as _};

use crate::command::{Run, pex};

fn address(n: u32) -> String {
    let [_, a, b, c] = n.to_be_bytes();
    format!(
        "{}@10.{a}.{b}.{c}:26656",
        NodeId::new([
            a ^ 0x5a,
            b,
            c,
            n.to_le_bytes()[0],
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            12,
            13,
            14,
            15,
            16
        ])
    )
}

fn serve(store: &Path, known: &[String]) -> Run {
    let known = known.join(",");
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--chain-id",
        "c",
        "--store",
        store.to_str().unwrap(),
        "--known",
        &known,
    ];
    let mut run = Run::start(&arguments, Vec::new());
    assert!(run.line().starts_with("listening on "));
    run
}

fn export(store: &Path) -> String {
    let run = pex(&["peers", "export", store.to_str().unwrap()], "");
    assert_eq!(run.code, Some(0), "{}", run.err);
    run.out
}

#[test]
fn a_server_killed_at_any_moment_has_lost_no_more_than_the_last_second() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("peers.pex");
    let mut kept: Vec<String> = Vec::new();
    for round in 0..12_u32 {
        let known: Vec<String> = (0..5).map(|n| address(1 + round * 5 + n)).collect();
        let server = serve(&store, &known);
        // Some are killed before the second is over: then either is right.
        let life = 150 * u64::from(round % 9);
        thread::sleep(Duration::from_millis(life));
        server.signal("KILL");
        assert_eq!(server.end().code, None);
        let check = pex(&["peers", "check", store.to_str().unwrap()], "");
        assert_eq!(check.code, Some(0), "{}", check.err);
        let there = export(&store);
        let is_there = |address: &&String| there.contains(address.as_str());
        assert_eq!(
            kept.iter().find(|it| !is_there(it)),
            None,
            "after {life} ms"
        );
        if life >= 1_000 {
            assert_eq!(
                known.iter().find(|it| !is_there(it)),
                None,
                "after {life} ms"
            );
        }
        kept.extend(known.iter().filter(is_there).cloned());
    }
    assert!(kept.len() >= 10);
}

#[test]
fn a_server_that_is_told_to_end_writes_everything_down_and_begins_with_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("peers.pex");
    let server = serve(&store, &[address(1), address(2)]);
    server.signal("TERM");
    assert_eq!(server.end().code, Some(0));
    let before = export(&store);
    assert_eq!(before.lines().count(), 2);
    let mut server = serve(&store, &[address(3)]);
    let busy = pex(&["peers", "show", store.to_str().unwrap()], "");
    assert_eq!(busy.code, Some(1));
    assert!(
        busy.err.contains("another process has the store open"),
        "{}",
        busy.err
    );
    server.close_output();
    server.signal("TERM");
    assert_eq!(server.end().code, Some(0));
    let after = export(&store);
    assert!(before.lines().all(|line| after.contains(line)), "{after}");
    assert_eq!(after.lines().count(), 3);
}

#[test]
fn what_is_exported_and_imported_is_the_same_store() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let mut vault = DiskVault::open_or_create(&one).unwrap();
    let records = (1..=50).map(|n| {
        let mut record = PeerRecord::new(NodeId::new([n; 20]));
        record.score = i32::from(n) - 20;
        record.last_connected = Some(Time::from_nanos(u64::from(n) << 40));
        record
    });
    let changes: Vec<Change> = records.map(|record| Change::put(&record)).collect();
    vault.apply(&changes).unwrap();
    drop(vault);
    let text = export(&one);
    let file = folder.path().join("peers.jsonl");
    fs::write(&file, &text).unwrap();
    let arguments = [
        "peers",
        "import",
        two.to_str().unwrap(),
        file.to_str().unwrap(),
    ];
    let run = pex(&arguments, "");
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(0), "50 new, 0 updated, 0 refused\n")
    );
    assert_eq!(export(&two), text);
    let again = pex(&arguments, "");
    assert_eq!(again.out, "0 new, 0 updated, 0 refused\n");
    // Two exports in one have each node twice.
    fs::write(&file, [text.as_str(), text.as_str()].concat()).unwrap();
    let third = folder.path().join("third.pex");
    let twice = [
        "peers",
        "import",
        third.to_str().unwrap(),
        file.to_str().unwrap(),
    ];
    assert_eq!(pex(&twice, "").out, "50 new, 0 updated, 0 refused\n");
    let table = pex(&["peers", "show", two.to_str().unwrap()], "");
    assert!(
        table
            .out
            .ends_with("50 nodes, 0 addresses, 50 nodes reached\n"),
        "{}",
        table.out
    );
}

#[test]
fn a_file_of_another_form_is_named_with_the_command_for_it_and_no_store_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (store, book, new) = (path("a.pex"), path("addrbook.json"), path("new"));
    let known = "00112233445566778899aabbccddeeff00112233@203.0.113.7:26656";
    assert_eq!(
        pex(&["book", "add", "--lax", &book, known], "").code,
        Some(0)
    );
    DiskVault::open_or_create(store.as_ref()).unwrap();
    // As it is written, on one line, and cut short behind its only entry.
    let text = fs::read_to_string(&book).unwrap();
    fs::write(path("line.json"), text.replace('\n', "")).unwrap();
    let (cut, _) = text.rsplit_once(']').unwrap();
    fs::write(path("cut.json"), cut).unwrap();
    let before = fs::read(&store).unwrap();
    for (arguments, says) in [
        (
            ["peers", "import", &store, &book],
            "an address book; take it in with pex book convert",
        ),
        (
            ["peers", "import", &new, &book],
            "an address book; take it in with pex book convert",
        ),
        (
            ["peers", "import", &new, &path("line.json")],
            "pex book convert",
        ),
        (
            ["peers", "import", &new, &path("cut.json")],
            "pex book convert",
        ),
        (
            ["peers", "import", &new, &store],
            "a store of pex; print it with pex peers export",
        ),
        (
            ["peers", "show", "--json", &book],
            "an address book, and no store; pex book",
        ),
        (
            ["book", "show", "--json", &store],
            "a store of pex, and no address book; pex peers",
        ),
        (
            ["book", "check", "--lax", &store],
            "a store of pex, and no address book; pex peers",
        ),
        (
            ["book", "repair", "--lax", &store],
            "a store of pex, and no address book; pex peers",
        ),
        (
            ["book", "merge", &book, &store],
            "a store of pex, and no address book; pex peers",
        ),
        (
            ["book", "add", &store, known],
            "a store of pex, and no address book; pex peers",
        ),
    ] {
        let run = pex(&arguments, "");
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{arguments:?}");
        assert_eq!(run.err.lines().count(), 1, "{arguments:?}: {}", run.err);
        assert!(run.err.contains(says), "{arguments:?}: {}", run.err);
    }
    assert_eq!(fs::read(&store).unwrap(), before);
    assert!(!Path::new(&new).exists());
    // What it says to do works, whether there is a store or not.
    let lines = path("lines.jsonl");
    for arguments in [
        &["book", "convert", "--lax", &book, &new, "--to", "store"][..],
        &["book", "convert", "--lax", &book, &lines],
        &["peers", "import", &store, &lines],
    ] {
        let run = pex(arguments, "");
        assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.err);
    }
    assert_eq!(export(store.as_ref()), export(new.as_ref()));
}

#[test]
fn what_is_wrong_is_said_in_a_line_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("text"), "not a store").unwrap();
    fs::create_dir(path("empty")).unwrap();
    for (arguments, what) in [
        (
            vec!["peers", "show", &path("none")],
            "there is no store here",
        ),
        (vec!["peers", "check", &path("text")], "not a store of pex"),
        (
            vec!["peers", "import", &path("new"), &path("none")],
            "No such file",
        ),
        (
            vec!["peers", "import", &path("new"), &path("empty")],
            "not a store of pex",
        ),
        (
            vec!["peers", "import", &path("new"), &path("text")],
            "line 1: ",
        ),
    ] {
        let run = pex(&arguments, "");
        assert_eq!(run.code, Some(1), "{arguments:?}: {}", run.err);
        assert!(run.err.contains(what), "{arguments:?}: {}", run.err);
    }
    assert_eq!(fs::read_to_string(path("text")).unwrap(), "not a store");
    // Of what has no record that can be read, no store is made.
    assert!(!Path::new(&path("new")).exists());
}

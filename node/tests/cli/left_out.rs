//! Books of which a seed or a node leaves entries out: nothing is lost by a start.

use std::fs;
use std::path::{Path, PathBuf};

use crate::book::{address, assert_done, book, near};
use crate::command::{Outcome, Run, pex};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A home whose book has two addresses of a site.
fn home_of_a_site() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config/addrbook.json");
    fs::create_dir(home.path().join("config")).unwrap();
    assert_done(&book(&["add", text(&path), &near(1), &near(2), "--lax"]));
    (home, path)
}

fn start_seed(home: &Path) -> Run {
    let arguments = ["--chain-id", "a", "--listen", "127.0.0.1:0"];
    let mut run = Run::start(
        &[&["seed", "--home", text(home)], &arguments[..]].concat(),
        Vec::new(),
    );
    assert!(run.line().starts_with("listening on "));
    run
}

fn stop(run: Run) -> Outcome {
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
    end
}

#[test]
fn a_start_with_the_wrong_strictness_keeps_the_book_as_it_was() {
    let (home, path) = home_of_a_site();
    let before = fs::read(&path).unwrap();
    let kept = home.path().join("config/addrbook.json.damaged");
    // One that is killed before it saves leaves one copy, however often that is.
    for _ in 0..2 {
        start_seed(home.path()).signal("KILL");
    }
    let end = stop(start_seed(home.path()));
    let says = format!(
        "2 entries are left out; the book as it was is kept as {}",
        text(&kept)
    );
    assert!(end.err.contains(&says), "{}", end.err);
    assert_eq!(fs::read(&kept).unwrap(), before);
    assert_ne!(fs::read(&path).unwrap(), before);
    let end = stop(start_seed(home.path()));
    assert!(!end.err.contains("left out"), "{}", end.err);
    assert!(!kept.with_extension("damaged.1").exists());

    // What was kept is put back.
    fs::rename(&kept, &path).unwrap();
    let listen = ["--chain-id", "a", "--listen", "127.0.0.1:0"];
    let arguments = [&["node", "--book", text(&path)], &listen[..]].concat();
    let mut run = Run::start(&arguments, Vec::new());
    run.line();
    let end = stop(run);
    assert!(end.err.contains(&says), "{}", end.err);
    assert_eq!(fs::read(&kept).unwrap(), before);
}

#[test]
fn a_damaged_entry_costs_nothing_that_is_not_kept() {
    let (home, path) = home_of_a_site();
    let kept = home.path().join("config/addrbook.json.damaged");
    fs::remove_file(&path).unwrap();
    for (right, wrong) in [
        ("\"attempts\": 0", format!("\"attempts\": 1{:030}", 0)),
        ("\"port\": 26656", "\"port\": 70000".to_owned()),
    ] {
        assert_done(&book(&["add", text(&path), &address(1)]));
        let damaged = fs::read_to_string(&path)
            .unwrap()
            .replacen(right, &wrong, 1);
        assert!(damaged.contains(&wrong), "{damaged}");
        fs::write(&path, &damaged).unwrap();
        let end = stop(start_seed(home.path()));
        assert!(end.err.contains(text(&kept)), "{}", end.err);
        assert_eq!(fs::read_to_string(&kept).unwrap(), damaged);
        for file in [&kept, &path] {
            fs::remove_file(file).unwrap();
        }
    }
}

#[test]
fn what_only_the_journal_has_is_kept_with_the_book() {
    let (home, path) = home_of_a_site();
    let loaded = pex_node::book_file::read(
        &path,
        false,
        pex::Seed::new([7; 32]),
        pex::Time::from_secs(1_700_000_000),
    );
    let mut known = loaded.unwrap().book;
    let mut store = pex_node::BookStore::new(&path, true);
    store.write(known.clone()).unwrap();
    let third = near(3).parse().unwrap();
    let now = pex::Time::from_secs(1_700_000_001);
    known.add_address(now, &third, &third).unwrap();
    store.append(known).unwrap();
    drop(store);

    let end = stop(start_seed(home.path()));
    assert!(end.err.contains("3 entries are left out"), "{}", end.err);
    let kept = home.path().join("config/addrbook.json.damaged");
    let shown = book(&["show", text(&kept)]);
    assert!(
        shown.out.contains("10.0.0.3") && shown.out.contains("3 addresses"),
        "{}",
        shown.out
    );
}

#[test]
fn what_only_the_journal_has_is_lost_by_no_command() {
    let (_home, path) = home_of_a_site();
    let (seed, now) = (pex::Seed::new([7; 32]), pex::Time::from_secs(1_700_000_000));
    let loaded = pex_node::book_file::read(&path, false, seed, now).unwrap();
    let mut known = loaded.book;
    let mut store = pex_node::BookStore::new(&path, true);
    // The file has nobody, and the journal all.
    store.write(pex::book::AddrBook::new(false, seed)).unwrap();
    let third = near(3).parse().unwrap();
    known.add_address(now, &third, &third).unwrap();
    store.append(known).unwrap();
    drop(store);
    let journal = path.with_extension("json.journal");
    let before = [&path, &journal].map(|it| fs::read(it).unwrap());

    let check = book(&["check", text(&path)]);
    assert_eq!(check.code, Some(1), "{}", check.out);
    assert!(check.err.contains("3 would be lost"), "{}", check.err);
    for command in [
        vec!["add", text(&path), &address(9)],
        vec!["repair", text(&path)],
        vec!["ban", text(&path), &near(9)[..40], "--for", "1h"],
    ] {
        let run = book(&command);
        assert_ne!(run.code, Some(0), "{command:?}: {}", run.out);
        assert_eq!([&path, &journal].map(|it| fs::read(it).unwrap()), before);
    }
    // One that can be saved in part is kept whole beside.
    assert_done(&book(&["check", text(&path), "--lax"]));
    let mut damaged = before[1].clone();
    let last = damaged.len() - 3;
    damaged[last] ^= 1;
    fs::write(&journal, &damaged).unwrap();
    let repair = book(&["repair", text(&path), "--lax"]);
    assert_done(&repair);
    assert!(repair.out.contains("lost: 1 entries"), "{}", repair.out);
    let kept = path.with_extension("json.damaged");
    assert_eq!(fs::read(&kept).unwrap(), before[0]);
    let kept = path.with_extension("json.damaged.journal");
    assert_eq!(fs::read(&kept).unwrap(), damaged);
    assert!(!journal.exists());
}

#[test]
fn a_book_that_cannot_be_kept_is_left_as_it_is_and_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    // No name can be longer than that with `.damaged` behind it, and that one is taken.
    let path = folder.path().join("b".repeat(247));
    assert_done(&book(&["add", text(&path), &near(1), "--lax"]));
    let before = fs::read(&path).unwrap();
    fs::write(format!("{}.damaged", text(&path)), "taken").unwrap();
    let listen = ["--chain-id", "a", "--listen", "127.0.0.1:0"];
    let home = folder.path().join("home");
    for command in [
        ["node", "--book", text(&path), "--status", "127.0.0.1:0"],
        [
            "seed",
            "--addr-book-file",
            text(&path),
            "--home",
            text(&home),
        ],
    ] {
        let run = pex(&[&command, &listen[..]].concat(), "");
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{}", run.err);
        for says in ["1 entries", "cannot be kept beside", "pex book check"] {
            assert!(run.err.contains(says), "{}", run.err);
        }
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

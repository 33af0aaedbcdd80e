//! A book that a running seed or node has is nobody else's.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::book::{assert_done, assert_fails, book, id, near};
use crate::command::{Run, pex};
use crate::nodes::Nodes;
use crate::running_seed::{PATIENCE, Seed, home, near as settings, seeds, text};

const IN_USE: &str = "another process has the address book open";

fn node_arguments(path: &Path) -> [&str; 8] {
    let listen = "127.0.0.1:0";
    let path = text(path);
    [
        "node",
        "--lax",
        "--chain-id",
        "c",
        "--listen",
        listen,
        "--book",
        path,
    ]
}

fn stop(run: Run) {
    run.signal("TERM");
    let end = run.end();
    assert_eq!(end.code, Some(0), "{}", end.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_book_of_a_running_seed_is_not_touched_by_others_and_a_killed_one_keeps_nobody_out() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home(&settings(&seeds(&node)));
    let folder = home.path().join("config");
    let path = folder.join("addrbook.json");
    let mut seed = Seed::start(home.path(), &[]);
    seed.address();
    seed.says(&format!("up {}", node.id()));
    let journal = folder.join("addrbook.json.journal");
    let began = Instant::now();
    // Behind its head, which is there from the start.
    let has_learned = |text: String| text.lines().count() > 1;
    while !fs::read_to_string(&journal).is_ok_and(has_learned) {
        assert!(began.elapsed() < PATIENCE, "it learns and writes nothing");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for command in [
        &node_arguments(&path)[..],
        &["seed", "--home", text(home.path())],
        &["book", "add", text(&path), &near(3), "--lax"],
        &["book", "good", text(&path), &near(1), "--lax"],
        &["book", "ban", text(&path), &id(1), "--lax"],
        &["book", "repair", text(&path), "--lax"],
    ] {
        assert_fails(&pex(command, ""), &[text(&path), IN_USE, "stop it"]);
    }
    assert!(journal.exists());
    // Whoever only reads may.
    let shown = book(&["show", text(&path)]);
    assert!(shown.out.contains(&node.id().to_string()), "{}", shown.err);

    seed.signal("KILL");
    drop(seed);
    assert!(folder.join("addrbook.json.lock").exists());
    assert_done(&book(&["add", text(&path), &near(3), "--lax"]));
    let mut next = Run::start(&node_arguments(&path), Vec::new());
    assert!(next.line().starts_with("listening on "));
    assert_fails(&book(&["add", text(&path), &near(4), "--lax"]), &[IN_USE]);
    stop(next);
    assert!(!folder.join("addrbook.json.lock").exists());
    assert_done(&book(&["add", text(&path), &near(4), "--lax"]));
}

#[test]
fn a_book_is_in_use_under_whatever_name_it_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("book"), folder.path().join("link"));
    std::os::unix::fs::symlink("book", &link).unwrap();
    let mut node = Run::start(&node_arguments(&link), Vec::new());
    assert!(node.line().starts_with("listening on "));
    assert_fails(&pex(&node_arguments(&path), ""), &[IN_USE]);
    stop(node);
    let names = fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.count(), 2, "the book and the link to it");
}

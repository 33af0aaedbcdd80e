//! The peer store of a running seed.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use pex::NodeAddress;
use tokio::time::Instant;

use crate::command::pex;
use crate::nodes::Nodes;
use crate::running_seed::{
    PATIENCE, REQUESTS, Seed, asks, home, names, near, seeds, set, text, visit,
};

fn store(home: &Path) -> PathBuf {
    home.join("data/peerstore.pex")
}

fn show(home: &Path) -> String {
    let shown = pex(&["peers", "show", text(&store(home)), "--json"], "");
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    shown.out
}

/// Who has met a node, by a name that the book has no place for, and was killed a moment later.
async fn killed_seed(node: &NodeAddress) -> tempfile::TempDir {
    let named = format!("{}@localhost:{}", node.id(), node.port());
    let home = home(&near(&format!("seeds = \"{named}\"")));
    let mut seed = Seed::start(home.path(), &[]);
    seed.address();
    seed.says(&format!("up {}", node.id()));
    // What is lost is the last second, and what a busy disk takes to write.
    tokio::time::sleep(Duration::from_secs(4)).await;
    seed.signal("KILL");
    home
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_killed_seed_has_reached_is_in_its_store_by_name_and_by_place() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = killed_seed(&node).await;
    let shown = show(home.path());
    assert_eq!(shown.lines().count(), 1, "{shown}");
    for at in ["localhost", "127.0.0.1"] {
        let address = format!("{}@{at}:{}", node.id(), node.port());
        assert!(shown.contains(&address), "{address}: {shown}");
    }
    assert!(shown.contains("last_success"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_whose_book_is_lost_begins_with_its_store_and_serves_from_it() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = killed_seed(&node).await;
    for file in ["addrbook.json", "addrbook.json.journal"] {
        let _may_not_be_there = fs::remove_file(home.path().join("config").join(file));
    }
    set(home.path(), &near(""));
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    seed.says("addrbook.json is not there; begun with 1 addresses of ");
    let told = asks(visit(&at, "0.35.9").await.unwrap(), REQUESTS[1].1).await;
    assert!(names(&told, &node), "{told:?}");
    assert_eq!(seed.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_set_aside_and_the_book_tells_a_new_one_who_was_reached() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home(&near(&seeds(&node)));
    let mut seed = Seed::start(home.path(), &[]);
    seed.address();
    seed.says(&format!("up {}", node.id()));
    assert_eq!(seed.stop().0, Some(0));

    let path = store(home.path());
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes.truncate(middle);
    fs::write(&path, &bytes).unwrap();
    let mut seed = Seed::start(home.path(), &[]);
    seed.address();
    let says = seed.says("the store is damaged");
    let kept = path.with_extension("pex.damaged");
    assert!(says.contains(text(&kept)), "{says}");
    seed.says("begun with the 1 nodes of ");
    assert_eq!(fs::read(&kept).unwrap(), bytes);
    assert_eq!(seed.stop().0, Some(0));
    assert!(show(home.path()).contains(&node.to_string()));
}

#[test]
fn a_file_that_is_no_store_and_a_store_in_use_are_refused_and_left_as_they_are() {
    let home = home(&near(""));
    fs::create_dir_all(home.path().join("data")).unwrap();
    fs::write(store(home.path()), "my notes").unwrap();
    let run = pex(&["seed", "--home", text(home.path())], "");
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("not a store of pex"), "{}", run.err);
    assert_eq!(fs::read(store(home.path())).unwrap(), b"my notes");

    fs::remove_file(store(home.path())).unwrap();
    let mut seed = Seed::start(home.path(), &[]);
    seed.address();
    let other = tempfile::tempdir().unwrap();
    set(
        other.path(),
        &near(&format!("peer_store_file = {:?}", store(home.path()))),
    );
    let run = pex(&["seed", "--home", text(other.path())], "");
    assert_eq!(run.code, Some(1));
    assert!(
        run.err.contains("another process has the store open"),
        "{}",
        run.err
    );
    assert_eq!(seed.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_of_v2_is_started_from_the_store_of_a_seed() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = killed_seed(&node).await;
    let began = Instant::now();
    let path = store(home.path());
    let arguments = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--chain-id",
        "c",
        "--store",
        text(&path),
    ];
    let mut run = crate::command::Run::start(&arguments, Vec::new());
    let line = run.line();
    let at = line.trim_start_matches("listening on ");
    let at = NodeAddress::parse(at).unwrap();
    let connection = visit(&at, "0.35.9").await.unwrap();
    let (sender, mut receiver) = connection.split();
    loop {
        sender.try_send(REQUESTS[1].1.to_vec()).unwrap();
        if names(&receiver.recv().await.unwrap(), &node) {
            break;
        }
        assert!(began.elapsed() < PATIENCE);
        sleep(Duration::from_secs(1));
    }
    run.signal("TERM");
    assert_eq!(run.end().code, Some(0));
}

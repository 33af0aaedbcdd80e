//! `pex seed`, from its start to its end.

use std::fs;

use pex_node::transport::TransportError;
use tokio::time::{Instant, timeout};

use crate::command::pex;
use crate::nodes::Nodes;
use crate::running_seed::{
    PATIENCE, REQUESTS, Seed, asks, home, names, near, seeds, set, text, visit,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_of_v1_and_one_of_v2_are_served_by_one_seed_each_in_its_own_messages() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home(&near(&seeds(&node)));
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    seed.says(&format!("up {}", node.id()));
    for (version, request, answer) in REQUESTS {
        let told = asks(visit(&at, version).await.unwrap(), request).await;
        assert_eq!(told[0], answer, "{version}: {told:?}");
        assert!(names(&told, &node), "{version}: {told:?}");
    }
    assert_eq!(seed.stop().0, Some(0));
}

#[test]
fn the_book_of_a_seed_that_has_met_nobody_is_there_and_can_be_read() {
    let home = home(&near(""));
    let mut seed = Seed::start(home.path(), &[]);
    seed.address();
    let book = home.path().join("config/addrbook.json");
    let began = Instant::now();
    while !book.exists() {
        // Far less than what a save takes that comes in its time.
        assert!(began.elapsed() < PATIENCE, "it writes no book");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let shown = pex(&["book", "show", text(&book)], "");
    assert_eq!((shown.code, shown.err.as_str()), (Some(0), ""));
    assert!(
        shown.out.ends_with("0 addresses: 0 old, 0 new\n"),
        "{}",
        shown.out
    );
    let code = seed.stop().0;
    assert_eq!(code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_neither_dials_nor_tells_itself_whoever_names_it() {
    let home = tempfile::tempdir().unwrap();
    set(home.path(), &near(""));
    // It has its key, and a place of its own, from a first start.
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    assert_eq!(seed.stop().0, Some(0));

    let mut nodes = Nodes::default();
    let node = nodes.honest("c", std::slice::from_ref(&at)).await;
    let both = format!("{at},{node}");
    let listen = format!("127.0.0.1:{}", at.port());
    let mut seed = Seed::start(home.path(), &["--seeds", &both, "--listen", &listen]);
    assert_eq!(seed.address(), at);
    seed.says(&format!("up {}", node.id()));
    seed.says(&format!("let go of {}", node.id()));
    let told = asks(visit(&at, "0.38.17").await.unwrap(), REQUESTS[0].1).await;
    assert!(names(&told, &node) && !names(&told, &at), "{told:?}");
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0));
    assert!(
        !said.contains(&format!("could not reach {at}"))
            && !said.contains(&format!("up {}", at.id())),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn at_its_end_a_seed_hangs_up_saves_its_book_and_needs_no_seeds_after() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home(&near(&seeds(&node)));
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    let made = seed.says("made the key of this node");
    assert!(
        made.contains(&at.id().to_string()) && made.contains("back it up"),
        "{made}"
    );
    seed.says(&format!("up {}", node.id()));
    let (_sender, mut receiver) = visit(&at, "0.38.17").await.unwrap().split();
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("the address books are saved"), "{said}");
    let end = timeout(PATIENCE, receiver.recv()).await.unwrap();
    assert_eq!(end.unwrap_err(), TransportError::ClosedByPeer);

    // With a filled book and no seeds; and who it is has not changed.
    set(home.path(), &near(""));
    let mut seed = Seed::start(home.path(), &[]);
    let again = seed.address();
    assert_eq!(again.id(), at.id());
    seed.says(" addresses, 1 of them good");
    let told = asks(visit(&again, "0.38.17").await.unwrap(), REQUESTS[0].1).await;
    assert!(names(&told, &node));
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0), "{said}");
    assert!(!said.contains("made the key"), "{said}");
}

#[test]
fn a_damaged_book_is_left_as_it_is_and_named_with_what_to_do() {
    let home = home(&near(""));
    let book = home.path().join("config/addrbook.json");
    fs::write(&book, "{\"key\":").unwrap();
    let run = pex(&["seed", "--home", text(home.path())], "");
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("pex book repair"), "{}", run.err);
    assert_eq!(fs::read_to_string(&book).unwrap(), "{\"key\":");
}

#[test]
fn why_there_is_nobody_is_said_after_some_seconds() {
    let id = "00112233445566778899aabbccddeeff00112233";
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let cases = [
        (
            String::new(),
            "0 peers because no seeds are given and the address book is empty",
        ),
        (
            format!("seeds = \"{id}@{closed}\""),
            "0 peers because the seed tried refused the connection",
        ),
        (
            format!("seeds = \"{id}@nobody.invalid:26656\""),
            "0 peers because the seed tried had a name that cannot be resolved",
        ),
    ];
    // All at once, as each takes some seconds.
    let seeds = cases.each_ref().map(|(more, says)| {
        let home = home(&near(more));
        let mut seed = Seed::start(home.path(), &[]);
        seed.address();
        (home, seed, *says)
    });
    for (_home, seed, says) in seeds {
        let why = seed.says("0 peers because");
        assert!(why.contains(says), "{why}");
        let (code, said) = seed.stop();
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(
            said.matches("0 peers because").count(),
            1,
            "said once: {said}"
        );
    }
}

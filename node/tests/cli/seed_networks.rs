//! `pex seed` with several networks in one process.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use pex::NodeAddress;

use crate::command::pex;
use crate::nodes::Nodes;
use crate::running_seed::{REQUESTS, Seed, asks, home, names, near, seeds, set, text, visit};

#[tokio::test(flavor = "multi_thread")]
async fn several_networks_are_served_by_one_process_each_with_its_own_book() {
    let mut nodes = Nodes::default();
    let (one, other) = (nodes.honest("c", &[]).await, nodes.honest("d", &[]).await);
    let table = |chain: &str, node: &NodeAddress| {
        format!(
            "[[network]]\nchain_id = \"{chain}\"\nladdr = \"127.0.0.1:0\"\n{}\n",
            seeds(node)
        )
    };
    let settings = format!(
        "log_level = \"debug\"\n[p2p]\naddr_book_strict = false\n{}{}",
        table("c", &one),
        table("d", &other)
    );
    let home = home(&settings);
    let mut seed = Seed::start(home.path(), &[]);
    let (of_c, of_d) = (seed.address(), seed.address());
    assert_eq!(of_c.id(), of_d.id(), "one key serves both");
    seed.says(&format!("c: up {}", one.id()));
    seed.says(&format!("d: up {}", other.id()));
    let told = asks(visit(&of_c, "0.38.17").await.unwrap(), REQUESTS[0].1).await;
    assert!(names(&told, &one) && !names(&told, &other), "{told:?}");
    // Who comes to the wrong one is of another chain.
    assert!(visit(&of_d, "0.38.17").await.is_err());
    assert_eq!(seed.stop().0, Some(0));
    for (chain, node) in [("c", &one), ("d", &other)] {
        let book = fs::read_to_string(home.path().join(chain).join("addrbook.json")).unwrap();
        assert!(book.contains(&node.id().to_string()), "{book}");
    }
}

/// What is served under a path at the place that a line of the log names.
fn get(line: &str, path: &str) -> String {
    let (_, place) = line.split_once("http://").unwrap();
    let place = place.split_whitespace().next().unwrap();
    let mut stream = TcpStream::connect(place).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn each_network_shows_itself_where_the_settings_say_and_nowhere_else() {
    let settings = "[instrumentation]\nprometheus = true\nprometheus_listen_addr = \"127.0.0.1:0\"\n\
                    namespace = \"seeds\"\n\
                    [[network]]\nchain_id = \"c\"\nladdr = \"127.0.0.1:0\"\n\
                    [[network]]\nchain_id = \"d\"\nladdr = \"127.0.0.1:0\"\n";
    let home = home(settings);
    let mut seed = Seed::start(home.path(), &["--log-format", "json"]);
    seed.address();
    let line = seed.says("shows itself at http://");
    assert!(line.starts_with('{'), "{line}");
    let metrics = get(&line, "/metrics");
    for says in ["seeds_p2p_peers", "chain_id=\"c\"", "chain_id=\"d\""] {
        assert!(metrics.contains(says), "{says}: {metrics}");
    }
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0));
    assert_eq!(said.matches("shows itself").count(), 1, "{said}");

    set(home.path(), &near(""));
    let mut seed = Seed::start(home.path(), &[]);
    seed.address();
    let said = seed.stop().1;
    assert!(!said.contains("shows itself"), "{said}");
}

#[test]
fn a_network_that_cannot_be_served_fails_the_start_and_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap();
    let settings = format!(
        "[[network]]\nchain_id = \"c\"\nladdr = \"127.0.0.1:0\"\n[[network]]\nchain_id = \"d\"\nladdr = \"{place}\"\n"
    );
    let home = home(&settings);
    let run = pex(&["seed", "--home", text(home.path())], "");
    assert_eq!(
        (run.code, run.out.as_str()),
        (Some(1), ""),
        "nobody is told that it listens"
    );
    assert!(
        run.err.contains(&format!("d: cannot listen on {place}")),
        "{}",
        run.err
    );
    assert!(run.err.contains("choose another port"), "{}", run.err);
}

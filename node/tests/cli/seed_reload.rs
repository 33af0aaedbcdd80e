//! `pex seed` on SIGHUP.

use crate::nodes::Nodes;
use crate::running_seed::{REQUESTS, Seed, asks, home, names, near, seeds, set, visit};

#[tokio::test(flavor = "multi_thread")]
async fn on_a_hangup_signal_limits_are_taken_over_and_nobody_loses_a_connection() {
    let mut nodes = Nodes::default();
    let node = nodes.honest("c", &[]).await;
    let home = home(&near(&seeds(&node)));
    // Then nothing of the file is missing, if it is.
    let mut seed = Seed::start(home.path(), &["--chain-id", "c"]);
    let at = seed.address();
    seed.says(&format!("up {}", node.id()));
    let stays = visit(&at, "0.38.17").await.unwrap();

    let more = format!(
        "{}\ncheck_workers = 7\nmax_num_inbound_peers = 1\n",
        seeds(&node)
    );
    set(
        home.path(),
        &near(&more)
            .replace("127.0.0.1:0", "127.0.0.1:1")
            .replace("debug", "info"),
    );
    seed.signal("HUP");
    let taken = seed.says("read the settings again: ");
    for change in [
        "check_workers = 7 (was 64)",
        "max_num_inbound_peers = 1 (was 10000)",
        "log_level = info",
    ] {
        assert!(taken.contains(change), "{taken}");
    }
    seed.says("p2p.laddr has changed, which needs a restart");

    // A wrong file changes nothing.
    set(home.path(), &near("max_num_inbound_peers = \"none\""));
    seed.signal("HUP");
    let wrong = seed.says("the settings are wrong, and those before stay in force");
    assert!(wrong.contains("config.toml:5: "), "{wrong}");

    // And so does a file that is not there any more.
    std::fs::remove_file(home.path().join("config/config.toml")).unwrap();
    seed.signal("HUP");
    seed.says("config.toml is gone, and the settings before stay in force");

    let told = asks(stays, REQUESTS[0].1).await;
    assert!(names(&told, &node));
    assert_eq!(seed.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_hangup_signal_a_seed_without_anybody_takes_over_a_seed_and_reaches_it() {
    let mut nodes = Nodes::default();
    let (node, other) = (nodes.honest("c", &[]).await, nodes.honest("c", &[]).await);
    let home = home(&near(""));
    let mut seed = Seed::start(home.path(), &[]);
    let at = seed.address();
    set(home.path(), &near(&seeds(&node)));
    seed.signal("HUP");
    let taken = seed.says("read the settings again: ");
    assert!(taken.contains(&node.to_string()), "{taken}");
    seed.says(&format!("up {}", node.id()));
    let told = asks(visit(&at, "0.38.17").await.unwrap(), REQUESTS[0].1).await;
    assert!(names(&told, &node));

    // Nobody hears of it from now on.
    let more = format!(
        "{},{other}\"\nprivate_peer_ids = \"{}\"",
        seeds(&node).trim_end_matches('"'),
        node.id()
    );
    set(home.path(), &near(&more));
    seed.signal("HUP");
    seed.says(&format!("up {}", other.id()));
    let told = asks(visit(&at, "0.38.17").await.unwrap(), REQUESTS[0].1).await;
    assert!(names(&told, &other) && !names(&told, &node), "{told:?}");
    let (code, said) = seed.stop();
    assert_eq!(code, Some(0));
    assert!(!said.contains("needs a restart"), "{said}");
}

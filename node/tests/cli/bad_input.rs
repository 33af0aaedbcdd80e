//! `pex crawl` among those who are not there, are not who they should be, or do not play along.

use pex::NodeAddress;

use crate::command::{Outcome, pex_beside};
use crate::nodes::{Nodes, begin, hang_up, nobody, somebody, talk_garbage};

async fn crawl(seeds: &[&NodeAddress]) -> Outcome {
    let seeds: Vec<String> = seeds.iter().map(ToString::to_string).collect();
    pex_beside(&["crawl", "--chain-id", "chain-1", "--seed", &seeds.join(",")]).await
}

/// The crawl fails, with one line that says all of this.
fn assert_fails(run: &Outcome, says: &[&str]) {
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert!(
        run.err.starts_with("pex: no node was reached; seed "),
        "{}",
        run.err
    );
    for text in says {
        assert!(run.err.contains(text), "{text}: {}", run.err);
    }
}

/// One known address, with an id that is not that of its node.
fn with_another_id(address: &NodeAddress) -> NodeAddress {
    NodeAddress::mconn(somebody(), address.ip().unwrap(), address.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_nobody_listens_at_is_named() {
    let seed = nobody().await;
    let run = crawl(&[&seed]).await;
    assert_fails(
        &run,
        &[
            &seed.to_string(),
            "connection refused",
            "check that a node listens",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_of_another_chain_is_refused_and_both_chains_are_named() {
    let mut nodes = Nodes::default();
    let seed = nodes.honest("chain-2", &[]).await;
    assert_fails(
        &crawl(&[&seed]).await,
        &[&seed.to_string(), "chain-1", "chain-2"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_whose_key_is_not_its_id_is_refused_and_both_ids_are_named() {
    let mut nodes = Nodes::default();
    let actual = nodes.honest("chain-1", &[]).await;
    let seed = with_another_id(&actual);
    let run = crawl(&[&seed]).await;
    assert_fails(
        &run,
        &[
            &seed.id().to_string(),
            &actual.id().to_string(),
            "wrong node id",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_that_cannot_be_dialed_is_told_from_one_that_is_not_there() {
    let id = somebody();
    for (place, says) in [
        ("127.0.0.1", "needs a host and a port"),
        ("name.invalid:26656", "the name has no IP address"),
    ] {
        let seed = NodeAddress::parse(&format!("{id}@{place}")).unwrap();
        assert_fails(&crawl(&[&seed]).await, &[says]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_good_seed_each_bad_one_is_named_and_the_crawl_goes_on() {
    let mut nodes = Nodes::default();
    let other = nodes.honest("chain-1", &[]).await;
    let good = nodes.honest("chain-1", std::slice::from_ref(&other)).await;
    let bad = [
        (nobody().await, "connection refused"),
        (nodes.honest("chain-2", &[]).await, "chain-2"),
        (with_another_id(&good), "wrong node id"),
        (
            nodes.stranger(talk_garbage).await.0,
            "not a Tendermint node",
        ),
        (
            nodes.stranger(begin).await.0,
            "timed out while proving identities",
        ),
        (nodes.silent().await.0, "timed out while exchanging keys"),
        (
            nodes.stranger(hang_up).await.0,
            "hung up while exchanging keys",
        ),
    ];
    let mut seeds: Vec<&NodeAddress> = bad.iter().map(|(seed, _)| seed).collect();
    seeds.insert(3, &good);
    let run = crawl(&seeds).await;
    assert_eq!(run.code, Some(0), "{}", run.err);
    let lines: Vec<&str> = run.err.lines().collect();
    assert_eq!(lines.len(), bad.len(), "{}", run.err);
    for (line, (seed, says)) in lines.iter().zip(&bad) {
        assert!(line.starts_with(&format!("pex: seed {seed}: ")), "{line}");
        assert!(line.contains(says), "{line}");
    }
    assert!(
        run.out.contains("9 nodes found, 2 reached, 7 unreachable"),
        "{}",
        run.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_seed_every_bad_one_is_named_and_the_last_line_says_that_it_failed() {
    let seeds = [nobody().await, nobody().await];
    let run = crawl(&[&seeds[0], &seeds[1]]).await;
    assert_eq!(run.code, Some(1));
    let lines: Vec<&str> = run.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", run.err);
    assert!(lines[0].starts_with(&format!("pex: seed {}: ", seeds[0])));
    assert!(lines[1].starts_with(&format!("pex: no node was reached; seed {}: ", seeds[1])));
}

//! The extension among nodes of this software, and how it is switched off.

use std::time::Duration;

use pex::wire::{self, Dialect, Entry, Message};
use pex::{NodeAddress, NodeId};
use pex_node::transport::{TransportConfig, connect};
use tokio::time::timeout;

use crate::book::{assert_done, book};
use crate::command::Run;
use crate::nodes::local;

const PATIENCE: Duration = Duration::from_secs(60);

/// Two hundred nodes that are not there, each in a network of its own, in no order of their ids.
fn known() -> Vec<String> {
    let address = |n: u8| {
        let id = NodeId::new([n.wrapping_mul(167); 20]);
        format!("{id}@127.{}.1.1:1", n + 1)
    };
    (0..200).map(address).collect()
}

fn start(arguments: &[&str]) -> (Run, NodeAddress) {
    let mut run = Run::start(arguments, Vec::new());
    let line = run.line();
    let address = line.strip_prefix("listening on ").unwrap();
    (run, NodeAddress::parse(address).unwrap())
}

/// The ids of a node's first answer to one of this software, in their order.
async fn told_to_kin(by: &NodeAddress) -> Vec<NodeId> {
    let place = (by.ip().unwrap(), by.port()).into();
    let us = local("c", "kin", pex_node::VERSION, ([127, 0, 0, 1], 0).into());
    let config = TransportConfig::default();
    let connection = connect(&us, &config, place, None).await.unwrap();
    let (sender, mut receiver) = connection.split();
    let request = Message::Request(Dialect::V2).to_bytes();
    sender.try_send(request).unwrap();
    loop {
        let bytes = timeout(PATIENCE, receiver.recv()).await.unwrap().unwrap();
        if let Ok(Some(Message::Response(answer))) = wire::decode(&bytes) {
            let url = |entry| match entry {
                Entry::V2 { url } => Some(url),
                Entry::V1 { .. } => None,
            };
            let urls = answer.entries().map(url).map(Option::unwrap);
            return urls
                .map(|url| NodeAddress::parse(url).unwrap().id())
                .collect();
        }
    }
}

/// How often an id is lower than the one before.
fn descents(ids: &[NodeId]) -> usize {
    ids.windows(2).filter(|pair| pair[1] < pair[0]).count()
}

/// Whether kin are told an arc by a node that was started like this.
async fn tells_an_arc(arguments: &[&str]) -> bool {
    let (_node, address) = start(arguments);
    let ids = told_to_kin(&address).await;
    assert!(ids.len() > 40, "{}", ids.len());
    // Our own address comes first; the ring goes on behind its highest id at its lowest one.
    let descents = descents(&ids[1..]);
    assert!(descents <= 1 || descents >= 10, "{descents}: {ids:?}");
    descents <= 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_kin_arcs_unless_the_extension_is_off() {
    let known = known().join(",");
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--chain-id",
        "c",
        "--known",
        &known,
    ];
    assert!(tells_an_arc(&serve).await);
    assert!(!tells_an_arc(&[&serve[..], &["--no-extension"]].concat()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_tells_kin_arcs_unless_the_extension_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("addrbook.json");
    let file = file.to_str().unwrap();
    let known = known();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    assert_done(&book(&[&["add", "--lax", file][..], &known].concat()));
    let node = [
        "node",
        "--listen",
        "127.0.0.1:0",
        "--chain-id",
        "c",
        "--lax",
        "--book",
        file,
    ];
    let node = [&node[..], &["--max-num-outbound-peers", "0"]].concat();
    assert!(tells_an_arc(&node).await);
    assert!(!tells_an_arc(&[&node[..], &["--no-extension"]].concat()).await);
}

//! The transport against itself over TCP, against `cometbft-p2p`, and against peers that misbehave.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use pex_node::transport::{
    Connection, Direction, Local, NodeInfoError, SendError, Step, TransportConfig, TransportError,
    accept, connect,
};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

#[path = "transport/clock.rs"]
mod clock;
#[path = "transport/handshake.rs"]
mod handshake;
#[path = "transport/judge.rs"]
mod judge;
#[path = "transport/packets.rs"]
mod packets;
#[path = "transport/peer.rs"]
mod peer;
#[path = "transport/slow.rs"]
mod slow;

use peer::{ann, bob, key, local};

type Outcome = Result<Connection, TransportError>;

/// Lets one node dial another over TCP, expecting the node of `expected`. They read without limit.
async fn dial(from: &Arc<Local>, to: &Arc<Local>, expected: Option<u8>) -> (Outcome, Outcome) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut config = TransportConfig::default();
    config.read_rate = None;
    let expected = expected.map(|seed| key(seed).id());
    tokio::join!(connect(from, &config, address, expected), async {
        accept(to, &config, listener.accept().await.unwrap().0).await
    })
}

#[tokio::test]
async fn two_nodes_talk_over_tcp() {
    let (outbound, inbound) = dial(&ann(), &bob(), Some(2)).await;
    let (outbound, inbound) = (outbound.unwrap(), inbound.unwrap());
    assert_eq!(outbound.remote.id, bob().id());
    assert_eq!(&outbound.remote.info, bob().info());
    assert_eq!(outbound.remote.direction, Direction::Outbound);
    assert_eq!(inbound.remote.id, ann().id());
    assert_eq!(inbound.remote.direction, Direction::Inbound);
    assert!(inbound.remote.socket_addr.ip().is_loopback());

    let ((to_bob, mut from_bob), (to_ann, mut from_ann)) = (outbound.split(), inbound.split());
    for length in [0, 2, 1_014, 1_015, 25_600, 64_000] {
        let message: Vec<u8> = (0..length)
            .map(|n| u8::try_from(n % 251).unwrap())
            .collect();
        to_bob.try_send(message.clone()).unwrap();
        to_ann.try_send(message.clone()).unwrap();
        let (at_bob, at_ann) = tokio::join!(from_ann.recv(), from_bob.recv());
        assert_eq!(
            (at_bob, at_ann),
            (Ok(message.clone()), Ok(message)),
            "{length} bytes"
        );
    }
    to_bob.try_send(vec![1]).unwrap();
    to_bob.close_after_flush();
    assert_eq!(from_ann.recv().await, Ok(vec![1]));
    assert_eq!(from_ann.recv().await, Err(TransportError::ClosedByPeer));
    assert_eq!(from_bob.recv().await, Err(TransportError::ClosedByUs));
    assert_eq!(to_ann.try_send(vec![1]), Err(SendError::Closed));
}

#[tokio::test]
async fn two_nodes_that_send_much_at_once_do_not_wait_for_each_other() {
    let (outbound, inbound) = dial(&ann(), &bob(), None).await;
    let pump = async |connection: Connection| {
        let (sender, mut receiver) = connection.split();
        let (mut sent, mut taken) = (0, 0);
        while taken < 40 {
            while sent < 40 && sender.try_send(vec![7; 64_000]).is_ok() {
                sent += 1;
            }
            assert_eq!(receiver.recv().await.unwrap().len(), 64_000);
            taken += 1;
        }
        // Kept until the other side has everything.
        (sender, receiver)
    };
    let both = async { tokio::join!(pump(outbound.unwrap()), pump(inbound.unwrap())) };
    assert!(
        tokio::time::timeout(Duration::from_secs(60), both)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn another_node_than_the_expected_one_is_refused() {
    let (outbound, inbound) = dial(&ann(), &bob(), Some(3)).await;
    let (expected, actual) = (key(3).id(), bob().id());
    assert_eq!(
        outbound.unwrap_err(),
        TransportError::WrongId { expected, actual }
    );
    assert_eq!(
        inbound.unwrap_err(),
        TransportError::HungUp {
            step: Step::NodeInfo
        }
    );
}

#[tokio::test]
async fn a_node_that_dials_itself_notices() {
    let (outbound, inbound) = dial(&ann(), &ann(), None).await;
    assert_eq!(outbound.unwrap_err(), TransportError::SelfConnection);
    assert_eq!(inbound.unwrap_err(), TransportError::SelfConnection);
}

#[tokio::test]
async fn nodes_of_two_chains_refuse_each_other() {
    let (outbound, _inbound) = dial(&ann(), &local(2, "chain-2"), None).await;
    let (ours, theirs) = ("chain-1".to_owned(), "chain-2".to_owned());
    let refused = NodeInfoError::WrongNetwork { ours, theirs };
    assert_eq!(outbound.unwrap_err(), TransportError::NodeInfo(refused));
}

#[tokio::test]
async fn a_port_without_a_listener_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let end = connect(&ann(), &TransportConfig::default(), address, None)
        .await
        .unwrap_err();
    assert_eq!(
        end,
        TransportError::Dial {
            kind: std::io::ErrorKind::ConnectionRefused
        }
    );
    assert!(end.to_string().contains("connection refused"), "{end}");
}

#[tokio::test]
async fn the_socket_is_closed_when_a_handshake_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut config = TransportConfig::default();
    config.handshake_timeout = Duration::from_millis(50);
    let ann = ann();
    let (end, rest) = tokio::join!(connect(&ann, &config, address, None), async {
        let mut stream = listener.accept().await.unwrap().0;
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.map(|_| all)
    });
    assert_eq!(
        end.unwrap_err(),
        TransportError::TimedOut {
            step: Step::KeyExchange
        }
    );
    assert_eq!(rest.unwrap().len(), 35);
}

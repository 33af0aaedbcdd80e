//! Floods of connections: who floods is kept out, and who does not is served.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pex_node::transport::{
    Connection, Direction, Local, NodeInfo, NodeKey, TransportConfig, TransportError, establish,
};
use pex_node::{Crowd, Notice};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::node::{Node, make};

const REQUEST: [u8; 2] = [0x1a, 0x00];

/// Somebody at this address of the loopback opens a connection, and says nothing.
async fn stranger(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::from(from), 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// An honest node at this address connects.
async fn honest(from: [u8; 4], to: SocketAddr) -> Result<Connection, TransportError> {
    let stream = stranger(from, to).await;
    let key = NodeKey::generate().unwrap();
    let info = NodeInfo::new(key.id(), "chain-1", "node", "tcp://0.0.0.0:0").unwrap();
    let local = Arc::new(Local::new(key, info).unwrap());
    let config = TransportConfig::default();
    establish(&local, &config, stream, to, Direction::Outbound, None).await
}

/// An honest node connects and asks; whether it is answered.
async fn is_answered(from: [u8; 4], to: SocketAddr) -> bool {
    let asks = async {
        let (sender, mut receiver) = honest(from, to).await?.split();
        sender.try_send(REQUEST.into()).unwrap();
        receiver.recv().await
    };
    matches!(timeout(Duration::from_secs(20), asks).await, Ok(Ok(_)))
}

/// A node whose limits hold for the loopback too.
async fn node(set: impl FnOnce(&mut TransportConfig)) -> (Node, SocketAddr) {
    let mut make = make(1);
    make.transport.inbound.near = true;
    set(&mut make.transport);
    let node = make.node().await;
    let place = (node.address.ip().unwrap(), node.address.port()).into();
    (node, place)
}

/// Lets a node run beside a test; what it tells of those whom it turned away comes with it.
async fn beside<T>(mut node: Node, test: impl Future<Output = T>) -> (T, Vec<Crowd>) {
    let mut test = std::pin::pin!(test);
    loop {
        tokio::select! {
            done = &mut test => {
                let limit = |it: &Notice| match it {
                    Notice::AcceptFailed(TransportError::Crowded { limit, .. }) => Some(*limit),
                    _ => None,
                };
                return (done, node.told.iter().filter_map(limit).collect());
            }
            notice = node.driver.next() => node.told.push(notice),
        }
    }
}

#[tokio::test]
async fn who_holds_as_many_connections_as_one_address_may_gets_no_more_and_others_do() {
    let (node, place) = node(|it| {
        (it.inbound.per_ip, it.inbound.per_network) = (3, 5);
        (it.inbound.rate_per_ip, it.inbound.burst_per_ip) = (1_000, 1_000);
    })
    .await;
    let test = async {
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(honest([127, 1, 1, 1], place).await.unwrap());
        }
        for _ in 0..10 {
            assert!(honest([127, 1, 1, 1], place).await.is_err());
        }
        // Of its network there are two places left.
        held.push(honest([127, 1, 1, 2], place).await.unwrap());
        held.push(honest([127, 1, 1, 3], place).await.unwrap());
        assert!(honest([127, 1, 1, 4], place).await.is_err());
        assert!(is_answered([127, 1, 2, 1], place).await);
        drop(held);
        // Whoever has hung up is no longer counted, once that is seen.
        while !is_answered([127, 1, 1, 1], place).await {}
    };
    let ((), limits) = Box::pin(beside(node, test)).await;
    assert!(limits.contains(&Crowd::Ip) && limits.contains(&Crowd::Network));
}

#[tokio::test]
async fn who_comes_again_and_again_is_slowed_down_and_nobody_else() {
    let (node, place) = node(|it| {
        (it.inbound.rate_per_ip, it.inbound.burst_per_ip) = (1, 20);
    })
    .await;
    let test = async {
        for _ in 0..500 {
            drop(stranger([127, 2, 1, 1], place).await);
        }
        assert!(!is_answered([127, 2, 1, 1], place).await);
        for n in 1..20 {
            assert!(is_answered([127, 2, 1, 1 + n], place).await);
        }
    };
    let ((), limits) = Box::pin(beside(node, test)).await;
    // A flood of them is a line a second.
    assert!((1..100).contains(&limits.len()), "{}", limits.len());
    assert!(limits.iter().all(|it| *it == Crowd::Rate));
}

#[tokio::test]
async fn a_botnet_of_the_silent_keeps_no_honest_newcomer_out() {
    let (node, place) = node(|it| {
        it.inbound.handshakes = 64;
        // Nobody's time is over before the test is.
        it.handshake_timeout = Duration::from_secs(600);
    })
    .await;
    let test = async {
        // From many networks, so that no limit by place finds them.
        let mut strangers = JoinSet::new();
        for n in 0..400_u16 {
            let [high, low] = n.to_be_bytes();
            strangers.spawn(stranger([127, 3 + high, low, 1], place));
        }
        let held = strangers.join_all().await;
        for n in 0..10 {
            assert!(is_answered([127, 9, n, 1], place).await, "{n}");
        }
        drop(held);
    };
    let ((), limits) = Box::pin(beside(node, test)).await;
    // Those who are pushed out are told of, a line a second, and nobody is turned away at the door.
    assert!((1..100).contains(&limits.len()), "{}", limits.len());
    assert!(limits.iter().all(|it| *it == Crowd::Handshakes));
}

#[tokio::test]
async fn more_than_can_be_open_at_once_is_turned_away_and_those_who_are_in_stay() {
    let (node, place) = node(|it| it.inbound.sockets = 5).await;
    let test = async {
        let mut held = Vec::new();
        for n in 1..=4 {
            held.push(honest([127, 4, n, 1], place).await.unwrap().split());
        }
        let silent = stranger([127, 4, 5, 1], place).await;
        assert!(honest([127, 4, 6, 1], place).await.is_err());
        for (sender, receiver) in &mut held {
            sender.try_send(REQUEST.into()).unwrap();
            receiver.recv().await.unwrap();
        }
        drop(silent);
        while !is_answered([127, 4, 6, 1], place).await {}
    };
    let ((), limits) = Box::pin(beside(node, test)).await;
    assert!(limits.iter().all(|it| *it == Crowd::Sockets) && !limits.is_empty());
}

//! Strangers and peers who do not play along keep nobody else from being served.

use std::sync::Arc;
use std::time::Duration;

use pex::{Config, Directory as _, Fault, Node, NodeAddress, NodeEvent, NodeId, Seed, Time};
use pex_node::crawl::{Crawl, Outcome};
use pex_node::serve::Server;
use pex_node::transport::{
    Direction, SendError, TransportConfig, TransportError, connect, establish,
};
use pex_node::{Clock, Driver, Notice};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::node::{address, both, homebody, local, make};

const REQUEST: [u8; 2] = [0x1a, 0x00];

/// Where those listen whom nobody is to dial.
const NOWHERE: &str = "tcp://0.0.0.0:0";

#[tokio::test]
async fn silent_strangers_do_not_keep_an_honest_node_out() {
    let mut a = make(1);
    // Nobody's time is over before the test is.
    a.transport.handshake_timeout = Duration::from_secs(600);
    let (mut a, mut b) = (a.node().await, make(2).node().await);
    let place = (a.address.ip().unwrap(), a.address.port());
    let mut strangers = Vec::new();
    for _ in 0..300 {
        strangers.push(TcpStream::connect(place).await.unwrap());
    }
    b.dial(&a.address);
    let answered = |notice: &Notice| matches!(notice, Notice::Answered { .. });
    both(&mut a, &mut b, |a, b| {
        a.count(answered) > 0 && b.count(answered) > 0
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_cut_and_blocks_nobody() {
    let known: Vec<_> = (0..100).map(long_address).collect();
    // It is not to be cut for its questions, of which several may come at once.
    let (gap, stalls) = (Duration::from_millis(1), Duration::from_secs(3));
    // Others are served while the stall lasts.
    let sooner = Duration::from_millis(2_500);
    let mut a = make(1);
    (a.known, a.transport.write_timeout) = (&known, stalls);
    a.config = a.config.grant_gaps(gap, gap).grant_burst(100);
    let mut a = a.node().await;
    let (slow, id) = (reads_nothing(&a.address), local(9, NOWHERE).id());

    let stalled = |notice: &Notice| {
        let Notice::Down { peer, why } = notice else {
            return false;
        };
        *peer == id && matches!(why, TransportError::WriteStalled { .. })
    };
    let answered = |notice: &Notice| matches!(notice, Notice::Answered { told: 1.., .. });
    let began = Instant::now();
    while a.count(stalled) == 0 {
        assert!(began.elapsed() < 10 * stalls, "not cut so: {:?}", a.told);
        let mut b = make(2).node().await;
        b.dial(&a.address);
        let served = both(&mut a, &mut b, |_, b| b.count(answered) > 0);
        assert!(timeout(sooner, served).await.is_ok());
    }
    assert!(a.stats().requests_served > 10, "{:?}", a.stats());
    slow.abort();
}

/// A peer that asks all the time, and takes none of the answers: its window is small, so they get
/// stuck.
fn reads_nothing(of: &NodeAddress) -> JoinHandle<()> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let place = (of.ip().unwrap(), of.port()).into();
    tokio::spawn(async move {
        let (local, config) = (local(9, NOWHERE), TransportConfig::default());
        let stream = socket.connect(place).await.unwrap();
        let to = Direction::Outbound;
        let connection = establish(&local, &config, stream, place, to, None)
            .await
            .unwrap();
        let (sender, receiver) = connection.split();
        // It stays when no more of its questions are taken either: it is for the other to end this.
        while sender.try_send(REQUEST.into()) != Err(SendError::Closed) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        drop(receiver);
    })
}

/// An address of about as many bytes as one may have.
fn long_address(n: u8) -> NodeAddress {
    let id = NodeId::new([n; 20]);
    NodeAddress::parse(&format!(
        "{id}@10.0.0.1:{}/{}",
        1 + u16::from(n),
        "p".repeat(100)
    ))
    .unwrap()
}

#[tokio::test]
async fn a_peer_that_sends_garbage_is_cut_and_the_fault_is_told() {
    let mut a = make(1).node().await;
    let place = (a.address.ip().unwrap(), a.address.port()).into();
    let peer = local(9, NOWHERE);
    let dial = tokio::spawn(async move {
        connect(&peer, &TransportConfig::default(), place, None)
            .await
            .unwrap()
    });
    a.until(|a| a.count(|notice| matches!(notice, Notice::Up(_))) == 1)
        .await;
    let (sender, mut receiver) = dial.await.unwrap().split();
    sender.try_send(vec![0xff; 100]).unwrap();
    let garbage = |notice: &Notice| {
        matches!(
            notice,
            Notice::Fault {
                fault: Fault::Garbage(_),
                cut: true,
                ..
            }
        )
    };
    a.until(|a| a.count(garbage) == 1).await;
    a.until(|a| a.count(|notice| matches!(notice, Notice::Down { .. })) == 1)
        .await;
    let end = async { while receiver.recv().await.is_ok() {} };
    timeout(Duration::from_secs(10), end).await.unwrap();
}

/// A machine that tells of a hundred nodes that nobody has ever heard of, whenever it is asked, for
/// longer than anybody asks.
fn liar(id: NodeId, port: u16, now: Time) -> Node {
    let mut liar = Node::new(Config::default(), homebody(), id, Seed::new([6; 32]), now);
    for lie in 0..9_000_u64 {
        let mut id = [0; 20];
        id[..8].copy_from_slice(&lie.to_be_bytes());
        let address = NodeAddress::mconn(NodeId::new(id), [127, 0, 0, 1].into(), port);
        let _ = liar.handle(now, NodeEvent::Named { address });
    }
    assert_eq!(liar.peers().nodes(), 9_000);
    liar
}

#[tokio::test]
async fn a_node_that_tells_of_endless_nodes_keeps_a_crawl_from_no_other() {
    // Nobody takes what the lies lead to, so each costs as long as we wait for a handshake.
    let (silent, nowhere) = place(NodeId::new([0; 20])).await;
    let (mut transport, clock) = (TransportConfig::default(), Clock::start());
    transport.dial_timeout = Duration::from_secs(1);
    transport.handshake_timeout = Duration::from_secs(1);
    let (local_, seed) = (local(1, NOWHERE), Seed::new([7; 32]));
    let liar = liar(local_.id(), nowhere.port(), clock.now());
    let mut liar = Driver::new(liar, clock, Arc::clone(&local_), transport.clone());
    let (at_liar, liar_address) = place(local_.id()).await;
    liar.listen(at_liar);

    let ids: Vec<NodeId> = (2..=8).map(|key| local(key, NOWHERE).id()).collect();
    let (mut servers, mut next) = (Vec::new(), Vec::new());
    // A chain of honest nodes, each of which knows the next: all must be found one by one.
    for (key, id) in (2..=8).zip(&ids).rev() {
        let (listener, address) = place(*id).await;
        let local = local(key, NOWHERE);
        servers.push(Server::new(local, transport.clone(), seed, listener, &next).unwrap());
        next = vec![address];
    }
    for mut server in servers {
        tokio::spawn(
            async move { while !matches!(server.next().await, Notice::AcceptFailed(_)) {} },
        );
    }
    tokio::spawn(async move { while !matches!(liar.next().await, Notice::AcceptFailed(_)) {} });

    let seeds = [liar_address, next[0].clone()];
    let mut crawl = Crawl::new(local(20, NOWHERE), transport, seed, &seeds);
    let started = Instant::now();
    while crawl.progress().reached < 8 {
        assert!(crawl.step().await, "the liar keeps the crawl going");
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{:?}",
            crawl.progress()
        );
    }
    drop(silent);
    let report = crawl.into_report(false);
    assert!(report.map.nodes().len() > 100, "the liar was heard");
    for id in ids {
        assert!(matches!(
            report.map.nodes()[&id].outcome,
            Outcome::Reached { .. }
        ));
    }
}

async fn place(id: NodeId) -> (TcpListener, NodeAddress) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    (listener, NodeAddress::mconn(id, place.ip(), place.port()))
}

#[tokio::test]
async fn whoever_hangs_up_at_once_is_no_more_than_a_failed_handshake() {
    let mut a = make(1).node().await;
    let place = (a.address.ip().unwrap(), a.address.port());
    for _ in 0..20 {
        drop(TcpStream::connect(place).await.unwrap());
    }
    let refused = |notice: &Notice| matches!(notice, Notice::AcceptFailed(_));
    a.until(|a| a.count(refused) == 20).await;
    assert_eq!(a.told.len(), 20);
    let mut b = make(2).node().await;
    b.dial(&a.address);
    both(&mut a, &mut b, |a, b| {
        !a.driver.node().pex().peers().is_empty() && !b.driver.node().pex().peers().is_empty()
    })
    .await;
    assert!(!b.driver.node().peers().knows(&address("10.0.0.1:1")));
}

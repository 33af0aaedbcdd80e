//! A peer that goes and comes back.

use std::time::Duration;

use pex_node::Notice;
use pex_node::transport::TransportError;
use tokio::net::TcpStream;

use crate::node::{Node, both, make};

const fn is_down(notice: &Notice) -> bool {
    matches!(notice, Notice::Down { .. })
}

fn answers(node: &Node) -> usize {
    node.count(|notice| matches!(notice, Notice::Answered { .. }))
}

/// A node meets another one this many times, each time anew for the other; returns its epochs.
async fn meet(a: &mut Node, times: usize) -> Vec<u64> {
    let mut epochs = Vec::new();
    for round in 1..=times {
        let mut b = make(2).node().await;
        b.dial(&a.address);
        // The answer shows that the connection works, and that what A wanted to ask it has asked.
        both(a, &mut b, |_, b| answers(b) == 1).await;
        epochs.extend(
            a.driver
                .node()
                .pex()
                .peers()
                .iter()
                .map(|(_, epoch)| epoch.number()),
        );
        drop(b);
        a.until(|a| a.count(is_down) == round).await;
    }
    epochs
}

#[tokio::test]
async fn a_peer_that_comes_back_has_a_new_epoch_and_is_asked_no_sooner_than_its_gap() {
    let gap = Duration::from_secs(600);
    let mut a = make(1);
    a.config = a.config.ask_gaps(gap, gap, gap);
    let mut a = a.node().await;
    // As often as a node may ask us without a pause.
    assert_eq!(meet(&mut a, 3).await, [1, 2, 3]);
    assert_eq!(
        a.stats().requests_sent,
        1,
        "the gap of ten minutes is not over"
    );
}

#[tokio::test]
async fn a_peer_that_comes_back_after_its_gap_is_asked_again() {
    let gap = Duration::from_millis(1);
    let mut a = make(1);
    a.config = a.config.ask_gaps(gap, gap, gap);
    let mut a = a.node().await;
    meet(&mut a, 2).await;
    let before = a.stats().requests_sent;
    let mut b = make(2).node().await;
    b.dial(&a.address);
    both(&mut a, &mut b, |a, _| a.stats().requests_sent > before).await;
}

#[tokio::test]
async fn dropping_a_driver_closes_its_sockets_and_its_port() {
    let (mut a, mut b) = (make(1).node().await, make(2).node().await);
    let mut c = make(3).node().await;
    a.dial(&b.address);
    c.dial(&a.address);
    both(&mut a, &mut b, |a, b| answers(a) > 0 && answers(b) > 0).await;
    both(&mut a, &mut c, |_, c| answers(c) > 0).await;
    let place = (a.address.ip().unwrap(), a.address.port());
    let id = a.id();
    drop(a);
    for other in [&mut b, &mut c] {
        other.until(|other| other.count(is_down) == 1).await;
        let down = other.told.iter().find(|notice| is_down(notice));
        let Some(Notice::Down { peer, why }) = down else {
            unreachable!("it was counted");
        };
        assert_eq!((*peer, why), (id, &TransportError::ClosedByPeer));
        assert_eq!(other.driver.node().pex().peers(), []);
    }
    // The task that holds the listener is aborted, and goes as soon as the runtime comes to it.
    while TcpStream::connect(place).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn hanging_up_ends_the_connection_on_both_sides() {
    let (mut a, mut b) = (make(1).node().await, make(2).node().await);
    a.dial(&b.address);
    both(&mut a, &mut b, |a, b| answers(a) > 0 && answers(b) > 0).await;
    a.driver.release(b.id());
    both(&mut a, &mut b, |a, b| {
        a.count(is_down) == 1 && b.count(is_down) == 1
    })
    .await;
    let closed_by_us = |notice: &Notice| {
        matches!(
            notice,
            Notice::Down {
                why: TransportError::ClosedByUs,
                ..
            }
        )
    };
    assert_eq!((a.count(closed_by_us), b.count(closed_by_us)), (1, 0));
}

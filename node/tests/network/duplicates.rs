//! Two nodes with more than one connection between them keep one, and the same one.

use pex_node::transport::Direction;
use pex_node::{DialError, Notice};

use crate::node::{Make, Node, both, make};

/// The direction of the connection that a node has now, if the other node has answered on it.
fn settled(node: &Node) -> Option<Direction> {
    if node.driver.dialing() > 0 || node.driver.node().pex().peers().len() != 1 {
        return None;
    }
    let mut now = None;
    for notice in &node.told {
        match notice {
            Notice::Up(remote) => now = Some((remote.direction, false)),
            Notice::Down { .. } => now = None,
            Notice::Answered { .. } => now = now.map(|(direction, _)| (direction, true)),
            _ => {}
        }
    }
    now.filter(|(_, answered)| *answered)
        .map(|(direction, _)| direction)
}

/// How a dial ended: with a connection, or because there was a better one.
fn dial_ended(notice: &Notice) -> bool {
    match notice {
        Notice::Up(remote) => remote.direction == Direction::Outbound,
        Notice::DialFailed { why, .. } => *why == DialError::Connected,
        _ => false,
    }
}

#[tokio::test]
async fn when_two_nodes_dial_each_other_at_once_both_keep_the_one_that_the_lower_id_dialed() {
    for _ in 0..50 {
        let (mut a, mut b) = (quick(1).node().await, quick(2).node().await);
        let (to_a, to_b) = (a.address.clone(), b.address.clone());
        a.dial(&to_b);
        b.dial(&to_a);
        let (at_a, at_b) = if a.id() < b.id() {
            (Direction::Outbound, Direction::Inbound)
        } else {
            (Direction::Inbound, Direction::Outbound)
        };
        both(&mut a, &mut b, |a, b| {
            settled(a) == Some(at_a) && settled(b) == Some(at_b)
        })
        .await;
        for node in [&a, &b] {
            let failed = node.count(|notice| matches!(notice, Notice::DialFailed { .. }));
            let ended = node.count(dial_ended);
            assert!(ended == 1 || (ended == 0 && failed == 1), "{:?}", node.told);
            assert_eq!(
                node.count(|notice| matches!(notice, Notice::Fault { .. })),
                0
            );
        }
    }
}

/// A node that asks often, so that an answer after a change of connections is not far.
fn quick<'a>(key: u8) -> Make<'a> {
    let mut make = make(key);
    let gap = std::time::Duration::from_millis(1);
    make.config = make.config.ask_gaps(gap, gap, gap).grant_gaps(gap, gap);
    make
}

#[tokio::test]
async fn a_second_dial_of_the_same_side_takes_the_place_of_the_first() {
    let (mut a, mut b) = (quick(1).node().await, quick(2).node().await);
    let to_b = b.address.clone();
    let ups = |node: &Node| node.count(|notice| matches!(notice, Notice::Up(_)));
    for round in 1..=3 {
        a.dial(&to_b);
        both(&mut a, &mut b, |a, b| ups(a) == round && ups(b) == round).await;
        both(&mut a, &mut b, |a, b| {
            settled(a).is_some() && settled(b).is_some()
        })
        .await;
    }
    for node in [&a, &b] {
        let downs = node.count(|notice| matches!(notice, Notice::Down { .. }));
        assert_eq!(downs, 0, "the peer was there all the time: {:?}", node.told);
        assert_eq!(node.driver.node().pex().peers()[0].1.number(), 3);
    }
}

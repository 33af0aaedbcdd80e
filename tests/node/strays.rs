//! What is of nobody, and a tick before its time, moves nothing.

use core::fmt::Debug;
use core::time::Duration;

use pex::book::AddrBook;
use pex::peers::Options;
use pex::v1::{self, Switch};
use pex::wire::{Dialect, Message, ResponseBuilder, WireError};
use pex::{Config, Epoch, Kind, Manager, Node, NodeAddress, NodeEvent, NodeId, Seed, Time};

const ME: NodeId = NodeId::new([0xee; 20]);
const NOBODY: NodeId = NodeId::new([0xdd; 20]);
const EPOCH: Epoch = Epoch::new(1);
const START: Time = Time::from_secs(1_700_000_000);

/// A node that has just dialed a peer, and has more to do in a moment.
fn with_a_peer<M: Manager>(mut node: Node<M>) -> Node<M> {
    let address = NodeAddress::mconn(NodeId::new([1; 20]), [32, 1, 1, 1].into(), 26_656);
    let dialed = NodeEvent::Dialed {
        ip: address.ip(),
        address,
        epoch: EPOCH,
        kind: Kind::V2,
    };
    let _ = node.handle(START, dialed);
    node
}

/// Everything that can come of somebody who is not there.
fn strays() -> [NodeEvent<'static>; 4] {
    let message = |message| NodeEvent::Message {
        from: NOBODY,
        epoch: EPOCH,
        message,
    };
    [
        message(Message::Request(Dialect::V2)),
        message(Message::Response(
            ResponseBuilder::new(Dialect::V2).finish(),
        )),
        NodeEvent::Garbage {
            from: NOBODY,
            epoch: EPOCH,
            error: WireError::Truncated,
        },
        NodeEvent::Unsent {
            to: NOBODY,
            epoch: EPOCH,
        },
    ]
}

fn are_counted_and_nothing_else<M: Manager + Debug>(mut node: Node<M>) {
    let soon = START + Duration::from_millis(1);
    assert!(node.deadline().is_some_and(|at| at > soon));
    for (counted, stray) in (1..).zip(strays()) {
        let before = (format!("{:?}", node.peers()), node.deadline());
        let actions = node.handle(soon, stray.clone());
        assert!(actions.is_empty(), "{stray:?} {actions:?}");
        let after = (format!("{:?}", node.peers()), node.deadline());
        assert_eq!(before, after, "{stray:?}");
        assert_eq!(node.pex().stats().stray_events, counted, "{stray:?}");
    }
}

fn of_v2() -> Node {
    let options = Options::default();
    let node = Node::new(Config::default(), options, ME, Seed::new([7; 32]), START);
    with_a_peer(node)
}

fn of_v1() -> Node<Switch> {
    let (seed, options) = (Seed::new([7; 32]), v1::Options::default());
    let switch = Switch::new(options, AddrBook::new(true, seed), ME, seed, START);
    with_a_peer(Node::v1(Config::default(), switch, seed, START))
}

#[test]
fn a_node_of_v2_counts_what_is_of_nobody_and_does_nothing_else() {
    are_counted_and_nothing_else(of_v2());
}

#[test]
fn a_node_of_v1_counts_what_is_of_nobody_and_does_nothing_else() {
    are_counted_and_nothing_else(of_v1());
}

/// Ticks that come at once from a driver that has gone mad.
const TICKS: u32 = 1_000_000;

fn does_nothing_by_ticks_before_something_is_due<M: Manager>(mut node: Node<M>) {
    let soon = START + Duration::from_millis(1);
    let deadline = node.deadline();
    assert!(deadline.is_some_and(|at| at > soon));
    for nth in 0..TICKS {
        let actions = node.handle(soon, NodeEvent::Tick);
        assert!(actions.is_empty(), "tick {nth}: {actions:?}");
    }
    assert_eq!(node.deadline(), deadline);
}

#[test]
fn a_million_ticks_of_a_node_of_v2_do_nothing_before_something_is_due() {
    does_nothing_by_ticks_before_something_is_due(of_v2());
}

#[test]
fn a_million_ticks_of_a_node_of_v1_do_nothing_before_something_is_due() {
    does_nothing_by_ticks_before_something_is_due(of_v1());
}

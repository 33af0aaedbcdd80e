//! Of whom others are told, by what the operator says is private.

use pex::book::AddrBook;
use pex::v1::{Options, Switch};
use pex::wire::{Dialect, Message};
use pex::{Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time};

const START: Time = Time::from_secs(1_700_000_000);

const PEER: NodeId = NodeId::new([1; 20]);
const SECRET: NodeId = NodeId::new([5; 20]);

fn options(private: Option<NodeId>) -> Options {
    Options::builder().private(private).build().unwrap()
}

/// Of whom the peer is told when it asks now.
fn told(node: &mut Node<Switch>, now: Time) -> Vec<NodeId> {
    let asks = NodeEvent::Message {
        from: PEER,
        epoch: Epoch::new(1),
        message: Message::Request(Dialect::V2),
    };
    let actions = node.handle(now, asks);
    let told = actions.iter().find_map(|action| match action {
        NodeAction::Send {
            message: Message::Response(response),
            ..
        } => Some(response.entries().map(|it| it.parse().unwrap().id())),
        _ => None,
    });
    told.unwrap().collect()
}

#[test]
fn who_becomes_private_is_told_of_no_more_and_who_is_private_no_more_is_told_of() {
    let me = NodeId::new([0xee; 20]);
    let seed = Seed::new([7; 32]);
    let switch = Switch::new(
        options(Some(SECRET)),
        AddrBook::new(true, seed),
        me,
        seed,
        START,
    );
    let mut node = Node::v1(Config::default(), switch, seed, START);
    let address = NodeAddress::mconn(SECRET, [32, 5, 1, 1].into(), 26_656);
    let comes = NodeEvent::Accepted {
        peer: PEER,
        epoch: Epoch::new(1),
        kind: Kind::V2,
        ip: Some([8, 8, 8, 8].into()),
        listen: None,
    };
    let _asked = node.handle(START, comes);
    for (seconds, private) in [(1, None), (2, Some(SECRET)), (3, None)] {
        let now = Time::from_secs(1_700_000_000 + seconds);
        let _done = node.reconfigure_with_lists(now, options(private));
        // What is private is in no book, and has to be said again.
        let address = address.clone();
        let _known = node.handle(now, NodeEvent::Named { address });
        let is_told = told(&mut node, now).contains(&SECRET);
        assert_eq!(is_told, private.is_none(), "after {seconds} s");
    }
}

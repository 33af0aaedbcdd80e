//! When those are asked who come to a node.

use core::time::Duration;

use pex::peers::Options;
use pex::wire::Message;
use pex::{Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time};

const ME: NodeId = NodeId::new([0xee; 20]);
const START: Time = Time::from_secs(1_700_000_000);
const WAIT: Duration = Duration::from_secs(1);

fn id(n: u8) -> NodeId {
    NodeId::new([n; 20])
}

fn comes(n: u8) -> NodeEvent<'static> {
    NodeEvent::Accepted {
        peer: id(n),
        epoch: Epoch::new(1),
        kind: Kind::V2,
        ip: Some([32, n, 1, 1].into()),
        listen: None,
    }
}

fn is_dialed(n: u8) -> NodeEvent<'static> {
    NodeEvent::Dialed {
        address: NodeAddress::mconn(id(n), [32, n, 1, 1].into(), 26_656),
        epoch: Epoch::new(1),
        kind: Kind::V2,
        ip: Some([32, n, 1, 1].into()),
    }
}

/// Whom the node asks when this happens.
fn asked(node: &mut Node, now: Time, event: NodeEvent<'_>) -> Vec<NodeId> {
    let ask = |action: NodeAction| match action {
        NodeAction::Send {
            to,
            message: Message::Request(_),
            ..
        } => Some(to),
        _ => None,
    };
    node.handle(now, event)
        .into_iter()
        .filter_map(ask)
        .collect()
}

#[test]
fn who_comes_is_asked_after_a_second_unless_there_is_nobody_else_and_who_is_dialed_at_once() {
    let options = Options::builder().feeler_every(None).build().unwrap();
    let mut node = Node::new(Config::default(), options, ME, Seed::new([7; 32]), START);
    assert_eq!(asked(&mut node, START, comes(1)), [id(1)]);
    assert_eq!(asked(&mut node, START, comes(2)), []);
    assert_eq!(asked(&mut node, START, is_dialed(3)), [id(3)]);
    let just_before = START + WAIT.saturating_sub(Duration::from_nanos(1));
    assert_eq!(asked(&mut node, just_before, NodeEvent::Tick), []);
    assert_eq!(asked(&mut node, START + WAIT, NodeEvent::Tick), [id(2)]);
}

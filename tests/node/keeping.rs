//! What a node has of its store: it is told from, written down, and known again.

use core::time::Duration;

use pex::peers::{DialFailure, Options, PeerRecord};
use pex::wire::{Dialect, Message, ResponseBuilder};
use pex::{Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time};

const ME: NodeId = NodeId::new([0xee; 20]);
const KIN: NodeId = NodeId::new([1; 20]);
const START: Time = Time::from_secs(1_700_000_000);

fn node() -> Node {
    let options = Options::builder().dials(0, 1).feeler_every(None);
    let options = options.build().unwrap();
    Node::new(Config::default(), options, ME, Seed::new([7; 32]), START)
}

/// Nodes of networks of their own, by ascending ids.
fn addresses(many: u8) -> Vec<NodeAddress> {
    let one = |n: u8| NodeAddress::mconn(NodeId::new([n; 20]), [32, n, 1, 1].into(), 26_656);
    (10..10 + many).map(one).collect()
}

fn naming(many: u8) -> Node {
    let mut node = node();
    for address in addresses(many) {
        let _nothing = node.handle(START, NodeEvent::Named { address });
    }
    node
}

/// What kin that has come is told when it asks.
fn told_to_kin(node: &mut Node) -> Vec<NodeAddress> {
    let epoch = Epoch::new(1);
    let comes = NodeEvent::Accepted {
        peer: KIN,
        epoch,
        kind: Kind::Kin,
        ip: Some([8, 8, 8, 8].into()),
        listen: None,
    };
    let _asked = node.handle(START, comes);
    let asks = NodeEvent::Message {
        from: KIN,
        epoch,
        message: Message::Request(Dialect::V2),
    };
    let told = node
        .handle(START, asks)
        .into_iter()
        .find_map(|it| match it {
            NodeAction::Send {
                message: Message::Response(response),
                ..
            } => Some(response.entries().map(|it| it.parse().unwrap()).collect()),
            _ => None,
        });
    told.unwrap()
}

#[test]
fn kin_is_told_the_nodes_of_the_store_by_their_ids_each_once_from_anywhere() {
    let mut node = naming(60);
    let mut told = told_to_kin(&mut node);
    let first = told.iter().map(NodeAddress::id).min();
    let at = told.iter().position(|it| Some(it.id()) == first).unwrap();
    told.rotate_left(at);
    assert_eq!(told, addresses(60));
}

#[test]
fn what_a_node_writes_down_at_its_end_it_knows_when_it_is_loaded() {
    let mut ends = naming(5);
    let written = ends.flush().unwrap();
    assert_eq!(ends.flush(), None);
    let mut begins = node();
    let mut taken = 0;
    for change in written {
        let record = PeerRecord::decode(&change.value.unwrap()).unwrap();
        taken += begins.load(&record);
    }
    assert_eq!(taken, 5);
    assert_eq!(begins.peers().records().count(), 5);
}

#[test]
fn a_clock_that_was_ahead_is_set_back_in_both_parts_of_a_node() {
    let mut node = naming(1);
    let _nothing = node.handle(START + Duration::from_secs(100), NodeEvent::Tick);
    node.rewind(START);
    let (to, epoch) = (KIN, Epoch::new(1));
    let _nothing = node.handle(START, NodeEvent::Unsent { to, epoch });
    let address = addresses(2).remove(1);
    let _nothing = node.handle(START, NodeEvent::Named { address });
    assert_eq!(node.pex().stats().clock_stalls, 0);
    assert_eq!(node.peers().counts().clock_stalls, 0);
}

#[test]
fn an_answer_makes_good_the_failed_dials_of_a_peer_that_has_been_there_for_a_minute() {
    let options = Options::builder().feeler_every(None).build().unwrap();
    let mut node = Node::new(Config::default(), options, ME, Seed::new([7; 32]), START);
    let address = addresses(1).remove(0);
    let named = NodeEvent::Named {
        address: address.clone(),
    };
    let _dial = node.handle(START, named);
    let (from, epoch, kind, ip) = (address.id(), Epoch::new(1), Kind::V2, address.ip());
    let why = DialFailure::Unreachable;
    let failed = NodeEvent::DialFailed {
        address: address.clone(),
        why,
    };
    let _nothing = node.handle(START, failed);
    let dialed = NodeEvent::Dialed {
        address,
        epoch,
        kind,
        ip,
    };
    let mut actions: Vec<_> = node.handle(START, dialed).into_iter().collect();
    let failures = |node: &Node| node.peers().record(from).unwrap().addresses[0].failures;
    let (mut now, mut before_and_after) = (START, [0; 2]);
    while now < START + Duration::from_secs(120) {
        let is_request = |it: &NodeAction| {
            let NodeAction::Send { message, .. } = it else {
                return false;
            };
            matches!(message, Message::Request(_))
        };
        let event = if actions.iter().any(is_request) {
            let message = Message::Response(ResponseBuilder::new(Dialect::V2).finish());
            NodeEvent::Message {
                from,
                epoch,
                message,
            }
        } else {
            now = node.deadline().unwrap();
            NodeEvent::Tick
        };
        let is_answer = matches!(event, NodeEvent::Message { .. });
        actions = node.handle(now, event).into_iter().collect();
        if is_answer {
            let is_late = now >= START + Duration::from_secs(60);
            assert_eq!(failures(&node), u32::from(!is_late), "{now}");
            before_and_after[usize::from(is_late)] += 1;
        }
    }
    assert!(before_and_after.iter().all(|&answers| answers > 0));
}

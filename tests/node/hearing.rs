//! What becomes of the addresses that peers tell.

use core::time::Duration;

use pex::peers::Options;
use pex::wire::{Dialect, Message, ResponseBuilder};
use pex::{
    Actions, Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time,
};

const ME: NodeId = NodeId::new([0xee; 20]);
const START: Time = Time::from_secs(1_700_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn id(n: u8) -> NodeId {
    NodeId::new([n; 20])
}

/// A node of the world, in a network of its own.
fn address(n: u8) -> NodeAddress {
    NodeAddress::mconn(id(n), [32, n, 1, 1].into(), 26_656)
}

/// A machine that dials nobody, and a peer that came to it.
fn met(peer: NodeId) -> Node {
    let options = Options::builder().addresses_max(100).dials(0, 1);
    let options = options.feeler_every(None).build().unwrap();
    let mut node = Node::new(Config::default(), options, ME, Seed::new([7; 32]), START);
    let _asked = node.handle(START, comes(peer));
    node
}

fn comes(peer: NodeId) -> NodeEvent<'static> {
    NodeEvent::Accepted {
        peer,
        epoch: Epoch::new(1),
        kind: Kind::Kin,
        ip: Some([8, 8, 8, 8].into()),
        listen: None,
    }
}

/// A peer that was asked answers with these addresses.
fn answer(node: &mut Node, now: Time, from: NodeId, told: &[NodeAddress]) -> Actions<NodeAction> {
    let mut answer = ResponseBuilder::new(Dialect::V2);
    for address in told {
        answer.push_address(address).unwrap();
    }
    let (epoch, message) = (Epoch::new(1), Message::Response(answer.finish()));
    let actions = node.handle(
        now,
        NodeEvent::Message {
            from,
            epoch,
            message,
        },
    );
    assert!(actions.iter().any(
        |it| matches!(it, NodeAction::Answered { told: all, .. } if *all == told.len() as u64)
    ));
    actions
}

/// Of whom the owner hears.
fn heard(actions: &Actions<NodeAction>) -> Vec<NodeAddress> {
    let heard = |action: &NodeAction| match action {
        NodeAction::Heard { address, .. } => Some(address.clone()),
        _ => None,
    };
    actions.iter().filter_map(heard).collect()
}

/// When the machine next asks.
fn next_question(node: &mut Node) -> Time {
    loop {
        let now = node.deadline().unwrap();
        let actions = node.handle(now, NodeEvent::Tick);
        if actions
            .iter()
            .any(|it| matches!(it, NodeAction::Send { .. }))
        {
            return now;
        }
    }
}

#[test]
fn the_owner_hears_of_an_address_when_it_is_taken_in_and_not_again() {
    let mut node = met(id(1));
    let told = [address(2), address(3)];
    assert_eq!(heard(&answer(&mut node, START, id(1), &told)), told);
    let now = next_question(&mut node);
    let again = answer(&mut node, now, id(1), &[address(2), address(4)]);
    assert_eq!(heard(&again), [address(4)]);
}

#[test]
fn of_what_a_liar_tells_beyond_his_share_nobody_hears() {
    let mut node = met(id(1));
    let lies: Vec<NodeAddress> = (2..100).map(address).collect();
    let heard = heard(&answer(&mut node, START, id(1), &lies));
    assert_eq!((heard.len(), node.peers().nodes()), (10, 10));
}

#[test]
fn who_wants_to_hear_all_hears_what_is_known_and_what_is_refused_as_well() {
    let mut node = met(id(1)).hearing_all();
    let near = NodeAddress::mconn(id(3), [127, 0, 0, 1].into(), 22);
    let told = [address(2), near];
    for _ in 0..2 {
        let now = START.max(next_question(&mut node));
        assert_eq!(heard(&answer(&mut node, now, id(1), &told)), told);
    }
    assert_eq!(node.peers().nodes(), 1);
}

#[test]
fn an_address_that_is_told_again_and_again_is_kept_and_one_that_nobody_tells_is_forgotten() {
    let mut node = met(id(1));
    let _heard = answer(&mut node, START, id(1), &[address(2), address(3)]);
    let mut now = START;
    while now < START + DAY.saturating_mul(40) {
        now = next_question(&mut node);
        let _again = answer(&mut node, now, id(1), &[address(2)]);
    }
    assert_eq!(node.peers().addresses_of(id(2)), [address(2)]);
    assert_eq!(node.peers().addresses_of(id(3)), []);
    assert_eq!(node.peers().counts().learned, 2, "each was taken in once");
}

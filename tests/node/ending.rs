//! What is sent to whom has to go.

use core::time::Duration;

use pex::peers::{Eviction, Options};
use pex::wire::{Dialect, Message, ResponseBuilder};
use pex::{
    Actions, Config, Epoch, Fault, HangUp, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId,
    Seed, Time,
};

const ME: NodeId = NodeId::new([0xee; 20]);
const START: Time = Time::from_secs(1_700_000_000);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A node of the world, in a network of its own.
fn address(n: u8) -> NodeAddress {
    NodeAddress::mconn(NodeId::new([n; 20]), [32, n, 1, 1].into(), 26_656)
}

/// Nothing is sent on a connection behind the order to end it; returns how many end.
fn ends(actions: &Actions<NodeAction>) -> usize {
    let mut ended = Vec::new();
    for action in actions {
        match action {
            NodeAction::HangUp { epoch, .. } => ended.push(*epoch),
            NodeAction::Send { to, epoch, .. } => {
                assert!(
                    !ended.contains(epoch),
                    "{to} is told something, and has to go"
                );
            }
            _ => {}
        }
    }
    ended.len()
}

#[test]
fn whoever_has_to_go_is_not_asked_any_more_however_much_is_due_at_once() {
    let options = Options::builder()
        .feeler_every(None)
        .dials(0, 1)
        .build()
        .unwrap();
    let mut node = Node::new(Config::default(), options, ME, Seed::new([7; 32]), START);
    for n in 1..=8 {
        let (address, epoch) = (address(n), Epoch::new(n.into()));
        let (peer, kind, ip) = (address.id(), Kind::Kin, address.ip());
        ends(&node.handle(
            START,
            NodeEvent::Named {
                address: address.clone(),
            },
        ));
        let dialed = NodeEvent::Dialed {
            address,
            epoch,
            kind,
            ip,
        };
        ends(&node.handle(START, dialed));
        let message = Message::Response(ResponseBuilder::new(Dialect::V2).finish());
        let from = peer;
        ends(&node.handle(
            START,
            NodeEvent::Message {
                from,
                epoch,
                message,
            },
        ));
    }
    // There are others to be connected with instead.
    for n in 11..=30 {
        let address = address(n);
        ends(&node.handle(START, NodeEvent::Named { address }));
    }
    // The clock was a year behind: all requests are due, and all connections have lasted too long.
    assert!(ends(&node.handle(START + YEAR, NodeEvent::Tick)) > 1);
}

#[test]
fn why_a_connection_ends_is_said_in_the_words_of_who_ended_it() {
    let fault = HangUp::Fault(Fault::UnsolicitedResponse);
    assert_eq!(fault.to_string(), "sent addresses that were not asked for");
    let full = HangUp::Evicted(Eviction::Full);
    assert_eq!(full.to_string(), "no place for one more peer");
}

//! Chance that always comes out the same: a machine then does worse, but it does not wait for luck.

use core::cell::Cell;
use core::net::Ipv4Addr;
use core::time::Duration;

use alloc::collections::VecDeque;
use std::thread_local;

use crate::book::AddrBook;
use crate::peers::{DialFailure, Options};
use crate::v1::{self, Switch};
use crate::wire::{Dialect, Message, ResponseBuilder};
use crate::{
    Config, Epoch, Kind, Manager, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time,
};

thread_local!(static ONES: Cell<Option<bool>> = const { Cell::new(None) });

/// Whether every draw of this thread comes out as all ones, or as all zeros; none if it is chance.
pub(super) fn ones() -> Option<bool> {
    ONES.get()
}

const START: Time = Time::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

/// More than comes of any of this: a machine that wants so much waits for luck.
const STEPS_MAX: u32 = 500_000;

/// The nodes there are, each in a network of its own.
const NODES: u32 = 1_000;

fn address(number: u32) -> NodeAddress {
    let [.., high, low] = (number % NODES).to_be_bytes();
    let mut id = [0x11; 20];
    id[..2].copy_from_slice(&[high, low]);
    NodeAddress::mconn(
        NodeId::new(id),
        Ipv4Addr::new(20, high, low, 1).into(),
        26_656,
    )
}

/// A life in which every third dial fails, every peer tells of a hundred others, and guests come: what
/// it took, and how many questions the node asked and answers it gave.
fn live<M: Manager>(mut node: Node<M>, lasts: Duration) -> (u32, [u32; 2]) {
    let end = START + lasts;
    let (mut now, mut number) = (START, 0_u32);
    let mut sent = [0, 0];
    let mut actions = VecDeque::new();
    for known in 0..8 {
        let address = address(known);
        actions.extend(node.handle(now, NodeEvent::Named { address }));
    }
    while now < end {
        number += 1;
        assert!(number < STEPS_MAX, "{now:?}: {:?}", node.deadline());
        if let Some(action) = actions.pop_front() {
            let epoch = Epoch::new(u64::from(number));
            let event = match action {
                NodeAction::Dial { address, .. } if number % 3 == 0 => NodeEvent::DialFailed {
                    address,
                    why: DialFailure::Unreachable,
                },
                NodeAction::Dial { address, .. } => NodeEvent::Dialed {
                    ip: address.ip(),
                    address,
                    epoch,
                    kind: [Kind::V2, Kind::Kin][number as usize % 2],
                },
                NodeAction::HangUp { peer, epoch, .. } => NodeEvent::Down { peer, epoch },
                NodeAction::Send {
                    to,
                    epoch,
                    message: Message::Request(dialect),
                } => {
                    sent[0] += 1;
                    let mut answer = ResponseBuilder::new(dialect);
                    let first = number * 37 % NODES;
                    for told in (first..NODES).take(100) {
                        answer.push_address(&address(told)).unwrap();
                    }
                    NodeEvent::Message {
                        from: to,
                        epoch,
                        message: Message::Response(answer.finish()),
                    }
                }
                NodeAction::Send { .. } => {
                    sent[1] += 1;
                    continue;
                }
                _ => continue,
            };
            actions.extend(node.handle(now, event));
            continue;
        }
        let next = node.deadline().unwrap_or(end);
        now = next.min(now + Duration::from_secs(10)).max(now);
        actions.extend(node.handle(now, NodeEvent::Tick));
        // A guest comes, asks, and stays.
        let (guest, epoch) = (address(number), Epoch::new(u64::from(number) << 32));
        actions.extend(node.handle(
            now,
            NodeEvent::Accepted {
                peer: guest.id(),
                epoch,
                kind: Kind::V2,
                ip: guest.ip(),
                listen: Some(guest.clone()),
            },
        ));
        let request = NodeEvent::Message {
            from: guest.id(),
            epoch,
            message: Message::Request(Dialect::V2),
        };
        actions.extend(node.handle(now, request));
    }
    (number, sent)
}

fn whatever_comes_out_it_goes_on<M: Manager>(lasts: Duration, node: impl Fn() -> Node<M>) {
    ONES.set(None);
    let (usual, _) = live(node(), lasts);
    for ones in [false, true] {
        ONES.set(Some(ones));
        let (steps, [asked, answered]) = live(node(), lasts);
        assert!(steps < 2 * usual, "{ones}: {steps} steps, not {usual}");
        assert!(asked > 20, "{ones}: {asked} questions");
        assert!(answered > 20, "{ones}: {answered} answers");
    }
}

#[test]
fn a_node_of_v2_goes_on_though_chance_always_comes_out_the_same() {
    let seed = Seed::new([7; 32]);
    let me = NodeId::new([0xee; 20]);
    whatever_comes_out_it_goes_on(HOUR, || {
        Node::new(Config::default(), Options::default(), me, seed, START)
    });
}

#[test]
fn a_node_of_v1_goes_on_though_chance_always_comes_out_the_same() {
    let seed = Seed::new([7; 32]);
    let me = NodeId::new([0xee; 20]);
    whatever_comes_out_it_goes_on(HOUR, || {
        let book = AddrBook::new(true, seed);
        let switch = Switch::new(v1::Options::default(), book, me, seed, START);
        Node::v1(Config::default(), switch, seed, START)
    });
}

#[test]
fn a_seed_node_goes_on_though_chance_always_comes_out_the_same() {
    let seed = Seed::new([7; 32]);
    let me = NodeId::new([0xee; 20]);
    // Guests come with every tick, and it hangs up on each, which is another.
    let lasts = Duration::from_secs(180);
    whatever_comes_out_it_goes_on(lasts, || {
        let options = v1::Options::seed().build().unwrap();
        let switch = Switch::new(options, AddrBook::new(true, seed), me, seed, START);
        Node::v1(Config::default(), switch, seed, START)
    });
}

//! Chance that always comes out the same: a machine then does worse, but it does not wait for luck.

use core::net::Ipv4Addr;
use core::time::Duration;

use alloc::collections::VecDeque;

use super::Chance;
use crate::book::AddrBook;
use crate::peers::{DialFailure, Options};
use crate::v1::{self, Switch};
use crate::wire::{Dialect, Message, ResponseBuilder};
use crate::{
    Config, Epoch, Kind, Manager, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time,
};

/// By these seeds, and all that are derived from them, every draw is all zeros, or all ones.
const ZEROS: Seed = Seed::new([0xfe; 32]);
const ONES: Seed = Seed::new([0xff; 32]);

/// Whether every draw by this seed is all ones, or all zeros; none if it is chance.
pub(super) fn ones(seed: &Seed) -> Option<bool> {
    match *seed {
        ZEROS => Some(false),
        ONES => Some(true),
        _ => None,
    }
}

const ME: NodeId = NodeId::new([0xee; 20]);
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

fn whatever_comes_out_it_goes_on<M: Manager>(lasts: Duration, node: impl Fn(Seed) -> Node<M>) {
    let (usual, _) = live(node(Seed::new([7; 32])), lasts);
    for stuck in [ZEROS, ONES] {
        let ones = ones(&stuck);
        let (steps, [asked, answered]) = live(node(stuck), lasts);
        assert!(steps < 2 * usual, "{ones:?}: {steps} steps, not {usual}");
        assert!(asked > 20, "{ones:?}: {asked} questions");
        assert!(answered > 20, "{ones:?}: {answered} answers");
    }
}

#[test]
fn every_draw_of_a_stuck_seed_is_the_same_and_of_no_other() {
    for (seed, drawn) in [(ZEROS, 0), (ONES, u64::MAX)] {
        for seed in [seed, seed.derive(3)] {
            assert_eq!(Chance::new(&seed).next_u64(), drawn);
            assert_eq!(
                Chance::resume(&seed, 5).below(10),
                if drawn == 0 { 0 } else { 9 }
            );
        }
    }
    assert_ne!(Chance::new(&Seed::new([7; 32])).next_u64(), 0);
}

#[test]
fn a_node_of_v2_goes_on_though_chance_always_comes_out_the_same() {
    whatever_comes_out_it_goes_on(HOUR, |seed| {
        Node::new(Config::default(), Options::default(), ME, seed, START)
    });
}

#[test]
fn a_node_of_v1_goes_on_though_chance_always_comes_out_the_same() {
    whatever_comes_out_it_goes_on(HOUR, |seed| {
        let book = AddrBook::new(true, seed);
        let switch = Switch::new(v1::Options::default(), book, ME, seed, START);
        Node::v1(Config::default(), switch, seed, START)
    });
}

#[test]
fn a_seed_node_goes_on_though_chance_always_comes_out_the_same() {
    // Guests come with every tick, and it hangs up on each, which is another.
    let lasts = Duration::from_secs(180);
    whatever_comes_out_it_goes_on(lasts, |seed| {
        let options = v1::Options::seed().build().unwrap();
        let switch = Switch::new(options, AddrBook::new(true, seed), ME, seed, START);
        Node::v1(Config::default(), switch, seed, START)
    });
}

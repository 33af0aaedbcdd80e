//! The time, which both parts of a node take from the same events.

use core::time::Duration;

use pex::book::AddrBook;
use pex::peers::Options;
use pex::v1::{self, Switch};
use pex::wire::{Dialect, Entry, Message, ResponseBuilder};
use pex::{Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time};

const START: Time = Time::from_secs(1_700_000_000);

#[test]
fn the_exchange_and_the_manager_have_one_clock_whichever_an_event_is_for() {
    let me = NodeId::new([0xee; 20]);
    let seed = Seed::new([7; 32]);
    let mut node = Node::new(Config::default(), Options::default(), me, seed, START);
    let stalls = |node: &Node| {
        let (exchange, manager) = (node.pex().stats(), node.peers().counts());
        (exchange.clock_stalls, manager.clock_stalls)
    };
    let at = |seconds: u64| Time::from_secs(1_700_000_000 + seconds);
    let (to, epoch) = (NodeId::new([1; 20]), Epoch::new(1));
    let address = NodeAddress::mconn(to, [8, 8, 8, 8].into(), 26_656);
    let (kind, ip) = (Kind::V2, None);

    // Of this only the exchange hears, and of that only the manager: it goes by the later time. Whose
    // event is late counts that, and once.
    let _nothing = node.handle(at(100), NodeEvent::Unsent { to, epoch });
    let named = address.clone();
    let _dial = node.handle(at(90), NodeEvent::Named { address: named });
    assert_eq!(stalls(&node), (0, 1));
    let heard = node.peers().record(to).unwrap().addresses[0].heard;
    assert_eq!(heard, Some(at(100)));
    let dialed = NodeEvent::Dialed {
        address,
        epoch,
        kind,
        ip,
    };
    let _up = node.handle(at(90), dialed);
    assert_eq!(stalls(&node), (0, 2));
    let _nothing = node.handle(at(90), NodeEvent::Unsent { to, epoch });
    assert_eq!(stalls(&node), (1, 2));
}

#[test]
fn what_is_told_at_an_older_time_is_heard_of_at_the_latest() {
    let (me, seed) = (NodeId::new([0xee; 20]), Seed::new([7; 32]));
    let mut node = Node::new(Config::default(), Options::default(), me, seed, START);
    let at = |ms: u64| START + Duration::from_millis(ms);
    let address = |n: u8| NodeAddress::mconn(NodeId::new([n; 20]), [32, n, 8, 8].into(), 26_656);
    let (kind, ip, epoch) = (Kind::V2, None, Epoch::new(1));
    let (teller, stranger) = (address(1), NodeId::new([3; 20]));
    let from = teller.id();
    let _dial = node.handle(
        at(999),
        NodeEvent::Named {
            address: teller.clone(),
        },
    );
    let dialed = NodeEvent::Dialed {
        address: teller,
        epoch,
        kind,
        ip,
    };
    let _asks = node.handle(at(999), dialed);
    // Of this only the exchange hears.
    let unsent = NodeEvent::Unsent {
        to: stranger,
        epoch,
    };
    let _nothing = node.handle(at(1_000), unsent);
    let mut answer = ResponseBuilder::new(Dialect::V2);
    let url = address(2).to_string();
    answer.push(&Entry::V2 { url: &url }).unwrap();
    let message = Message::Response(answer.finish());
    let event = NodeEvent::Message {
        from,
        epoch,
        message,
    };
    let _heard = node.handle(START, event);
    let heard = node.peers().record(address(2).id()).unwrap().addresses[0].heard;
    assert_eq!(heard, Some(at(1_000)));
}

#[test]
fn other_options_tell_the_exchange_too_what_time_it_is() {
    let (me, seed, now) = (NodeId::new([0xee; 20]), Seed::new([7; 32]), START);
    let book = AddrBook::new(true, seed);
    let switch = Switch::new(v1::Options::default(), book, me, seed, now);
    let mut node = Node::v1(Config::default(), switch, seed, now);
    let second = Duration::from_secs(1);
    let _nothing = node.reconfigure(now + 2 * second, v1::Options::default());
    let (to, epoch) = (NodeId::new([1; 20]), Epoch::new(1));
    let _nothing = node.handle(now + second, NodeEvent::Unsent { to, epoch });
    assert_eq!(node.pex().stats().clock_stalls, 1);
}

#[test]
fn a_timer_is_set_whenever_the_deadline_moves_and_not_else() {
    let (me, seed) = (NodeId::new([0xee; 20]), Seed::new([7; 32]));
    let mut node = Node::new(Config::default(), Options::default(), me, seed, START);
    let mut armed = None;
    let mut kept = 0;
    for n in 1..=9 {
        let address = NodeAddress::mconn(NodeId::new([n; 20]), [32, n, 8, 8].into(), 26_656);
        let (to, epoch) = (address.id(), Epoch::new(1));
        for event in [
            NodeEvent::Named { address },
            NodeEvent::Unsent { to, epoch },
        ] {
            let actions = node.handle(START, event);
            let set: Vec<Time> = actions
                .iter()
                .filter_map(|it| match it {
                    NodeAction::SetTimer(at) => Some(*at),
                    _ => None,
                })
                .collect();
            let moved = node.deadline().filter(|_| node.deadline() != armed);
            assert_eq!(set, Vec::from_iter(moved), "{n}");
            kept += usize::from(moved.is_none());
            armed = node.deadline();
        }
    }
    assert!(armed.is_some() && (9..18).contains(&kept), "{kept}");
}

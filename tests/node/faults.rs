//! What small faults cost a peer in the end.

use core::time::Duration;

use pex::peers::Options;
use pex::wire::{Dialect, Message, ResponseBuilder};
use pex::{Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time};

const ME: NodeId = NodeId::new([0xee; 20]);
const PEER: NodeId = NodeId::new([1; 20]);
const EPOCH: Epoch = Epoch::new(1);
const START: Time = Time::from_secs(1_700_000_000);
const SECOND: Duration = Duration::from_secs(1);

/// A node that has dialed the peer, and what it does when it is connected.
fn dialed(kind: Kind) -> (Node, Vec<NodeAction>) {
    let options = Options::builder().feeler_every(None).build().unwrap();
    let mut node = Node::new(Config::default(), options, ME, Seed::new([7; 32]), START);
    let address = NodeAddress::mconn(PEER, [32, 1, 1, 1].into(), 26_656);
    let (epoch, ip) = (EPOCH, address.ip());
    let dialed = NodeEvent::Dialed {
        address,
        epoch,
        kind,
        ip,
    };
    let actions = node.handle(START, dialed).into_iter().collect();
    (node, actions)
}

/// A peer of V1 with which a node is connected for so long, that asks each `asks`, and answers or not.
/// Returns the faults that were seen, and whether it was told to go.
fn lives_with(hours: u32, asks: Option<Duration>, answers: bool) -> (usize, bool) {
    let (mut node, mut actions) = dialed(Kind::V1);
    let (mut now, mut faults, mut gone) = (START, 0, false);
    let end = START + 3_600 * hours * SECOND;
    let mut ask_at = asks.map_or(end, |gap| START + gap);
    while now < end {
        let mut awaits = false;
        for action in actions {
            match action {
                NodeAction::Fault { .. } => faults += 1,
                NodeAction::HangUp { .. } => gone = true,
                NodeAction::Send {
                    message: Message::Request(_),
                    ..
                } => awaits = answers,
                _ => {}
            }
        }
        let message = if awaits {
            Message::Response(ResponseBuilder::new(Dialect::V1).finish())
        } else {
            Message::Request(Dialect::V1)
        };
        let due = node.deadline().unwrap_or(end).min(end);
        let event = if awaits || ask_at <= due {
            now = if awaits { now } else { ask_at };
            ask_at = if awaits {
                ask_at
            } else {
                now + asks.unwrap_or(end - START)
            };
            NodeEvent::Message {
                from: PEER,
                epoch: EPOCH,
                message,
            }
        } else {
            now = due;
            NodeEvent::Tick
        };
        actions = node.handle(now, event).into_iter().collect();
    }
    (faults, gone)
}

#[test]
fn whoever_asks_a_little_too_often_gets_no_answer_now_and_then_and_is_not_banned_for_it() {
    let (faults, gone) = lives_with(12, Some(9 * SECOND), true);
    assert!(faults > 200, "{faults}");
    assert!(!gone);
}

#[test]
fn whoever_asks_far_too_often_has_to_go() {
    assert!(lives_with(1, Some(SECOND), true).1);
}

#[test]
fn whoever_never_answers_is_asked_less_and_less_often_and_may_stay() {
    let (faults, gone) = lives_with(72, None, false);
    assert!(faults > 200, "{faults}");
    assert!(!gone);
}

#[test]
fn a_guest_of_a_seed_node_that_asks_too_soon_is_let_go_to_come_again() {
    let options = pex::v1::Options::seed().build().unwrap();
    let book = pex::book::AddrBook::new(true, Seed::new([8; 32]));
    let switch = pex::v1::Switch::new(options, book, ME, Seed::new([7; 32]), START);
    let mut node = Node::v1(Config::default(), switch, Seed::new([7; 32]), START);
    for visit in 1..=4 {
        let (peer, epoch, kind) = (PEER, Epoch::new(visit), Kind::V1);
        let (ip, listen) = (Some([32, 1, 1, 1].into()), None);
        let _up = node.handle(
            START,
            NodeEvent::Accepted {
                peer,
                epoch,
                kind,
                ip,
                listen,
            },
        );
        let (from, message) = (PEER, Message::Request(Dialect::V1));
        let actions = node.handle(
            START,
            NodeEvent::Message {
                from,
                epoch,
                message,
            },
        );
        let too_soon = actions
            .iter()
            .any(|it| matches!(it, NodeAction::Fault { .. }));
        assert_eq!(too_soon, visit == 4);
        assert!(
            actions
                .iter()
                .any(|it| matches!(it, NodeAction::HangUp { .. }))
        );
        let _over = node.handle(START, NodeEvent::Down { peer, epoch });
    }
}

#[test]
fn of_small_faults_the_first_in_a_minute_costs_nothing_and_each_further_one_a_point() {
    let (mut node, _asked) = dialed(Kind::V2);
    let mut asks = |seconds: u32| {
        let (from, epoch, message) = (PEER, EPOCH, Message::Request(Dialect::V2));
        let event = NodeEvent::Message {
            from,
            epoch,
            message,
        };
        let before = node.peers().score(PEER);
        let actions = node.handle(START + seconds * SECOND, event);
        let fault = |it: &NodeAction| matches!(it, NodeAction::Fault { .. });
        let faults = actions.iter().filter(|it| fault(it)).count();
        (faults, before - node.peers().score(PEER))
    };
    let at_once = [(); 6].map(|()| asks(0));
    assert_eq!(at_once, [(0, 0), (0, 0), (0, 0), (1, 0), (1, 1), (1, 1)]);
    // Of three strikes one is left after two minutes, and none after three.
    for (seconds, last) in [(120, 1), (180 + 60, 0)] {
        let later = [(); 4].map(|()| asks(seconds));
        assert_eq!(later, [(0, 0), (0, 0), (0, 0), (1, last)], "{seconds}");
    }
}

#[test]
fn a_silence_that_goes_on_costs_a_point_when_it_is_seen_and_no_more() {
    let (mut node, _asked) = dialed(Kind::V2);
    let begin = node.peers().score(PEER);
    let (mut now, mut lost) = (START, Vec::new());
    while lost.len() < 5 {
        now = node.deadline().unwrap().max(now);
        let actions = node.handle(now, NodeEvent::Tick);
        if actions
            .iter()
            .any(|it| matches!(it, NodeAction::Fault { .. }))
        {
            lost.push(begin - node.peers().score(PEER));
        }
    }
    assert_eq!(lost, [1; 5]);
}

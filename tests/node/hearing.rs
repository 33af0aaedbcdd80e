//! What becomes of the addresses that peers tell.

use core::time::Duration;

use pex::peers::{AddressRecord, Options, PeerRecord};
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

/// A machine that dials nobody.
fn silent() -> Node {
    let options = Options::builder().addresses_max(100).dials(0, 1);
    let options = options.feeler_every(None).build().unwrap();
    Node::new(Config::default(), options, ME, Seed::new([7; 32]), START)
}

/// The same, and a peer that came to it.
fn met(peer: NodeId, kind: Kind) -> Node {
    let mut node = silent();
    let _asked = node.handle(START, comes(peer, kind));
    node
}

fn comes(peer: NodeId, kind: Kind) -> NodeEvent<'static> {
    NodeEvent::Accepted {
        peer,
        epoch: Epoch::new(1),
        kind,
        ip: Some([8, 8, 8, 8].into()),
        listen: None,
    }
}

/// A peer that was asked answers with these addresses.
fn answer(node: &mut Node, now: Time, from: NodeId, told: &[NodeAddress]) -> Actions<NodeAction> {
    answer_in(Dialect::V2, node, now, from, told)
}

fn answer_in(
    dialect: Dialect,
    node: &mut Node,
    now: Time,
    from: NodeId,
    told: &[NodeAddress],
) -> Actions<NodeAction> {
    let mut answer = ResponseBuilder::with_limits(dialect, told.len(), 64_000);
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
    let mut node = met(id(1), Kind::Kin);
    let told = [address(2), address(3)];
    assert_eq!(heard(&answer(&mut node, START, id(1), &told)), told);
    let now = next_question(&mut node);
    let again = answer(&mut node, now, id(1), &[address(2), address(4)]);
    assert_eq!(heard(&again), [address(4)]);
}

#[test]
fn of_what_a_liar_tells_beyond_his_share_nobody_hears() {
    let mut node = met(id(1), Kind::Kin);
    let lies: Vec<NodeAddress> = (2..100).map(address).collect();
    let heard = heard(&answer(&mut node, START, id(1), &lies));
    assert_eq!((heard.len(), node.peers().nodes()), (10, 10));
}

/// How often somebody is asked in the first hour, and in the second, who tells a hundred nodes each
/// time; one time of so many, so many of them are made up.
fn questions_for(kind: Kind, made_up: u32, made_up_every: u32) -> [u32; 2] {
    let mut node = met(id(1), kind);
    let (mut now, mut asked, mut in_hours) = (START, 0, [0; 2]);
    while let Some(hour) = in_hours.get_mut(((now - START).as_secs() / 3_600) as usize) {
        *hour += 1;
        let lies = if asked % made_up_every == 0 {
            made_up
        } else {
            0
        };
        let lies = (0..lies).map(|n| made_up_node(asked * 100 + n));
        let told: Vec<NodeAddress> = lies.chain((2..102).map(address)).take(100).collect();
        let _heard = answer(&mut node, now, id(1), &told);
        asked += 1;
        now = next_question(&mut node);
    }
    in_hours
}

/// One of very many, in many networks.
fn made_up_node(n: u32) -> NodeAddress {
    let hash = n.wrapping_mul(2_654_435_761).to_be_bytes();
    let mut id = [hash[0]; 20];
    id[..4].copy_from_slice(&hash);
    NodeAddress::mconn(
        NodeId::new(id),
        [64 + hash[1] % 32, hash[0], hash[2], 1].into(),
        26_656,
    )
}

#[test]
fn who_makes_up_nodes_without_end_is_soon_asked_as_seldom_as_who_has_no_news() {
    for kind in [Kind::V2, Kind::Kin] {
        let [_, without_news] = questions_for(kind, 0, 1);
        for (made_up, every) in [(100, 1), (50, 1), (100, 2), (100, 5)] {
            let [first, second] = questions_for(kind, made_up, every);
            assert!(
                first <= 60 && second <= without_news,
                "{first}, then {second}"
            );
        }
    }
}

#[test]
fn who_tells_some_that_nobody_may_dial_is_asked_for_his_news_all_the_same() {
    let near = |n| NodeAddress::mconn(id(n), [10, 0, 0, n].into(), 22);
    let mut node = met(id(1), Kind::V2);
    let mut now = START;
    for n in 0..3 {
        let news = (0..3).map(|of| address(100 + 3 * n + of));
        let told: Vec<NodeAddress> = news.chain((2..5).map(near)).collect();
        let _heard = answer(&mut node, now, id(1), &told);
        let last = core::mem::replace(&mut now, next_question(&mut node));
        assert!(now - last <= Duration::from_millis(1_200), "{n}");
    }
    assert_eq!(node.peers().counts().unfit, 9);
}

#[test]
fn an_answer_of_who_has_been_there_for_a_minute_makes_good_what_failed_before() {
    let peer = NodeAddress::mconn(id(1), [8, 8, 8, 8].into(), 26_656);
    let mut kept = AddressRecord::new(peer);
    (kept.failures, kept.last_failure) = (1, Some(START));
    let mut record = PeerRecord::new(id(1));
    record.addresses.push(kept);
    let mut node = silent();
    assert_eq!(node.load(&record), 1);
    let _asked = node.handle(START, comes(id(1), Kind::V2));
    let (mut now, minute) = (START, Duration::from_secs(60));
    for n in 2..100 {
        let _heard = answer(&mut node, now, id(1), &[address(n)]);
        let failures = node.peers().record(id(1)).unwrap().addresses[0].failures;
        assert_eq!(failures, u32::from(now - START < minute), "{n}");
        if failures == 0 {
            return;
        }
        now = next_question(&mut node);
    }
    panic!("nothing was made good");
}

#[test]
fn who_wants_to_hear_all_hears_what_is_known_and_what_is_refused_as_well() {
    let mut node = met(id(1), Kind::Kin).hearing_all();
    let near = NodeAddress::mconn(id(3), [127, 0, 0, 1].into(), 22);
    let told = [address(2), near];
    for _ in 0..2 {
        let now = START.max(next_question(&mut node));
        assert_eq!(heard(&answer(&mut node, now, id(1), &told)), told);
    }
    assert_eq!(node.peers().nodes(), 1);
}

#[test]
fn of_the_250_that_an_answer_of_v1_may_hold_all_are_heard() {
    let mut node = met(id(1), Kind::V1).hearing_all();
    let told: Vec<NodeAddress> = (1..=250).map(made_up_node).collect();
    let actions = answer_in(Dialect::V1, &mut node, START, id(1), &told);
    assert_eq!(heard(&actions), told);
}

#[test]
fn an_address_that_is_told_again_and_again_is_kept_and_one_that_nobody_tells_is_forgotten() {
    let mut node = met(id(1), Kind::Kin);
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

#[test]
fn who_tells_what_is_of_no_use_is_asked_less_often_each_time_though_all_of_it_is_new() {
    let mut node = met(id(1), Kind::V2);
    let mut now = START;
    let waits = [0, 1, 2].map(|time| {
        let told: Vec<NodeAddress> = (0..100).map(|n| made_up_node(time * 100 + n)).collect();
        let _heard = answer(&mut node, now, id(1), &told);
        let last = core::mem::replace(&mut now, next_question(&mut node));
        (now - last).as_millis()
    });
    assert_eq!(waits, [300, 600, 1_200]);
}

#[test]
fn who_asks_has_not_answered() {
    let mut node = met(id(1), Kind::V2);
    let (from, epoch) = (id(1), Epoch::new(1));
    let message = Message::Request(Dialect::V2);
    let asks = NodeEvent::Message {
        from,
        epoch,
        message,
    };
    let actions = node.handle(START, asks);
    let is_answer = |it: &NodeAction| matches!(it, NodeAction::Answered { .. });
    assert!(!actions.iter().any(is_answer));
    // Nor has he with what nobody has asked for.
    let _heard = answer(&mut node, START, id(1), &[]);
    let message = Message::Response(ResponseBuilder::new(Dialect::V2).finish());
    let again = NodeEvent::Message {
        from,
        epoch,
        message,
    };
    assert!(!node.handle(START, again).iter().any(is_answer));
}

//! Of whom others are told, by what the operator says is private.

use core::time::Duration;

use pex::book::AddrBook;
use pex::v1::{Options, Switch};
use pex::wire::{Dialect, Message};
use pex::{
    Actions, Config, Epoch, Kind, NetAddress, Node, NodeAction, NodeAddress, NodeEvent, NodeId,
    Seed, Time,
};

const START: Time = Time::from_secs(1_700_000_000);

const PEER: NodeId = NodeId::new([1; 20]);
const SECRET: NodeId = NodeId::new([5; 20]);

fn options(private: Option<NodeId>) -> Options {
    Options::builder().private(private).build().unwrap()
}

/// The peer comes to us.
fn comes(kind: Kind) -> NodeEvent<'static> {
    NodeEvent::Accepted {
        peer: PEER,
        epoch: Epoch::new(1),
        kind,
        ip: Some([8, 8, 8, 8].into()),
        listen: None,
    }
}

/// It asks in these words.
fn asks(dialect: Dialect) -> NodeEvent<'static> {
    NodeEvent::Message {
        from: PEER,
        epoch: Epoch::new(1),
        message: Message::Request(dialect),
    }
}

/// Of whom an answer tells that is sent.
fn told(actions: &Actions<NodeAction>) -> Vec<NodeId> {
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
fn a_node_that_is_to_tell_no_more_hearsay_ends_the_arc_that_it_is_telling() {
    let (me, seed) = (NodeId::new([0xee; 20]), Seed::new([7; 32]));
    let mut book = AddrBook::new(true, seed);
    for n in 0..250 {
        let place = NetAddress::new(NodeId::new([n; 20]), [32, n, 1, 1].into(), 26_656);
        let _full = book.add_address(START, &place, &place);
    }
    let switch = Switch::new(options(None), book, me, seed, START);
    let mut node = Node::v1(Config::default(), switch, seed, START);
    let _up = node.handle(START, comes(Kind::Kin));
    assert_eq!(told(&node.handle(START, asks(Dialect::V2))).len(), 57);
    let now = START + Duration::from_millis(500);
    let checked = Options::builder().tells_unchecked(false).build().unwrap();
    let _done = node.reconfigure(now, checked);
    assert_eq!(told(&node.handle(now, asks(Dialect::V2))), []);
}

#[test]
fn who_becomes_private_while_an_answer_waits_for_a_name_is_not_in_it() {
    let (me, seed) = (NodeId::new([0xee; 20]), Seed::new([7; 32]));
    let own: NodeAddress = format!("mconn://{me}@me.example.org:26656")
        .parse()
        .unwrap();
    let options = |private: Option<NodeId>| {
        let builder = Options::builder().private(private);
        builder.own_addresses(vec![own.clone()]).build().unwrap()
    };
    let mut book = AddrBook::new(true, seed);
    let secret = NetAddress::new(SECRET, [32, 5, 1, 1].into(), 26_656);
    book.add_address(START, &secret, &secret).unwrap();
    for private in [None, Some(SECRET)] {
        let switch = Switch::new(options(None), book.clone(), me, seed, START);
        let mut node = Node::v1(Config::default(), switch, seed, START);
        let _up = node.handle(START, comes(Kind::V1));
        let actions = node.handle(START, asks(Dialect::V1));
        let query = actions.iter().find_map(|it| match it {
            NodeAction::Resolve { query, .. } => Some(*query),
            _ => None,
        });
        let query = query.expect("our own name is looked up");
        let _done = node.reconfigure_with_lists(START, options(private));
        let ips = &[[9, 9, 9, 9].into()];
        let told = told(&node.handle(START, NodeEvent::Resolved { query, ips }));
        assert!(told.contains(&me));
        assert_eq!(told.contains(&SECRET), private.is_none());
    }
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
    let _asked = node.handle(START, comes(Kind::V2));
    for (seconds, private) in [(1, None), (2, Some(SECRET)), (3, None)] {
        let now = Time::from_secs(1_700_000_000 + seconds);
        let _done = node.reconfigure_with_lists(now, options(private));
        // What is private is in no book, and has to be said again.
        let address = address.clone();
        let _known = node.handle(now, NodeEvent::Named { address });
        let is_told = told(&node.handle(now, asks(Dialect::V2))).contains(&SECRET);
        assert_eq!(is_told, private.is_none(), "after {seconds} s");
    }
}

#[test]
fn what_is_printed_of_a_node_shows_nothing_that_comes_of_its_seed() {
    let me = NodeId::new([0xee; 20]);
    let of_v2 = |seed| {
        let options = pex::peers::Options::builder().feeler_every(None).build();
        format!(
            "{:?}",
            Node::new(Config::default(), options.unwrap(), me, seed, START)
        )
    };
    let of_v1 = |seed| {
        let options = Options::builder().feeler_every(None).build();
        let switch = Switch::new(options.unwrap(), AddrBook::new(true, seed), me, seed, START);
        format!("{:?}", Node::v1(Config::default(), switch, seed, START))
    };
    let (one, other) = (Seed::new([7; 32]), Seed::new([8; 32]));
    assert!(of_v2(one) == of_v2(other), "{}", of_v2(one));
    assert!(of_v1(one) == of_v1(other), "{}", of_v1(one));
}

//! Private nodes: no byte that we send may tell of them, in V1 or V2, whoever asks and whoever has
//! told us.

use std::net::IpAddr;

use pex::wire::{Dialect, Message};
use pex::{Action, Config, Kind, NodeAddress};
use quickcheck::QuickCheck;

use crate::support::{Store, World, address, answered, asks_names, id, ms, node, nodes, secs};

const SECRET: u32 = 0x00c0_ffee;

/// A world that keeps a node secret: by its id, by a name and by an IP address.
fn discreet() -> World {
    let places = ["10.9.9.9", "sentry.example", "[2001:db8::99]"];
    let private = |place: &&str| address(&format!("{}@{place}:26656", id(SECRET)));
    let config = Config::builder()
        .private_ids([id(SECRET)])
        .private_addresses(places.iter().map(private).collect())
        .build()
        .unwrap();
    let mut w = World::with(config);
    // The judge searches every message for these.
    w.judge.secrets = vec![
        id(SECRET).to_string(),
        "10.9.9.9".into(),
        "sentry.example".into(),
        "2001:db8::99".into(),
    ];
    w
}

/// Ways to speak of the private node; the last ones put another's id before its place.
fn whispers() -> Vec<NodeAddress> {
    let (secret, other) = (id(SECRET), id(77));
    [
        format!("{secret}@198.51.100.1:1"),
        format!("tcp://{secret}@other.example:2/path"),
        format!("memory:{secret}"),
        format!("{other}@10.9.9.9:26656"),
        format!("{other}@[::ffff:10.9.9.9]:26656"),
        format!("tcp://{other}@10.9.9.9:26656/some/path"),
        format!("{other}@sentry.example:26656"),
        format!("{other}@SENTRY.Example:26656"),
        format!("{other}@sentry.example.:26656"),
        format!("{other}@[2001:0db8:0::99]:26656"),
    ]
    .iter()
    .map(|text| address(text))
    .collect()
}

#[test]
fn neither_a_private_id_nor_a_private_place_is_ever_told() {
    for dialect in [Dialect::V1, Dialect::V2] {
        let mut w = discreet();
        w.store = Store::of(whispers());
        w.store.add(node(10));
        w.up(1, Kind::V2);
        let mut told = Vec::new();
        for _ in 0..10 {
            w.pass(ms(200));
            let actions = w.requests(1, dialect);
            assert!(
                asks_names(&actions).is_empty(),
                "its name is not even looked up"
            );
            told.extend(answered(&actions).unwrap());
        }
        assert!(told.iter().all(|it| *it == node(10)), "{told:?}");
        assert_eq!(told.len(), 10);
    }
}

#[test]
fn a_neighbour_of_a_private_place_is_told() {
    let mut w = discreet();
    w.judge.secrets.clear();
    let neighbour = address(&format!("{}@10.9.9.9:26657", id(77)));
    w.store = Store::of([neighbour.clone()]);
    w.up(1, Kind::V2);
    assert_eq!(answered(&w.requests(1, Dialect::V2)), Some(vec![neighbour]));
}

#[test]
fn a_name_that_resolves_to_a_private_place_is_not_told_with_it() {
    let mut w = discreet();
    w.store = Store::of([address(&format!("{}@a.example:26656", id(77)))]);
    w.up(1, Kind::V1);
    let questions = asks_names(&w.requests(1, Dialect::V1));
    let ips: [IpAddr; 3] = [
        "10.9.9.9".parse().unwrap(),
        "2001:db8::99".parse().unwrap(),
        "192.0.2.1".parse().unwrap(),
    ];
    let told = answered(&w.resolved(questions[0].0, &ips)).unwrap();
    assert_eq!(told, [address(&format!("{}@192.0.2.1:26656", id(77)))]);
}

#[test]
fn a_private_node_that_is_connected_is_asked_and_answered_like_any_other() {
    let mut w = discreet();
    w.store = Store::of(nodes(10..20));
    w.judge.secrets.clear();
    assert_eq!(crate::support::asked(&w.up(SECRET, Kind::V2)), [id(SECRET)]);
    assert!(answered(&w.requests(SECRET, Dialect::V2)).is_some());
}

#[test]
fn whatever_is_asked_in_whatever_order_the_private_node_stays_private() {
    fn holds(steps: Vec<(u8, bool, bool)>) -> bool {
        let mut w = discreet();
        w.store = Store::of(nodes(10..60).into_iter().chain(whispers()));
        for peer in 1..=4 {
            w.up(peer, if peer % 2 == 0 { Kind::V1 } else { Kind::V2 });
        }
        let mut requests = 0;
        for (peer, v1, learn) in steps {
            let peer = u32::from(peer % 4) + 1;
            let dialect = if v1 { Dialect::V1 } else { Dialect::V2 };
            w.pass(secs(11));
            // What others tell of the private node goes to the store, and no further.
            let learned: Vec<_> = whispers().into_iter().filter(|_| learn).collect();
            if w.pex.is_awaiting(id(peer)) {
                w.answers(peer, &learned);
            }
            for action in w.requests(peer, dialect) {
                requests += usize::from(matches!(
                    action,
                    Action::Send {
                        message: Message::Response(_),
                        ..
                    }
                ));
            }
        }
        // The judge has looked at every byte; here only that there was something to look at.
        requests as u64 == w.pex.stats().requests_served
    }
    QuickCheck::new()
        .tests(20)
        .quickcheck(holds as fn(Vec<(u8, bool, bool)>) -> bool);
}

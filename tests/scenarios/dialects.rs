//! V1 and V2: each peer in its own, each answer in that of its request, and names as IP addresses.

use std::net::IpAddr;

use pex::wire::{Dialect, Entry, Message};
use pex::{Action, Config, Kind, NodeAddress};

use crate::support::{
    ME, Store, World, added, address, answer, answered, asked, asks_names, dialect, id, ms, node,
    nodes, secs,
};

fn named(n: u32, name: &str) -> NodeAddress {
    address(&format!("{}@{name}:26656", id(n)))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn ips(told: &[NodeAddress]) -> Vec<IpAddr> {
    let mut ips: Vec<IpAddr> = told.iter().filter_map(NodeAddress::ip).collect();
    ips.sort_unstable();
    ips
}

#[test]
fn a_peer_is_asked_in_the_dialect_of_its_kind() {
    for (kind, expected) in [
        (Kind::V1, Dialect::V1),
        (Kind::V2, Dialect::V2),
        (Kind::Kin, Dialect::V2),
    ] {
        let mut w = World::new();
        assert_eq!(dialect(&w.up(1, kind)), Some(expected));
    }
}

#[test]
fn an_answer_comes_in_the_dialect_of_its_request_whatever_the_kind() {
    for kind in [Kind::V1, Kind::V2, Kind::Kin] {
        for asked in [Dialect::V1, Dialect::V2] {
            let mut w = World::new();
            w.store = Store::of(nodes(10..20));
            w.up(1, kind);
            let actions = w.requests(1, asked);
            assert_eq!(dialect(&actions), Some(asked), "{kind:?}");
            assert_eq!(answered(&actions).map(|told| told.len()), Some(10));
        }
    }
}

#[test]
fn an_answer_is_accepted_in_either_dialect_whatever_was_asked() {
    for kind in [Kind::V1, Kind::V2] {
        for told in [Dialect::V1, Dialect::V2] {
            let mut w = World::new();
            w.up(1, kind);
            let actions = w.bytes(1, &answer(told, &nodes(10..20)));
            assert_eq!(added(&actions), nodes(10..20), "{kind:?} {told:?}");
        }
    }
}

#[test]
fn an_answer_in_v1_holds_id_ip_and_port() {
    let mut w = World::new();
    w.store = Store::of([address(&format!("tcp://{}@[2001:db8::1]:5/path", id(9)))]);
    w.up(1, Kind::V1);
    let actions = w.requests(1, Dialect::V1);
    let Some(Action::Send {
        message: Message::Response(response),
        ..
    }) = actions.first()
    else {
        panic!("{actions:?}");
    };
    let (id, ip, port) = (id(9).to_string(), "2001:db8::1", 5);
    let entry = Entry::V1 { id: &id, ip, port };
    assert_eq!(response.entries().collect::<Vec<_>>(), [entry]);
}

#[test]
fn an_address_without_a_host_can_not_be_told_in_v1() {
    let mut w = World::new();
    w.store = Store::of([address(&format!("memory:{}", id(9))), node(10)]);
    w.up(1, Kind::V1);
    assert_eq!(answered(&w.requests(1, Dialect::V1)), Some(vec![node(10)]));
}

#[test]
fn names_are_resolved_before_they_are_told_in_v1_and_not_in_v2() {
    let mut w = World::new();
    w.store = Store::of([named(9, "a.example"), node(10)]);
    w.up(1, Kind::V2);
    let v2 = answered(&w.requests(1, Dialect::V2)).unwrap();
    assert!(v2.contains(&named(9, "a.example")));

    let v1 = w.requests(1, Dialect::V1);
    assert_eq!(answered(&v1), None, "the answer waits");
    let questions = asks_names(&v1);
    assert_eq!(questions.len(), 1);
    let (query, name, deadline) = &questions[0];
    assert_eq!((name.as_str(), *deadline), ("a.example", w.now + secs(3)));
    w.pass(ms(40));
    let sent = w.resolved(*query, &[ip("192.0.2.1"), ip("2001:db8::1")]);
    let told = answered(&sent).unwrap();
    assert_eq!(
        ips(&told),
        [ip("10.0.0.10"), ip("192.0.2.1"), ip("2001:db8::1")]
    );
    assert_eq!(told.iter().filter(|it| it.id() == id(9)).count(), 2);
    assert_eq!(w.pex.deadline(), Some(w.now + ms(9_960)));
}

#[test]
fn at_the_deadline_an_answer_goes_with_the_names_that_have_come() {
    let mut w = World::new();
    w.store = Store::of([named(8, "a.example"), named(9, "b.example"), node(10)]);
    w.up(1, Kind::V1);
    let questions = asks_names(&w.requests(1, Dialect::V1));
    assert_eq!(questions.len(), 2);
    let (first, second) = (questions[0].0, questions[1].0);
    assert_eq!(answered(&w.resolved(second, &[ip("192.0.2.1")])), None);
    assert_eq!(answered(&w.pass(ms(2_999))), None);
    let told = answered(&w.pass(ms(1))).unwrap();
    assert_eq!(ips(&told), [ip("10.0.0.10"), ip("192.0.2.1")]);
    // What comes after the deadline is harmless.
    assert!(w.resolved(first, &[ip("192.0.2.2")]).is_empty());
    assert_eq!(w.pex.stats().stray_events, 1);
}

#[test]
fn a_resolver_that_never_answers_delays_an_answer_by_three_seconds_in_all() {
    let mut w = World::new();
    w.store = Store::of((0..16).map(|n| named(n, &format!("n{n}.example"))));
    w.up(20, Kind::V1);
    assert_eq!(asks_names(&w.requests(20, Dialect::V1)).len(), 16);
    assert_eq!(answered(&w.pass(secs(3))), Some(Vec::new()));
    assert_eq!(w.pex.stats().requests_served, 1);
}

#[test]
fn a_name_that_nobody_knows_is_left_out_and_does_not_wait_for_the_deadline() {
    let mut w = World::new();
    w.store = Store::of([named(9, "a.example"), node(10)]);
    w.up(1, Kind::V1);
    let questions = asks_names(&w.requests(1, Dialect::V1));
    let sent = w.resolved(questions[0].0, &[]);
    assert_eq!(answered(&sent), Some(vec![node(10)]));
}

#[test]
fn while_names_are_being_resolved_nothing_else_waits() {
    let mut w = World::new();
    w.store = Store::of([named(9, "a.example"), node(10)]);
    w.up(1, Kind::V1);
    w.answers(1, &nodes(30..40));
    w.requests(1, Dialect::V1);
    w.up(2, Kind::V2);
    assert!(answered(&w.requests(2, Dialect::V2)).is_some());
    w.answers(2, &nodes(40..50));
    assert_eq!(asked(&w.pass(ms(300))), [id(2)]);
}

#[test]
fn a_peer_that_asks_again_while_names_are_resolved_gets_what_there_is_and_then_the_next() {
    let mut w = World::new();
    w.store = Store::of([named(9, "a.example"), node(10)]);
    w.up(1, Kind::V1);
    w.requests(1, Dialect::V1);
    let again = w.requests(1, Dialect::V1);
    assert_eq!(answered(&again), Some(vec![node(10)]));
    let questions = asks_names(&again);
    assert_eq!(questions.len(), 1, "the question for the second answer");
    assert!(answered(&w.resolved(questions[0].0, &[ip("192.0.2.1")])).is_some());
    assert_eq!(w.pex.stats().requests_served, 2);
}

#[test]
fn names_beyond_the_limit_are_left_out() {
    for (limit, questions) in [(16, 16), (3, 3), (0, 0)] {
        let config = Config::builder().resolve_max(limit).build().unwrap();
        let mut w = World::with(config);
        w.store = Store::of((0..40).map(|n| named(n, &format!("n{n}.example"))));
        w.store.add(node(50));
        w.up(99, Kind::V1);
        let actions = w.requests(99, Dialect::V1);
        assert_eq!(asks_names(&actions).len(), questions);
        let last = asks_names(&actions)
            .into_iter()
            .map(|(query, ..)| w.resolved(query, &[ip("192.0.2.1")]))
            .last();
        let told = answered(&last.unwrap_or(actions)).unwrap();
        assert_eq!(told.len(), questions + 1, "{limit}");
    }
}

#[test]
fn sixteen_addresses_of_a_name_are_told_and_250_of_all_names_to_v1_and_100_to_v2() {
    for (kind, most) in [(Kind::V1, 250), (Kind::V2, 100)] {
        let mut w = World::new();
        w.store = Store::of((0..16).map(|n| named(n, &format!("n{n}.example"))));
        w.up(99, kind);
        let questions = asks_names(&w.requests(99, Dialect::V1));
        let many: Vec<IpAddr> = (0..250).map(|n| IpAddr::from([192, 0, 2, n])).collect();
        let mut sent = Vec::new();
        for (query, ..) in questions {
            sent = w.resolved(query, &many);
        }
        let told = answered(&sent).unwrap();
        assert_eq!(told.len(), most);
        for n in 0..16 {
            assert!(told.iter().filter(|it| it.id() == id(n)).count() <= 16);
        }
    }
}

#[test]
fn what_becomes_the_same_in_v1_is_told_once() {
    let mut w = World::new();
    w.store = Store::of([
        node(9),
        address(&format!("tcp://{}@10.0.0.9:26656/path", id(9))),
        named(9, "a.example"),
        named(9, "b.example"),
    ]);
    w.up(1, Kind::V1);
    let questions = asks_names(&w.requests(1, Dialect::V1));
    let same = [ip("10.0.0.9"), ip("10.0.0.9")];
    assert_eq!(answered(&w.resolved(questions[0].0, &same)), None);
    let sent = w.resolved(questions[1].0, &same);
    assert_eq!(answered(&sent), Some(vec![node(9)]));
}

#[test]
fn our_own_name_is_resolved_for_v1_and_told_and_nobody_else_at_our_place() {
    let own = ["node.example", "192.0.2.7"].map(|host| address(&format!("{ME}@{host}:26656")));
    let config = Config::builder().own_addresses(own.to_vec()).build();
    let mut w = World::with(config.unwrap());
    w.store = Store::of([named(9, "a.example")]);
    w.up(1, Kind::V1);
    let questions = asks_names(&w.requests(1, Dialect::V1));
    assert_eq!(questions.len(), 2);
    let mut sent = Vec::new();
    for (query, ..) in questions {
        sent = w.resolved(query, &[ip("192.0.2.7")]);
    }
    assert_eq!(answered(&sent), Some(vec![own[1].clone()]));
}

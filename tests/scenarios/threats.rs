//! What is left of the threats and the known weaknesses: floods, what is told of an address, and a
//! clock far ahead.

use pex::wire::Dialect;
use pex::{Action, Config, Directory as _, Epoch, Event, Kind, NodeAddress, Pex, Roster, Seed};

use crate::support::{
    ME, START, Store, World, added, address, answer, id, ms, node, nodes, request, secs,
};

#[test]
fn invented_nodes_leave_no_more_behind_than_the_bound() {
    let config = Config::builder().seen_max(1_000).build().unwrap();
    let mut w = World::with(config);
    w.up(1, Kind::V2);
    let (mut told, mut sizes) = (0, Vec::new());
    for round in 0..200 {
        w.answers(1, &nodes(told..told + 100));
        told += 100;
        w.pass(ms(300));
        assert!(w.pex.nodes_seen() <= 1_000);
        if round % 50 == 49 {
            sizes.push(w.pex.dump().len());
        }
    }
    assert!(sizes[3] < sizes[1] + 1_000, "{sizes:?}");
    assert!(w.log.len() >= 20_000);
}

#[test]
fn a_store_that_keeps_nothing_does_not_make_old_nodes_look_new() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.converse(secs(600), ms(0), |_| Some(nodes(0..50)));
    // The store of this world has taken none of the fifty, and yet the peer is asked ever less.
    assert_eq!(w.pex.stats().addresses_fresh, 50);
    assert!(w.asked(1).len() < 14, "{}", w.asked(1).len());
}

#[test]
fn what_the_store_knows_is_not_told_to_it_again() {
    let mut w = World::new();
    w.store = Store::of(nodes(10..15));
    w.up(1, Kind::V2);
    assert_eq!(added(&w.answers(1, &nodes(10..20))), nodes(15..20));
}

#[test]
fn every_address_comes_with_the_peer_that_told_it() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    for (teller, told) in [(2, nodes(10..15)), (1, nodes(20..25))] {
        for action in w.answers(teller, &told) {
            let Action::AddPeer { from, .. } = action else {
                panic!("{action:?}");
            };
            assert_eq!(from, id(teller));
        }
    }
}

#[test]
fn one_teller_fills_a_tenth_of_a_roster_and_pushes_nobody_out() {
    let mut roster = Roster::new(Seed::new([1; 32]), 1_000);
    assert!((0..50).all(|n| roster.add(node(n), id(n))));
    let taken = (1_000..9_000).filter(|&n| roster.add(node(n), id(666)));
    assert_eq!(taken.count(), 100);
    assert!((0..50).all(|n| roster.knows(&node(n))));
}

#[test]
fn variants_of_one_address_fill_four_places() {
    let mut roster = Roster::new(Seed::new([1; 32]), 10_000);
    let variant = |n| address(&format!("tcp://{}@10.0.0.1:1/{n}", id(5)));
    let taken = (0..1_000).filter(|&n| roster.add(variant(n), id(n % 50)));
    assert_eq!(taken.count(), 4);
}

#[test]
fn a_false_address_told_first_does_not_keep_out_the_true_one() {
    let mut roster = Roster::new(Seed::new([1; 32]), 1_000);
    let dead = address(&format!("{}@192.0.2.66:1", id(5)));
    assert!(roster.add(dead, id(666)));
    assert!(roster.add(node(5), id(7)));
    assert!(roster.addresses(id(5)).any(|it| *it == node(5)));
}

#[test]
fn an_ipv6_address_without_a_port_comes_through_the_wire_as_it_went() {
    let odd: Vec<NodeAddress> = ["[::1]", "[fd80:b10c::2]", "[::ffff:10.0.0.1]:5", "h/a?b#c"]
        .map(|rest| address(&format!("{}@{rest}", id(5))))
        .to_vec();
    let mut w = World::new();
    w.up(1, Kind::V2);
    assert_eq!(added(&w.bytes(1, &answer(Dialect::V2, &odd))), odd);
}

#[test]
fn after_a_clock_a_year_ahead_the_next_request_is_due_within_ten_minutes_of_the_latest_time() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.now = w.now + secs(365 * 24 * 3_600);
    w.tick();
    w.answers(1, &nodes(10..20));
    // Backwards again: the machine goes by the latest time it knows.
    let latest = w.now;
    let actions = w.pex.handle(START, Event::Tick, &w.store);
    assert!(actions.iter().all(|it| !matches!(it, Action::Send { .. })));
    let deadline = w.pex.deadline();
    assert!(deadline.is_some_and(|at| latest < at && at <= latest + secs(600)));
    assert_eq!(w.pex.stats().clock_stalls, 1);
}

#[test]
fn a_request_of_two_bytes_gets_no_more_than_the_bound_in_bytes() {
    let bytes = request(Dialect::V2);
    assert_eq!(bytes, [0x1a, 0x00]);
    let mut pex = Pex::new(Config::default(), ME, Seed::new([1; 32]), START);
    let long = |n: u32| address(&format!("{}@h:1/{}", id(n), "x".repeat(400)));
    let store = Store::of((0..500).map(long));
    let (from, epoch, kind) = (id(1), Epoch::new(1), Kind::V2);
    let peer = from;
    let _ = pex.handle(START, Event::PeerUp { peer, epoch, kind }, &store);
    let message = pex::wire::decode(&bytes).unwrap().unwrap();
    let event = Event::Message {
        from,
        epoch,
        message,
    };
    let actions = pex.handle(START, event, &store);
    let sent = actions.iter().filter_map(|action| match action {
        Action::Send { message, .. } => Some(message.encoded_len()),
        _ => None,
    });
    let sent: Vec<usize> = sent.collect();
    // One answer, and no room in it for one more of these addresses.
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!((25_600 - 470..=25_600).contains(&sent[0]), "{sent:?}");
}

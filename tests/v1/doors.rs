//! Who is let in, and what is believed of where he lives.

use pex::peers::{Event, Eviction};

use crate::nodes::{HOUR, NOBODY, at, at_port, host, id, node, secs};
use crate::world::{World, evicted, place};

#[test]
fn no_more_come_than_there_are_places_and_unconditional_ones_need_none() {
    let mut w = World::quiet(|it| it.slots(2, 2).unconditional([id(9)]));
    w.welcome(1);
    w.welcome(2);
    // However long they have been here.
    w.pass(HOUR);
    assert_eq!(evicted(&w.welcome(3)), [(3, Eviction::Full)]);
    assert_eq!(w.peers.counts().refused, 1);
    assert_eq!(evicted(&w.welcome(9)), []);
    assert_eq!(w.up(), [1, 2, 9]);
    assert_eq!(w.peers.peers(), (0, 2, 0));
}

#[test]
fn whoever_is_told_to_go_has_his_place_until_he_is_gone() {
    let mut w = World::quiet(|it| it.slots(0, 2));
    w.welcome(1);
    w.welcome(2);
    w.event(Event::Release { peer: id(1) });
    assert_eq!(evicted(&w.welcome(3)), [(3, Eviction::Full)]);
    w.down(3);
    w.down(1);
    assert_eq!(evicted(&w.welcome(3)), []);
    assert_eq!(w.up(), [2, 3]);
}

#[test]
fn that_somebody_could_be_used_now_who_has_to_go_is_nothing_strange() {
    let mut w = World::quiet(|it| it.slots(0, 1));
    w.accept(1);
    w.event(Event::Release { peer: id(1) });
    assert_eq!(evicted(&w.accept(2)), [(2, Eviction::Full)]);
    for n in [1, 2] {
        assert_eq!(w.ready(n), []);
    }
    assert_eq!(w.up(), NOBODY);
    assert_eq!(w.peers.counts().stray_events, 0);
}

#[test]
fn from_one_ip_address_come_four_and_no_more() {
    let mut w = World::quiet(|it| it);
    for n in 1..=4 {
        assert_eq!(evicted(&w.accept_from(n, host(5, 5), None)), []);
    }
    let fifth = w.accept_from(5, host(5, 5), None);
    assert_eq!(evicted(&fifth), [(5, Eviction::NetworkFull)]);
}

#[test]
fn whoever_connects_is_taken_in_at_the_address_that_he_says_and_dialed_one_day() {
    let mut w = World::quiet(|it| it.slots(1, 1));
    let home = at_port(1, host(1, 257), 26_000);
    w.accept_from(1, host(1, 257), Some(&home));
    assert!(w.knows(&home));
    // Nobody says where another lives by this.
    w.accept_from(2, host(2, 257), Some(&node(3)));
    assert!(!w.knows(&node(3)));
    w.down(1);
    w.pass(secs(60));
    assert_eq!(w.dialing(), [1]);
}

#[test]
fn what_somebody_says_of_himself_counts_as_told_from_where_he_comes() {
    let mut w = World::quiet(|it| it.slots(0, 1));
    let claim = at(1, host(900, 1));
    w.accept_from(1, host(1, 257), Some(&claim));
    let source = w.peers.book().known(&place(&claim)).unwrap().source;
    assert_eq!(source.ip(), host(1, 257));
}

#[test]
fn a_crowd_from_one_network_fills_a_tenth_of_the_new_table_whatever_it_claims() {
    let mut w = World::quiet(|it| it.slots(0, 1).inbound_per_ip(1_000));
    w.checks_inside = false;
    for n in 0..6_000 {
        let claim = at(n, host(n, 1));
        w.accept_from(n, host(1, 1 + n % 200), Some(&claim));
    }
    assert!(w.peers.book().size() <= 1_638, "{}", w.peers.book().size());
    assert_eq!(w.peers.check(), Ok(()));
}

#[test]
fn a_64_of_ipv6_is_one_address() {
    let mut w = World::quiet(|it| it);
    for n in 1..=60 {
        let ip = format!("2a00:1450:4001:80b::{n:x}").parse().unwrap();
        w.accept_from(n, ip, None);
    }
    assert_eq!(w.peers.counts().admitted, 4);
}

#[test]
fn one_peer_supplies_at_most_a_tenth_of_an_empty_book() {
    let mut w = World::quiet(|it| it.slots(0, 9));
    w.checks_inside = false;
    w.welcome(1);
    for n in 0..9_000 {
        w.learn(&at(n, host(n, 9)), 1);
    }
    let size = w.peers.book().size();
    assert!((1_000..=1_638).contains(&size), "{size} of 16384");
    assert_eq!(w.peers.check(), Ok(()));
    // Others are still listened to.
    w.welcome(2);
    w.learn(&at(9_999, host(9_999, 9)), 2);
    assert!(w.knows(&at(9_999, host(9_999, 9))));
}

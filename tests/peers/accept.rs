//! Those who connect to us: who is let in, and in whose place.

use pex::peers::{DialFailure, Eviction, Misconduct, Standing};

use crate::world::{ME, NOBODY, World, at, changes, dials, evicted, host, id, node, secs};

#[test]
fn whoever_connects_is_let_in_known_or_not() {
    let mut w = World::quiet(|it| it.slots(0, 52));
    w.name(&node(1));
    for n in [1, 2] {
        assert_eq!(w.accept(n), []);
        assert_eq!(w.standing(n), Standing::Connected);
        w.ready(n);
    }
    assert_eq!(w.up(), [1, 2]);
    // Of the stranger nothing is stored: where he can be dialed, he has not said.
    assert_eq!((w.peers.nodes(), w.record(2)), (1, None));
}

#[test]
fn a_connection_with_ourselves_is_ended() {
    let mut w = World::quiet(|it| it);
    let (peer, epoch) = (ME, w.epoch());
    let event = pex::peers::Event::Accepted {
        peer,
        epoch,
        ip: Some(host(9, 9)),
        listen: Some(at(1, host(9, 9))),
    };
    let why = Eviction::Ourselves;
    assert_eq!(
        w.event(event),
        [pex::peers::Action::Evict { peer, epoch, why }]
    );
    assert_eq!(w.peers.addresses(), 0);
}

#[test]
fn no_more_connect_to_us_than_there_are_places() {
    let mut w = World::quiet(|it| it.connected_max(5).slots(2, 3));
    for n in 1..=3 {
        w.welcome(n);
    }
    assert_eq!(evicted(&w.accept(4)), [(4, Eviction::Full)]);
    w.down(4);
    // The places of those whom we choose stay free for them.
    w.connect(5);
    w.connect(6);
    assert_eq!(w.up(), [1, 2, 3, 5, 6]);
    w.down(2);
    w.welcome(7);
    assert_eq!(w.up(), [1, 3, 5, 6, 7]);
}

#[test]
fn as_many_as_the_default_says_connect_to_us_and_not_one_more() {
    let mut w = World::quiet(|it| it);
    for n in 1..=52 {
        w.welcome(n);
    }
    assert_eq!(evicted(&w.accept(53)), [(53, Eviction::Full)]);
}

#[test]
fn four_may_connect_from_one_ip_address_and_not_five() {
    let mut w = World::quiet(|it| it);
    for n in 1..=4 {
        assert_eq!(w.accept_from(n, host(9, 9), None), []);
    }
    let actions = w.accept_from(5, host(9, 9), None);
    assert_eq!(evicted(&actions), [(5, Eviction::NetworkFull)]);
    // The same address in another spelling.
    let mapped = "::ffff:32.9.0.9".parse().unwrap();
    let actions = w.accept_from(6, mapped, None);
    assert_eq!(evicted(&actions), [(6, Eviction::NetworkFull)]);
    // Another host of the network is another household.
    assert_eq!(w.accept_from(7, host(9, 10), None), []);
    // When one of them is gone, the next may come.
    w.down(1);
    assert_eq!(w.accept_from(8, host(9, 9), None), []);
}

#[test]
fn neighbours_on_our_own_site_are_not_counted_by_their_address() {
    let mut w = World::quiet(|it| it);
    for n in 1..=20 {
        assert_eq!(w.accept_from(n, "192.168.1.1".parse().unwrap(), None), []);
    }
}

#[test]
fn unconditional_peers_are_let_in_however_many_there_are() {
    let mut w = World::quiet(|it| {
        it.connected_max(1)
            .slots(0, 1)
            .unconditional((5..60).map(id))
    });
    w.welcome(1);
    for n in 5..60 {
        assert_eq!(w.accept_from(n, host(9, 9), None), []);
        w.ready(n);
    }
    assert_eq!(w.up().len(), 56);
    // They take nobody's place.
    w.down(1);
    w.welcome(2);
    assert_eq!(evicted(&w.accept(3)), [(3, Eviction::Full)]);
}

#[test]
fn an_unconditional_peer_takes_nobodys_place_while_it_is_dialed_either() {
    let mut w = World::quiet(|it| {
        it.connected_max(1)
            .slots(1, 0)
            .persistent([id(5)])
            .unconditional([id(5)])
    });
    w.name(&node(5));
    assert_eq!(w.standing(5), Standing::Dialing);
    assert_eq!(dials(&w.learn(&node(1), 50)), [1]);
    w.dialed(1);
    w.dialed(5);
    w.ready(1);
    w.ready(5);
    assert_eq!(w.up().len(), 2);
}

#[test]
fn a_node_that_is_banned_is_not_let_in() {
    let mut w = World::quiet(|it| it);
    w.welcome(1);
    w.misbehaves(1, Misconduct::Fatal);
    w.down(1);
    assert_eq!(evicted(&w.accept(1)), [(1, Eviction::Banned)]);
    assert_eq!(w.standing(1), Standing::Refused);
}

#[test]
fn who_comes_while_we_dial_him_need_not_be_dialed_any_more() {
    let mut w = World::quiet(|it| it.connected_max(2).slots(1, 1));
    w.name(&node(1));
    w.name(&node(2));
    assert_eq!(w.standing(1), Standing::Dialing);
    // His coming frees the place for which he was dialed.
    assert_eq!(dials(&w.accept(1)), [2]);
    assert_eq!(w.standing(1), Standing::Connected);
    // What becomes of the dial is of no interest.
    let (address, why) = (node(1), DialFailure::Unreachable);
    let event = pex::peers::Event::DialFailed { address, why };
    assert_eq!(w.event(event), []);
    assert_eq!(w.record(1).unwrap().addresses[0].failures, 0);
    w.ready(1);
    assert_eq!(w.up(), [1]);
}

#[test]
fn a_dial_that_comes_through_after_he_has_come_replaces_his_connection() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    w.welcome(1);
    assert_eq!(changes(&w.reached(&node(1))), [(1, false)]);
    assert_eq!(changes(&w.ready(1)), [(1, true)]);
    assert_eq!((w.outbound(), w.up()), (vec![1], vec![1]));
}

#[test]
fn who_tells_where_he_can_be_dialed_is_dialed_there_when_he_is_gone() {
    let mut w = World::quiet(|it| it);
    let listen = at(1, host(1, 1));
    w.accept_from(1, host(1, 1), Some(&listen));
    w.ready(1);
    assert!(w.knows(&listen));
    assert_eq!(w.pass(secs(3_600)), []);
    assert_eq!(dials(&w.down(1)), NOBODY);
    assert_eq!(dials(&w.pass(secs(29))), NOBODY);
    assert_eq!(dials(&w.pass(secs(1))), [1]);
    assert!(w.record(1).unwrap().addresses[0].last_success.is_none());
}

#[test]
fn nobody_can_say_where_another_can_be_dialed_by_connecting() {
    let mut w = World::quiet(|it| it);
    w.accept_from(1, host(1, 1), Some(&at(2, host(1, 1))));
    assert_eq!(w.peers.addresses(), 0);
}

#[test]
fn who_is_not_let_in_can_still_say_where_he_lives() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(0, 1));
    w.welcome(1);
    w.accept_from(2, host(2, 2), Some(&at(2, host(2, 2))));
    assert!(w.knows(&at(2, host(2, 2))));
}

#[test]
fn a_higher_score_takes_the_place_of_the_lowest_of_those_who_came() {
    let mut w = World::quiet(|it| it.connected_max(4).slots(1, 3).scores([(id(9), 5)]));
    w.connect(1);
    for n in 2..=4 {
        w.welcome(n);
    }
    w.behaves(2);
    w.behaves(4);
    let actions = w.accept(9);
    assert_eq!(evicted(&actions), [(3, Eviction::Upgraded)]);
    assert_eq!(changes(&actions), [(3, false)]);
    w.ready(9);
    w.down(3);
    assert_eq!(w.up(), [1, 2, 4, 9]);
}

#[test]
fn nobody_makes_room_for_who_is_not_better() {
    let mut w = World::quiet(|it| {
        it.connected_max(2)
            .slots(0, 2)
            .scores([(id(1), 5), (id(2), 5)])
    });
    w.welcome(1);
    w.welcome(2);
    assert_eq!(evicted(&w.accept(3)), [(3, Eviction::Full)]);
}

#[test]
fn places_change_hands_only_as_far_as_there_is_room_for_those_who_leave() {
    let scores = (10..20).map(|n| (id(n), 5));
    let mut w = World::quiet(|it| {
        it.connected_max(4)
            .slots(0, 4)
            .upgrade_max(2)
            .scores(scores)
    });
    for n in 1..=4 {
        w.welcome(n);
    }
    assert_eq!(evicted(&w.accept(10)).len(), 1);
    assert_eq!(evicted(&w.accept(11)).len(), 1);
    // Two have to go and are not gone yet: six connections are as many as may be.
    assert_eq!(evicted(&w.accept(12)), [(12, Eviction::Full)]);
    w.down(12);
    let gone = (1..=4).find(|&n| w.standing(n) == Standing::Evicting);
    w.down(gone.unwrap());
    assert_eq!(evicted(&w.accept(12)).len(), 1);
}

#[test]
fn without_room_for_those_who_leave_nobody_has_to_go() {
    let mut w = World::quiet(|it| {
        it.connected_max(1)
            .slots(0, 1)
            .upgrade_max(0)
            .scores([(id(9), 5)])
    });
    w.welcome(1);
    assert_eq!(evicted(&w.accept(9)), [(9, Eviction::Full)]);
}

#[test]
fn nor_has_anybody_to_go_while_places_for_others_are_free() {
    let mut w = World::quiet(|it| {
        it.connected_max(4)
            .slots(3, 1)
            .upgrade_max(0)
            .scores([(id(9), 5)])
    });
    w.welcome(1);
    assert_eq!(evicted(&w.accept(9)), [(9, Eviction::Full)]);
}

#[test]
fn a_persistent_peer_is_let_in_from_an_address_that_has_four_already() {
    let mut w = World::quiet(|it| it.persistent([id(5)]));
    for n in 1..=5 {
        assert_eq!(w.accept_from(n, host(9, 9), None), []);
    }
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

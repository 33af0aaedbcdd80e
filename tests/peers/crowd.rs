//! How many addresses a node and a place may have, and which of them give way.

use crate::world::{Answer, DAY, DEAD, HOUR, World, at, at_port, host, id, node, secs};

#[test]
fn four_addresses_of_a_node_are_kept_and_a_fifth_only_if_it_is_surer() {
    let mut w = World::still();
    for n in 0..10 {
        w.learn(&at(1, host(50 + n, 1)), 100 + n);
    }
    assert_eq!(
        (w.peers.addresses_of(id(1)).len(), w.peers.counts().crowded),
        (4, 6)
    );
    // The operator's word goes before hearsay.
    w.name(&at(1, host(70, 1)));
    assert!(w.knows(&at(1, host(70, 1))));
    assert_eq!(w.peers.addresses_of(id(1)).len(), 4);
    // So does the node's own, from the very place.
    w.accept_from(1, host(71, 1), Some(&at(1, host(71, 1))));
    assert!(w.knows(&at(1, host(71, 1))));
    // And what was reached.
    w.down(1);
    w.reached(&at(1, host(72, 1)));
    assert!(w.knows(&at(1, host(72, 1))));
    assert_eq!(w.peers.addresses_of(id(1)).len(), 4);
}

#[test]
fn in_a_full_network_an_address_of_a_node_gives_way_to_another_one_of_the_same() {
    let mut w = World::still();
    for n in 0..28 {
        w.learn(&at(100 + n, host(9, 10 + n)), 1_000 + n);
    }
    for n in 0..4 {
        w.learn(&at(1, host(9, 50 + n)), 2_000 + n);
    }
    assert_eq!(w.peers.addresses(), 32);
    w.learn(&at(300, host(9, 99)), 3_000);
    assert!(!w.knows(&at(300, host(9, 99))), "the network is full");
    w.accept_from(1, host(9, 70), Some(&at(1, host(9, 70))));
    assert!(w.knows(&at(1, host(9, 70))));
    assert_eq!(w.peers.addresses(), 32);
}

#[test]
fn a_store_that_is_to_tell_arcs_has_a_place_where_one_begins() {
    use pex::Directory as _;
    let mut w = World::still();
    w.learn(&at(1, host(9, 1)), 7);
    assert_eq!(w.peers.arc_start(0), None);
    w.peers.tell_arcs();
    assert_eq!(w.peers.arc_start(0), Some(id(1)));
}

#[test]
fn the_operator_names_four_addresses_of_a_node_and_no_more() {
    let mut w = World::still();
    for n in 0..10 {
        w.name(&at(1, host(50 + n, 1)));
    }
    assert_eq!(
        (w.peers.addresses_of(id(1)).len(), w.peers.counts().crowded),
        (4, 6)
    );
}

#[test]
fn the_address_at_which_a_node_is_being_dialed_gives_way_to_no_other() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    for n in 0..4 {
        w.learn(&at(1, host(50 + n, 1)), 100 + n);
    }
    let dialed = w.judge.dialing[&id(1)].0.clone();
    for n in 0..4 {
        w.name(&at(1, host(70 + n, 1)));
        assert_eq!(
            (n < 3, true),
            (w.knows(&at(1, host(70 + n, 1))), w.knows(&dialed))
        );
    }
}

#[test]
fn a_node_that_has_moved_is_dialed_where_the_operator_says_though_all_its_places_were_reached_once()
{
    let mut w = World::quiet(|it| it);
    w.connect(99);
    for n in 0..4 {
        let old = at(1, host(50 + n, 1));
        w.name(&old);
        w.run(HOUR, |it| if *it == old { Answer::Up } else { DEAD });
        w.down(1);
    }
    let new = at(1, host(70, 1));
    w.run(DAY, |_| DEAD);
    w.name(&new);
    assert_eq!(w.peers.addresses_of(id(1)).len(), 4);
    w.run(HOUR, |it| if *it == new { Answer::Up } else { DEAD });
    assert!(w.outbound().contains(&1));
}

#[test]
fn where_the_operator_says_a_node_lives_is_not_forgotten_for_what_it_says_itself() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    let named: Vec<_> = (0..4).map(|n| at(1, host(50 + n, 1))).collect();
    for address in &named {
        w.name(address);
    }
    w.run(DAY, |_| DEAD);
    let own = at(1, host(70, 1));
    w.accept_from(1, host(70, 1), Some(&own));
    assert!(!w.knows(&own) && named.iter().all(|it| w.knows(it)));
}

#[test]
fn an_address_gives_way_only_to_one_that_gets_in() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    // Where the node now lives four others do, who were reached.
    for n in 101..=104 {
        w.reached(&at_port(n, host(2, 257), n));
        w.down(n);
    }
    let old: Vec<_> = (0..4).map(|n| at(1, host(50 + n, 1))).collect();
    for address in &old {
        w.reached(address);
        w.down(1);
    }
    w.run(DAY, |_| DEAD);
    let own = at_port(1, host(2, 257), 1);
    w.accept_from(1, host(2, 257), Some(&own));
    assert!(!w.knows(&own));
    assert!(
        old.iter().all(|it| w.knows(it)),
        "none of them has gone for nothing"
    );
}

#[test]
fn who_shares_an_ip_address_pushes_nobody_out_who_was_reached_there_though_he_is_away() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    let all: Vec<_> = (1..=4).map(|n| at_port(n, host(2, 257), n)).collect();
    for (n, address) in (1..).zip(&all) {
        w.reached(address);
        w.down(n);
    }
    w.run(DAY, |_| DEAD);
    assert!((1..=4).all(|n| w.record(n).unwrap().addresses[0].failures > 0));
    let own = at_port(5, host(2, 257), 5);
    w.accept_from(5, host(2, 257), Some(&own));
    assert!(!w.knows(&own) && all.iter().all(|it| w.knows(it)));
}

#[test]
fn a_false_address_told_first_does_not_keep_out_the_true_one() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    let (lie, truth) = (at(1, host(50, 1)), node(1));
    w.learn(&lie, 60);
    w.learn(&truth, 61);
    w.run(secs(150), |it| if *it == lie { DEAD } else { Answer::Up });
    assert!(w.outbound().contains(&1));
    assert!(w.dial_times().iter().any(|(_, it)| *it == truth));
}

#[test]
fn liars_of_one_network_do_not_take_all_four_places_of_a_node_or_of_an_ip_address() {
    let mut w = World::still();
    for n in 0..50 {
        w.accept_from(200 + n, host(9, 1_000 + n), None);
        w.learn(&at(1, host(50 + n, 1)), 200 + n);
        w.learn(&at(100 + n, host(2, 257)), 200 + n);
    }
    assert_eq!(w.peers.addresses_of(id(1)).len(), 1);
    assert_eq!(w.peers.addresses(), 2);
    for (n, teller) in [(1, 61), (2, 62)] {
        w.learn(&node(n), teller);
        assert!(w.knows(&node(n)));
    }
}

#[test]
fn who_comes_from_a_place_is_believed_about_it_before_all_others() {
    let mut w = World::still();
    for n in 0..4 {
        w.learn(&at(100 + n, host(2, 257)), 60 + n);
    }
    w.learn(&node(2), 64);
    assert!(!w.knows(&node(2)));
    w.accept_from(2, host(2, 257), Some(&node(2)));
    assert!(w.knows(&node(2)));
    assert_eq!(w.peers.addresses(), 4);
}

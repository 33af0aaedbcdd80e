//! How much of the store one teller, one network, one place may fill.

use pex::NodeAddress;
use pex::peers::Standing;

use crate::world::{Answer, DAY, HOUR, World, at, at_port, host, id, node, number, secs, text};

/// Nobody is dialed, and the checks inside, linear in what is stored, are left to the end.
fn still() -> World {
    let mut w = World::quiet(|it| it.slots(0, 52));
    w.checks_inside = false;
    w
}

fn told_by(w: &mut World, teller: u32, nodes: core::ops::Range<u32>) -> usize {
    let before = w.peers.addresses();
    for n in nodes {
        w.learn(&node(n), teller);
    }
    assert_eq!(w.peers.check(), Ok(()));
    w.peers.addresses() - before
}

#[test]
fn one_teller_fills_a_tenth_of_the_store() {
    let mut w = still();
    assert_eq!(told_by(&mut w, 20_000, 0..5_000), 1_000);
    // The others can still be told of.
    assert_eq!(told_by(&mut w, 20_001, 5_000..5_100), 100);
    assert_eq!(w.peers.counts().teller_full, 4_000);
}

#[test]
fn tellers_of_one_network_fill_a_tenth_together() {
    let mut w = still();
    for n in 0..40 {
        w.accept_from(20_000 + n, host(7, 1_000 + n), None);
    }
    let taken = (0..40).map(|n| told_by(&mut w, 20_000 + n, 100 * n..100 * n + 100));
    assert_eq!(taken.sum::<usize>(), 1_000);
    w.accept_from(20_050, host(8, 1), None);
    assert_eq!(told_by(&mut w, 20_050, 5_000..5_100), 100);
}

#[test]
fn tellers_of_one_ipv6_network_fill_a_tenth_together() {
    let mut w = still();
    for n in 0..20_u16 {
        let ip = [0x2a00, 0x1450, n, n, 0, 0, 0, 1].into();
        w.accept_from(20_000 + u32::from(n), ip, None);
    }
    let taken = (0..20).map(|n| told_by(&mut w, 20_000 + n, 100 * n..100 * n + 100));
    assert_eq!(taken.sum::<usize>(), 1_000);
}

#[test]
fn a_teller_that_comes_back_from_another_network_has_one_share() {
    let mut w = still();
    // Twenty ids tell a little from one network, and then as much as they can from another.
    for n in 0..20 {
        w.accept_from(20_000 + n, host(7, 1_000 + n), None);
        told_by(&mut w, 20_000 + n, n..n + 1);
        w.down(20_000 + n);
    }
    let mut taken = 20;
    for n in 0..20 {
        w.accept_from(20_000 + n, host(8, 1_000 + n), None);
        taken += told_by(&mut w, 20_000 + n, 200 * n + 100..200 * n + 300);
        w.down(20_000 + n);
    }
    assert!(taken <= 2_000, "{taken}: a tenth for each of two networks");
}

#[test]
fn a_teller_whose_network_becomes_known_counts_there_from_then_on() {
    let mut w = still();
    for n in 0..20 {
        told_by(&mut w, 20_000 + n, 200 * n..200 * n + 60);
    }
    let mut taken = 1_200;
    for n in 0..20 {
        w.accept_from(20_000 + n, host(8, 1_000 + n), None);
        taken += told_by(&mut w, 20_000 + n, 200 * n + 100..200 * n + 200);
        w.down(20_000 + n);
    }
    assert!(taken < 2_300, "{taken}");
}

#[test]
fn tellers_on_our_own_site_count_each_by_itself() {
    let mut w = still();
    for n in 0..4 {
        w.accept_from(20_000 + n, [192, 168, 1, 1].into(), None);
        assert_eq!(
            told_by(&mut w, 20_000 + n, 2_000 * n..2_000 * n + 1_200),
            1_000
        );
    }
}

#[test]
fn what_was_reached_counts_against_its_teller_no_more() {
    let mut w = World::quiet(|it| it.addresses_max(1_000).connected_max(64).slots(64, 0));
    w.checks_inside = false;
    (w.judge.dialing_max, w.judge.dials_per_second) = (64, 64);
    assert_eq!(told_by(&mut w, 20_000, 0..200), 100);
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 64);
    assert_eq!(told_by(&mut w, 20_000, 200..400), 64);
}

#[test]
fn one_network_holds_thirty_two_addresses() {
    let mut w = still();
    for n in 0..500 {
        w.learn(&at(n, host(7, n * 100)), 20_000 + n);
    }
    assert_eq!(
        (w.peers.addresses(), w.peers.counts().network_full),
        (32, 468)
    );
    let mut w = still();
    for n in 0..500_u16 {
        let ip = [0x2a00, 0x1450, n, n, 0, 0, 0, 1].into();
        w.learn(&at(n.into(), ip), 20_000 + u32::from(n));
    }
    assert_eq!(w.peers.addresses(), 32);
    assert_eq!(w.peers.check(), Ok(()));
}

#[test]
fn who_is_forgotten_leaves_his_place_in_a_network_to_another() {
    let mut w = World::quiet(|it| it.network_share(2, 1));
    w.connect(999);
    for n in 1..=3 {
        w.learn(&at(n, host(7, n * 1_000)), 20_000 + n);
    }
    assert_eq!(w.peers.counts().network_full, 1);
    let dialed = w.dialing()[0];
    w.fails(dialed, pex::peers::DialFailure::NotThisNode);
    w.learn(&at(3, host(7, 3_000)), 20_003);
    assert!(w.knows(&at(3, host(7, 3_000))));
}

#[test]
fn one_network_holds_eight_addresses_that_were_reached() {
    let mut w = World::with(|it| it.feeler_every(Some(secs(60))));
    w.connect(999);
    for n in 0..32 {
        w.learn(&at(n, host(7, n * 1_000)), 20_000 + n);
    }
    w.checks_inside = false;
    w.run(DAY, |_| Answer::Up);
    let reached = |n: &u32| {
        let record = w.record(*n);
        record.is_some_and(|it| it.addresses[0].first_success.is_some())
    };
    assert_eq!((0..32).filter(reached).count(), 8);
}

#[test]
fn however_many_ask_for_a_place_among_the_eight_ten_of_them_are_in_question() {
    let mut w = World::still();
    let all: Vec<NodeAddress> = (0..30).map(|n| at(n, host(7, n * 1_000))).collect();
    for (n, address) in (0..).zip(&all) {
        w.learn(address, 20_000 + n);
        w.reached(address);
        w.down(n);
        // By then those before may be dialed again.
        w.pass(secs(31));
        w.tick();
    }
    assert_eq!(w.peers.check(), Ok(()));
    let reached = (0..30).filter(|n| w.record(*n).unwrap().addresses[0].first_success.is_some());
    assert_eq!(reached.count(), 8);
}

#[test]
fn a_hundred_thousand_ids_at_one_ip_address_hold_four_places_and_one_connection() {
    let mut w = World::with(|it| it);
    w.checks_inside = false;
    for n in 0..20 {
        w.name(&node(n));
    }
    w.run(HOUR, |it| {
        if number(it.id()) < 5 {
            Answer::Up
        } else {
            Answer::Silence
        }
    });
    let evil = host(2_000, 1);
    for step in 0..1_000_u32 {
        for n in 0..100 {
            let n = 100_000 + step * 100 + n;
            w.learn(&at_port(n, evil, 1_000 + n % 60_000), 20_000 + n % 50);
        }
        w.run(secs(86), |it| {
            if it.ip() == Some(evil) || number(it.id()) < 5 {
                Answer::Up
            } else {
                Answer::Silence
            }
        });
        let links = w.judge.links.values();
        let held = links.filter(|it| it.outbound && it.ip == Some(evil) && it.evicted.is_none());
        assert!(held.count() <= 1);
        assert!(w.peers.addresses() <= 24, "{}", w.peers.addresses());
    }
    assert_eq!(w.peers.check(), Ok(()));
}

#[test]
fn ids_that_each_say_that_they_live_somewhere_else_are_one_teller() {
    let mut w = still();
    for n in 0..5_000 {
        let listen = at(n, host(n, 1));
        w.accept_from(n, host(9, 9), Some(&listen));
        // In answers, too.
        w.learn(&at(n, host(n, 2)), n);
        w.down(n);
    }
    assert_eq!(w.peers.addresses(), 1_000);
    assert_eq!(w.peers.check(), Ok(()));
}

#[test]
fn a_flood_of_connections_that_are_not_let_in_is_one_teller_too() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(0, 1));
    w.checks_inside = false;
    for n in 0..5_000 {
        w.accept_from(n, host(9, 9), Some(&at(n, host(n, 1))));
    }
    assert_eq!(w.peers.addresses(), 1_000);
}

#[test]
fn nodes_that_say_where_they_really_are_do_not_use_up_anybodys_share() {
    let mut w = still();
    let mut n = 0;
    for network in 0..200 {
        for _ in 0..10 {
            n += 1;
            let ip = host(network, n);
            w.accept_from(n, ip, Some(&at(n, ip)));
            w.down(n);
        }
    }
    assert_eq!(w.peers.addresses(), 2_000);
}

#[test]
fn a_name_is_of_the_network_of_its_domain() {
    let mut w = still();
    for n in 0..100 {
        w.learn(
            &text(n, &format!("node-{n}.hoster.example-net.org:1")),
            20_000 + n,
        );
    }
    assert_eq!(w.peers.addresses(), 32);
    // Each of these is of another.
    for n in 0..100 {
        w.learn(
            &text(200 + n, &format!("node.hoster-{n}.org:1")),
            20_000 + n,
        );
    }
    assert_eq!(w.peers.addresses(), 132);
}

#[test]
fn four_nodes_at_one_name_or_ip_address_are_kept() {
    let mut w = still();
    for n in 0..20 {
        w.learn(&at_port(n, host(7, 7), 1_000 + n), 20_000 + n);
        w.learn(
            &text(100 + n, &format!("x.example.org:{}", 1_000 + n)),
            20_000 + n,
        );
        w.learn(
            &text(200 + n, &format!("X.example.org.:{}", 2_000 + n)),
            20_000 + n,
        );
    }
    assert_eq!((w.peers.addresses(), w.peers.counts().crowded), (8, 52));
}

#[test]
fn where_one_place_may_fill_the_store_one_teller_may_tell_of_all_who_live_there() {
    let mut w = World::quiet(|it| {
        let it = it.addresses_max(100).addresses_per(4, 100);
        it.network_share(100, 100).teller_percent(100).slots(0, 52)
    });
    for n in 0..60 {
        w.learn(&at_port(n, host(7, 7), 1_000 + n), 20_000);
    }
    assert_eq!(w.peers.addresses(), 60);
}

#[test]
fn on_a_site_that_is_served_any_number_of_nodes_may_live_at_one_place() {
    let mut w = World::quiet(|it| it.nearest(pex::Reach::Site).slots(0, 52));
    w.judge.nearest = pex::Reach::Site;
    for n in 0..20 {
        w.accept_from(20_000 + n, [10, 0, 1, n.to_be_bytes()[3]].into(), None);
        w.learn(&at_port(n, [10, 0, 0, 7].into(), 1_000 + n), 20_000 + n);
    }
    assert_eq!(w.peers.addresses(), 20);
}

#[test]
fn a_crawler_keeps_all_it_hears_from_one_teller() {
    let mut w = World::of(pex::peers::Options::crawler());
    w.checks_inside = false;
    (w.judge.dialing_max, w.judge.dials_per_second) = (128, 1_000);
    w.judge.hearsay_per_subnet = usize::MAX;
    w.judge.nearest = pex::Reach::Host;
    assert_eq!(told_by(&mut w, 20_000, 0..3_000), 3_000);
    // Each is dialed once, and not again.
    w.run(30 * DAY, |it| {
        if number(it.id()).is_multiple_of(2) {
            Answer::Up
        } else {
            crate::world::DEAD
        }
    });
    let visited = w.dial_times().len();
    assert!(visited <= 3_000, "{visited}");
    assert!(w.standing(1) == Standing::Known);
}

#[test]
fn a_crawler_visits_tellers_in_turn() {
    let mut w = World::of(pex::peers::Options::crawler());
    w.checks_inside = false;
    (w.judge.dialing_max, w.judge.dials_per_second) = (128, 1_000);
    w.judge.hearsay_per_subnet = usize::MAX;
    w.judge.nearest = pex::Reach::Host;
    // All dials are taken by a first teller's nodes; then another tells of a few.
    for n in 0..3_000 {
        w.learn(&node(n), 20_000);
    }
    for n in 3_000..3_010 {
        w.learn(&node(n), 20_001);
    }
    let mut order: Vec<NodeAddress> = Vec::new();
    w.run(secs(3), |it| {
        order.push(it.clone());
        crate::world::DEAD
    });
    let last = order.iter().rposition(|it| number(it.id()) >= 3_000);
    assert!(last < Some(128 + 60), "{last:?} of {}", order.len());
    assert_eq!(id(3_000), node(3_000).id());
}

//! Whom we dial first, and with how many of one network we are connected.

use std::collections::{BTreeMap, BTreeSet};

use pex::{Group, NodeAddress};

use crate::world::{Answer, DEAD, HOUR, World, at, dials, host, id, node, secs};

#[test]
fn the_operators_choice_is_dialed_first_and_the_highest_score_before_the_lower() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(4).slots(1, 0).upgrade_max(0);
        it.persistent([id(3)]).scores([(id(1), 1), (id(2), 500)])
    });
    w.connect(9);
    for n in 1..=6 {
        w.name(&node(n));
    }
    let mut order = dials(&w.down(9));
    for _ in 0..3 {
        let last = *order.last().unwrap();
        order.extend(dials(&w.dies(last)));
    }
    assert_eq!(order[..3], [3, 2, 1]);
    assert!(order[3] > 3);
}

#[test]
fn of_a_nodes_addresses_the_one_that_answered_before_is_dialed_first() {
    let mut w = World::quiet(|it| it.persistent([id(1)]));
    w.name(&at(1, host(50, 1)));
    w.dies(1);
    w.connect(1);
    for n in 51..53 {
        w.name(&at(1, host(n, 1)));
    }
    w.pass(HOUR);
    w.down(1);
    assert_eq!(dials(&w.pass(secs(30))), [1]);
    assert_eq!(w.judge.dialing[&id(1)].0, node(1));
}

#[test]
fn where_all_live_in_one_network_we_have_a_third_of_our_connections_with_it() {
    let mut w = World::quiet(|it| it);
    for n in 0..20 {
        w.name(&at(n, host(1, n * 300)));
    }
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 4);
    // Nor is time spent on what can't be done.
    let ticks = w.ticks;
    w.run(HOUR, |_| Answer::Up);
    assert!(w.ticks - ticks < 10, "{}", w.ticks - ticks);
}

#[test]
fn a_network_is_picked_first_and_an_address_second() {
    // One network has 32 addresses, nine have one each: it is dialed first a tenth of the time.
    let mut first: BTreeMap<u32, u32> = BTreeMap::new();
    let mut w = World::quiet(|it| it.connected_max(2).slots(1, 1));
    w.connect(1_000);
    for n in 0..41 {
        let network = n.min(9);
        w.name(&at(n, host(network, 300 * n)));
    }
    for _ in 0..1_000 {
        let mut again = w.peers.clone();
        std::mem::swap(&mut w.peers, &mut again);
        let before = (w.judge.clone(), w.log.len());
        let dialed = dials(&w.down(1_000))[0];
        *first.entry(dialed.min(9)).or_default() += 1;
        // Another draw: what was drawn is part of the state.
        let draws = w.epoch().number();
        (w.peers, w.judge) = (again, before.0);
        w.log.truncate(before.1);
        w.welcome(2_000 + u32::try_from(draws).unwrap());
        w.down(2_000 + u32::try_from(draws).unwrap());
    }
    assert_eq!(first.values().sum::<u32>(), 1_000);
    let of_the_large = first.get(&9).copied().unwrap_or(0);
    assert!((60..=140).contains(&of_the_large), "{first:?}");
}

#[test]
fn those_who_were_reached_before_take_their_places_again_though_as_many_others_were_told_of() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(60).slots(30, 0).dials(100, 1_000);
        it.oldest_of(1).network_share(32, 32)
    });
    (w.judge.dialing_max, w.judge.dials_per_second) = (100, 1_000);
    for n in 0..30 {
        w.connect(n);
    }
    w.pass(HOUR);
    for n in 0..30 {
        w.down(n);
    }
    for n in 100..130 {
        w.learn(&node(n), 1_000 + n);
    }
    // All cool down; meanwhile the others are dialed, and fail.
    w.run(secs(29), |_| DEAD);
    w.run(secs(40), |_| Answer::Up);
    assert!(w.outbound().into_iter().eq(0..30));
}

#[test]
fn of_ten_picks_as_many_as_the_option_says_are_of_nodes_that_were_reached_before() {
    for (percent, least, most) in [(0, 0, 0), (90, 7, 10), (100, 10, 10)] {
        let mut w = World::quiet(|it| it.connected_max(2).slots(1, 1).tested_percent(percent));
        // There is a place for one, and it is taken: the others are seen to be there, and sent away.
        w.connect(1_000);
        for n in 0..20 {
            w.reached(&node(n));
            w.down(n);
            w.learn(&node(100 + n), 2_000 + n);
        }
        w.pass(HOUR);
        let mut order = dials(&w.down(1_000));
        while order.len() < 10 {
            let last = order[order.len() - 1];
            order.extend(dials(&w.dies(last)));
        }
        let tested = order.iter().filter(|n| **n < 20).count();
        assert!((least..=most).contains(&tested), "{percent}: {order:?}");
    }
}

#[test]
fn every_address_of_every_node_is_tried_in_the_end() {
    let mut w = World::quiet(|it| it);
    let all: BTreeSet<NodeAddress> = (0..30)
        .map(|n| at(n / 3, host(100 + n, 1)))
        .inspect(|it| drop(w.name(it)))
        .collect();
    w.run(secs(55), |_| DEAD);
    let tried: Vec<NodeAddress> = w.dial_times().into_iter().map(|(_, it)| it).collect();
    assert_eq!(tried.len(), 30, "each once, and then none");
    assert_eq!(tried.into_iter().collect::<BTreeSet<_>>(), all);
}

#[test]
fn where_all_live_on_our_own_site_every_place_is_taken() {
    let mut w = World::quiet(|it| it);
    for n in 0..20 {
        let ip = [10, 0, 0, u8::try_from(n + 1).unwrap()].into();
        w.name(&at(n, ip));
    }
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 12);
}

#[test]
fn our_connections_are_with_different_networks_while_there_are_such() {
    let mut w = World::quiet(|it| it);
    // Twenty nodes in each of fifteen networks.
    for n in 0..300 {
        w.learn(&at(n, host(n % 15, 300 * (n / 15))), 1_000 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    let networks = w.judge.links.values().filter_map(|it| it.ip).map(Group::of);
    let networks: BTreeSet<Group> = networks.collect();
    assert_eq!((w.outbound().len(), networks.len()), (12, 12));
}

#[test]
fn an_unconditional_peer_does_not_wait_behind_one_for_whom_there_is_no_place() {
    for upgrades in [0, 1] {
        let mut w = World::quiet(|it| {
            let it = it.connected_max(2).slots(1, 1).upgrade_max(upgrades);
            it.scores([(id(2), 5), (id(3), 1)]).unconditional([id(3)])
        });
        w.connect(1);
        if upgrades > 0 {
            // The place of the first is promised to another already.
            w.name(&node(4));
        }
        w.name(&node(2));
        w.name(&node(3));
        assert!(w.dialing().contains(&3), "{upgrades}");
    }
}

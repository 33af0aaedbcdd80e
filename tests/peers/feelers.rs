//! Dials that only see whether somebody is there.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::peers::{DialFailure, Eviction, Misconduct};

use crate::world::{
    Answer, DAY, DEAD, HOUR, NOBODY, World, at, dials, evicted, host, id, ms, node, number, secs,
};

/// One place for those whom we dial, taken by node 0, and feelers.
fn full() -> World {
    let mut w = World::with(|it| it.connected_max(1).slots(1, 0).outbound_life(None));
    w.connect(0);
    w
}

#[test]
fn an_address_that_was_only_heard_of_is_felt_for_and_hung_up_on() {
    let mut w = full();
    assert_eq!(dials(&w.learn(&node(1), 60)), NOBODY);
    assert_eq!(dials(&w.pass(secs(89))), NOBODY);
    assert_eq!(dials(&w.pass(secs(61))), [1]);
    assert_eq!(evicted(&w.dialed(1)), [(1, Eviction::Feeler)]);
    assert_eq!(w.ready(1), []);
    w.down(1);
    assert_eq!(w.up(), [0]);
    let kept = &w.record(1).unwrap().addresses[0];
    assert!(kept.last_success.is_some() && kept.first_success.is_some());
    let counts = w.peers.counts();
    assert_eq!((counts.feelers, counts.refused), (1, 0));
}

#[test]
fn feelers_go_every_two_minutes_more_or_less() {
    let mut w = full();
    for n in 1..=100 {
        w.learn(&node(n), 1_000 + n);
    }
    w.run(3 * HOUR, |_| Answer::Up);
    let times: Vec<Duration> = w.dial_times().into_iter().skip(1).map(|it| it.0).collect();
    assert!((80..=100).contains(&times.len()), "{}", times.len());
    let gaps: BTreeSet<u64> = times
        .windows(2)
        .map(|it| it[1].saturating_sub(it[0]).as_secs())
        .collect();
    assert!(
        gaps.first() >= Some(&90) && gaps.last() <= Some(&151),
        "{gaps:?}"
    );
    // Not by the clock: that would tell who we are.
    assert!(gaps.len() > 30, "{gaps:?}");
}

#[test]
fn feelers_go_as_often_as_the_option_says_or_never() {
    for (every, least, most) in [(ms(100), 50, 120), (secs(10), 5, 8), (HOUR, 0, 1)] {
        let mut w = World::with(|it| it.connected_max(1).slots(1, 0).feeler_every(Some(every)));
        w.checks_inside = false;
        w.connect(0);
        for n in 1..=800 {
            w.learn(&node(n), 1_000 + n / 10);
        }
        w.run(secs(60), |_| Answer::Up);
        let feelers = w.peers.counts().feelers;
        assert!((least..=most).contains(&feelers), "{every:?}: {feelers}");
    }
    let mut w = World::with(|it| it.connected_max(1).slots(1, 0).feeler_every(None));
    w.connect(0);
    w.learn(&node(1), 60);
    w.run(DAY, |_| Answer::Up);
    assert_eq!(w.dial_times().len(), 1);
}

#[test]
fn there_is_one_feeler_at_a_time() {
    let mut w = full();
    for n in 1..=10 {
        w.learn(&node(n), 60);
    }
    w.pass(secs(150));
    let feeling: Vec<u32> = w.judge.dialing.keys().map(|it| number(*it)).collect();
    assert_eq!(feeling.len(), 1);
    assert_eq!(dials(&w.pass(secs(60))), NOBODY);
    // It is given up after two minutes, and the next goes.
    assert_eq!(dials(&w.pass(secs(60))).len(), 1);
}

#[test]
fn a_feeler_waits_while_all_dials_are_under_way_and_wakes_nobody() {
    let mut w = World::with(|it| it.dials(1, 10));
    w.connect(0);
    w.name(&node(1));
    w.learn(&node(2), 60);
    let ticks = w.ticks;
    assert_eq!(dials(&w.pass(secs(119))), NOBODY);
    // What has changed is written down, and the feeler is due, once each.
    assert_eq!(w.ticks - ticks, 2);
}

#[test]
fn whom_a_feeler_does_not_find_is_forgotten_after_three() {
    let mut w = full();
    w.learn(&node(1), 60);
    w.run(DAY, |_| DEAD);
    assert_eq!(w.dials_of(1).len(), 3);
    assert!(!w.knows(&node(1)));
}

#[test]
fn whom_a_feeler_has_found_is_forgiven_its_failures() {
    let mut w = full();
    w.learn(&node(1), 60);
    let mut calls = 0;
    w.run(HOUR, |_| {
        calls += 1;
        if calls < 3 { DEAD } else { Answer::Up }
    });
    let kept = &w.record(1).unwrap().addresses[0];
    assert_eq!((kept.failures, kept.last_success.is_some()), (0, true));
    assert!(w.told().contains(&node(1)));
}

#[test]
fn who_was_found_is_not_felt_for_again_for_a_day_and_then_it_is() {
    let mut w = full();
    w.learn(&node(1), 60);
    w.run(DAY, |_| Answer::Up);
    assert_eq!(w.dials_of(1).len(), 1);
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.dials_of(1).len(), 2);
    // So one that has died is found out, and forgotten in the end.
    w.run(12 * DAY, |_| DEAD);
    assert!(!w.knows(&node(1)));
}

#[test]
fn feelers_go_where_every_network_is_in_use() {
    let mut w = World::with(|it| it.outbound_life(None).connected_max(3).slots(3, 0));
    for n in 0..3 {
        w.connect(n);
    }
    for n in 0..3 {
        w.learn(&at(10 + n, host(n, 1)), 60 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    for n in 10..13 {
        assert!(w.record(n).unwrap().addresses[0].last_success.is_some());
    }
    assert_eq!(w.outbound(), [0, 1, 2]);
}

#[test]
fn a_network_with_many_addresses_is_felt_for_no_more_often_than_one_with_few() {
    let mut w = World::with(|it| {
        it.connected_max(1)
            .slots(1, 0)
            .feeler_every(Some(secs(30)))
            .outbound_life(None)
    });
    w.connect(0);
    for n in 1..=30 {
        w.learn(&at(n, host(5, n * 999)), 1_000 + n);
    }
    for n in 31..=40 {
        w.learn(&node(n), 1_000 + n);
    }
    w.run(secs(300), |_| Answer::Up);
    let felt = w
        .dial_times()
        .into_iter()
        .skip(1)
        .map(|it| number(it.1.id()));
    let felt: Vec<u32> = felt.collect();
    let of_the_large = felt.iter().filter(|n| **n <= 30).count();
    assert!(felt.len() >= 8 && of_the_large <= 4, "{felt:?}");
}

#[test]
fn where_a_network_has_its_eight_one_of_them_is_felt_for_before_another_comes_in() {
    let mut w = World::with(|it| {
        it.connected_max(1)
            .slots(1, 0)
            .feeler_every(Some(secs(60)))
            .outbound_life(None)
    });
    w.connect(0);
    for n in 1..=8 {
        w.learn(&at(n, host(5, n * 999)), 1_000 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    w.learn(&at(9, host(5, 9_999)), 1_009);
    w.log.clear();
    w.run(secs(150), |_| Answer::Up);
    let felt: Vec<u32> = w
        .dial_times()
        .into_iter()
        .map(|it| number(it.1.id()))
        .collect();
    assert_eq!(felt[0], 9);
    assert!(
        (1..=8).contains(&felt[1]),
        "then one of the eight, though it was found just now"
    );
    let reached = |n| w.record(n).unwrap().addresses[0].first_success.is_some();
    assert!((1..=8).all(reached) && !reached(9));
}

#[test]
fn the_place_of_one_of_the_eight_is_free_when_it_is_forgotten() {
    let mut w = World::with(|it| {
        it.connected_max(1)
            .slots(1, 0)
            .feeler_every(Some(secs(60)))
            .outbound_life(None)
    });
    w.checks_inside = false;
    w.connect(0);
    for n in 1..=12 {
        w.learn(&at(n, host(5, n * 999)), 1_000 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    let eight = |w: &World| -> Vec<u32> {
        let reached = |n: &u32| {
            w.record(*n)
                .is_some_and(|it| it.addresses[0].first_success.is_some())
        };
        (1..=12).filter(reached).collect()
    };
    let before = eight(&w);
    assert_eq!(before.len(), 8);
    w.run(14 * DAY, |it| {
        if before.contains(&number(it.id())) {
            DEAD
        } else {
            Answer::Up
        }
    });
    let after = eight(&w);
    assert!(
        after.len() == 4 && after.iter().all(|n| !before.contains(n)),
        "{after:?}"
    );
}

#[test]
fn a_feeler_does_not_visit_the_banned_nor_those_who_are_here() {
    let mut w = World::with(|it| it.connected_max(3).slots(1, 2).outbound_life(None));
    w.connect(0);
    w.welcome(1);
    w.learn(&node(1), 60);
    w.learn(&node(2), 60);
    w.misbehaves(2, Misconduct::Fatal);
    w.run(DAY - HOUR, |_| Answer::Up);
    assert_eq!((w.dials_of(1).len(), w.dials_of(2).len()), (0, 0));
}

#[test]
fn a_feeler_that_finds_another_node_costs_nobody_else_anything() {
    let mut w = full();
    w.learn(&at(1, host(0, 257)), 60);
    w.learn(&at(2, host(2, 257)), 61);
    w.run(HOUR, |it| {
        if it.id() == id(1) {
            Answer::Fails(DialFailure::NotThisNode)
        } else {
            Answer::Up
        }
    });
    // Where we are connected already we do not even look.
    assert_eq!(w.dials_of(1).len(), 0);
    assert!(w.told().contains(&node(0)) && w.told().contains(&node(2)));
}

#[test]
fn who_told_a_wrong_id_while_the_store_was_full_is_believed_no_more_of_the_place_and_others_are() {
    let mut w = World::with(|it| {
        let it = it.connected_max(3).slots(1, 2).outbound_life(None);
        it.addresses_max(40)
    });
    w.checks_inside = false;
    w.connect(0);
    for n in 1..60 {
        w.learn(&node(n), 1_000 + n);
    }
    assert_eq!(w.peers.addresses(), 40);
    let home = host(500, 257);
    w.accept_from(900, host(9, 1), None);
    w.accept_from(901, host(10, 1), None);
    for n in 0..40 {
        w.learn(&at(1_000 + n, home), 900);
        w.run(secs(300), |it| {
            if it.ip() == Some(home) {
                Answer::Fails(DialFailure::NotThisNode)
            } else {
                Answer::Up
            }
        });
    }
    let there = |w: &World| {
        let dials = w.dial_times().into_iter();
        dials.filter(|it| it.1.ip() == Some(home)).count()
    };
    assert_eq!(there(&w), 1);
    w.learn(&node(500), 901);
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(there(&w), 2);
}

#[test]
fn who_was_reached_for_the_first_time_is_picked_after_those_known_for_longer() {
    let mut w = World::with(|it| {
        it.connected_max(1)
            .slots(1, 0)
            .feeler_every(Some(secs(10)))
            .outbound_life(None)
    });
    w.checks_inside = false;
    w.connect(0);
    for n in 1..=5 {
        w.learn(&node(n), 1_000 + n);
    }
    w.run(2 * DAY, |_| Answer::Up);
    // A crowd of newcomers, found today.
    for n in 10..110 {
        w.learn(&node(n), 1_000 + n);
    }
    w.run(12 * HOUR, |_| Answer::Up);
    let mut picked: BTreeMap<bool, u32> = BTreeMap::new();
    for _ in 0..60 {
        let [n] = w.outbound()[..] else {
            panic!("{:?}", w.outbound());
        };
        let actions = w.event(pex::peers::Event::Release { peer: id(n) });
        w.run(secs(5), |_| Answer::Up);
        drop(actions);
        let [next] = w.outbound()[..] else {
            panic!("{:?}", w.outbound());
        };
        *picked.entry(next < 10).or_default() += 1;
    }
    // Picked at random, six in a hundred and five would be old ones.
    let old = picked.get(&true).copied().unwrap_or(0);
    assert!(old >= 12, "{picked:?}");
}

//! When a node that could not be reached is dialed again, and when it is forgotten.

use core::time::Duration;
use std::collections::BTreeSet;

use pex::peers::DialFailure;

use crate::world::{
    Answer, DAY, DEAD, HOUR, NOBODY, World, at, dials, host, id, node, number, secs, text,
};

/// A world with one peer that stays, so that a failed dial is not our own fault.
pub(crate) fn company() -> World {
    let mut w = World::quiet(|it| it.persistent([id(7)]));
    w.connect(99);
    w
}

/// The time from each dial of a node to the next, in seconds.
pub(crate) fn gaps(w: &World, n: u32) -> Vec<u64> {
    let dials = w.dials_of(n);
    dials
        .windows(2)
        .map(|it| (it[1] - it[0]).as_secs())
        .collect()
}

fn within(gaps: &[u64], least: &[u64]) {
    assert_eq!(gaps.len(), least.len(), "{gaps:?}");
    for (gap, least) in gaps.iter().zip(least) {
        // A dial takes half a second in this world.
        assert!((*least..=*least + *least / 4 + 1).contains(gap), "{gaps:?}");
    }
}

/// Connected with for an hour, and gone.
pub(crate) fn was_good(w: &mut World, n: u32) {
    w.learn(&node(n), 50);
    w.dialed(n);
    w.ready(n);
    w.pass(HOUR);
    w.down(n);
}

#[test]
fn a_node_is_left_alone_four_times_as_long_after_each_failure_and_at_most_ten_hours() {
    let mut w = company();
    was_good(&mut w, 1);
    w.run(3 * DAY, |_| DEAD);
    let tries = [30, 60, 240, 960, 3_840, 15_360];
    let gaps = gaps(&w, 1);
    within(&gaps[1..6], &tries[1..]);
    within(&gaps[6..], &vec![28_800; gaps.len() - 6]);
    assert!(gaps.len() >= 11);
}

#[test]
fn a_persistent_peer_is_tried_every_five_minutes_for_ever() {
    let mut w = company();
    w.name(&node(7));
    w.run(DAY, |_| DEAD);
    let gaps = gaps(&w, 7);
    within(&gaps[..2], &[60, 240]);
    within(&gaps[2..], &vec![300; gaps.len() - 2]);
    assert!(gaps.len() > 200);
    w.run(10 * DAY, |_| DEAD);
    assert!(w.knows(&node(7)));
}

#[test]
fn nodes_that_fail_together_are_not_dialed_again_together() {
    let mut w = company();
    let all: Vec<u32> = (1..=6).collect();
    for &n in &all {
        w.name(&node(n));
    }
    for &n in &all {
        w.dies(n);
    }
    w.run(secs(80), |_| DEAD);
    let seconds: BTreeSet<Duration> = all.iter().map(|&n| w.dials_of(n)[1]).collect();
    assert!(seconds.len() > 4, "{seconds:?}");
}

#[test]
fn a_dial_that_was_not_tried_costs_a_minute_and_nothing_else() {
    let mut w = company();
    w.name(&node(1));
    for _ in 0..5 {
        w.fails(1, DialFailure::NotTried);
        assert_eq!(dials(&w.pass(secs(59))), NOBODY);
        assert_eq!(dials(&w.pass(secs(1))), [1]);
    }
    let record = w.record(1).unwrap();
    assert_eq!(
        (
            record.addresses[0].failures,
            record.addresses[0].last_failure
        ),
        (0, None)
    );
}

#[test]
fn of_how_often_a_place_is_dialed_in_a_day_a_dial_that_was_not_tried_is_none() {
    let mut w = company();
    w.learn(&node(1), 50);
    for _ in 0..20 {
        w.fails(1, DialFailure::NotTried);
        assert_eq!(dials(&w.pass(secs(60))), [1]);
    }
}

#[test]
fn an_address_that_was_never_reached_is_forgotten_after_three_failures() {
    let mut w = company();
    w.learn(&node(1), 50);
    w.run(DAY, |_| DEAD);
    assert_eq!(w.dials_of(1).len(), 3);
    assert_eq!((w.knows(&node(1)), w.record(1)), (false, None));
}

#[test]
fn a_node_that_was_good_is_kept_for_a_week_and_forgotten_then() {
    let mut w = company();
    was_good(&mut w, 1);
    w.run(7 * DAY - HOUR, |_| DEAD);
    assert!(w.knows(&node(1)) && w.dials_of(1).len() > 10);
    w.run(12 * HOUR, |_| DEAD);
    assert!(!w.knows(&node(1)));
}

#[test]
fn who_has_been_there_for_a_minute_and_is_of_use_is_told_of_whatever_failed_before() {
    for comes in [false, true] {
        let mut w = World::quiet(|it| it.connected_max(4).slots(2, 2));
        w.connect(99);
        was_good(&mut w, 1);
        w.run(HOUR, |_| DEAD);
        assert!(w.dials_of(1).len() > 3 && !w.told().contains(&node(1)));
        if comes {
            w.accept(1);
        } else {
            while !w.judge.dialing.contains_key(&id(1)) {
                w.pass(secs(60));
            }
            w.dialed(1);
        }
        w.ready(1);
        w.pass(secs(59));
        w.behaves(1);
        assert!(!w.told().contains(&node(1)), "{comes}");
        w.pass(secs(1));
        w.behaves(1);
        assert!(w.told().contains(&node(1)), "{comes}");
    }
}

#[test]
fn who_was_never_reached_is_told_of_again_too_once_it_has_been_there_for_a_minute() {
    let mut w = company();
    w.learn(&node(1), 50);
    w.dies(1);
    w.accept(1);
    w.ready(1);
    w.pass(secs(60));
    assert!(!w.told().contains(&node(1)));
    w.behaves(1);
    assert!(w.told().contains(&node(1)));
    // But not where it is not.
    w.learn(&node(2), 50);
    w.dies(2);
    w.accept_from(2, host(9, 9), None);
    w.ready(2);
    w.pass(secs(60));
    w.behaves(2);
    assert!(!w.told().contains(&node(2)));
}

#[test]
fn a_failure_is_held_against_the_address_and_not_the_node() {
    let mut w = company();
    w.learn(&at(1, host(50, 1)), 60);
    w.learn(&at(1, host(51, 1)), 61);
    let first = w.judge.dialing[&id(1)].0.clone();
    assert_eq!(dials(&w.dies(1)), [1], "the other one, at once");
    assert_ne!(w.judge.dialing[&id(1)].0, first);
    assert_eq!(w.peers.score(id(1)), 0);
    w.dialed(1);
    w.ready(1);
    assert!(w.up().contains(&1));
}

#[test]
fn a_hundred_dead_addresses_told_of_an_honest_node_cost_it_nothing() {
    let mut w = company();
    was_good(&mut w, 1);
    for n in 0..100 {
        w.learn(&at(1, host(200 + n, 1)), 1_000 + n);
    }
    let true_one = node(1);
    w.run(
        secs(40),
        |it| if *it == true_one { Answer::Up } else { DEAD },
    );
    assert_eq!(w.peers.score(id(1)), 0);
    assert!(
        w.outbound().contains(&1),
        "dialed at its true address as soon as ever"
    );
    assert!(w.told().contains(&true_one));
}

#[test]
fn a_place_where_nobody_answered_is_not_taken_in_again_for_a_day_under_any_id() {
    let mut w = company();
    let place = host(5, 5);
    w.learn(&at(1, place), 50);
    w.run(HOUR, |_| DEAD);
    assert_eq!(w.dials_of(1).len(), 3);
    for n in 2..100 {
        w.learn(&at(n, place), 100 + n);
    }
    assert_eq!((w.peers.counts().forgotten, w.peers.nodes()), (98, 1));
    w.run(22 * HOUR, |_| DEAD);
    assert!(!w.knows(&at(1, place)));
    w.learn(&at(1, place), 50);
    assert!(!w.knows(&at(1, place)));
    w.run(30 * HOUR, |_| DEAD);
    w.learn(&at(1, place), 50);
    assert!(w.knows(&at(1, place)));
    // The operator may say what he likes.
    assert_eq!(
        w.name(&at(3, place)).len() + usize::from(w.knows(&at(3, place))),
        1
    );
}

#[test]
fn a_name_where_nobody_answered_is_no_other_with_the_dot_of_the_root() {
    let mut w = company();
    w.learn(&text(1, "n.example.org:1"), 50);
    w.run(HOUR, |_| DEAD);
    w.learn(&text(2, "n.example.org.:1"), 60);
    assert_eq!((w.peers.counts().forgotten, w.peers.nodes()), (1, 1));
}

#[test]
fn who_comes_from_a_place_where_nobody_answered_and_says_that_it_lives_there_is_believed() {
    let mut w = company();
    let (place, elsewhere) = (host(5, 5), host(6, 6));
    w.learn(&at(1, place), 50);
    w.run(HOUR, |_| DEAD);
    assert!(!w.knows(&at(1, place)));
    // Not from elsewhere, and not of another.
    w.accept_from(1, elsewhere, Some(&at(1, place)));
    w.learn(&at(2, place), 1);
    assert!(!w.knows(&at(1, place)) && !w.knows(&at(2, place)));
    w.down(1);
    w.accept_from(1, place, Some(&at(1, place)));
    assert!(w.knows(&at(1, place)));
}

#[test]
fn an_address_that_can_not_be_dialed_is_forgotten_at_once() {
    let mut w = company();
    w.learn(&text(1, "db.example.org:1"), 50);
    w.fails(1, DialFailure::Unusable);
    assert_eq!(w.record(1), None);
    assert!(w.learn(&text(1, "db.example.org:1"), 50).is_empty());
    assert_eq!(w.record(1), None);
}

#[test]
fn an_address_that_was_true_once_and_leads_to_another_now_is_given_two_more_chances() {
    let mut w = company();
    was_good(&mut w, 1);
    w.run(DAY, |it| match number(it.id()) {
        1 => Answer::Fails(DialFailure::NotThisNode),
        _ => DEAD,
    });
    assert!(!w.knows(&node(1)));
    assert_eq!(w.dials_of(1).len(), 3, "{:?}", w.dials_of(1));
}

#[test]
fn who_is_told_at_a_place_of_another_is_forgotten_and_the_other_is_not() {
    let mut w = company();
    let place = host(5, 5);
    // Liars say that somebody else lives where an honest node does.
    w.learn(&at(1, place), 50);
    w.fails(1, DialFailure::NotThisNode);
    assert!(!w.knows(&at(1, place)));
    w.learn(&at(1, place), 51);
    assert!(!w.knows(&at(1, place)), "said again, it is no truer");
    w.learn(&at(2, place), 52);
    assert!(w.knows(&at(2, place)), "the truth is still heard");
    w.run(secs(200), |_| Answer::Up);
    assert!(w.outbound().contains(&2));
}

/// A world that never forgets, pauses for ten seconds, and tries so many times.
fn trying(tries: u16) -> World {
    let mut w = World::quiet(|it| {
        let it = it.forget(u16::MAX, DAY).tries(tries);
        it.retry(secs(10), 30 * DAY)
            .retry_persistent_max(30 * DAY)
            .persistent([id(7)])
    });
    w.connect(99);
    w
}

#[test]
fn where_tries_are_counted_an_address_is_left_alone_after_the_last() {
    let mut w = trying(3);
    w.learn(&node(1), 50);
    w.run(10 * DAY, |_| DEAD);
    within(&gaps(&w, 1), &[10, 40]);
    assert!(w.knows(&node(1)));
}

#[test]
fn where_tries_are_counted_nobody_is_asked_again_who_is_not_who_was_expected() {
    let mut w = trying(3);
    w.learn(&node(1), 50);
    w.run(10 * DAY, |_| Answer::Fails(DialFailure::NotThisNode));
    assert_eq!(w.dials_of(1).len(), 1);
}

#[test]
fn where_nothing_is_forgotten_each_of_those_at_one_place_is_tried_by_itself() {
    for (forgets, failures) in [(true, 1), (false, 0)] {
        let mut w = if forgets { company() } else { trying(3) };
        for n in 1..=2 {
            w.learn(&at(n, host(5, 5)), 50 + n);
        }
        w.dies(1);
        assert_eq!(w.record(2).unwrap().addresses[0].failures, failures);
    }
}

#[test]
fn an_address_that_a_stranger_told_first_is_the_operators_once_he_names_it() {
    let mut w = company();
    w.learn(&node(7), 50);
    w.name(&node(7));
    w.run(DAY, |_| DEAD);
    assert!(w.knows(&node(7)), "it is forgotten by nobody but him");
    w.run(secs(400), |_| Answer::Up);
    assert!(w.up().contains(&7));
}

#[test]
fn what_strangers_tell_of_a_persistent_peer_does_not_go_before_what_the_operator_says() {
    let mut w = World::quiet(|it| it.persistent([id(7)]));
    w.checks_inside = false;
    for n in 91..95 {
        w.connect(n);
    }
    w.name(&node(7));
    w.run(secs(360), |_| DEAD);
    let true_one = node(7);
    for n in 0..60 {
        for teller in 91..95 {
            w.learn(&at(7, host(200 + 4 * n + teller, 5)), teller);
        }
        w.run(secs(60), |it| match it {
            it if *it == true_one => Answer::Up,
            it if it.id() == id(7) => Answer::Silence,
            _ => DEAD,
        });
    }
    assert!(w.up().contains(&7));
}

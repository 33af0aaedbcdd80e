//! Whom we dial again, and how soon, while we are connected with nobody of our own choice.

use core::time::Duration;
use std::collections::BTreeSet;

use pex::peers::{AddressRecord, PeerRecord};

use crate::retry::{gaps, was_good};
use crate::world::{Answer, DAY, DEAD, HOUR, START, World, id, node, number, secs};

fn six_fail_together(w: &mut World) {
    for n in 1..=6 {
        w.name(&node(n));
    }
    for n in 1..=6 {
        w.dies(n);
    }
}

fn they_are_dialed_again_apart(mut w: World) {
    w.run(secs(80), |_| DEAD);
    let seconds: BTreeSet<Duration> = (1..=6).map(|n| w.dials_of(n)[1]).collect();
    assert!(seconds.len() > 4, "{seconds:?}");
}

#[test]
fn nodes_that_failed_together_while_we_were_alone_are_not_dialed_together_when_somebody_is_there() {
    let mut w = World::quiet(|it| it);
    six_fail_together(&mut w);
    w.connect(99);
    they_are_dialed_again_apart(w);
}

#[test]
fn where_those_in_need_wait_as_long_as_all_others_they_do_not_come_together_either() {
    let mut w = World::quiet(|it| it.retry_persistent_max(8 * HOUR));
    w.connect(99);
    six_fail_together(&mut w);
    w.down(99);
    they_are_dialed_again_apart(w);
}

#[test]
fn an_address_that_was_never_reached_is_kept_for_weeks_while_we_are_connected_with_nobody() {
    let mut w = World::quiet(|it| it);
    w.learn(&node(1), 50);
    w.run(40 * DAY, |_| DEAD);
    assert!(w.dials_of(1).len() > 100 && w.knows(&node(1)));
    // Among others it has had its chances.
    w.connect(99);
    w.run(DAY, |_| DEAD);
    assert!(!w.knows(&node(1)));
}

#[test]
fn a_node_that_has_lost_every_peer_comes_back_to_those_whom_the_operator_named() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    w.connect(2);
    // The seed was down for as long as another peer was there.
    w.run(2 * HOUR, |_| DEAD);
    w.down(2);
    w.run(secs(700), |it| {
        if number(it.id()) == 1 {
            Answer::Up
        } else {
            DEAD
        }
    });
    assert_eq!(w.outbound(), [1]);
}

#[test]
fn while_we_are_connected_with_nobody_nothing_is_forgotten_and_nobody_waits_longer_than_five_minutes()
 {
    let mut w = World::quiet(|it| it);
    for n in 1..=5 {
        was_good(&mut w, n);
    }
    // The failures of those who went first have had time to add up.
    w.run(secs(60), |_| DEAD);
    w.log.clear();
    w.run(2 * DAY, |_| DEAD);
    for n in 1..=5 {
        let gaps = gaps(&w, n);
        assert!(
            gaps.len() > 400 && gaps.iter().all(|it| *it <= 376),
            "{gaps:?}"
        );
    }
    // When the world is back, so are we.
    w.run(secs(400), |_| Answer::Up);
    assert_eq!(w.outbound(), [1, 2, 3, 4, 5]);
}

#[test]
fn however_many_are_left_alone_for_hours_all_are_tried_soon_when_the_last_peer_is_lost() {
    let mut w = World::quiet(|it| it);
    w.checks_inside = false;
    w.connect(99);
    w.pass(HOUR);
    for n in 1_000..1_300 {
        let mut kept = AddressRecord::new(node(n));
        (kept.last_success, kept.last_failure) = (Some(START), Some(w.now));
        kept.failures = 6;
        let mut record = PeerRecord::new(id(n));
        record.addresses.push(kept);
        assert_eq!(w.peers.load(&record), 1);
    }
    w.log.clear();
    w.run(2 * HOUR, |_| DEAD);
    assert_eq!(w.dial_times(), []);
    w.down(99);
    w.run(secs(100), |_| DEAD);
    let tried: BTreeSet<u32> = w.dial_times().iter().map(|it| number(it.1.id())).collect();
    assert_eq!(tried.len(), 301);
    // Then there is nothing more to look for.
    let ticks = w.ticks;
    w.run(secs(100), |_| DEAD);
    assert!(w.ticks - ticks < 20, "{}", w.ticks - ticks);
}

#[test]
fn a_guest_is_no_reason_to_leave_those_alone_for_hours_whom_we_have_lost() {
    for trouble in [DEAD, Answer::HangsUp] {
        let mut w = World::with(|it| it);
        w.checks_inside = false;
        for n in 1..=10 {
            w.learn(&node(n), 300 + n);
            w.run(secs(5), |_| Answer::Up);
        }
        w.run(HOUR, |_| Answer::Up);
        for n in w.outbound() {
            w.down(n);
        }
        w.welcome(500);
        w.run(7 * HOUR, |_| trouble);
        w.run(secs(400), |_| Answer::Up);
        assert!(!w.outbound().is_empty(), "{trouble:?}");
    }
}

#[test]
fn with_an_unconditional_peer_we_are_not_alone_and_what_fails_is_forgotten() {
    let mut w = World::quiet(|it| it.unconditional([id(1)]));
    w.welcome(1);
    w.learn(&node(5), 9);
    w.run(2 * HOUR, |_| DEAD);
    assert!(!w.knows(&node(5)));
}

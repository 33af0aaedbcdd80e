//! The nodes that we dial first after a restart: those that lasted.

use pex::peers::{Misconduct, Options};

use crate::world::{Answer, DAY, HOUR, NOBODY, World, dials, id, node, number, secs};

fn anchors(w: &World) -> Vec<u32> {
    w.peers.anchors().map(number).collect()
}

#[test]
fn the_two_whom_we_have_been_connected_with_for_longest_are_anchors_after_an_hour() {
    let mut w = World::quiet(|it| it);
    for n in 1..=4 {
        w.connect(n);
        w.pass(secs(60));
    }
    w.tick();
    assert_eq!(anchors(&w), NOBODY);
    w.pass(HOUR);
    w.tick();
    assert_eq!(anchors(&w), [1, 2]);
    // Those who came to us chose us, and not we them.
    w.welcome(9);
    w.pass(DAY);
    w.down(1);
    assert_eq!(anchors(&w), [2, 3]);
}

#[test]
fn as_many_are_anchors_as_the_option_says() {
    for max in [0, 1, 5] {
        let mut w = World::quiet(|it| it.anchors(max));
        for n in 1..=8 {
            w.connect(n);
        }
        w.pass(2 * HOUR);
        w.tick();
        assert_eq!(anchors(&w).len(), max);
    }
}

#[test]
fn after_a_restart_the_anchors_are_dialed_before_all_others() {
    for killed_again in [false, true] {
        let mut w = World::with(|it| it);
        for n in 0..60 {
            w.name(&node(n));
        }
        w.run(12 * HOUR, |_| Answer::Up);
        let before = anchors(&w);
        assert_eq!(before.len(), 2);
        let (mut actions, _) = w.restart(Options::default());
        if killed_again {
            // The process is killed once more before it has had time to do anything.
            w.pass(secs(5));
            (actions, _) = w.restart(Options::default());
        }
        let mut first = dials(&actions)[..2].to_vec();
        first.sort_unstable();
        assert_eq!(first, before);
    }
}

#[test]
fn an_anchor_stays_one_without_a_connection_until_others_have_lasted() {
    let mut w = World::quiet(|it| it);
    w.connect(1);
    w.connect(2);
    w.pass(2 * HOUR);
    w.tick();
    // The network is gone for a while.
    w.down(1);
    w.down(2);
    w.pass(secs(10));
    assert_eq!(anchors(&w), [1, 2]);
    assert!(w.record(1).unwrap().anchor);
    w.connect(3);
    w.connect(4);
    w.run(2 * HOUR, |_| Answer::Silence);
    w.tick();
    assert_eq!(anchors(&w), [3, 4]);
    assert!(!w.record(1).unwrap().anchor);
}

#[test]
fn who_is_banned_is_no_anchor() {
    let mut w = World::quiet(|it| it);
    w.connect(1);
    w.pass(2 * HOUR);
    w.tick();
    assert_eq!(anchors(&w), [1]);
    w.misbehaves(1, Misconduct::Fatal);
    w.down(1);
    assert_eq!(anchors(&w), NOBODY);
    assert!(!w.record(1).unwrap().anchor);
}

#[test]
fn an_anchor_that_is_gone_after_a_restart_keeps_no_place_free() {
    let mut w = World::with(|it| it);
    for n in 0..60 {
        w.name(&node(n));
    }
    w.run(12 * HOUR, |_| Answer::Up);
    let before = anchors(&w);
    w.restart(Options::default());
    let gone = |it: &pex::NodeAddress| before.contains(&number(it.id()));
    w.run(secs(60), |it| {
        if gone(it) {
            crate::world::DEAD
        } else {
            Answer::Up
        }
    });
    assert_eq!(w.outbound().len(), 12);
    w.run(2 * HOUR, |it| {
        if gone(it) {
            crate::world::DEAD
        } else {
            Answer::Up
        }
    });
    assert!(anchors(&w).iter().all(|n| !before.contains(n)));
    assert!(
        w.knows(&node(before[0])),
        "kept for a week all the same: {}",
        id(before[0])
    );
}

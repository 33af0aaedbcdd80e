//! What is handed out to be written down, and when.

use std::collections::BTreeSet;

use pex::peers::{Misconduct, PeerRecord};

use crate::world::{Answer, DEAD, HOUR, World, id, ms, node, number, secs};

#[test]
fn a_change_is_handed_out_within_half_a_second() {
    let mut w = World::quiet(|it| it);
    w.learn(&node(1), 60);
    assert_eq!(w.disk.len(), 0);
    w.pass(ms(499));
    assert_eq!(w.disk.len(), 0);
    w.pass(ms(1));
    assert_eq!(w.disk, w.image());
    assert_eq!(w.disk.len(), 1);
}

#[test]
fn changes_wait_as_long_as_the_option_says_and_are_handed_out_together() {
    let mut w = World::quiet(|it| it.persist_every(secs(10)));
    for n in 0..5 {
        w.pass(secs(1));
        w.learn(&node(n), 60);
    }
    w.pass(secs(5));
    assert_eq!(w.disk.len(), 0);
    w.pass(secs(1));
    assert_eq!(w.disk.len(), 5);
}

#[test]
fn many_changes_do_not_wait_for_more() {
    let mut w = World::quiet(|it| it.persist_every(HOUR).slots(0, 0));
    w.checks_inside = false;
    for n in 0..4_096 {
        assert_eq!(w.disk.len(), 0);
        w.learn(&node(n), 10_000 + n);
    }
    assert_eq!(w.disk.len(), 4_096);
}

#[test]
fn what_was_not_handed_out_can_be_asked_for_before_the_end() {
    let mut w = World::quiet(|it| it.slots(0, 0));
    w.learn(&node(1), 60);
    let changes = w.peers.flush().unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].key, PeerRecord::key(id(1)));
    assert_eq!(changes[0].value, w.record(1).map(|it| it.encode()));
    assert_eq!(w.peers.flush(), None);
    w.pass(HOUR);
    assert_eq!(w.disk.len(), 0, "it was handed out once");
}

#[test]
fn that_a_connection_has_ended_which_lasted_is_nothing_to_write_down() {
    let mut w = World::quiet(|it| it.anchors(0));
    w.connect(1);
    w.pass(HOUR);
    w.down(1);
    assert_eq!(w.peers.flush(), None);
}

#[test]
fn what_is_forgotten_is_deleted() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    w.learn(&node(1), 60);
    w.pass(secs(1));
    assert_eq!(w.disk.len(), 2);
    w.fails(1, pex::peers::DialFailure::NotThisNode);
    w.pass(secs(1));
    assert_eq!(w.disk.len(), 1);
}

#[test]
fn where_a_teller_is_becomes_known_and_is_written_down_with_all_that_it_told_before() {
    let mut w = World::still();
    w.learn(&node(1), 60);
    w.learn(&node(2), 61);
    w.pass(secs(1));
    w.accept(60);
    w.learn(&node(3), 60);
    w.pass(secs(1));
    assert_eq!(w.disk, w.image());
    let group = |n| w.record(n).unwrap().addresses[0].source_group;
    assert!(group(1) != 0 && group(1) == group(3) && group(2) == 0);
}

#[test]
fn at_any_time_the_disk_is_half_a_second_behind_at_most() {
    let mut w = World::with(|it| it.persistent([id(3)]).ban(HOUR));
    let mut images = Vec::new();
    for step in 0..400_u32 {
        let n = step * 7 % 51;
        match step % 5 {
            0 | 1 => drop(w.learn(&node(n), 60 + n % 5)),
            2 if !w.judge.links.contains_key(&id(n)) => drop(w.accept(n)),
            3 => drop(w.misbehaves(n, Misconduct::Major)),
            _ => drop(w.behaves(n)),
        }
        w.run(ms(700), |it| {
            if number(it.id()).is_multiple_of(2) {
                DEAD
            } else {
                Answer::Up
            }
        });
        images.push(w.image());
        // A process that is killed here starts again with what is on the disk.
        w.pass(ms(500));
        assert_eq!(w.disk, w.image(), "{step}");
    }
    assert!(images.iter().collect::<BTreeSet<_>>().len() > 50);
}

#[test]
fn a_record_of_a_ban_goes_when_the_ban_has_ended() {
    let mut w = World::quiet(|it| it.ban(HOUR));
    for n in 0..20 {
        w.misbehaves(n, Misconduct::Fatal);
    }
    w.pass(secs(1));
    assert_eq!(w.disk.len(), 20);
    w.pass(HOUR);
    w.tick();
    w.pass(secs(1));
    assert_eq!(w.disk.len(), 0);
}

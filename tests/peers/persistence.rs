//! What is made after a restart of what was written down.

use pex::peers::{Misconduct, Options, PeerRecord};

use crate::world::{Answer, DAY, DEAD, HOUR, World, at, dials, host, id, node, number, secs, text};

/// A world in which much has happened, an hour ago.
pub(crate) fn lived_in(options: Options) -> World {
    let mut w = World::of(options);
    for n in 0..40 {
        w.learn(&node(n), 1_000 + n % 4);
    }
    w.learn(&at(1, host(500, 1)), 2_000);
    w.learn(&text(41, "node.example.org:1/path"), 2_000);
    w.run(HOUR, |it| {
        if number(it.id()).is_multiple_of(3) {
            DEAD
        } else {
            Answer::Up
        }
    });
    for n in w.up() {
        w.behaves(n);
    }
    w.misbehaves(60, Misconduct::Fatal);
    w.misbehaves(1, Misconduct::Fatal);
    w.pass(secs(1));
    w
}

#[test]
fn from_what_network_an_address_was_told_is_kept_and_of_its_own_nodes_word_whether_it_lives_there()
{
    let mut w = World::still();
    w.accept_from(1, host(1, 257), Some(&node(1)));
    w.learn(&node(2), 60);
    w.learn(&node(3), 3);
    let group = |n| w.record(n).unwrap().addresses[0].source_group;
    assert_eq!([1, 2, 3].map(group), [0, 0, u64::MAX]);
    // And it is the same after a restart.
    w.accept(61);
    w.learn(&node(4), 61);
    w.pass(secs(1));
    let before = w.record(4);
    assert!(before.as_ref().unwrap().addresses[0].source_group != 0);
    w.restart(Options::default());
    assert_eq!(w.record(4), before);
}

#[test]
fn after_a_restart_everything_is_known_as_it_was() {
    let options = Options::builder().private([id(7)]).build().unwrap();
    let mut w = lived_in(options.clone());
    let before: Vec<PeerRecord> = w.peers.records().collect();
    assert!(before.len() > 30 && before.iter().any(|it| it.score > 0));
    assert!(
        before
            .iter()
            .any(|it| it.addresses.iter().any(|it| it.failures > 1))
    );
    assert!(before.iter().any(|it| it.addresses.len() == 2));
    let addresses = w.peers.addresses();
    assert_eq!(w.restart(options).1, addresses);
    let mut after: Vec<PeerRecord> = w.peers.records().collect();
    for record in &mut after {
        record.anchor = before.iter().any(|it| it.id == record.id && it.anchor);
    }
    assert_eq!(after, before);
    assert!(w.peers.is_banned(id(60)) && w.peers.is_banned(id(1)));
    assert!(!w.told().iter().any(|it| [id(1), id(7)].contains(&it.id())));
}

#[test]
fn what_was_loaded_is_not_written_again() {
    let options = Options::builder()
        .feeler_every(None)
        .slots(0, 52)
        .build()
        .unwrap();
    let mut w = lived_in(options.clone());
    w.restart(options);
    assert_eq!(w.peers.flush(), None);
}

#[test]
fn a_backoff_outlives_a_restart() {
    let options = || {
        let it = Options::builder().feeler_every(None).outbound_life(None);
        it.build().unwrap()
    };
    let mut w = World::of(options());
    w.connect(99);
    w.learn(&node(1), 60);
    w.dialed(1);
    w.ready(1);
    w.pass(HOUR);
    w.down(1);
    w.run(2 * HOUR, |_| DEAD);
    let failures = w.record(1).unwrap().addresses[0].failures;
    assert!(failures >= 4, "{failures}");
    w.restart(options());
    // Alone, nobody is left alone for more than five minutes; among others it is as it was.
    w.run(
        secs(1),
        |it| if it.id() == id(99) { Answer::Up } else { DEAD },
    );
    let after = w.record(1).unwrap().addresses[0].failures;
    assert!((failures..=failures + 1).contains(&after));
    w.run(HOUR, |_| DEAD);
    assert!(w.record(1).unwrap().addresses[0].failures <= after + 1);
}

#[test]
fn fixed_scores_and_persistent_peers_are_those_of_the_new_options() {
    let options = Options::builder().persistent([id(1)]).scores([(id(2), 7)]);
    let mut w = World::of(options.build().unwrap());
    for n in 1..=4 {
        w.name(&node(n));
    }
    w.behaves(3);
    w.pass(secs(1));
    assert_eq!(
        [1, 2, 3, 4].map(|n| w.peers.score(id(n))),
        [i32::MAX, 107, 1, 0]
    );
    let options = Options::builder().persistent([id(3)]).scores([(id(4), 9)]);
    w.restart(options.build().unwrap());
    assert_eq!(
        [1, 2, 3, 4].map(|n| w.peers.score(id(n))),
        [0, 0, i32::MAX, 109]
    );
}

#[test]
fn a_node_that_was_away_for_months_dials_those_whom_it_had_reached() {
    let mut w = World::quiet(|it| it.slots(8, 8));
    for n in 0..8 {
        w.meet(n);
    }
    w.pass(DAY);
    w.now = w.now + 100 * DAY;
    let options = Options::builder().slots(8, 8).feeler_every(None);
    let (first, taken) = w.restart(options.build().unwrap());
    assert_eq!(taken, 8);
    assert!(!dials(&first).is_empty());
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 8);
}

#[test]
fn who_was_reached_is_not_forgotten_because_the_connection_lasted_for_months() {
    let mut w = World::quiet(|it| it);
    for n in 0..3 {
        w.meet(n);
    }
    w.run(60 * DAY, |_| Answer::Up);
    w.down(1);
    w.pass(HOUR);
    assert!(w.knows(&node(1)));
}

#[test]
fn what_nodes_said_of_themselves_from_nowhere_known_is_still_hearsay_after_a_restart() {
    let options = || {
        let it = Options::builder().feeler_every(None).slots(0, 52);
        it.build().unwrap()
    };
    let mut w = World::of(options());
    for n in 0..8 {
        w.learn(&at(n, host(1, 256 + n)), n);
    }
    w.pass(secs(1));
    assert_eq!(w.disk.len(), 8);
    let before = w.image();
    w.restart(options());
    assert_eq!(w.image(), before);
    assert_eq!(w.peers.flush(), None);

    // Of one subnet no more than two are dialed in a minute, as of strangers' words.
    w.restart(Options::builder().per_network(u32::MAX, 4).build().unwrap());
    w.pass(secs(59));
    assert_eq!(w.dial_times().len(), 2);
}

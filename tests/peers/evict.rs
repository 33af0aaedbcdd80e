//! Who has to go, and what is done about it.

use pex::peers::{Event, Eviction, Misconduct, Standing};

use crate::world::{Answer, DAY, HOUR, NOBODY, World, changes, dials, evicted, id, ms, node, secs};

#[test]
fn nobody_has_to_go_who_did_nothing() {
    let mut w = World::quiet(|it| it);
    for n in 1..=12 {
        w.connect(n);
        w.pass(secs(1));
    }
    for n in 20..72 {
        w.welcome(n);
    }
    assert_eq!(w.pass(30 * DAY), []);
    assert_eq!(w.up().len(), 64);
}

#[test]
fn who_is_released_goes_without_blame_and_is_left_alone_for_the_cool_down() {
    let mut w = World::quiet(|it| it.cooldown(HOUR));
    w.connect(1);
    w.pass(HOUR);
    let actions = w.event(Event::Release { peer: id(1) });
    assert_eq!(evicted(&actions), [(1, Eviction::Released)]);
    assert_eq!((w.peers.score(id(1)), w.peers.is_banned(id(1))), (0, false));
    w.down(1);
    assert_eq!(w.record(1).unwrap().addresses[0].failures, 0);
    assert_eq!(dials(&w.pass(HOUR - ms(1))), NOBODY);
    assert_eq!(dials(&w.pass(ms(1))), [1]);
}

#[test]
fn releasing_who_is_not_connected_does_nothing() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    for n in [1, 2] {
        assert_eq!(w.event(Event::Release { peer: id(n) }), []);
    }
    assert_eq!(w.standing(1), Standing::Dialing);
}

#[test]
fn who_has_to_go_takes_its_place_until_it_is_gone() {
    let mut w = World::quiet(|it| it.connected_max(2).slots(2, 0).upgrade_max(0));
    w.connect(1);
    w.connect(2);
    w.name(&node(3));
    assert_eq!(dials(&w.event(Event::Release { peer: id(1) })), NOBODY);
    assert_eq!(dials(&w.pass(HOUR)), NOBODY);
    assert_eq!(dials(&w.down(1)), [3]);
}

#[test]
fn those_who_are_to_go_count_to_those_who_may_be_connected_in_all() {
    let mut w = World::quiet(|it| it.connected_max(4).slots(4, 0).upgrade_max(2));
    for n in 1..=4 {
        w.connect(n);
    }
    for n in 11..=16 {
        w.name(&node(n));
    }
    let mut dialed = 0;
    for n in 1..=4 {
        dialed += dials(&w.event(Event::Release { peer: id(n) })).len();
    }
    // Four on their way out, and six connections at most.
    assert_eq!(dialed, 2);
    for n in 1..=4 {
        dialed += dials(&w.down(n)).len();
    }
    assert_eq!(dialed, 4);
}

#[test]
fn an_eviction_is_asked_for_once_whatever_else_its_peer_does() {
    let mut w = World::quiet(|it| it);
    w.welcome(1);
    assert_eq!(
        evicted(&w.misbehaves(1, Misconduct::Major)),
        [(1, Eviction::Misconduct)]
    );
    for how in [Misconduct::Minor, Misconduct::Major, Misconduct::Fatal] {
        assert_eq!(evicted(&w.misbehaves(1, how)), []);
    }
    assert_eq!(w.event(Event::Release { peer: id(1) }), []);
    assert_eq!(w.ready(1), []);
    assert!(
        w.peers.is_banned(id(1)),
        "what it does is held against it all the same"
    );
}

#[test]
fn an_eviction_is_told_at_once_with_what_caused_it() {
    // The reference has others ask for the next eviction, and wakes them up; here each cause has it
    // among its actions.
    let mut w = World::quiet(|it| {
        it.connected_max(2)
            .slots(1, 1)
            .scores([(id(8), 1), (id(9), 1)])
    });
    w.connect(1);
    w.welcome(2);
    assert_eq!(evicted(&w.accept(8)), [(2, Eviction::Upgraded)]);
    w.name(&node(9));
    assert_eq!(evicted(&w.dialed(9)), [(1, Eviction::Upgraded)]);
    assert_eq!(
        evicted(&w.misbehaves(8, Misconduct::Major)),
        [(8, Eviction::Misconduct)]
    );
}

#[test]
fn a_disconnect_while_a_dial_with_the_same_node_is_under_way_leaves_the_dial_alone() {
    let mut w = World::quiet(|it| it);
    // He was here, and left; he is dialed again; the end of his old connection is told once more.
    w.welcome(1);
    let (peer, epoch) = (id(1), w.epoch_of(1));
    w.down(1);
    w.name(&node(1));
    assert_eq!(w.standing(1), Standing::Dialing);
    assert_eq!(w.event(Event::Disconnected { peer, epoch }), []);
    assert_eq!(w.standing(1), Standing::Dialing);
    w.dialed(1);
    assert_eq!(changes(&w.ready(1)), [(1, true)]);
}

#[test]
fn whoever_is_evicted_is_replaced() {
    let mut w = World::with(|it| it);
    for n in 0..100 {
        w.name(&node(n));
    }
    w.run(HOUR, |_| Answer::Up);
    let before = w.outbound();
    for n in &before {
        w.misbehaves(*n, Misconduct::Fatal);
    }
    w.run(secs(60), |_| Answer::Up);
    let after = w.outbound();
    assert_eq!(after.len(), 12);
    assert!(after.iter().all(|n| !before.contains(n)));
}

//! How nodes behave: scores, and bans that end.

use pex::peers::{DialFailure, Event, Eviction, Misconduct, PeerRecord, Standing};

use crate::world::{
    DAY, HOUR, NOBODY, World, at, changes, dials, evicted, host, id, ms, node, secs,
};

#[test]
fn a_good_deed_is_worth_a_point_and_a_bad_one_costs_a_point() {
    let mut w = World::quiet(|it| it);
    w.welcome(1);
    assert_eq!(w.peers.score(id(1)), 0);
    for n in 1..=5 {
        w.behaves(1);
        assert_eq!(w.peers.score(id(1)), n);
    }
    w.misbehaves(1, Misconduct::Minor);
    assert_eq!(w.peers.score(id(1)), 4);
    assert_eq!(w.up(), [1]);
}

#[test]
fn a_score_ends_at_a_hundred_below_every_score_that_the_operator_sets() {
    let mut w = World::quiet(|it| {
        it.persistent([id(2)])
            .scores([(id(3), 1), (id(4), u16::MAX)])
    });
    w.welcome(1);
    for _ in 0..70_000 {
        w.behaves(1);
    }
    let scores = [1, 3, 4, 2].map(|n| w.peers.score(id(n)));
    assert_eq!(scores, [100, 101, 65_635, i32::MAX]);
}

#[test]
fn scores_that_the_operator_set_do_not_move() {
    let mut w = World::quiet(|it| it.persistent([id(1)]).scores([(id(2), 7)]));
    for n in [1, 2] {
        w.connect(n);
        let score = w.peers.score(id(n));
        w.behaves(n);
        w.misbehaves(n, Misconduct::Minor);
        w.misbehaves(n, Misconduct::Minor);
        assert_eq!(w.peers.score(id(n)), score);
    }
}

#[test]
fn nobody_gets_a_score_who_is_neither_connected_nor_stored() {
    let mut w = World::quiet(|it| it);
    for n in 0..5_000 {
        w.behaves(n);
        w.misbehaves(n, Misconduct::Minor);
    }
    assert_eq!((w.peers.score(id(1)), w.peers.nodes()), (0, 0));
    assert_eq!(w.peers.counts().stray_events, 10_000);
    assert_eq!(w.pass(HOUR), []);
    assert_eq!(w.disk.len(), 0);
    // Who is gone and not stored takes its score along.
    w.welcome(1);
    w.behaves(1);
    w.down(1);
    assert_eq!(w.peers.score(id(1)), 0);
    // Who is stored keeps it.
    w.connect(2);
    w.behaves(2);
    w.down(2);
    assert_eq!(w.peers.score(id(2)), 1);
}

#[test]
fn the_lowest_score_goes_first_negative_ones_before_zero() {
    let mut w = World::quiet(|it| {
        let it = it.connected_max(5).slots(0, 5).upgrade_max(5);
        it.scores((20..30).map(|n| (id(n), 300)))
    });
    for n in 1..=5 {
        w.welcome(n);
    }
    w.behaves(1);
    w.behaves(1);
    w.misbehaves(2, Misconduct::Minor);
    w.behaves(3);
    w.misbehaves(4, Misconduct::Minor);
    w.misbehaves(4, Misconduct::Minor);
    let order: Vec<u32> = (20..25).map(|n| evicted(&w.accept(n))[0].0).collect();
    assert_eq!(order, [4, 2, 5, 3, 1]);
}

#[test]
fn among_equals_it_is_chance_who_goes() {
    let mut gone = std::collections::BTreeSet::new();
    for trial in 0..20 {
        let mut w = World::quiet(|it| it.connected_max(4).slots(0, 4).scores([(id(99), 1)]));
        // Some more draws each time.
        for n in 0..trial {
            w.welcome(50 + n);
            w.down(50 + n);
        }
        for n in 1..=4 {
            w.welcome(n);
        }
        gone.insert(evicted(&w.accept(99))[0].0);
    }
    assert!(gone.len() >= 3, "{gone:?}");
}

#[test]
fn major_misconduct_costs_ten_points_and_the_connection() {
    let mut w = World::quiet(|it| it);
    w.connect(1);
    let actions = w.misbehaves(1, Misconduct::Major);
    assert_eq!(evicted(&actions), [(1, Eviction::Misconduct)]);
    assert_eq!(changes(&actions), [(1, false)]);
    assert_eq!(w.peers.score(id(1)), -10);
    // It is no ban: after the cool-down, and what a short connection costs, it is dialed again.
    w.down(1);
    assert!(!w.peers.is_banned(id(1)));
    assert_eq!(dials(&w.pass(secs(29))), NOBODY);
    assert_eq!(dials(&w.pass(secs(60))), [1]);
}

#[test]
fn misconduct_of_who_is_not_connected_ends_no_connection() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(1, 0));
    w.connect(9);
    w.name(&node(1));
    assert_eq!(w.misbehaves(1, Misconduct::Major), []);
    assert_eq!(w.peers.score(id(1)), -10);
    w.down(9);
    // Nor does it stop a dial that is under way.
    assert_eq!(w.standing(1), Standing::Dialing);
    w.misbehaves(1, Misconduct::Major);
    assert_eq!(evicted(&w.dialed(1)), []);
}

#[test]
fn fatal_misconduct_is_a_ban_for_a_day() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    w.connect(1);
    assert_eq!(
        evicted(&w.misbehaves(1, Misconduct::Fatal)),
        [(1, Eviction::Misconduct)]
    );
    assert!(w.peers.is_banned(id(1)));
    w.down(1);
    // Neither dialed, nor told of, nor let in, nor taken in at another address.
    assert_eq!(w.told(), [node(99)]);
    assert_eq!(evicted(&w.accept(1)), [(1, Eviction::Banned)]);
    w.down(1);
    w.learn(&at(1, host(50, 1)), 60);
    assert_eq!(w.peers.addresses_of(id(1)), [node(1)]);
    assert_eq!(dials(&w.pass(DAY - ms(1))), NOBODY);
    assert_eq!(dials(&w.pass(ms(1))), [1]);
    assert!(!w.peers.is_banned(id(1)));
    assert_eq!(w.told().len(), 2);
    assert_eq!(w.peers.score(id(1)), 0, "with a clean slate");
    assert_eq!(w.peers.counts().bans, 1);
}

#[test]
fn a_ban_lasts_as_long_as_the_option_says() {
    for ban in [secs(1), HOUR, 30 * DAY] {
        let mut w = World::quiet(|it| it.ban(ban).feeler_every(Some(secs(60))));
        w.misbehaves(1, Misconduct::Fatal);
        w.pass(ban.checked_sub(ms(1)).unwrap());
        w.tick();
        assert!(w.peers.is_banned(id(1)));
        w.pass(ms(1));
        w.tick();
        assert!(!w.peers.is_banned(id(1)));
    }
}

#[test]
fn a_stranger_can_be_banned_before_anybody_has_told_of_it() {
    let mut w = World::quiet(|it| it);
    w.misbehaves(1, Misconduct::Fatal);
    w.learn(&node(1), 60);
    assert_eq!(w.standing(1), Standing::Unknown);
    assert_eq!(evicted(&w.accept(1)), [(1, Eviction::Banned)]);
    // And the ban is written down.
    w.down(1);
    w.pass(secs(1));
    assert!(w.record(1).unwrap().banned_until.is_some());
    assert_eq!(w.disk.len(), 1);
}

#[test]
fn a_banned_node_that_is_being_dialed_is_not_let_in() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    assert_eq!(w.misbehaves(1, Misconduct::Fatal), []);
    assert_eq!(evicted(&w.dialed(1)), [(1, Eviction::Banned)]);
    w.down(1);
    assert_eq!(dials(&w.pass(DAY - HOUR)), NOBODY);
}

#[test]
fn a_hundred_minor_faults_are_a_ban() {
    let mut w = World::quiet(|it| it);
    w.welcome(1);
    for _ in 0..99 {
        assert_eq!(evicted(&w.misbehaves(1, Misconduct::Minor)), []);
    }
    assert!(!w.peers.is_banned(id(1)));
    assert_eq!(
        evicted(&w.misbehaves(1, Misconduct::Minor)),
        [(1, Eviction::Misconduct)]
    );
    assert!(w.peers.is_banned(id(1)));
}

#[test]
fn ten_major_faults_are_a_ban_across_connections_if_the_node_is_stored() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    w.learn(&node(1), 60);
    for fault in 1..=10 {
        while w.standing(1) != Standing::Dialing {
            w.pass(secs(10));
        }
        w.dialed(1);
        w.pass(HOUR);
        w.misbehaves(1, Misconduct::Major);
        w.down(1);
        assert_eq!(w.peers.is_banned(id(1)), fault == 10);
    }
}

#[test]
fn a_persistent_peer_is_neither_banned_nor_evicted() {
    let mut w = World::quiet(|it| it.persistent([id(1)]));
    w.judge.persistent.insert(id(1));
    w.connect(1);
    for _ in 0..30 {
        w.misbehaves(1, Misconduct::Fatal);
        w.misbehaves(1, Misconduct::Major);
        for _ in 0..20 {
            w.misbehaves(1, Misconduct::Minor);
        }
    }
    assert_eq!((w.up(), w.peers.is_banned(id(1))), (vec![1], false));
    // What it has earned is kept for the day on which it is persistent no more.
    assert_eq!(w.record(1).unwrap().score, -100);
}

#[test]
fn of_more_bans_than_are_kept_the_first_to_end_ends_at_once() {
    let mut w = World::quiet(|it| it);
    w.checks_inside = false;
    w.connect(99);
    w.name(&node(0));
    w.fails(0, DialFailure::NotTried);
    w.misbehaves(0, Misconduct::Fatal);
    // Nearly as many as are kept were banned before a restart.
    for n in 1_000..9_191 {
        let mut record = PeerRecord::new(id(n));
        record.banned_until = Some(w.now + DAY);
        w.peers.load(&record);
    }
    w.pass(secs(1));
    assert!(w.peers.is_banned(id(0)) && w.peers.is_banned(id(1_000)));
    assert_eq!(dials(&w.pass(HOUR)), NOBODY);
    // One more, and the first one may be dialed again.
    assert_eq!(dials(&w.misbehaves(1, Misconduct::Fatal)), [0]);
    assert!(!w.peers.is_banned(id(0)) && w.peers.is_banned(id(1)));
    assert!((1_000..9_191).all(|n| w.peers.is_banned(id(n))));
    assert!(w.told().contains(&node(0)));
    assert_eq!(w.peers.check(), Ok(()));
}

#[test]
fn a_second_ban_lasts_from_its_own_beginning() {
    let mut w = World::quiet(|it| it);
    w.misbehaves(1, Misconduct::Fatal);
    w.pass(DAY - HOUR);
    w.misbehaves(1, Misconduct::Fatal);
    w.pass(2 * HOUR);
    w.tick();
    assert!(w.peers.is_banned(id(1)));
    w.pass(DAY);
    w.tick();
    assert!(!w.peers.is_banned(id(1)));
}

#[test]
fn what_others_say_of_a_node_does_not_move_its_score() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    w.connect(1);
    w.behaves(1);
    w.pass(HOUR);
    for n in 0..50 {
        w.learn(&at(1, host(100 + n, 1)), 1_000 + n);
    }
    w.down(1);
    w.run(DAY, |_| crate::world::DEAD);
    assert_eq!(w.peers.score(id(1)), 1);
}

#[test]
fn we_can_do_no_wrong() {
    let mut w = World::quiet(|it| it);
    let peer = crate::world::ME;
    w.event(Event::Misbehaved {
        peer,
        how: Misconduct::Fatal,
    });
    w.event(Event::Behaved { peer });
    assert!(!w.peers.is_banned(peer));
    assert_eq!(w.peers.score(peer), 0);
}

//! Connections of ours that change hands.

use pex::Group;
use pex::peers::{Event, Eviction, Standing};

use crate::world::{Answer, DAY, DEAD, HOUR, World, changes, evicted, id, node, number, secs};

/// How many connections were rotated out.
fn rotated(w: &World) -> usize {
    let log: Vec<_> = w.log.iter().map(|it| it.1.clone()).collect();
    let evicted = evicted(&log).into_iter();
    evicted.filter(|it| it.1 == Eviction::Rotated).count()
}

fn world(nodes: u32) -> World {
    let mut w = World::with(|it| it.feeler_every(None));
    w.checks_inside = false;
    for n in 0..nodes {
        w.name(&node(n));
    }
    w.run(HOUR, |_| Answer::Up);
    w
}

#[test]
fn a_connection_of_ours_lasts_thirty_five_hours_in_the_mean() {
    let mut w = world(200);
    w.run(100 * DAY, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 12);
    // 12 places, 2,400 hours: 823 lives.
    let rotated = rotated(&w);
    assert!((700..=950).contains(&rotated), "{rotated}");
    // A dial an hour and place is the most that this may cost.
    let dials = w.dial_times().len();
    assert!(dials < 12 * 24 * 100 / 10, "{dials}");
}

#[test]
fn a_life_is_as_long_as_the_option_says_or_for_ever() {
    let rotated = |life| {
        let mut w = World::with(|it| it.feeler_every(None).outbound_life(life));
        w.checks_inside = false;
        for n in 0..100 {
            w.name(&node(n));
        }
        w.run(20 * DAY, |_| Answer::Up);
        rotated(&w)
    };
    assert_eq!(rotated(None), 0);
    let (short, long) = (rotated(Some(10 * HOUR)), rotated(Some(100 * HOUR)));
    assert!((480..=680).contains(&short), "{short}");
    assert!((35..=85).contains(&long), "{long}");
}

#[test]
fn whoever_takes_the_place_is_of_another_network_than_the_others() {
    let mut w = world(100);
    w.run(10 * DAY, |_| Answer::Up);
    let ours = w.judge.links.values().filter(|it| it.outbound);
    let mut groups: Vec<Group> = ours.filter_map(|it| it.ip).map(Group::of).collect();
    assert_eq!(groups.len(), 12);
    groups.dedup();
    assert_eq!(groups.len(), 12);
}

#[test]
fn a_peer_that_is_rotated_out_goes_down_first_and_is_known_as_before() {
    let mut w = world(40);
    let all = w.outbound();
    w.log.clear();
    while rotated(&w) == 0 {
        w.run(HOUR, |_| Answer::Up);
    }
    let log: Vec<_> = w.log.iter().map(|it| it.1.clone()).collect();
    let gone = evicted(&log)[0].0;
    assert!(all.contains(&gone));
    let end = log
        .iter()
        .rposition(|it| changes(core::slice::from_ref(it)) == [(gone, false)]);
    assert_eq!(
        evicted(&log[end.unwrap() + 1..=end.unwrap() + 1]),
        [(gone, Eviction::Rotated)]
    );
    assert_eq!(w.peers.score(id(gone)), 0);
    assert!(w.told().contains(&node(gone)));
    assert_eq!(w.record(gone).unwrap().addresses[0].failures, 0);
}

#[test]
fn nobody_is_rotated_out_where_nobody_else_could_be_dialed() {
    let mut w = World::with(|it| it.feeler_every(None));
    for n in 0..12 {
        w.name(&node(n));
    }
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 12);
    let ticks = w.ticks;
    w.run(20 * DAY, |_| Answer::Up);
    assert_eq!(rotated(&w), 0);
    // Each looks again an hour later, and no more often.
    assert!(w.ticks - ticks <= 12 * 24 * 20, "{}", w.ticks - ticks);
}

#[test]
fn who_is_in_use_stays_until_it_is_not() {
    let mut w = world(60);
    for n in w.outbound() {
        let peer = id(n);
        w.event(Event::InUse { peer, in_use: true });
    }
    let before = w.outbound();
    w.run(60 * DAY, |_| Answer::Up);
    assert_eq!((rotated(&w), w.outbound()), (0, before.clone()));
    for n in before {
        let peer = id(n);
        w.event(Event::InUse {
            peer,
            in_use: false,
        });
    }
    w.run(20 * DAY, |_| Answer::Up);
    assert!(rotated(&w) > 50);
}

#[test]
fn persistent_unconditional_and_inbound_peers_are_not_rotated() {
    let mut w = World::with(|it| {
        it.feeler_every(None)
            .persistent([id(0)])
            .unconditional([id(1)])
    });
    w.checks_inside = false;
    w.judge.persistent.insert(id(0));
    w.connect(0);
    w.connect(1);
    for n in 2..60 {
        w.name(&node(n));
    }
    for n in 100..110 {
        w.welcome(n);
    }
    w.run(200 * DAY, |_| Answer::Up);
    let log: Vec<_> = w.log.iter().map(|it| it.1.clone()).collect();
    let gone: Vec<u32> = evicted(&log).into_iter().map(|it| it.0).collect();
    assert!(gone.len() > 500);
    assert!(gone.iter().all(|n| (2..60).contains(n)));
}

#[test]
fn who_is_promised_to_another_is_not_rotated_meanwhile() {
    let mut w = World::with(|it| {
        let it = it.feeler_every(None).connected_max(1).slots(1, 0);
        it.scores([(id(9), 1)]).outbound_life(Some(HOUR))
    });
    w.connect(1);
    w.learn(&node(2), 60);
    // It is dialed for the place of the first again and again, and never answers.
    w.name(&node(9));
    for _ in 0..60 {
        w.pass(secs(60));
        if w.standing(1) == Standing::Claimed {
            assert_eq!(rotated(&w), 0);
        }
    }
}

#[test]
fn a_network_in_which_all_others_are_dead_keeps_the_peers_it_has() {
    let mut w = world(30);
    let alive = w.outbound();
    w.run(30 * DAY, |it| {
        if alive.contains(&number(it.id())) {
            Answer::Up
        } else {
            DEAD
        }
    });
    // Places may change hands among those that live, and are not lost.
    let now = w.outbound();
    assert!(now.len() >= 11, "{now:?}");
    assert!(now.iter().all(|n| alive.contains(n)));
}

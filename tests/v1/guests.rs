//! Who comes to a seed node: who is let in, how long he stays, and who has to go.

use pex::Time;
use pex::peers::{Event, Eviction, Misconduct};
use pex::v1::Options;

use crate::nodes::{DAY, HOUR, host, id, ms, node, number, secs};
use crate::world::{Answer, World, book, evicted};

#[test]
fn a_newcomer_stays_for_five_minutes_and_no_longer() {
    let mut w = World::seed(|it| it);
    w.welcome(1);
    assert_eq!(evicted(&w.pass(ms(299_999))), []);
    assert_eq!(evicted(&w.pass(ms(1))), [(1, Eviction::Stayed)]);
    let mut w = World::seed(|it| it.newcomer_stays(secs(7)));
    w.welcome(1);
    assert_eq!(evicted(&w.pass(secs(7))), [(1, Eviction::Stayed)]);
}

#[test]
fn a_newcomer_who_is_not_answered_since_he_asks_too_soon_need_not_wait_with_a_seed() {
    let mut w = World::seed(|it| it.persistent(vec![node(3)])).trusting(&[node(3)]);
    w.welcome(1);
    let ends = evicted(&w.misbehaves(1, Misconduct::Minor));
    assert_eq!(ends, [(1, Eviction::Misconduct)]);
    assert!(!w.peers.is_banned(id(1)));
    w.accept(3);
    w.ready(3);
    assert_eq!(evicted(&w.misbehaves(3, Misconduct::Minor)), []);
}

#[test]
fn persistent_and_unconditional_peers_stay_with_a_seed() {
    let peers = vec![node(1)];
    let mut w = World::seed(|it| it.persistent(peers.clone()).unconditional([id(3)]));
    w = w.trusting(&peers);
    w.judge.persistent.insert(id(1));
    w.tick();
    w.dialed(1);
    w.ready(1);
    w.welcome(2);
    w.welcome(3);
    w.run(DAY, |_| Answer::Up);
    assert_eq!(w.up(), [1, 3]);
    // It dials everybody in turn, so nobody comes first in its next life for having stayed.
    assert_eq!(w.peers.book().anchors(), []);
    // Whoever of them comes by himself stays too.
    w.down(1);
    w.welcome(1);
    w.run(DAY, |_| Answer::Up);
    assert!(w.up().contains(&1));
}

#[test]
fn a_newcomer_is_let_in_though_all_places_are_taken_by_the_silent() {
    let mut w = World::seed(|it| it.slots(10, 20).inbound_per_ip(1_000));
    for n in 0..20 {
        w.accept_from(n, host(1, 1), None);
        w.ready(n);
    }
    // They have had time to ask.
    w.pass(secs(2));
    for n in 100..120 {
        let actions = w.welcome(n);
        assert_eq!(evicted(&actions).len(), 1, "{n}");
        let (gone, why) = evicted(&actions)[0];
        assert!(gone < 20 && why == Eviction::Stayed, "{gone} {why}");
        w.down(gone);
    }
    // And those who have just come are not sent away for others at once.
    assert_eq!(evicted(&w.welcome(200)), [(200, Eviction::Full)]);
    w.pass(secs(2));
    w.down(200);
    assert_ne!(evicted(&w.welcome(200))[0].0, 200);
}

#[test]
fn those_who_are_leaving_a_seed_make_room_for_as_many_and_no_more() {
    let mut w = World::seed(|it| it.slots(0, 2));
    for n in 1..=4 {
        w.welcome(n);
        w.pass(secs(2));
    }
    // Two have to go, and two are here in their places.
    assert_eq!(w.gone(), [(1, Eviction::Stayed), (2, Eviction::Stayed)]);
    assert_eq!(evicted(&w.welcome(5)), [(5, Eviction::Full)]);
    w.down(5);
    w.down(1);
    assert_eq!(evicted(&w.welcome(5)), [(3, Eviction::Stayed)]);
}

#[test]
fn in_the_place_of_one_who_is_leaving_a_seed_one_more_comes_and_nobody_has_to_go_for_it() {
    let mut w = World::seed(|it| it.slots(0, 2));
    for n in 1..=2 {
        w.welcome(n);
    }
    w.pass(secs(2));
    w.event(Event::Release { peer: id(1) });
    assert_eq!(evicted(&w.welcome(3)), []);
    assert_eq!(w.up(), [2, 3]);
}

#[test]
fn under_a_flood_of_the_silent_a_newcomer_who_tries_again_is_in_within_seconds() {
    let mut w = World::seed(|it| it.slots(10, 50).inbound_per_ip(1_000));
    w.checks_inside = false;
    let mut served = 0;
    let mut stranger = 10_000;
    for n in 0..40 {
        let mut tries = 0;
        loop {
            // Ten strangers a second come, say nothing, and leave when they are told to.
            for _ in 0..10 {
                stranger += 1;
                w.accept_from(stranger, host(1, 1), None);
                let going = w.judge.links.iter().filter(|(_, it)| it.evicted.is_some());
                let going: Vec<u32> = going.map(|(id, _)| number(*id)).collect();
                for gone in going {
                    w.down(gone);
                }
            }
            tries += 1;
            let actions = w.welcome(n);
            if evicted(&actions).iter().all(|(gone, _)| *gone != n) {
                served += 1;
                break;
            }
            w.down(n);
            w.pass(secs(1));
            assert!(tries < 10, "{n}");
        }
        w.down(n);
    }
    assert_eq!(served, 40);
}

#[test]
fn whoever_came_first_goes_first_whatever_the_year() {
    // Seconds since 1970 leave 31 bits in 2038, and 32 in 2106.
    for turn in [1_u64 << 31, 1 << 32] {
        let options = Options::seed().slots(10, 20).build().unwrap();
        let mut w = World::started(options, book(true), Time::from_secs(turn - 10));
        for n in 0..20 {
            w.welcome(n);
            w.pass(secs(1));
        }
        // The last of them has had time to ask as well.
        w.pass(secs(1));
        for n in 0..20 {
            let actions = w.welcome(100 + n);
            assert_eq!(evicted(&actions), [(n, Eviction::Stayed)], "{turn}");
            w.down(n);
        }
    }
}

#[test]
fn a_full_seed_lets_the_oldest_go_and_refuses_no_newcomer() {
    let mut w = World::seed(|it| it.slots(10, 500));
    w.checks_inside = false;
    for n in 0..500 {
        w.accept(n);
        w.ready(n);
    }
    w.pass(secs(2));
    for n in 0..100 {
        let actions = w.accept(10_000 + n);
        assert_eq!(evicted(&actions), [(n, Eviction::Stayed)]);
        w.ready(10_000 + n);
        w.down(n);
    }
}

#[test]
fn a_full_seed_lets_the_oldest_go_after_its_clock_was_set_back_too() {
    let mut w = World::seed(|it| it.slots(10, 4));
    w.checks_inside = false;
    for n in 0..2 {
        w.accept(n);
    }
    w.rewind(Time::EPOCH + (w.now - (Time::EPOCH + HOUR)));
    for n in 2..4 {
        w.accept(n);
    }
    w.pass(secs(2));
    for n in 0..4 {
        let actions = w.accept(10 + n);
        assert_eq!(evicted(&actions), [(n, Eviction::Stayed)]);
        w.down(n);
    }
}

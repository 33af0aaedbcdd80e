//! A seed node: whom it checks, how often, and what it tells.

use core::time::Duration;

use pex::peers::{Event, Eviction};

use crate::nodes::{DAY, HOUR, NOBODY, START, at, host, id, ms, node, number, secs};
use crate::world::{Answer, DEAD, World, dials, evicted, steps};

#[test]
fn a_fresh_seed_dials_its_own_seeds() {
    let seeds = vec![node(1), node(2)];
    let mut w = World::seed(|it| it.seeds(seeds.clone())).trusting(&seeds);
    assert_eq!(dials(&w.tick()).len(), 2);
    let first = w.dialing()[0];
    w.dialed(first);
    w.ready(first);
    assert_eq!(w.up(), [first]);
    // Also if somebody comes before: it knows of nobody by that.
    let mut w = World::seed(|it| it.seeds(seeds.clone())).trusting(&seeds);
    assert_eq!(dials(&w.accept(3)).len(), 2);
}

#[test]
fn a_seed_alone_keeps_trying_its_own_seeds() {
    let seeds = vec![node(1)];
    let mut w = World::seed(|it| it.seeds(seeds.clone())).trusting(&seeds);
    w.run(DAY, |_| DEAD);
    assert!(w.dials_of(1).len() > 250, "{}", w.dials_of(1).len());
    // Also where it has known others, and they are gone.
    let mut w = World::seed(|it| it.seeds(seeds.clone())).trusting(&seeds);
    w.learn(&node(2), 9);
    w.run(HOUR, |_| Answer::Up);
    let before = w.dials_of(1).len();
    w.run(DAY, |_| DEAD);
    assert!(w.dials_of(1).len() > before + 200);
}

#[test]
fn whom_a_seed_has_reached_is_good_and_it_tells_of_nobody_else() {
    let mut w = World::seed(|it| it);
    for n in 1..=20 {
        w.learn(&node(n), 100 + n);
    }
    assert_eq!(w.told(), [], "nothing is known of them");
    w.run(secs(60), |it| {
        if number(it.id()) <= 8 {
            Answer::Up
        } else {
            DEAD
        }
    });
    let mut told: Vec<u32> = w.told().iter().map(|it| number(it.id())).collect();
    told.sort_unstable();
    assert_eq!(told, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(w.peers.book().old(), 8);
    // It keeps nobody whom it has checked.
    assert_eq!(w.outbound(), NOBODY);
    assert!(w.gone().iter().all(|it| it.1 == Eviction::Feeler));
}

#[test]
fn a_seed_dials_a_victim_at_most_eight_times_a_day_whoever_is_said_to_live_there() {
    let mut w = World::seed(|it| it);
    let victim = host(2, 257);
    w.learn(&node(1), 9);
    for n in 0..100 {
        for nth in 0..4 {
            w.learn(&at(1_000 + 4 * n + nth, victim), 20 + n % 50);
        }
        w.run(secs(300), |it| {
            if number(it.id()) == 1 {
                Answer::Up
            } else {
                DEAD
            }
        });
    }
    let dials = w.dial_times().len() - w.dials_of(1).len();
    assert!((1..=8).contains(&dials), "{dials}");
}

#[test]
fn a_check_that_is_not_answered_ends_after_fifteen_seconds() {
    let mut w = World::seed(|it| it);
    w.learn(&node(1), 9);
    w.dialed(1);
    w.ready(1);
    assert_eq!(evicted(&w.pass(ms(14_999))), []);
    assert_eq!(evicted(&w.pass(ms(1))), [(1, Eviction::Feeler)]);
}

#[test]
fn who_was_reached_is_checked_again_after_half_an_hour_and_who_was_not_is_dropped_after_three() {
    let mut w = World::seed(|it| it);
    w.learn(&node(1), 9);
    w.learn(&node(2), 9);
    w.run(6 * HOUR, |it| {
        if number(it.id()) == 1 {
            Answer::Up
        } else {
            DEAD
        }
    });
    let waits = steps(&w.dials_of(1));
    assert!(
        waits
            .iter()
            .all(|it| (secs(1_800)..secs(1_880)).contains(it)),
        "{waits:?}"
    );
    assert_eq!(w.dials_of(2).len(), 3);
    assert!(!w.knows(&node(2)));
}

#[test]
fn whom_a_seed_has_reached_is_checked_again_half_an_hour_later_to_the_moment() {
    let half_an_hour = secs(1_800);
    for (later, checked) in [
        (half_an_hour - Duration::from_nanos(1), None),
        (half_an_hour, Some(1)),
    ] {
        let mut w = World::seed(|it| it);
        w.learn(&node(1), 9);
        w.dialed(1);
        w.down(1);
        w.now = START + later;
        assert_eq!(dials(&w.tick()), Vec::from_iter(checked), "{later:?}");
    }
}

#[test]
fn who_was_reached_once_is_dialed_sixteen_times_in_vain_and_then_gone() {
    let mut w = World::seed(|it| it);
    w.learn(&node(1), 9);
    w.learn(&node(2), 9);
    w.run(secs(30), |_| Answer::Up);
    let before = w.dials_of(2).len();
    w.run(8 * DAY, |it| {
        if number(it.id()) == 1 {
            Answer::Up
        } else {
            DEAD
        }
    });
    assert_eq!(w.dials_of(2).len() - before, 16);
    assert!(!w.knows(&node(2)) && w.knows(&node(1)));
}

#[test]
fn a_newcomer_is_checked_within_seconds_of_going() {
    let mut w = World::seed(|it| it);
    w.tick();
    w.accept_from(1, host(1, 257), Some(&node(1)));
    w.ready(1);
    w.pass(secs(3));
    assert_eq!(w.dialing(), NOBODY, "he is here");
    w.event(Event::Release { peer: id(1) });
    w.down(1);
    w.pass(secs(3));
    assert_eq!(w.dialing(), [1]);
}

#[test]
fn a_seed_that_has_met_nobody_for_an_hour_asks_its_own_seeds_and_not_before() {
    for (alone, asks) in [(HOUR - Duration::from_nanos(1), false), (HOUR, true)] {
        let seeds = vec![node(1)];
        let mut w = World::seed(|it| it.seeds(seeds.clone())).trusting(&seeds);
        w.reached(&node(2));
        w.down(2);
        w.now = START + alone;
        assert_eq!(dials(&w.tick()).contains(&1), asks, "after {alone:?}");
    }
}

#[test]
fn no_more_checks_are_under_way_than_the_option_says_and_the_timer_waits_for_them() {
    let mut w = World::seed(|it| it.crawl(secs(30), HOUR, 5));
    for n in 0..40 {
        w.learn(&node(n), 100 + n);
    }
    assert_eq!(w.dialing().len(), 5);
    let ticks = w.ticks;
    w.pass(secs(100));
    assert!(w.ticks - ticks < 20, "{}", w.ticks - ticks);
    // Also where that is more than there may be dials of any kind.
    let mut w = World::seed(|it| it.crawl(secs(30), HOUR, 5).dials(2, 64));
    for n in 0..40 {
        w.learn(&node(n), 100 + n);
    }
    assert_eq!(w.dialing().len(), 5);
    // A dial of another kind takes none of their places, and the timer no less.
    let peers = vec![node(50)];
    let mut w = World::seed(|it| it.persistent(peers.clone()).dials(1, 64)).trusting(&peers);
    w.checks_inside = false;
    for n in 100..300 {
        w.learn(&node(n), 400 + n);
    }
    let ticks = w.ticks;
    w.pass(secs(100));
    assert!(w.ticks - ticks < 100, "{}", w.ticks - ticks);
}

#[test]
fn a_seed_that_has_dialed_as_many_as_it_may_in_a_second_waits_for_the_next() {
    let mut w = World::seed(|it| it.dials(64, 5));
    for n in 0..30 {
        w.learn(&node(n), 100 + n);
    }
    assert_eq!(w.dialing().len(), 5);
    let ticks = w.ticks;
    w.pass(ms(5_001));
    assert_eq!(w.dialing().len(), 30);
    assert!(w.ticks - ticks < 15, "{}", w.ticks - ticks);
}

#[test]
fn a_seed_checks_two_of_a_subnet_in_a_minute_as_long_as_it_has_only_heard_of_them() {
    let mut w = World::seed(|it| it);
    for n in 0..20 {
        w.learn(&at(n, host(3, 256 + n)), 100 + n);
    }
    w.run(secs(59), |_| Answer::Up);
    assert_eq!(w.dial_times().len(), 2);
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.peers.book().old(), 20);
}

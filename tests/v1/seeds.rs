//! The seeds that a node is given: asked when they are needed, and not else.

use pex::Seed;
use pex::peers::{Action, DialFailure, Event, Eviction, Misconduct};
use pex::v1::{Options, Switch};

use crate::nodes::{DAY, HOUR, ME, NOBODY, START, at, host, id, node, number, secs, text};
use crate::world::{Answer, DEAD, World, book, dials, steps};

/// A world with these seeds.
fn with_seeds(seeds: &[pex::NodeAddress]) -> World {
    World::quiet(|it| it.seeds(seeds.to_vec())).trusting(seeds)
}

#[test]
fn a_node_that_knows_nobody_asks_one_of_its_seeds_at_once_and_another_if_that_one_is_gone() {
    let mut w = with_seeds(&[node(1), node(2)]);
    let first = dials(&w.tick());
    assert_eq!(first.len(), 1);
    let second = dials(&w.dies(first[0]));
    assert_eq!(second.len(), 1);
    assert_ne!(first, second);
}

#[test]
fn which_seed_is_asked_first_is_chance() {
    let mut firsts = std::collections::BTreeSet::new();
    for n in 0..20 {
        let seeds = vec![node(1), node(2), node(3)];
        let options = Options::builder().seeds(seeds).build().unwrap();
        let mut switch = Switch::new(options, book(true), ME, Seed::new([n; 32]), START);
        let actions: Vec<Action> = switch.handle(START, Event::Tick).into_iter().collect();
        firsts.insert(dials(&actions)[0]);
    }
    assert_eq!(firsts.len(), 3);
}

#[test]
fn an_unresolvable_seed_is_tried_again_and_stops_nothing() {
    let name = text(1, "no.such.name.example.org:26656");
    for why in [DialFailure::Unusable, DialFailure::Unreachable] {
        let mut w = with_seeds(std::slice::from_ref(&name));
        w.run(DAY, |_| Answer::Fails(why));
        let tries = w.dials_of(1).len();
        assert!((280..=320).contains(&tries), "{tries}");
        // One day it resolves.
        w.run(secs(400), |_| Answer::UpAt(host(1, 1)));
        assert_eq!(w.outbound(), [1]);
    }
}

#[test]
fn a_good_seed_beside_a_bad_one_is_found() {
    let (bad, good) = (text(1, "no.such.name.example.org:26656"), node(2));
    let mut w = with_seeds(&[bad, good]);
    w.run(secs(5), |it| {
        if number(it.id()) == 2 {
            Answer::Up
        } else {
            DEAD
        }
    });
    assert_eq!(w.outbound(), [2]);
}

#[test]
fn a_seed_that_is_dead_is_tried_at_most_five_minutes_apart_for_ever() {
    let mut w = with_seeds(&[node(1)]);
    w.run(10 * DAY, |_| DEAD);
    let waits = steps(&w.dials_of(1));
    assert!(waits.iter().all(|it| (secs(60)..secs(360)).contains(it)));
    assert!(waits.len() > 2_400);
}

#[test]
fn a_seed_is_tried_once_while_a_third_of_our_places_is_taken_by_peers_of_our_own_choice() {
    let seeds = [node(1)];
    let mut w = World::quiet(|it| it.seeds(seeds.to_vec()).slots(3, 40)).trusting(&seeds);
    w.learn(&node(2), 9);
    w.dialed(2);
    w.ready(2);
    w.run(DAY, |_| DEAD);
    assert_eq!(w.dials_of(1).len(), 1);
    w.down(2);
    w.run(secs(120), |_| DEAD);
    assert!(w.dials_of(1).len() >= 2);
}

#[test]
fn a_seed_that_is_not_needed_has_nobody_looked_for_every_second() {
    // A third of our places is taken.
    let seeds = [node(1)];
    let mut w = World::quiet(|it| it.seeds(seeds.to_vec()).slots(3, 40)).trusting(&seeds);
    w.connect(2);
    let ticks = w.ticks;
    w.pass(HOUR);
    assert!(w.ticks - ticks < 300, "{}", w.ticks - ticks);
    // Somebody is dialed for the first of them.
    let mut w = with_seeds(&seeds);
    w.learn(&node(2), 9);
    w.pass(secs(25));
    assert_eq!(w.dialing(), [2]);
    assert!(w.ticks < 5, "{}", w.ticks);
    // That comes to nothing for too long.
    w.pass(secs(75));
    assert_eq!(w.dialing(), [1, 2]);
    assert!(w.ticks < 20, "{}", w.ticks);
}

#[test]
fn few_who_may_know_only_each_other_keep_nobody_from_his_seeds() {
    let mut w = with_seeds(&[node(1)]);
    for n in 2..5 {
        w.connect(n);
    }
    w.run(HOUR, |_| Answer::HangsUp);
    assert_eq!(w.outbound(), [2, 3, 4]);
    let waits = steps(&w.dials_of(1));
    assert!((8..=12).contains(&waits.len()), "{waits:?}");
    assert!(waits.iter().all(|it| *it >= secs(300)), "{waits:?}");
}

#[test]
fn a_clique_in_half_of_our_places_keeps_nobody_from_those_seeds_that_were_never_tried() {
    let mut w = with_seeds(&[node(1), node(2), node(3)]);
    // One of the seeds is of the clique.
    for n in 3..8 {
        w.connect(n);
    }
    w.run(secs(300), |_| Answer::HangsUp);
    let (one, other) = (w.dials_of(1), w.dials_of(2));
    assert_eq!((one.len(), other.len()), (1, 1));
    let (first, last) = (one[0].min(other[0]), one[0].max(other[0]));
    assert!(
        first <= secs(100) && last <= secs(160),
        "{first:?}, {last:?}"
    );
    // By now they are in the book, and are dialed like everybody whom it has.
    w.run(HOUR, |_| Answer::HangsUp);
    for seed in [1, 2] {
        let waits = steps(&w.dials_of(seed));
        assert!(waits.iter().all(|it| *it >= secs(300)), "{waits:?}");
    }
}

/// Seeds hang up when they have answered, and all others stay.
fn seeds_hang_up(address: &pex::NodeAddress) -> Answer {
    match number(address.id()) {
        ..10 => Answer::HangsUp,
        _ => Answer::Up,
    }
}

#[test]
fn a_clique_that_would_fill_all_our_places_leaves_the_last_one_to_seeds_until_each_was_tried() {
    let mut w = with_seeds(&[node(1), node(2), node(3)]);
    // The first seed tells of all these, who answer.
    w.run(secs(1), seeds_hang_up);
    for n in 10..40 {
        w.learn(&node(n), 1);
    }
    w.run(secs(60), seeds_hang_up);
    assert_eq!(w.outbound().len(), 9);
    w.run(secs(200), seeds_hang_up);
    assert!((1..4).all(|seed| w.dials_of(seed).len() == 1));
    assert_eq!(w.outbound().len(), 10);
}

#[test]
fn who_has_one_place_does_not_keep_it_for_a_seed() {
    let mut w = World::quiet(|it| it.seeds(vec![node(1)]).slots(1, 40));
    w.learn(&node(10), 9);
    assert_eq!(w.dialing(), [10]);
}

#[test]
fn a_seed_that_is_banned_has_no_place_kept_for_it() {
    let mut w = World::quiet(|it| it.seeds(vec![node(1)]));
    w.welcome(1);
    w.misbehaves(1, Misconduct::Fatal);
    for n in 10..40 {
        w.learn(&node(n), 9);
    }
    w.run(secs(60), seeds_hang_up);
    assert_eq!(w.outbound().len(), 10);
}

#[test]
fn whoever_has_proved_others_good_before_keeps_no_place_for_a_seed() {
    let mut w = World::quiet(|it| it);
    for n in 10..40 {
        w.learn(&node(n), 9);
    }
    w.run(DAY, seeds_hang_up);
    let seeds = vec![node(1), node(2)];
    w.restart(Options::builder().seeds(seeds).build().unwrap());
    w.run(secs(25), seeds_hang_up);
    assert_eq!(w.outbound().len(), 10);
    assert!(w.dials_of(1).is_empty() && w.dials_of(2).is_empty());
}

#[test]
fn no_seed_is_asked_where_every_place_of_ours_has_a_peer() {
    let mut w = World::quiet(|it| it.slots(3, 40));
    for n in 2..5 {
        w.connect(n);
    }
    w.name(&node(1));
    w.run(DAY, |_| DEAD);
    assert_eq!(w.dials_of(1).len(), 0);
}

#[test]
fn a_seed_that_was_named_later_and_hangs_up_is_not_put_off_for_hours_either() {
    let mut w = World::quiet(|it| it.slots(3, 40));
    w.connect(2);
    w.name(&node(1));
    // Others tell of it as well, so it is dialed as anybody is.
    w.learn(&node(1), 2);
    w.run(DAY, |_| Answer::HangsUp);
    w.down(2);
    let lost = w.now - START;
    w.run(secs(301), |_| DEAD);
    assert!(w.dials_of(1).iter().any(|at| *at >= lost));
}

#[test]
fn whoever_has_come_to_us_does_not_keep_us_from_our_seeds() {
    let mut w = with_seeds(&[node(1)]);
    w.learn(&node(2), 9);
    w.welcome(3);
    w.run(HOUR, |it| {
        if number(it.id()) == 1 {
            Answer::Up
        } else {
            DEAD
        }
    });
    assert!(!w.dials_of(1).is_empty());
}

#[test]
fn a_book_full_of_the_dead_does_not_keep_us_from_our_seeds() {
    let mut w = with_seeds(&[node(1)]);
    w.checks_inside = false;
    for n in 2..2_002 {
        w.learn(&node(n), 3_000 + n);
    }
    assert!(w.peers.book().size() >= 1_000);
    w.run(2 * HOUR, |it| {
        if number(it.id()) == 1 {
            Answer::Up
        } else {
            DEAD
        }
    });
    assert!(!w.dials_of(1).is_empty());
}

#[test]
fn whoever_makes_up_addresses_faster_than_they_are_dialed_does_not_keep_us_from_our_seeds() {
    let mut w = with_seeds(&[node(1), node(2)]);
    w.checks_inside = false;
    w.connect(3);
    let mut nth = 10;
    for _ in 0..20 {
        for _ in 0..100 {
            nth += 1;
            w.learn(&node(nth), 3);
        }
        w.run(secs(30), |_| DEAD);
    }
    for seed in [1, 2] {
        let times = w.dials_of(seed);
        assert!(times[0] <= secs(90), "{times:?}");
        // Not only once, as a seed is that was never tried.
        assert!(times.len() >= 3, "{times:?}");
        assert!(steps(&times).iter().all(|it| *it >= secs(60)), "{times:?}");
    }
}

#[test]
fn a_seed_that_failed_while_it_was_not_needed_is_not_put_off_for_hours_when_it_is() {
    let mut w = with_seeds(&[node(1)]);
    w.connect(2);
    // Others tell of the seed, so it is dialed as anybody is.
    w.learn(&node(1), 2);
    w.run(DAY, |_| DEAD);
    assert!(w.dials_of(1).len() >= 3);
    w.down(2);
    let lost = w.now - START;
    w.run(secs(301), |_| DEAD);
    assert!(w.dials_of(1).iter().any(|at| *at >= lost));
}

#[test]
fn a_seed_that_knew_of_nobody_is_asked_again_less_and_less_often() {
    let mut w = with_seeds(&[node(1)]);
    w.run(HOUR, |_| Answer::HangsUp);
    let waits = steps(&w.dials_of(1));
    assert!(waits[0] < secs(45), "{waits:?}");
    assert!(waits.last().unwrap() < &secs(340), "{waits:?}");
    assert!((12..=24).contains(&waits.len()), "{waits:?}");
    // It did no wrong by hanging up.
    assert_eq!(w.attempts(&node(1)), Some(0));
}

#[test]
fn a_seed_that_we_have_got_from_is_left_alone() {
    let mut w = with_seeds(&[node(1)]);
    w.tick();
    w.dialed(1);
    w.ready(1);
    for n in 10..40 {
        w.learn(&node(n), 1);
    }
    w.run(DAY, |it| {
        if number(it.id()) == 1 {
            Answer::HangsUp
        } else {
            Answer::Up
        }
    });
    assert_eq!(w.outbound().len(), 10);
    assert_eq!(w.dials_of(1).len(), 1);
}

#[test]
fn a_name_that_the_operator_gives_later_is_a_seed() {
    let mut w = World::quiet(|it| it);
    w.pass(HOUR);
    assert_eq!(dials(&w.name(&text(1, "seed.example.org:26656"))), [1]);
    w.event(Event::Dialed {
        address: text(1, "seed.example.org:26656"),
        epoch: pex::Epoch::new(99),
        ip: Some(host(1, 257)),
    });
    // Where it led is remembered, and tested as any other.
    assert!(w.knows(&at(1, host(1, 257))));
    assert_eq!(w.outbound(), [1]);
}

#[test]
fn a_name_that_a_stranger_tells_is_of_no_use_and_counted_but_the_operators_is_not() {
    let mut w = World::quiet(|it| it);
    w.learn(&text(1, "n.example.org:26656"), 9);
    assert_eq!((w.peers.counts().unfit, w.dialing()), (1, vec![]));
    w.name(&text(2, "seed.example.org:26656"));
    assert_eq!((w.peers.counts().unfit, w.dialing()), (1, vec![2]));
}

#[test]
fn we_are_no_seed_of_ours() {
    let me = pex::NodeAddress::mconn(ME, host(1, 1), 26_656);
    let mut w = with_seeds(&[me]);
    w.pass(HOUR);
    assert_eq!(w.dialing(), NOBODY);
    assert!(w.ticks < 300);
    assert!(!w.gone().contains(&(number(id(1)), Eviction::Ourselves)));
}

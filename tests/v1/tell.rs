//! What others are told of the book, and from where on.

use core::ops::ControlFlow;
use std::collections::BTreeSet;

use pex::v1::{Options, Switch};
use pex::{Directory as _, Manager as _, NodeEvent, Seed};

use crate::lone::{Lone, told};
use crate::nodes::{ME, START, at, host, id, node, number};
use crate::world::{World, book, place};

/// A node or a seed node that has heard of ten others.
fn of_ten(seed_mode: bool) -> World {
    let mut w = if seed_mode {
        World::seed(|it| it)
    } else {
        World::quiet(|it| it.slots(0, 9))
    };
    for n in 1..=10 {
        w.learn(&node(n), 100 + n);
    }
    w
}

/// What has been learned since so much was, as it is told.
fn news(w: &World, since: u64) -> Vec<u32> {
    let mut news = Vec::new();
    w.peers.walk_news(since, &mut |address| {
        news.push(number(address.id()));
        ControlFlow::Continue(())
    });
    news
}

#[test]
fn newcomers_are_told_different_shares_of_the_book() {
    let mut lone = Lone::with(|it| it.slots(1, 9).seeds(vec![node(1)]).dials(1, 1));
    lone.event(NodeEvent::Tick);
    lone.reached(&node(1));
    let many: Vec<_> = (100..350).map(node).collect();
    lone.answers(1, &many);
    let mut all = BTreeSet::new();
    for n in 2..=7 {
        lone.comes(n);
        let share = told(&lone.asks(n)).unwrap();
        // 23 of a hundred.
        assert!((57..=60).contains(&share.len()), "{}", share.len());
        all.extend(share);
    }
    assert!(all.len() > 120, "{}", all.len());
}

#[test]
fn who_is_told_in_the_order_of_ids_begins_with_anybody_and_a_seed_has_no_such_order() {
    let mut w = of_ten(false);
    assert_eq!(w.peers.arc_start(0), None, "as long as it helps nobody");
    w.peers.tell_arcs();
    let tenth = u64::MAX / 10;
    let starts = (0..10).map(|n| w.peers.arc_start(tenth * n + tenth / 2));
    let starts: BTreeSet<_> = starts.flatten().collect();
    assert_eq!(starts, (1..=10).map(id).collect());
    let mut seed = of_ten(true);
    seed.peers.tell_arcs();
    assert_eq!(seed.peers.arc_start(0), None);
    // Whoever is no longer told of those whom nobody has reached has none either.
    let checked = Options::builder().tells_unchecked(false).build().unwrap();
    w.reconfigure(checked);
    assert_eq!(w.peers.arc_start(0), None);
}

#[test]
fn an_arc_goes_round_the_ring_of_ids_in_whatever_order_they_were_learned() {
    for early in [true, false] {
        let mut w = World::quiet(|it| it.slots(0, 9));
        if early {
            w.peers.tell_arcs();
        }
        let learned = [3, 9, 1, 7, 5, 10, 2, 8, 6, 4];
        for n in learned {
            w.learn(&node(n), 100 + n);
        }
        w.peers.tell_arcs();
        let mut ids: Vec<_> = (1..=10).map(id).collect();
        ids.sort_unstable();
        for from in 0..10 {
            let mut arc = Vec::new();
            w.peers.walk_arc(ids[from], &mut |address| {
                arc.push(address.id());
                ControlFlow::Continue(())
            });
            // From the next one on, and all the way round to where it began.
            ids.rotate_left(from + 1);
            assert_eq!(arc, ids);
            ids.rotate_right(from + 1);
        }
    }
}

#[test]
fn what_was_learned_last_is_told_first_but_not_by_a_seed_which_checks_it_before() {
    let mut w = of_ten(false);
    let before = w.peers.learned();
    assert_eq!(before, 10);
    for n in [11, 5, 12] {
        w.learn(&node(n), 100 + n);
    }
    assert_eq!(news(&w, before), [12, 11]);
    assert_eq!(news(&w, w.peers.learned()), [0; 0]);
    assert_eq!(news(&of_ten(true), 0), [0; 0]);
}

#[test]
fn a_book_is_as_full_as_it_needs_to_be_at_a_thousand_of_whom_one_network_has_told_a_tenth() {
    let mut w = World::quiet(|it| it.slots(0, 9));
    w.welcome(1);
    w.welcome(2);
    for (all, teller, percent) in [
        (100..190, 1, 9),
        (190..400, 1, 10),
        (400..450, 2, 15),
        (450..600, 2, 20),
    ] {
        for n in all {
            w.learn(&node(n), teller);
        }
        assert_eq!(w.peers.fill_percent(), percent);
    }
    // Whoever was reached counts, whoever told of him.
    for n in 600..700 {
        w.reached(&node(n));
        w.down(n);
    }
    assert_eq!(w.peers.fill_percent(), 30);
}

#[test]
fn an_answer_is_bounded_by_the_share_that_the_reference_tells() {
    for (size, told) in [(0, 0), (10, 10), (100, 32), (400, 92), (4_000, 250)] {
        let mut book = book(true);
        for n in 0..size {
            let told = place(&at(20_000 + n, host(10_000 + n, 9)));
            let added = book.add_address(START, &place(&at(n, host(n, 9))), &told);
            assert!(added.is_ok(), "{n} {added:?}");
        }
        let options = Options::default();
        let switch = Switch::new(options, book, ME, Seed::new([7; 32]), START);
        assert_eq!(switch.answer_max(), told, "{size}");
    }
}

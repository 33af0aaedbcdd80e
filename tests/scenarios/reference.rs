//! The reference's two formulas, as policies: the first request, the waits, and what is ours.

use core::time::Duration;

use pex::{Config, Kind, Policy};

use crate::support::{World, asked, id, ms, node, nodes, secs, steps};

fn world(policy: Policy) -> World {
    World::with(Config::builder().policy(policy).build().unwrap())
}

/// The wait before the request with this number, the first of them being 0.
fn wait_before(w: &World, request: usize) -> Duration {
    let made: Vec<_> = w.requests_made().into_iter().map(|(at, _)| at).collect();
    steps(&made)[request - 1]
}

#[test]
fn formula_a_asks_at_once_and_b_after_its_shortest_interval() {
    let mut a = world(Policy::Tendermint0350);
    assert_eq!(asked(&a.up(1, Kind::V2)), [id(1)]);
    let mut b = world(Policy::Tendermint0359);
    assert_eq!(asked(&b.up(1, Kind::V2)), []);
    assert_eq!(asked(&b.pass(ms(199))), []);
    assert_eq!(asked(&b.pass(ms(1))), [id(1)]);
}

#[test]
fn formula_b_waits_four_tenths_of_a_second_after_the_first_answer_of_an_only_peer() {
    for told in [1, 100] {
        let mut w = world(Policy::Tendermint0359);
        w.up(1, Kind::V2);
        w.pass(ms(200));
        w.answers(1, &nodes(0..told));
        assert_eq!(asked(&w.pass(ms(399))), [], "{told}");
        assert_eq!(asked(&w.pass(ms(1))), [id(1)], "{told}");
    }
}

#[test]
fn formula_b_waits_2040_seconds_after_one_stale_answer_to_a_hundred_nodes() {
    let mut w = world(Policy::Tendermint0359);
    w.up(1, Kind::V2);
    w.pass(ms(200));
    w.answers(1, &nodes(0..100));
    w.pass(ms(400));
    w.answers(1, &nodes(0..100));
    w.pass(secs(3_000));
    assert_eq!(wait_before(&w, 2), ms(2_040_400));
}

#[test]
fn formula_b_divides_among_the_peers_that_are_not_being_asked() {
    let mut w = world(Policy::Tendermint0359);
    for peer in 1..=4 {
        w.up(peer, Kind::V2);
    }
    w.pass(ms(200));
    assert_eq!(w.requests_made().len(), 1);
    // All four are available again once the first has answered: 200 / 4 + 200 ms.
    w.answers(1, &nodes(0..100));
    w.pass(ms(600));
    assert_eq!(w.requests_made()[1].0, ms(450));
}

#[test]
fn formula_b_counts_every_node_ever_added() {
    let mut w = world(Policy::Tendermint0359);
    w.up(1, Kind::V2);
    w.pass(ms(200));
    w.answers(1, &nodes(0..9));
    w.pass(ms(400));
    // Ten added, one of them now: 200 ms * (11 / 2)^2 + 200 ms.
    w.answers(1, &nodes(0..10));
    w.pass(secs(60));
    assert_eq!(wait_before(&w, 2), ms(6_250));
}

#[test]
fn formula_a_spaces_the_first_requests_by_the_peers_that_are_left() {
    let mut w = world(Policy::Tendermint0350);
    for peer in 1..=4 {
        w.up(peer, Kind::V2);
    }
    w.pass(secs(1));
    let times: Vec<_> = w.requests_made().into_iter().map(|(at, _)| at).collect();
    // The first peer was alone when it was asked; after the second two are left, then one.
    assert_eq!(times, [ms(0), ms(100), ms(200), ms(400)]);
}

#[test]
fn formula_a_reckons_after_a_request_so_one_stale_answer_costs_seventeen_minutes() {
    let mut w = world(Policy::Tendermint0350);
    w.up(1, Kind::V2);
    w.answers(1, &nodes(0..100));
    w.pass(ms(300));
    w.answers(1, &nodes(0..100));
    w.pass(ms(300));
    assert_eq!(
        w.requests_made().len(),
        3,
        "its wait is still that of the answer before"
    );
    w.answers(1, &nodes(0..100));
    w.pass(secs(2_000));
    // (101 / 1)^2 = 10,201 times 100 ms, as nobody else is available.
    assert_eq!(wait_before(&w, 3), ms(1_020_100));
}

#[test]
fn formula_a_counts_every_square_below_two_as_one() {
    // 100 told and 71 new make (101 / 72)^2 = 1.97; 100 and 49 make (101 / 50)^2 = 4.08.
    for (new, wait) in [(71, 1), (49, 4)] {
        let mut w = world(Policy::Tendermint0350);
        w.up(1, Kind::V2);
        w.answers(1, &nodes(0..100));
        w.pass(ms(300));
        w.answers(1, &nodes(new..new + 100));
        w.up(2, Kind::V2);
        w.up(3, Kind::V2);
        let first = w.requests_made().len();
        w.pass(secs(2));
        // After this request one or two are left, so the base is 200 or 100 ms.
        let waits: Vec<_> = (first + 1..first + 3).map(|i| wait_before(&w, i)).collect();
        assert_eq!(waits, [ms(100 * wait), ms(200 * wait)], "{new} new");
    }
}

#[test]
fn both_formulas_wait_ten_minutes_when_the_store_is_nearly_full() {
    for policy in [Policy::Tendermint0350, Policy::Tendermint0359] {
        let mut w = world(policy);
        w.store.fill_percent = 95;
        w.up(1, Kind::V2);
        w.pass(ms(200));
        w.answers(1, &nodes(0..10));
        w.pass(secs(700));
        assert!(wait_before(&w, 1) >= secs(600), "{policy:?}");
    }
}

#[test]
fn no_formula_asks_a_peer_sooner_than_its_kind_allows() {
    for policy in [Policy::Tendermint0350, Policy::Tendermint0359] {
        let mut w = world(policy);
        w.up(1, Kind::V1);
        let mut told = 1_000;
        w.converse(secs(120), ms(0), |_| {
            told += 1;
            Some(vec![node(told)])
        });
        // The judge holds every request to the gap; here only that there were some.
        assert!((9..=11).contains(&w.asked(1).len()), "{policy:?}");
    }
}

#[test]
fn a_first_peer_after_none_does_not_wait_out_what_was_reckoned_from_those_who_are_gone() {
    for (policy, wait) in [
        (Policy::Tendermint0350, ms(100)),
        (Policy::Tendermint0359, ms(200)),
    ] {
        let mut w = world(policy);
        w.up(1, Kind::V2);
        w.converse(secs(60), ms(0), |_| Some(nodes(0..100)));
        w.down(1);
        let before = w.now;
        w.up(2, Kind::V2);
        w.pass(wait);
        assert_eq!(w.asked(2).len(), 1, "{policy:?} at {before}");
    }
}

#[test]
fn under_formula_b_a_silent_peer_does_not_hold_up_the_next() {
    let mut w = world(Policy::Tendermint0359);
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    w.pass(ms(400));
    assert_eq!(
        w.requests_made(),
        [(ms(200), id(1)), (ms(400), id(2))],
        "the second is asked while the first keeps silent"
    );
}

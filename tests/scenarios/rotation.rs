//! Whom to ask next, and what a peer that does not answer can do to it: nothing.

use pex::{Config, Fault, Kind, NodeAddress, NodeId, Pex, Seed};
use quickcheck::QuickCheck;

use crate::support::{World, asked, cut, id, just_before, ms, node, nodes, reported, secs, steps};

fn one_at_a_time() -> World {
    World::with(Config::builder().outstanding_max(1).build().unwrap())
}

/// A reply that always tells of a node that nobody has told of.
fn news() -> impl FnMut(NodeId) -> Option<Vec<NodeAddress>> {
    let mut told = 20_000;
    move |_| {
        told += 1;
        Some(vec![node(told)])
    }
}

#[test]
fn the_front_is_asked_and_goes_to_the_back_when_it_has_answered() {
    let mut w = one_at_a_time();
    assert_eq!(asked(&w.up(1, Kind::V2)), [id(1)]);
    assert!(w.up(2, Kind::V2).is_empty());
    assert!(w.up(3, Kind::V2).is_empty());
    w.converse(secs(2), ms(150), news());
    let order: Vec<_> = w.requests_made().into_iter().map(|(_, to)| to).collect();
    assert!(order.len() >= 12);
    for (i, to) in order.iter().enumerate() {
        assert_eq!(*to, id(u32::try_from(i % 3).unwrap() + 1), "request {i}");
    }
}

#[test]
fn a_peer_that_has_not_answered_does_not_go_to_the_back() {
    let mut w = one_at_a_time();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    assert!(asked(&w.pass(ms(9_999))).is_empty());
    assert_eq!(asked(&w.pass(ms(1))), [id(2)]);
}

#[test]
fn between_two_requests_to_a_peer_everyone_who_stood_in_the_rotation_is_asked() {
    let mut w = one_at_a_time();
    for peer in 1..=7 {
        w.up(peer, Kind::V2);
    }
    // Seven answers take longer than the gap, so everybody stands in the rotation all the while.
    w.converse(secs(60), ms(60), news());
    let order: Vec<_> = w.requests_made().into_iter().map(|(_, to)| to).collect();
    assert!(order.len() > 700, "{}", order.len());
    for window in order.windows(7) {
        let mut window = window.to_vec();
        window.sort_unstable();
        window.dedup();
        assert_eq!(window.len(), 7);
    }
}

#[test]
fn in_any_2k_requests_each_of_k_peers_is_asked() {
    fn holds(peers: u8, at_once: u8, latency: u16) -> bool {
        let (k, at_once) = (usize::from(peers % 12) + 1, usize::from(at_once % 8) + 1);
        let config = Config::builder().outstanding_max(at_once).build().unwrap();
        let mut w = World::with(config);
        for peer in 1..=k {
            w.up(u32::try_from(peer).unwrap(), Kind::V2);
        }
        w.converse(secs(10), ms(u64::from(latency % 900)), news());
        let order: Vec<_> = w.requests_made().into_iter().map(|(_, to)| to).collect();
        order.windows(2 * k).all(|window| {
            let mut window = window.to_vec();
            window.sort_unstable();
            window.dedup();
            window.len() == k
        })
    }
    QuickCheck::new()
        .tests(60)
        .quickcheck(holds as fn(u8, u8, u16) -> bool);
}

#[test]
fn guests_who_never_answer_and_come_and_go_do_not_keep_others_from_being_asked() {
    for (kind, guests) in [
        (Kind::V2, Kind::V2),
        (Kind::V2, Kind::Kin),
        (Kind::Kin, Kind::V2),
        (Kind::Kin, Kind::Kin),
    ] {
        let mut w = one_at_a_time();
        w.up(1, kind);
        w.converse(secs(1), ms(150), |_| Some(nodes(200..250)));
        let before = w.asked(1).len();
        // Each of them takes the one question that may be open, and the next is there before it is over.
        for guest in 2..=600 {
            w.up(guest, guests);
            w.converse(secs(4), ms(150), |from| (from == id(1)).then(Vec::new));
            if guest > 21 {
                w.down(guest - 20);
            }
        }
        let since = w.asked(1).len() - before;
        assert!(since >= 8, "{kind:?} among {guests:?}: {:?}", w.asked(1));
    }
}

#[test]
fn kin_that_never_answers_and_comes_and_goes_does_not_take_the_turns_of_all_others() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.converse(secs(600), ms(150), |_| Some(Vec::new()));
    let before = w.asked(1).len();
    for guest in 2..=200 {
        w.up(guest, Kind::Kin);
        w.converse(ms(10_300), ms(150), |from| (from == id(1)).then(Vec::new));
        if guest > 5 {
            w.down(guest - 4);
        }
    }
    // It has nothing new, and so an interval of ten minutes, after which its line has its turn.
    assert!(w.asked(1).len() >= before + 3, "{:?}", w.asked(1));
}

#[test]
fn a_silent_peer_times_out_after_ten_seconds_and_is_asked_less_and_less() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.pass(secs(60));
    // Ten seconds of patience, then twice the gap, four times, eight times, and so on.
    let mut expected = vec![ms(0)];
    for wait in [600, 1_200, 2_400, 4_800] {
        expected.push(*expected.last().unwrap() + secs(10) + ms(wait));
    }
    assert_eq!(w.asked(1), expected);
    assert_eq!(w.pex.stats().timeouts, 5);
}

#[test]
fn a_silent_peer_is_never_forgotten_and_waits_no_longer_than_ten_minutes() {
    let mut w = World::new();
    w.up(1, Kind::V1);
    w.pass(secs(6 * 3_600));
    let times = w.asked(1);
    assert!(times.len() > 36, "{}", times.len());
    assert!(steps(&times).iter().all(|&step| step <= secs(610)));
}

#[test]
fn a_silent_peer_that_speaks_again_is_forgiven() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.pass(ms(10_600));
    assert_eq!(w.asked(1).len(), 2);
    w.answers(1, &nodes(10..20));
    assert_eq!(asked(&w.pass(ms(300))), [id(1)]);
    // Its misses begin at one again.
    w.pass(ms(10_600));
    assert_eq!(w.asked(1).len(), 4);
}

#[test]
fn all_but_one_silent_the_live_one_is_asked_within_two_timeouts_and_goes_on() {
    let config = Config::builder().outstanding_max(16).build().unwrap();
    let mut w = World::with(config);
    for peer in 1..=32 {
        w.up(peer, Kind::V2);
    }
    let mut news = news();
    w.converse(secs(300), ms(50), |peer| {
        (peer == id(32)).then(|| news(peer)).flatten()
    });
    let live = w.asked(32);
    assert!(live[0] <= secs(20), "{:?}", live[0]);
    // Its share of sixteen places among those who wait for a place.
    assert!(live.len() > 60, "{}", live.len());
    // And nobody is left out for ever.
    for peer in 1..=31 {
        assert!(w.asked(peer).iter().any(|at| *at > secs(100)), "{peer}");
    }
}

#[test]
fn a_peer_has_at_most_one_request_outstanding() {
    let mut w = World::new();
    assert_eq!(asked(&w.up(1, Kind::V2)), [id(1)]);
    for _ in 0..99 {
        w.now = w.now + ms(100);
        assert!(asked(&w.tick()).is_empty());
        assert!(w.pex.is_awaiting(id(1)));
    }
}

#[test]
fn no_more_requests_are_under_way_than_the_bound_allows() {
    let config = Config::builder().outstanding_max(3).build().unwrap();
    let mut w = World::with(config);
    let first: usize = (1..=10)
        .map(|peer| asked(&w.up(peer, Kind::V2)).len())
        .sum();
    assert_eq!(first, 3);
    assert_eq!(asked(&w.answers(2, &nodes(100..110))), [id(4)]);
    assert_eq!(asked(&w.answers(1, &nodes(100..110))), [id(5)]);
}

#[test]
fn a_peer_lost_frees_its_place_at_once() {
    let mut w = one_at_a_time();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    assert_eq!(asked(&w.down(1)), [id(2)]);
}

#[test]
fn a_peer_cut_frees_its_place_at_once() {
    let mut w = one_at_a_time();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    let actions = w.bytes(1, &[0xff]);
    assert_eq!(cut(&actions).len(), 1);
    assert_eq!(asked(&actions), [id(2)]);
}

#[test]
fn a_peer_found_is_asked_at_once() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &[]);
    w.now = w.now + ms(7);
    assert_eq!(asked(&w.up(2, Kind::V1)), [id(2)]);
    assert_eq!(w.requests_made().last(), Some(&(ms(7), id(2))));
}

#[test]
fn a_request_that_could_not_be_sent_is_made_again_and_nobody_is_blamed() {
    for (kind, wait) in [
        (Kind::V2, secs(1)),
        (Kind::Kin, secs(1)),
        (Kind::V1, secs(12)),
    ] {
        let mut w = World::new();
        w.up(1, kind);
        assert!(w.unsent(1).is_empty());
        assert!(asked(&w.pass(just_before(wait))).is_empty());
        assert_eq!(asked(&w.pass(ms(1))), [id(1)], "{kind:?}");
        assert_eq!(w.pex.stats().timeouts, 0);
    }
}

#[test]
fn an_answer_of_ours_that_could_not_be_sent_changes_nothing() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &nodes(10..20));
    let before = w.digest();
    assert!(w.unsent(1).is_empty());
    assert_eq!(w.digest(), before);
}

#[test]
fn three_requests_in_a_row_without_an_answer_are_reported_and_two_are_not() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let first_two = w.pass(secs(10) + ms(600) + secs(10));
    assert!(reported(&first_two).is_empty());
    let third = w.pass(ms(1_200) + secs(10));
    assert_eq!(reported(&third), [(id(1), Fault::NoAnswer { in_a_row: 3 })]);
    assert!(cut(&third).is_empty(), "silence ends no connection");
}

#[test]
fn ten_thousand_peers_are_each_asked_before_anyone_is_asked_twice() {
    let mut w = World::new();
    w.checks_inside = false;
    for peer in 0..10_000 {
        w.up(peer, Kind::V2);
    }
    // A dozen at first, until it shows how large the network is.
    assert_eq!(w.requests_made().len(), 12);
    w.converse(secs(14), ms(50), news());
    assert_eq!(w.pex.check(), Ok(()));
    let order: Vec<_> = w.requests_made().into_iter().map(|(_, to)| to).collect();
    assert!(order.len() > 15_000, "{}", order.len());
    let mut first = order[..10_000].to_vec();
    first.sort_unstable();
    first.dedup();
    assert_eq!(first.len(), 10_000);
}

#[test]
fn who_is_asked_stands_in_no_line_until_he_has_answered() {
    let mut w = one_at_a_time();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    let in_line = |w: &World| [1, 2, 3].map(|n| w.pex.is_in_line(id(n)));
    assert_eq!(in_line(&w), [false, true, false]);
    w.answers(1, &nodes(100..120));
    w.pass(secs(1));
    assert_eq!(in_line(&w), [true, false, false]);
}

#[test]
fn those_who_are_held_back_are_asked_by_eights_after_one_second_and_two_and_four() {
    let mut w = World::new();
    let first: usize = (1..=40).map(|n| asked(&w.up(n, Kind::V2)).len()).sum();
    assert_eq!(first, 12);
    for wait in [1, 2, 4] {
        assert_eq!(asked(&w.pass(just_before(secs(wait)))), []);
        assert_eq!(asked(&w.pass(ms(1))).len(), 8, "{wait}");
    }
}

#[test]
fn for_who_tells_some_news_one_more_is_asked_and_for_who_tells_little_else_two() {
    for (fresh, more) in [(0, 0), (9, 0), (10, 1), (39, 1), (40, 2), (80, 2)] {
        let mut w = World::new();
        (1..=20).for_each(|peer| drop(w.up(peer, Kind::V2)));
        w.answers(1, &nodes(1_000..1_080));
        let told = [nodes(1_000..1_080 - fresh), nodes(2_000..2_000 + fresh)].concat();
        assert_eq!(asked(&w.answers(2, &told)).len(), more, "{fresh} of 80");
        assert_eq!(asked(&w.answers(3, &[])), []);
    }
}

#[test]
fn after_a_restart_everybody_stands_in_the_line_in_which_he_stood() {
    let mut w = one_at_a_time();
    for (peer, kind) in [(1, Kind::V2), (2, Kind::Kin)] {
        w.up(peer, kind);
        w.answers(peer, &nodes(100 * peer..100 * peer + 50));
    }
    // While the third is asked, the others become ready, and a fourth comes.
    w.up(3, Kind::V2);
    w.up(4, Kind::Kin);
    w.pass(secs(2));
    assert!([1, 2, 4].into_iter().all(|n| w.pex.is_in_line(id(n))));
    let dump = w.pex.dump();
    let config = w.pex.config().clone();
    w.pex = Pex::restore(config, Seed::new([7; 32]), &dump).unwrap();
    assert_eq!(w.pex.dump(), dump);
    // Newcomers come first, and then kin.
    assert_eq!(asked(&w.answers(3, &[])), [id(4)]);
    assert_eq!(asked(&w.answers(4, &[])), [id(2)]);
    assert_eq!(asked(&w.answers(2, &[])), [id(1)]);
}

#[test]
fn peers_of_v1_take_nobodys_place_among_those_who_are_asked_first() {
    let mut w = World::new();
    let mut come = |peers: core::ops::Range<u32>, kind| -> usize {
        peers.map(|n| asked(&w.up(n, kind)).len()).sum()
    };
    assert_eq!(come(1..31, Kind::V2), 12);
    assert_eq!(come(31..34, Kind::V1), 3);
    assert_eq!(come(34..36, Kind::V2), 0);
}

#[test]
fn a_request_that_could_not_be_sent_costs_no_other_its_turn() {
    for kind in [Kind::V2, Kind::Kin] {
        let mut w = World::new();
        w.up(1, kind);
        for times in 0..20 {
            w.unsent(1);
            assert_eq!(asked(&w.pass(just_before(secs(1)))), []);
            assert_eq!(asked(&w.pass(ms(1))), [id(1)], "{kind:?}, {times}");
        }
    }
}

#[test]
fn twenty_who_are_silent_are_each_asked_every_ten_minutes_since_silence_costs_nothing() {
    for kind in [Kind::V2, Kind::Kin] {
        let mut w = World::new();
        (1..=20).for_each(|n| drop(w.up(n, kind)));
        w.pass(secs(2 * 3_600));
        for n in 1..=20 {
            let late = w.asked(n).into_iter().filter(|&at| at > secs(3_600));
            let waits = steps(&late.collect::<Vec<_>>());
            assert!(waits.len() >= 4, "{kind:?}: {waits:?}");
            assert!(waits.iter().all(|&it| it <= secs(660)), "{waits:?}");
        }
    }
}

//! When to ask: as often as news comes, never sooner than a peer allows, never later because
//! somebody talks to us.

use core::time::Duration;

use pex::wire::Dialect;
use pex::{Config, Kind, NodeAddress, NodeId, Policy};

use crate::support::{World, asked, id, just_before, ms, node, nodes, secs, steps};

/// A reply that always tells of a node that nobody has told of.
fn news() -> impl FnMut(NodeId) -> Option<Vec<NodeAddress>> {
    let mut told = 1_000;
    move |_| {
        told += 1;
        Some(vec![node(told)])
    }
}

fn gaps(w: &World, peer: u32) -> Vec<Duration> {
    steps(&w.asked(peer))
}

const KINDS: [(Kind, Duration); 3] = [
    (Kind::V1, secs(12)),
    (Kind::V2, ms(300)),
    (Kind::Kin, ms(110)),
];

#[test]
fn a_peer_with_news_is_asked_as_often_as_its_kind_allows() {
    for (kind, gap) in KINDS {
        let mut w = World::new();
        w.up(1, kind);
        w.converse(secs(60), ms(20), news());
        let gaps = gaps(&w, 1);
        assert!(gaps.len() >= 4);
        // The gap runs from the answer: a peer counts from the arrival of our request.
        assert!(gaps.iter().all(|&it| it == gap + ms(20)), "{gaps:?}");
    }
}

#[test]
fn a_reconnect_does_not_shorten_the_gap() {
    for (kind, gap) in KINDS {
        let mut w = World::new();
        w.up(1, kind);
        w.answers(1, &nodes(10..20));
        for _ in 0..5 {
            w.now = w.now + ms(10);
            w.down(1);
            w.now = w.now + ms(10);
            assert!(asked(&w.up(1, kind)).is_empty());
        }
        assert_eq!(asked(&w.pass(gap.saturating_sub(ms(101)))), []);
        assert_eq!(asked(&w.pass(ms(1))), [id(1)], "{kind:?}");
    }
}

#[test]
fn after_a_connection_that_ended_unanswered_the_gap_runs_from_its_end() {
    for (kind, gap) in KINDS {
        let mut w = World::new();
        w.up(1, kind);
        w.now = w.now + ms(90);
        w.down(1);
        assert!(asked(&w.up(1, kind)).is_empty());
        assert_eq!(asked(&w.pass(just_before(gap))), []);
        assert_eq!(asked(&w.pass(ms(1))), [id(1)], "{kind:?}");
    }
}

#[test]
fn a_peer_that_reconnects_all_the_time_is_asked_no_more_often_for_it() {
    let mut w = World::new();
    for _ in 0..600 {
        w.up(1, Kind::V1);
        w.now = w.now + ms(100);
        w.down(1);
    }
    // One minute of connections that last 100 ms each, never answered.
    assert!(w.asked(1).len() <= 6, "{:?}", w.asked(1));
}

#[test]
fn a_peer_whose_news_is_half_of_what_it_tells_is_asked_half_as_often() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &nodes(0..50));
    w.pass(ms(300));
    w.answers(1, &nodes(25..75));
    assert_eq!(asked(&w.pass(ms(599))), []);
    assert_eq!(asked(&w.pass(ms(1))), [id(1)]);
}

#[test]
fn one_stale_answer_doubles_the_wait_and_one_with_news_ends_it() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &nodes(0..50));
    w.pass(ms(300));
    w.answers(1, &nodes(0..50));
    w.pass(ms(600));
    w.answers(1, &nodes(0..50));
    w.pass(ms(1_200));
    w.answers(1, &nodes(50..100));
    w.pass(ms(300));
    assert_eq!(w.asked(1), [ms(0), ms(300), ms(900), ms(2_100), ms(2_400)]);
}

#[test]
fn an_empty_answer_doubles_the_wait() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &[]);
    w.pass(ms(600));
    w.answers(1, &[]);
    w.pass(ms(1_200));
    assert_eq!(w.asked(1), [ms(0), ms(600), ms(1_800)]);
}

#[test]
fn a_peer_that_never_has_news_is_asked_every_ten_minutes() {
    for (kind, _) in KINDS {
        let mut w = World::new();
        w.up(1, kind);
        w.converse(secs(4 * 3_600), ms(0), |_| Some(nodes(0..3)));
        let gaps = gaps(&w, 1);
        assert!(gaps.iter().all(|&gap| gap <= secs(600)));
        assert!(gaps.windows(2).all(|g| g[0] <= g[1]), "{gaps:?}");
        assert_eq!(gaps.last(), Some(&secs(600)));
    }
}

#[test]
fn a_stale_peer_does_not_slow_the_questions_to_another() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    let mut news = news();
    w.converse(secs(30), ms(0), |peer| {
        if peer == id(1) {
            Some(Vec::new())
        } else {
            news(peer)
        }
    });
    assert!(gaps(&w, 2).iter().all(|&gap| gap == ms(300)));
    assert!(w.asked(1).len() < 9);
}

#[test]
fn a_peer_that_invents_nodes_is_asked_no_more_often_than_its_kind_allows() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.converse(secs(30), ms(0), news());
    assert_eq!(w.asked(1).len(), 101);
}

#[test]
fn a_nearly_full_store_has_each_peer_asked_every_ten_minutes() {
    for (fill, wait) in [(94, ms(300)), (95, secs(600)), (100, secs(600))] {
        let mut w = World::new();
        w.store.fill_percent = fill;
        assert_eq!(
            asked(&w.up(1, Kind::V2)),
            [id(1)],
            "the first question is free"
        );
        w.answers(1, &nodes(10..20));
        assert_eq!(asked(&w.pass(just_before(wait))), []);
        assert_eq!(asked(&w.pass(ms(1))), [id(1)], "{fill} %");
    }
}

#[test]
fn without_a_peer_there_is_no_deadline_and_the_first_peer_is_asked_at_once() {
    let mut w = World::new();
    assert_eq!(w.pex.deadline(), None);
    assert!(w.pass(secs(3_600)).is_empty());
    assert_eq!(asked(&w.up(1, Kind::V2)), [id(1)]);
}

#[test]
fn whoever_is_left_is_not_asked_later_because_others_went() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    w.converse(secs(20), ms(0), |_| Some(Vec::new()));
    let deadline = w.pex.deadline();
    w.down(1);
    assert!(w.pex.deadline() <= deadline || deadline.is_none());
    // And a new peer does not wait for anything.
    assert_eq!(asked(&w.up(3, Kind::V2)), [id(3)]);
}

/// A minute with two peers, of which the second may be noisy; when the first is asked.
fn minute(policy: Policy, noise: impl Fn(&mut World)) -> (Vec<Duration>, usize) {
    let config = Config::builder().policy(policy).build().unwrap();
    let mut w = World::with(config);
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    let mut news = news();
    for step in 0..300 {
        w.converse(ms(200), ms(30), |peer| {
            if step % 3 == 0 {
                news(peer)
            } else {
                Some(Vec::new())
            }
        });
        let deadline = w.pex.deadline();
        noise(&mut w);
        if let Some(before) = deadline {
            assert!(
                w.pex.deadline().is_some_and(|at| at <= before),
                "moved later"
            );
        }
    }
    (w.asked(1), w.requests_made().len())
}

#[test]
fn five_requests_a_second_from_one_peer_change_none_of_ours() {
    for policy in [
        Policy::Unseen,
        Policy::Tendermint0350,
        Policy::Tendermint0359,
    ] {
        let quiet = minute(policy, |_| {});
        let noisy = minute(policy, |w| {
            w.requests(2, Dialect::V2);
        });
        assert!(quiet.1 >= 4, "{policy:?}: {}", quiet.1);
        assert_eq!(quiet, noisy, "{policy:?}");
    }
}

#[test]
fn a_flood_of_garbage_and_stray_messages_changes_none_of_our_requests() {
    let cut_at_once = |w: &mut World| {
        if w.up(9, Kind::V2).is_empty() {
            w.answers(9, &[]);
        }
        for _ in 0..20 {
            w.bytes(9, &[0xff, 0xff]);
        }
        w.down(9);
    };
    let stray = |w: &mut World| {
        for peer in 50..60 {
            let epoch = pex::Epoch::new(1);
            w.bytes_of(peer, epoch, &[0x1a, 0x00]);
            w.bytes_of(peer, epoch, &[0xff]);
            w.bytes_of(peer, epoch, &[0x22, 0x00]);
        }
    };
    let quiet = minute(Policy::Unseen, |_| {});
    assert_eq!(minute(Policy::Unseen, stray), quiet);
    assert_eq!(minute(Policy::Unseen, cut_at_once).0, quiet.0);
}

#[test]
fn the_limits_of_those_gone_longest_are_forgotten_first_and_then_strangers_wait_as_they_would() {
    let config = Config::builder().remembered_max(2).build().unwrap();
    let mut w = World::with(config);
    for peer in 1..=3 {
        w.up(peer, Kind::V1);
        w.answers(peer, &nodes(10..20));
        w.down(peer);
        w.pass(secs(1));
    }
    // The first was asked three seconds ago, and may be again after nine more.
    assert_eq!(asked(&w.up(1, Kind::V1)), []);
    assert_eq!(asked(&w.up(4, Kind::V2)), []);
    assert_eq!(asked(&w.pass(ms(8_999))), []);
    let mut now = asked(&w.pass(ms(1)));
    now.sort_unstable();
    assert_eq!(now, [id(1), id(4)]);
    // Nobody waits for those who are remembered.
    assert_eq!(asked(&w.up(5, Kind::V2)), [id(5)]);
}

#[test]
fn after_a_silence_the_gap_runs_from_its_end_over_a_reconnect_too() {
    let mut w = World::new();
    w.up(1, Kind::V1);
    assert_eq!(w.asked(1), [secs(0)]);
    // It has been silent for ten seconds; its answer may have been lost, and not our request.
    w.pass(ms(10_500));
    w.down(1);
    w.up(1, Kind::V1);
    w.pass(secs(30));
    assert_eq!(w.asked(1)[1], secs(22));
}

#[test]
fn kin_whose_news_lie_where_others_have_told_of_all_rests_before_it_is_asked_again() {
    for (begin, wait) in [(500_000_000, ms(110)), (1_202_000_000, ms(1_100))] {
        let mut w = World::new();
        w.up(1, Kind::Kin);
        w.answers(1, &nodes_apart(1_200_000_000, 4_000_000, 100));
        w.down(1);
        // Each of these is new, between two that follow each other by what the first has told.
        w.up(2, Kind::Kin);
        w.answers(2, &nodes_apart(begin, 4_000_000, 60));
        assert_eq!(asked(&w.pass(just_before(wait))), []);
        assert_eq!(asked(&w.pass(ms(1))), [id(2)], "{begin}");
    }
}

#[test]
fn kin_that_tells_forty_in_no_order_rests_and_kin_that_knows_fewer_need_not() {
    for (many, wait) in [(39, ms(110)), (40, ms(1_100))] {
        let mut w = World::new();
        w.up(1, Kind::Kin);
        let mut told = nodes_apart(1_000, 60_000_000, many);
        // A step back is a way round the ring, of which an arc has but one.
        told.swap(30, 31);
        told.swap(33, 34);
        w.answers(1, &told);
        assert_eq!(asked(&w.pass(just_before(wait))), [], "{many}");
        assert_eq!(asked(&w.pass(ms(1))), [id(1)], "{many}");
    }
}

#[test]
fn kin_is_asked_for_more_of_an_arc_if_one_of_its_last_ten_nodes_is_new() {
    for (new, wait) in [(89, ms(1_100)), (90, ms(110)), (99, ms(110))] {
        let mut w = World::new();
        let arc = nodes_apart(500_000_000, 4_000_000, 100);
        let mut known = arc.clone();
        known.remove(new);
        // By what is told in no order nobody knows that there is nothing between.
        known.reverse();
        w.up(1, Kind::V2);
        w.answers(1, &known);
        w.down(1);
        w.up(2, Kind::Kin);
        w.answers(2, &arc);
        assert_eq!(asked(&w.pass(just_before(wait))), [], "{new}");
        assert_eq!(asked(&w.pass(ms(1))), [id(2)], "{new}");
    }
}

/// So many nodes whose ids lie so far apart.
fn nodes_apart(begin: u32, step: u32, many: u32) -> Vec<NodeAddress> {
    (0..many).map(|n| node(begin + n * step)).collect()
}

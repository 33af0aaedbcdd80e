//! What others may be told.

use core::ops::ControlFlow;
use std::collections::BTreeSet;

use pex::peers::{DialFailure, Misconduct, Options, PeerManager};
use pex::{Cursor, Directory, NodeAddress, Seed};

use crate::world::{Answer, DEAD, HOUR, ME, START, World, at, host, id, node, number, secs, text};

/// The next hundred for somebody who is told a hundred at a time.
fn hundred(peers: &PeerManager, cursor: &mut Cursor) -> Vec<NodeAddress> {
    let mut told = Vec::new();
    peers.walk(*cursor, &mut |next, address| {
        told.push(address.clone());
        *cursor = next;
        if told.len() < 100 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    told
}

/// Sixty that were reached and thirty that were not.
fn known() -> World {
    let mut w = World::quiet(|it| it.connected_max(200).slots(70, 0));
    (w.judge.dialing_max, w.judge.dials_per_second) = (8, 10);
    for n in 0..60 {
        w.learn(&node(n), 1_000 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 60);
    for n in 60..90 {
        w.learn(&node(n), 1_000 + n);
    }
    w
}

#[test]
fn everything_that_is_known_is_told_to_a_stranger() {
    let w = known();
    let told: BTreeSet<u32> = w.told().iter().map(|it| number(it.id())).collect();
    assert_eq!((told.len(), w.told().len()), (90, 90));
}

#[test]
fn those_that_were_reached_are_told_before_those_only_heard_of() {
    let w = known();
    for chance in [0, 1 << 40, u64::MAX / 3, u64::MAX] {
        let mut cursor = w.peers.start(chance);
        let told = hundred(&w.peers, &mut cursor);
        let mut first: Vec<u32> = told[..60].iter().map(|it| number(it.id())).collect();
        first.sort_unstable();
        assert!(first.into_iter().eq(0..60));
    }
}

/// Whom kin is told apart.
fn apart(w: &World) -> Vec<u32> {
    let mut told = Vec::new();
    w.peers
        .walk_apart(w.peers.start(1 << 50), &mut |_, address| {
            told.push(number(address.id()));
            ControlFlow::Continue(())
        });
    told.sort_unstable();
    told
}

#[test]
fn who_was_reached_is_told_apart_while_most_of_what_was_heard_of_turns_out_wrong() {
    let mut w = known();
    assert!(apart(&w).is_empty(), "all of sixty were there");
    w.run(HOUR, |_| DEAD);
    assert!(w.told().len() < 90, "thirty were not");
    assert_eq!(apart(&w), (0..60).collect::<Vec<_>>());
    for n in 100..140 {
        w.learn(&node(n), 1_000 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    assert!(apart(&w).is_empty(), "and forty more are");
}

#[test]
fn in_the_order_of_ids_all_are_told_of_once_round_from_anywhere() {
    let mut w = known();
    w.peers.tell_arcs();
    // Some come when the order is kept already.
    for n in [99, 91, 95] {
        w.learn(&node(n), 1_000 + n);
    }
    let ids = (0..90).chain([91, 95, 99]);
    for from in [0, 41, 93, 98, 99, 500] {
        let mut told = Vec::new();
        w.peers.walk_arc(id(from), &mut |address| {
            told.push(number(address.id()));
            ControlFlow::Continue(())
        });
        let above = ids.clone().filter(|n| *n > from);
        assert!(
            told.into_iter()
                .eq(above.chain(ids.clone().filter(|n| *n <= from)))
        );
    }
}

#[test]
fn an_arc_begins_at_any_of_those_who_are_told_of_and_at_each_as_likely() {
    let mut w = known();
    w.peers.tell_arcs();
    // One chance in each ninetieth of them all.
    let chances = (0..90_u64).map(|n| ((n << 32) / 90 + 1) << 32);
    let starts: BTreeSet<u32> = chances
        .filter_map(|chance| w.peers.arc_start(chance))
        .map(number)
        .collect();
    assert!(starts.into_iter().eq(0..90));
}

#[test]
fn of_what_was_learned_since_the_latest_is_told_first_and_what_is_private_is_not() {
    let mut w = World::quiet(|it| it.slots(0, 52).private([id(17)]));
    assert_eq!(w.peers.learned(), 0);
    for n in 0..20 {
        w.learn(&node(n), 1_000 + n);
    }
    w.learn(&node(3), 2_000);
    assert_eq!(w.peers.learned(), 20, "what is told again is no news");
    let news = |since, most: usize| {
        let mut told = Vec::new();
        w.peers.walk_news(since, &mut |address| {
            told.push(number(address.id()));
            if told.len() < most {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        told
    };
    assert!(news(20, 100).is_empty());
    assert_eq!(news(15, 100), [19, 18, 16, 15]);
    assert!(
        news(0, 100)
            .into_iter()
            .eq((0..20).rev().filter(|n| *n != 17))
    );
    assert_eq!(news(0, 2), [19, 18]);
}

#[test]
fn nothing_is_told_twice_before_all_is_told() {
    let mut w = World::quiet(|it| it.slots(0, 0));
    w.checks_inside = false;
    for n in 0..950 {
        w.learn(&node(n), 1_000 + n);
    }
    let (mut cursor, mut told) = (w.peers.start(1 << 50), BTreeSet::new());
    for _ in 0..9 {
        for address in hundred(&w.peers, &mut cursor) {
            assert!(told.insert(address));
        }
    }
    assert_eq!(told.len(), 900);
}

#[test]
fn two_who_ask_are_told_different_hundreds_and_the_lowest_score_no_less() {
    let mut w = World::quiet(|it| it.slots(0, 0));
    w.checks_inside = false;
    for n in 0..1_000 {
        w.learn(&node(n), 1_000 + n);
    }
    // One of them is worth less than all others. The reference told of it in one of five answers.
    for _ in 0..50 {
        w.misbehaves(0, Misconduct::Minor);
    }
    let mut with_the_lowest = 0;
    let first: Vec<BTreeSet<NodeAddress>> = (0..200_u64)
        .map(|n| {
            let told = hundred(
                &w.peers,
                &mut w.peers.start(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            );
            told.into_iter().collect()
        })
        .inspect(|told: &BTreeSet<NodeAddress>| {
            with_the_lowest += usize::from(told.contains(&node(0)));
        })
        .collect();
    assert!((8..=35).contains(&with_the_lowest), "{with_the_lowest}");
    let common = first[0].intersection(&first[1]).count();
    assert!(common < 60, "{common}");
}

#[test]
fn who_asks_for_nothing_is_told_nothing_and_who_asks_for_two_gets_two() {
    let w = known();
    let mut told = 0;
    w.peers.walk(w.peers.start(0), &mut |_, _| {
        told += 1;
        if told < 2 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    assert_eq!(told, 2);
}

#[test]
fn private_nodes_are_not_told_of_under_any_id() {
    let mut w = World::quiet(|it| it.private([id(1), id(2)]));
    w.learn(&node(1), 60);
    w.connect(2);
    w.welcome(3);
    // Somebody tells their places with other ids, before and after we hear of them.
    w.learn(&at(4, host(1, 257)), 61);
    w.learn(&text(5, "[::ffff:32.5.5.5]:26656"), 61);
    w.learn(&at(1, host(5, 1285)), 62);
    w.learn(&at(6, host(6, 1)), 63);
    assert_eq!(w.told(), [at(6, host(6, 1))]);
}

#[test]
fn a_private_node_from_a_store_stays_private() {
    let mut w = World::quiet(|it| it);
    for n in 1..=3 {
        w.name(&node(n));
    }
    w.learn(&at(9, host(1, 257)), 60);
    w.pass(secs(1));
    assert_eq!(w.told().len(), 4);
    w.restart(
        Options::builder()
            .private([id(1)])
            .slots(0, 0)
            .build()
            .unwrap(),
    );
    let told: BTreeSet<NodeAddress> = w.told().into_iter().collect();
    assert_eq!(told, BTreeSet::from([node(2), node(3)]));
}

#[test]
fn who_is_known_to_have_died_is_not_told_of() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    for n in [1, 2] {
        w.learn(&node(n), 60 + n);
    }
    w.dialed(2);
    w.ready(2);
    w.pass(HOUR);
    w.down(2);
    w.log.clear();
    // One failure of what was never reached is enough, three of what was.
    let mut told_of = Vec::new();
    for _ in 0..40 {
        w.run(secs(30), |_| DEAD);
        told_of.push((w.told().contains(&node(1)), w.told().contains(&node(2))));
    }
    assert!(!told_of[0].0);
    let failures = w.record(2).unwrap().addresses[0].failures;
    assert!(failures >= 3 && !told_of[39].1, "{failures}");
    assert!(told_of[2].1);
    // When it is back, it is told of again, at the latest when it has stayed for a minute.
    w.run(10 * HOUR, |_| Answer::Up);
    w.down(2);
    assert!(w.told().contains(&node(2)));
}

#[test]
fn who_was_told_at_a_wrong_place_is_not_told_of() {
    let mut w = World::quiet(|it| it);
    w.connect(1);
    w.pass(HOUR);
    w.down(1);
    w.pass(secs(30));
    w.fails(1, DialFailure::NotThisNode);
    assert_eq!(w.told(), []);
}

#[test]
fn who_is_banned_is_told_of_again_when_the_ban_has_ended() {
    let mut w = World::quiet(|it| it.ban(HOUR).slots(0, 0));
    w.learn(&node(1), 60);
    w.misbehaves(1, Misconduct::Fatal);
    assert_eq!(w.told(), []);
    w.pass(HOUR);
    w.tick();
    assert_eq!(w.told(), [node(1)]);
}

#[test]
fn what_is_told_does_not_say_who_is_connected() {
    // The same nodes reached in the same order; then half of them stay and half of them leave.
    let build = |leave: bool| {
        let mut w = known();
        if leave {
            for n in 0..30 {
                w.down(n);
            }
        }
        w.told()
    };
    assert_eq!(build(false), build(true));
}

#[test]
fn the_order_depends_on_the_seed() {
    let order = |seed| {
        let options = Options::builder().slots(0, 0).build().unwrap();
        let mut peers = PeerManager::new(options, ME, Seed::new([seed; 32]), START);
        for n in 0..100 {
            let (address, from) = (node(n), id(1_000 + n));
            let _ = peers.handle(START, pex::peers::Event::Learned { address, from });
        }
        hundred(&peers, &mut peers.start(0))
    };
    assert_eq!(order(1), order(1));
    assert_ne!(order(1), order(2));
}

//! Who is banned, what is held against whom, and for how long it is kept.

use pex::peers::{Eviction, Misconduct};
use pex::v1::Options;

use crate::nodes::{DAY, HOUR, NOBODY, START, host, id, node, secs};
use crate::world::{World, book, dials, evicted};

#[test]
fn who_is_banned_is_known_by_his_id_in_the_book_or_not() {
    let mut w = World::quiet(|it| it.slots(2, 2));
    // Nobody has told of this one.
    w.welcome(1);
    let actions = w.misbehaves(1, Misconduct::Fatal);
    assert_eq!(evicted(&actions), [(1, Eviction::Misconduct)]);
    w.down(1);
    for _ in 0..3 {
        assert_eq!(evicted(&w.accept(1)), [(1, Eviction::Banned)]);
        w.down(1);
    }
    w.learn(&node(1), 9);
    assert!(!w.knows(&node(1)) && w.dialing().is_empty());
    // A ban outlives a restart, and ends.
    w.restart(Options::default());
    assert!(w.peers.is_banned(id(1)));
    w.pass(DAY + secs(60));
    assert_eq!(evicted(&w.accept(1)), []);
}

#[test]
fn whoever_is_banned_while_he_is_dialed_is_not_let_in() {
    let mut w = World::quiet(|it| it);
    w.learn(&node(1), 9);
    w.misbehaves(1, Misconduct::Fatal);
    assert_eq!(evicted(&w.dialed(1)), [(1, Eviction::Banned)]);
    assert!(!w.knows(&node(1)));
    w.down(1);
    w.pass(DAY + HOUR);
    // What was known of him is known again.
    assert!(w.knows(&node(1)));
}

#[test]
fn a_persistent_peer_is_never_banned_not_even_by_what_the_file_says() {
    let peers = vec![node(1)];
    let mut w = World::quiet(|it| it.persistent(peers.clone())).trusting(&peers);
    w.judge.persistent.insert(id(1));
    w.tick();
    w.dialed(1);
    w.ready(1);
    w.misbehaves(1, Misconduct::Fatal);
    assert_eq!((w.up(), w.peers.score(id(1))), (vec![1], -100));
    let mut book = book(true);
    book.mark_bad(START, id(1), DAY);
    let options = Options::builder().persistent(peers.clone()).build();
    let mut w = World::of(options.unwrap(), book).trusting(&peers);
    assert_eq!(dials(&w.tick()), [1]);
    assert_eq!(evicted(&w.dialed(1)), []);
}

#[test]
fn whose_ban_is_over_is_dialed_as_soon_as_the_book_has_him_again() {
    let mut w = World::quiet(|it| it.slots(1, 1));
    w.learn(&node(1), 9);
    w.misbehaves(1, Misconduct::Fatal);
    w.dialed(1);
    w.down(1);
    assert!(!w.knows(&node(1)));
    while !w.knows(&node(1)) {
        w.pass(w.peers.deadline().unwrap() - w.now);
    }
    assert!(w.now - START < DAY + secs(31));
    assert_eq!(w.dialing(), [1]);
}

#[test]
fn nothing_is_kept_of_peers_who_are_gone() {
    let mut w = World::quiet(|it| it.slots(2, 50));
    for round in 0..40 {
        for n in 0..20 {
            w.welcome(n + 20 * round);
        }
        for n in 0..20 {
            w.down(n + 20 * round);
        }
        w.pass(secs(40));
    }
    assert_eq!(w.up(), NOBODY);
    assert_eq!(w.peers.peers(), (0, 0, 0));
    assert_eq!(
        w.peers.deadline().map(|at| at - w.now < secs(61)),
        Some(true)
    );
}

#[test]
fn misconduct_counts_however_many_strangers_have_misbehaved_before() {
    let mut w = World::quiet(|it| it);
    w.checks_inside = false;
    for n in 1_000..9_200 {
        w.accept_from(n, host(n, 3), None);
        w.misbehaves(n, Misconduct::Minor);
        if w.judge.links.contains_key(&id(n)) {
            w.down(n);
        }
        w.now = w.now + secs(1);
    }
    w.welcome(5);
    for _ in 0..100 {
        w.misbehaves(5, Misconduct::Minor);
    }
    assert!(w.peers.is_banned(id(5)));
}

#[test]
fn what_strangers_have_earned_is_kept_of_8_192_nodes_and_for_one_more_only_of_who_is_here() {
    let mut w = World::quiet(|it| it);
    w.checks_inside = false;
    w.welcome(0);
    for n in 0..8_192 {
        w.misbehaves(n, Misconduct::Minor);
    }
    assert_eq!([0, 1].map(|n| w.peers.score(id(n))), [-1, -1]);
    w.misbehaves(8_192, Misconduct::Minor);
    assert_eq!([0, 1].map(|n| w.peers.score(id(n))), [-1, 0]);
}

#[test]
fn of_4_096_nodes_it_is_known_that_they_were_here_just_now_and_of_no_more() {
    let mut w = World::quiet(|it| it.slots(9, 9));
    w.checks_inside = false;
    for n in 1..4_096 {
        w.accept(n);
        w.down(n);
    }
    for (n, dialed) in [(5_000, None), (5_001, Some(5_001))] {
        w.accept_from(n, host(n, 257), Some(&node(n)));
        assert_eq!(dials(&w.down(n)), Vec::from_iter(dialed));
    }
    // Once they need not be left alone any more there is room for others.
    w.now = START + secs(30);
    w.accept_from(5_002, host(5_002, 257), Some(&node(5_002)));
    w.down(5_002);
    assert_eq!(w.dialing(), [5_000, 5_001]);
}

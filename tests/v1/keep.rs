//! Who is let in, who stays, who goes, and what is kept for the next life.

use core::time::Duration;

use pex::peers::{Event, Eviction, Misconduct};
use pex::v1::{Options, Switch};
use pex::{Directory as _, Seed};

use crate::nodes::{DAY, HOUR, ME, NOBODY, START, at, at_port, host, id, node, number, secs};
use crate::world::{Answer, DEAD, World, book, dials, evicted, place};

#[test]
fn no_more_come_than_there_are_places_and_unconditional_ones_need_none() {
    let mut w = World::quiet(|it| it.slots(2, 2).unconditional([id(9)]));
    w.welcome(1);
    w.welcome(2);
    // However long they have been here.
    w.pass(HOUR);
    assert_eq!(evicted(&w.welcome(3)), [(3, Eviction::Full)]);
    assert_eq!(w.peers.counts().refused, 1);
    assert_eq!(evicted(&w.welcome(9)), []);
    assert_eq!(w.up(), [1, 2, 9]);
    assert_eq!(w.peers.peers(), (0, 2, 0));
}

#[test]
fn whoever_is_told_to_go_has_his_place_until_he_is_gone() {
    let mut w = World::quiet(|it| it.slots(0, 2));
    w.welcome(1);
    w.welcome(2);
    w.event(Event::Release { peer: id(1) });
    assert_eq!(evicted(&w.welcome(3)), [(3, Eviction::Full)]);
    w.down(3);
    w.down(1);
    assert_eq!(evicted(&w.welcome(3)), []);
    assert_eq!(w.up(), [2, 3]);
}

#[test]
fn that_somebody_could_be_used_now_who_has_to_go_is_nothing_strange() {
    let mut w = World::quiet(|it| it.slots(0, 1));
    w.accept(1);
    w.event(Event::Release { peer: id(1) });
    assert_eq!(evicted(&w.accept(2)), [(2, Eviction::Full)]);
    for n in [1, 2] {
        assert_eq!(w.ready(n), []);
    }
    assert_eq!(w.up(), NOBODY);
    assert_eq!(w.peers.counts().stray_events, 0);
}

#[test]
fn from_one_ip_address_come_four_and_no_more() {
    let mut w = World::quiet(|it| it);
    for n in 1..=4 {
        assert_eq!(evicted(&w.accept_from(n, host(5, 5), None)), []);
    }
    let fifth = w.accept_from(5, host(5, 5), None);
    assert_eq!(evicted(&fifth), [(5, Eviction::NetworkFull)]);
}

#[test]
fn whoever_connects_is_taken_in_at_the_address_that_he_says_and_dialed_one_day() {
    let mut w = World::quiet(|it| it.slots(1, 1));
    let home = at_port(1, host(1, 257), 26_000);
    w.accept_from(1, host(1, 257), Some(&home));
    assert!(w.knows(&home));
    // Nobody says where another lives by this.
    w.accept_from(2, host(2, 257), Some(&node(3)));
    assert!(!w.knows(&node(3)));
    w.down(1);
    w.pass(secs(60));
    assert_eq!(w.dialing(), [1]);
}

#[test]
fn what_somebody_says_of_himself_counts_as_told_from_where_he_comes() {
    let mut w = World::quiet(|it| it.slots(0, 1));
    let claim = at(1, host(900, 1));
    w.accept_from(1, host(1, 257), Some(&claim));
    let source = w.peers.book().known(&place(&claim)).unwrap().source;
    assert_eq!(source.ip(), host(1, 257));
}

#[test]
fn a_crowd_from_one_network_fills_a_tenth_of_the_new_table_whatever_it_claims() {
    let mut w = World::quiet(|it| it.slots(0, 1).inbound_per_ip(1_000));
    w.checks_inside = false;
    for n in 0..6_000 {
        let claim = at(n, host(n, 1));
        w.accept_from(n, host(1, 1 + n % 200), Some(&claim));
    }
    assert!(w.peers.book().size() <= 1_638, "{}", w.peers.book().size());
    assert_eq!(w.peers.check(), Ok(()));
}

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
fn a_persistent_peer_is_dialed_again_for_ever_at_most_five_minutes_apart_and_takes_no_turns() {
    let peers = vec![node(1)];
    let mut w = World::with(|it| it.persistent(peers.clone()).slots(1, 1)).trusting(&peers);
    w.judge.persistent.insert(id(1));
    w.learn(&node(2), 9);
    w.learn(&node(3), 9);
    w.run(DAY, |address| {
        if number(address.id()) == 1 {
            DEAD
        } else {
            Answer::Up
        }
    });
    let times = w.dials_of(1);
    assert!(times.len() > 280, "{}", times.len());
    w.run(secs(400), |_| Answer::Up);
    let since = w.now;
    assert!(
        w.up().contains(&1),
        "the only place is taken, and he comes all the same"
    );
    w.run(10 * DAY, |_| Answer::Up);
    assert!(w.gone().iter().all(|(n, _)| *n != 1), "{since:?}");
}

#[test]
fn a_place_of_ours_changes_hands_after_eight_hours_on_average() {
    let mut w = World::with(|it| it.feeler_every(None).slots(5, 5));
    for n in 0..40 {
        w.learn(&node(n), 500 + n);
    }
    w.run(20 * DAY, |_| Answer::Up);
    let rotated = w.gone().into_iter().filter(|it| it.1 == Eviction::Rotated);
    let expected = 20 * 24 / 8 * 5;
    let count = rotated.count();
    assert!(
        (expected * 2 / 3..=expected * 4 / 3).contains(&count),
        "{count}"
    );
    assert_eq!(w.outbound().len(), 5);
}

#[test]
fn whom_we_use_stays_and_so_does_everybody_while_nobody_else_is_known() {
    let mut w = World::with(|it| it.feeler_every(None).slots(2, 2));
    for n in 1..=2 {
        w.connect(n);
    }
    w.run(10 * DAY, |_| Answer::Up);
    assert_eq!(w.gone(), [], "nothing would be gained");
    let (peer, in_use) = (id(1), true);
    w.event(Event::InUse { peer, in_use });
    for n in 3..30 {
        w.learn(&node(n), 500 + n);
    }
    w.run(10 * DAY, |_| Answer::Up);
    assert!(w.gone().iter().all(|(n, _)| *n != 1));
    assert!(w.gone().iter().any(|(n, _)| *n == 2));
}

#[test]
fn after_a_restart_those_who_lasted_are_dialed_first() {
    let mut w = World::quiet(|it| it.slots(4, 4));
    for n in 0..80 {
        w.learn(&node(n), 500 + n);
    }
    w.run(3 * HOUR, |_| Answer::Up);
    let lasted: Vec<u32> = w
        .peers
        .book()
        .anchors()
        .iter()
        .map(|it| number(*it))
        .collect();
    assert_eq!(lasted.len(), 2);
    assert!(lasted.iter().all(|n| w.outbound().contains(n)));
    // Whoever wants fewer has fewer from the start, and none for good.
    for (anchors, saved) in [(1, 1), (0, 0)] {
        let mut fewer = World::of(
            Options::builder()
                .slots(4, 4)
                .anchors(anchors)
                .build()
                .unwrap(),
            w.peers.book().clone(),
        );
        fewer.tick();
        assert_eq!(fewer.peers.book().anchors().len(), saved);
    }
    // Killed once more before it has had time to do anything.
    for _ in 0..2 {
        let options = Options::builder().slots(4, 4).feeler_every(None);
        let first = dials(&w.restart(options.build().unwrap()));
        assert_eq!(first[..2], lasted);
    }
}

#[test]
fn who_has_stayed_for_an_hour_is_dialed_first_in_the_next_life_and_nobody_before() {
    let mut w = World::quiet(|it| it.anchors(1));
    w.connect(1);
    w.pass(HOUR - secs(1));
    w.connect(2);
    assert_eq!(w.peers.book().anchors(), []);
    w.pass(secs(31));
    assert_eq!(w.peers.book().anchors(), [id(1)]);
    // Also when others have lasted as well.
    w.pass(2 * HOUR);
    assert_eq!(w.peers.book().anchors(), [id(1)]);
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
fn the_book_is_saved_no_more_often_than_every_two_minutes_and_only_when_it_has_changed() {
    let mut w = World::quiet(|it| it);
    w.pass(DAY);
    assert_eq!(w.saves, [], "nothing has happened");
    let changed = w.now;
    for n in 0..600 {
        w.learn(&node(n), 600 + n % 50);
        w.run(secs(2), |_| DEAD);
    }
    w.pass(secs(120));
    assert!(w.saves[0] - changed <= secs(121));
    let gaps: Vec<Duration> = w.saves.windows(2).map(|it| it[1] - it[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= secs(120)), "{gaps:?}");
    assert!((8..=11).contains(&w.saves.len()), "{}", w.saves.len());
    assert!(!w.peers.is_unsaved());
    w.learn(&node(9_999), 9);
    assert!(w.peers.is_unsaved());
}

#[test]
fn one_peer_supplies_at_most_a_tenth_of_an_empty_book() {
    let mut w = World::quiet(|it| it.slots(0, 9));
    w.checks_inside = false;
    w.welcome(1);
    for n in 0..9_000 {
        w.learn(&at(n, host(n, 9)), 1);
    }
    let size = w.peers.book().size();
    assert!((1_000..=1_638).contains(&size), "{size} of 16384");
    assert_eq!(w.peers.check(), Ok(()));
    // Others are still listened to.
    w.welcome(2);
    w.learn(&at(9_999, host(9_999, 9)), 2);
    assert!(w.knows(&at(9_999, host(9_999, 9))));
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
fn a_64_of_ipv6_is_one_address() {
    let mut w = World::quiet(|it| it);
    for n in 1..=60 {
        let ip = format!("2a00:1450:4001:80b::{n:x}").parse().unwrap();
        w.accept_from(n, ip, None);
    }
    assert_eq!(w.peers.counts().admitted, 4);
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

//! Other limits while the switch runs: who stays, who goes, and what comes sooner.

use pex::peers::{Eviction, Misconduct};
use pex::v1::Options;

use crate::nodes::{HOUR, NOBODY, at, host, id, ms, node, number, secs};
use crate::world::{Answer, DEAD, World, dials, evicted};

fn seed() -> pex::v1::OptionsBuilder {
    Options::seed()
}

#[test]
fn a_higher_limit_lets_more_in_and_sends_nobody_away() {
    let mut w = World::seed(|it| it.slots(0, 2));
    w.welcome(1);
    w.welcome(2);
    assert_eq!(evicted(&w.accept(3)), [(3, Eviction::Full)]);
    assert_eq!(w.reconfigure(seed().slots(0, 3).build().unwrap()), []);
    assert_eq!(evicted(&w.welcome(4)), []);
    assert_eq!(w.up(), [1, 2, 4]);
}

#[test]
fn above_a_lower_limit_those_go_who_have_been_here_for_longest_and_kept_ones_stay() {
    let mut w = World::seed(|it| it.unconditional([id(1)]));
    for n in 1..=5 {
        w.welcome(n);
        w.pass(secs(1));
    }
    // The first takes no place, the others are as many as there are places now.
    assert_eq!(w.reconfigure(seed().slots(0, 4).build().unwrap()), []);
    let done = w.reconfigure(seed().slots(0, 2).build().unwrap());
    assert_eq!(evicted(&done), [(2, Eviction::Full), (3, Eviction::Full)]);
    assert_eq!(w.up(), [1, 4, 5]);
    let done = w.reconfigure(seed().slots(0, 0).build().unwrap());
    assert_eq!(evicted(&done).len(), 2);
    assert_eq!(w.up(), [1]);
}

#[test]
fn nobody_goes_for_a_kept_one_who_came_above_the_limit_when_no_limit_is_lower() {
    let kept = [node(9)];
    let options = |it: pex::v1::OptionsBuilder| it.persistent(kept.to_vec()).slots(2, 2);
    let mut w = World::quiet(options).trusting(&kept);
    for n in [1, 2, 9] {
        w.welcome(n);
    }
    assert_eq!(w.up(), [1, 2, 9]);
    let same = options(Options::builder()).save_every(secs(60));
    assert_eq!(evicted(&w.reconfigure(same.build().unwrap())), []);
    assert_eq!(w.up(), [1, 2, 9]);
}

#[test]
fn above_a_lower_limit_of_one_ip_address_the_oldest_of_it_go_and_nobody_else() {
    let mut w = World::seed(|it| it);
    for n in 1..=6 {
        let from = if n <= 3 { host(1, 1) } else { host(n, 1) };
        w.accept_from(n, from, None);
        w.ready(n);
        w.pass(secs(1));
    }
    let done = w.reconfigure(seed().inbound_per_ip(1).build().unwrap());
    let expected = [(1, Eviction::NetworkFull), (2, Eviction::NetworkFull)];
    assert_eq!(evicted(&done), expected);
    assert_eq!(w.up(), [3, 4, 5, 6]);
}

#[test]
fn who_may_come_in_any_case_takes_none_of_the_places_of_his_ip_address() {
    let mut w = World::seed(|it| it.unconditional([id(1)]));
    for n in 1..=3 {
        w.accept_from(n, host(1, 1), None);
        w.ready(n);
    }
    let fewer = |per_ip| seed().inbound_per_ip(per_ip).build().unwrap();
    assert_eq!(w.reconfigure(fewer(2)), []);
    let gone = evicted(&w.reconfigure(fewer(1)));
    assert_eq!(gone, [(2, Eviction::NetworkFull)]);
}

#[test]
fn where_one_ip_address_may_have_one_place_no_more_others_of_ours_there_go() {
    let many = |it: pex::v1::OptionsBuilder| it.slots(9, 9).allow_duplicate_ip(true);
    let mut w = World::quiet(|it| many(it).unconditional([id(4)]));
    // Any number of them may be at one address.
    w.judge.chosen.extend((1..=7).map(id));
    for n in 1..=4 {
        w.reached(&at(n, host(1, 1)));
        w.ready(n);
    }
    w.reached(&at(5, host(2, 1)));
    w.ready(5);
    w.event(pex::peers::Event::InUse {
        peer: id(2),
        in_use: true,
    });
    for n in 6..=7 {
        w.learn(&at(n, host(3, 1)), 9_000 + n);
    }
    let mut dialing = w.dialing();
    dialing.sort_unstable();
    assert_eq!(dialing, [6, 7]);

    let one = Options::builder().feeler_every(None).outbound_life(None);
    let done = w.reconfigure(one.slots(9, 9).build().unwrap());
    let mut gone = evicted(&done);
    gone.sort_unstable_by_key(|it| it.0);
    let expected = [(1, Eviction::NetworkFull), (3, Eviction::NetworkFull)];
    assert_eq!(gone, expected);
    assert_eq!(w.up(), [2, 4, 5]);
    // Of two dials to one address neither is for a place any more.
    for n in 6..=7 {
        assert_eq!(evicted(&w.dialed(n)), [(n, Eviction::Feeler)]);
    }
}

#[test]
fn a_shorter_stay_counts_from_the_arrival_and_spares_a_check() {
    let mut w = World::seed(|it| it);
    w.welcome(1);
    w.pass(secs(60));
    w.welcome(2);
    w.learn(&node(3), 9);
    w.dialed(3);
    w.ready(3);
    let shorter = seed().newcomer_stays(secs(60)).build().unwrap();
    assert_eq!(
        evicted(&w.reconfigure(shorter.clone())),
        [(1, Eviction::Stayed)]
    );
    assert_eq!(evicted(&w.pass(ms(14_999))), []);
    assert_eq!(evicted(&w.pass(ms(1))), [(3, Eviction::Feeler)]);
    assert_eq!(evicted(&w.pass(secs(45))), [(2, Eviction::Stayed)]);
    // And a longer one as well.
    w.welcome(4);
    w.pass(secs(30));
    let longer = seed().newcomer_stays(secs(120)).build().unwrap();
    assert_eq!(w.reconfigure(longer), []);
    assert_eq!(evicted(&w.pass(ms(89_999))), []);
    assert_eq!(evicted(&w.pass(ms(1))), [(4, Eviction::Stayed)]);
}

#[test]
fn more_workers_check_at_once_and_fewer_wait_for_those_under_way() {
    let mut w = World::seed(|it| it.crawl(secs(30), secs(1_800), 2).dials(2, 64));
    for n in 1..=8 {
        w.learn(&node(n), 100 + n);
    }
    assert_eq!(w.dialing().len(), 2);
    let more = seed().crawl(secs(30), secs(1_800), 5).dials(5, 64);
    assert_eq!(dials(&w.reconfigure(more.build().unwrap())).len(), 3);
    let fewer = seed().crawl(secs(30), secs(1_800), 1).dials(1, 64);
    assert_eq!(w.reconfigure(fewer.build().unwrap()), []);
    for _ in 0..4 {
        let first = w.dialing()[0];
        assert_eq!(dials(&w.dies(first)), NOBODY);
    }
    let last = w.dialing()[0];
    assert_eq!(dials(&w.dies(last)).len(), 1);
}

#[test]
fn a_shorter_period_of_checks_holds_for_those_that_were_reached_before() {
    let mut w = World::seed(|it| it);
    w.learn(&node(1), 9);
    w.run(secs(240), |_| Answer::Up);
    assert_eq!(w.dials_of(1).len(), 1);
    let sooner = seed().crawl(secs(30), secs(120), 64).build().unwrap();
    w.reconfigure(sooner);
    w.run(secs(40), |_| Answer::Up);
    assert_eq!(w.dials_of(1).len(), 2, "{:?}", w.dials_of(1));
}

#[test]
fn whom_the_operator_named_and_what_we_are_stays() {
    let seeds = vec![node(1)];
    let mut w = World::seed(|it| it.seeds(seeds.clone()).private([id(2)])).trusting(&seeds);
    w.reconfigure(Options::builder().seeds(vec![node(3)]).build().unwrap());
    assert!(w.peers.options().is_seed());
    w.run(HOUR, |_| DEAD);
    assert!(w.dials_of(1).len() > 5, "its seed is dialed all the same");
    assert!(w.dials_of(3).is_empty());
    w.learn(&node(2), 9);
    assert!(!w.knows(&node(2)));
}

#[test]
fn with_fewer_places_of_ours_the_worst_go_and_dials_for_them_take_none() {
    let mut w = World::quiet(|it| it.slots(4, 40));
    for n in 1..=3 {
        w.connect(n);
    }
    w.learn(&node(4), 9_004);
    assert_eq!(w.dialing(), [4]);
    let peer = id(3);
    w.event(pex::peers::Event::InUse { peer, in_use: true });
    let fewer = Options::builder().feeler_every(None).outbound_life(None);
    let done = w.reconfigure(fewer.slots(1, 40).build().unwrap());
    let mut gone: Vec<u32> = evicted(&done).into_iter().map(|(n, _)| n).collect();
    gone.sort_unstable();
    assert_eq!(gone, [1, 2], "who is in use goes last");
    // It is seen that somebody is there, and no more.
    assert_eq!(evicted(&w.dialed(4)), [(4, Eviction::Feeler)]);
    assert_eq!(w.outbound(), [3]);
}

#[test]
fn the_book_is_saved_sooner_where_it_is_to_be_saved_more_often() {
    let mut w = World::seed(|it| it);
    w.learn(&node(1), 9);
    let often = seed().save_every(secs(5)).build().unwrap();
    w.reconfigure(often);
    w.pass(secs(5));
    assert_eq!(w.saves.len(), 1, "{}", number(id(1)));
}

#[test]
fn who_becomes_unconditional_stays_with_a_seed_node_and_who_is_no_longer_leaves() {
    for becomes in [true, false] {
        let mut w = World::seed(|it| it.unconditional([id(1)].into_iter().filter(|_| !becomes)));
        w.welcome(1);
        let listed = [id(1)].into_iter().filter(|_| becomes);
        w.reconfigure_with_lists(seed().unconditional(listed).build().unwrap());
        w.run(HOUR, |_| DEAD);
        assert_eq!(w.up().contains(&1), becomes);
    }
}

#[test]
fn what_lowers_no_limit_takes_no_place_from_a_dial() {
    let same = || {
        let it = Options::builder().feeler_every(None).outbound_life(None);
        it.slots(1, 9)
    };
    let mut w = World::quiet(|_| same());
    w.learn(&node(1), 9);
    let sooner = same().save_every(secs(60)).build().unwrap();
    assert_eq!(w.reconfigure(sooner), []);
    assert_eq!(w.peers.peers(), (0, 0, 1));
    assert_eq!(evicted(&w.dialed(1)), []);
    assert_eq!(w.outbound(), [1]);
}

#[test]
fn feelers_begin_and_end_when_the_operator_says_so_and_nothing_else_that_he_says_puts_them_off() {
    let options = |every| {
        let it = Options::builder().slots(0, 9).outbound_life(None);
        it.feeler_every(every).build().unwrap()
    };
    let mut w = World::of(options(None), crate::world::book(true));
    for n in 0..40 {
        w.learn(&node(n), 500 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.dial_times(), []);
    for _ in 0..20 {
        w.reconfigure(options(Some(secs(120))));
        w.run(secs(60), |_| Answer::Up);
    }
    let tested = w.dial_times().len();
    assert!((8..=13).contains(&tested), "{tested}");
    w.reconfigure(options(None));
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.dial_times().len(), tested);
}

#[test]
fn with_fewer_places_those_go_first_who_have_earned_least_since_they_came() {
    let places = |ours, others| {
        let it = Options::builder().feeler_every(None).outbound_life(None);
        it.slots(ours, others).build().unwrap()
    };
    let mut w = World::of(places(3, 3), crate::world::book(true));
    for n in 1..=3 {
        w.connect(n);
        w.welcome(10 + n);
    }
    for (worst, best) in [(2, 1), (12, 11)] {
        w.misbehaves(worst, Misconduct::Minor);
        w.behaves(best);
    }
    let gone = |w: &mut World, places| {
        let gone = evicted(&w.reconfigure(places));
        let gone: Vec<u32> = gone.into_iter().map(|(n, _)| n).collect();
        gone
    };
    assert_eq!(gone(&mut w, places(2, 3)), [2]);
    assert_eq!(gone(&mut w, places(2, 2)), [12]);
    assert_eq!(gone(&mut w, places(1, 2)), [3]);
    assert_eq!(gone(&mut w, places(1, 1)), [13]);
    assert_eq!(w.up(), [1, 11]);
}

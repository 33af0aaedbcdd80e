//! When a node that could not be reached is dialed again, and when it is given up.

use pex::Reach;
use pex::peers::DialFailure;
use pex::v1::Options;

use crate::nodes::{DAY, Dice, HOUR, at, at_port, host, ms, node, secs, text};
use crate::world::{Answer, DEAD, World, book, dials, steps};

#[test]
fn an_address_is_left_alone_four_times_as_long_after_each_failure() {
    let mut w = World::quiet(|it| it.slots(2, 2));
    w.connect(1);
    w.learn(&node(2), 9);
    w.dialed(2);
    w.ready(2);
    w.pass(secs(120));
    w.down(2);
    w.run(10 * DAY, |_| DEAD);
    let waits = steps(&w.dials_of(2)[1..]);
    let mut expected = secs(60);
    for wait in &waits {
        let most = expected * 5 / 4 + secs(40);
        assert!((expected..most).contains(wait), "{expected:?}: {waits:?}");
        expected = (expected * 4).min(secs(8 * 3_600));
    }
    // Sixteen failures, and it is forgotten.
    assert_eq!(w.dials_of(2).len(), 1 + 16);
    assert!(!w.knows(&node(2)));
}

#[test]
fn those_who_fail_at_once_are_dialed_again_up_to_a_quarter_later_than_each_other() {
    let mut w = World::quiet(|it| it.slots(9, 9).ensure_period(secs(1)));
    w.connect(1);
    for n in 2..=9 {
        w.learn(&node(n), 9);
    }
    assert_eq!(w.dialing().len(), 8);
    for n in w.dialing() {
        w.dies(n);
    }
    w.run(secs(80), |_| Answer::Silence);
    let mut again: Vec<_> = (2..=9).map(|n| w.dials_of(n)[1]).collect();
    again.sort_unstable();
    assert!(again[0] >= secs(60) && again[7] < secs(77), "{again:?}");
    assert!(again[7] - again[0] > secs(5), "{again:?}");
}

#[test]
fn what_was_never_reached_is_given_up_after_three_attempts_and_not_taken_in_for_a_day() {
    let mut w = World::quiet(|it| it.slots(2, 2));
    w.connect(1);
    w.learn(&node(2), 9);
    w.run(2 * HOUR, |_| DEAD);
    assert_eq!(w.dials_of(2).len(), 3);
    assert!(!w.knows(&node(2)));
    let forgotten = w.peers.counts().forgotten;
    for _ in 0..20 {
        w.learn(&node(2), 9);
        // Whoever is said to live there.
        w.learn(&at(3, host(2, 257)), 8);
        w.run(HOUR, |_| DEAD);
    }
    assert_eq!((w.dials_of(2).len(), w.dials_of(3).len()), (3, 0));
    assert_eq!(w.peers.counts().forgotten, forgotten + 40);
    w.run(2 * DAY, |_| DEAD);
    w.learn(&node(2), 9);
    assert!(w.knows(&node(2)), "some day it may be there");
}

#[test]
fn that_an_id_was_wrong_says_little_against_its_place() {
    let mut w = World::quiet(|it| it.slots(2, 2));
    w.connect(1);
    let home = host(2, 257);
    for n in 50..53 {
        w.learn(&at(n, home), n);
        w.fails(n, DialFailure::NotThisNode);
        assert!(!w.knows(&at(n, home)), "given up at once");
        w.learn(&at(n, home), 9);
        assert!(!w.knows(&at(n, home)), "and for a day");
        w.pass(secs(61));
    }
    w.learn(&at(2, home), 9);
    assert!(w.knows(&at(2, home)));
    w.dialed(2);
    assert_eq!(w.outbound(), [1, 2]);
}

#[test]
fn who_told_a_wrong_id_of_a_place_is_believed_no_more_of_it_nor_are_others_in_his_network() {
    let mut w = World::quiet(|it| it.slots(2, 20));
    w.connect(1);
    let home = host(2, 257);
    for n in 60..70 {
        w.accept_from(n, host(9, n), None);
        w.learn(&at(100 + n, home), n);
        w.run(secs(61), |_| Answer::Fails(DialFailure::NotThisNode));
    }
    assert_eq!(w.dial_times().len(), 2, "of node 1, and of one lie");
    w.accept_from(70, host(10, 1), None);
    w.learn(&at(2, home), 70);
    w.dialed(2);
    assert_eq!(w.outbound(), [1, 2]);
    // Of other places they are believed.
    w.down(2);
    w.learn(&node(3), 60);
    assert!(w.knows(&node(3)));
}

#[test]
fn who_is_at_a_place_is_believed_about_it_whoever_told_a_wrong_id_of_it() {
    let mut w = World::quiet(|it| it.slots(2, 2));
    w.connect(1);
    let home = host(2, 257);
    w.accept_from(8, home, None);
    w.learn(&at(50, home), 8);
    w.fails(50, DialFailure::NotThisNode);
    w.learn(&node(2), 8);
    assert!(!w.knows(&node(2)));
    w.accept_from(2, home, Some(&node(2)));
    assert!(w.knows(&node(2)));
}

#[test]
fn a_place_of_which_four_have_told_wrong_ids_is_dialed_no_more_that_day() {
    let mut w = World::quiet(|it| it.slots(2, 2));
    w.connect(1);
    for n in 50..150 {
        w.learn(&at(n, host(2, 257)), n);
        w.run(secs(61), |_| Answer::Fails(DialFailure::NotThisNode));
    }
    let dials = w.dial_times().len() - 1;
    assert_eq!(dials, 4);
}

#[test]
fn who_accepts_and_hangs_up_at_once_is_dialed_less_and_less_often() {
    let mut w = World::quiet(|it| it.slots(3, 3));
    w.connect(1);
    w.learn(&node(2), 9);
    w.run(DAY, |_| Answer::HangsUp);
    let times = w.dials_of(2);
    assert!((4..=9).contains(&times.len()), "{times:?}");
    assert!(steps(&times).is_sorted(), "{times:?}");
    // Once it has a place for us, that is forgotten.
    w.run(DAY, |_| Answer::Up);
    assert_eq!(w.outbound(), [1, 2]);
    w.down(2);
    let again = w.dial_times().len();
    w.run(secs(120), |_| Answer::Up);
    assert!(w.dial_times().len() > again);
}

#[test]
fn who_has_had_a_place_for_us_is_left_alone_as_at_first_when_it_has_none_again() {
    let mut w = World::quiet(|it| it.slots(3, 3));
    w.connect(1);
    w.learn(&node(2), 9);
    w.run(secs(3 * 3_600), |_| Answer::HangsUp);
    assert!(w.dials_of(2).len() >= 4);
    w.run(DAY, |_| Answer::Up);
    assert_eq!(w.outbound(), [1, 2]);
    let before = w.dials_of(2).len();
    w.down(2);
    w.run(secs(300), |_| Answer::HangsUp);
    let pauses = steps(&w.dials_of(2)[before..]);
    assert!((secs(60)..secs(120)).contains(&pauses[0]), "{pauses:?}");
}

#[test]
fn who_has_stayed_for_an_hour_was_of_use_and_who_hangs_up_at_once_was_not() {
    // Or for a minute.
    for (stays, attempts) in [(HOUR, 0), (secs(60), 0), (ms(59_999), 1), (secs(1), 1)] {
        let mut w = World::quiet(|it| it.slots(3, 3));
        w.connect(1);
        w.connect(2);
        w.run(stays, |_| DEAD);
        w.down(2);
        assert_eq!(w.attempts(&node(2)), Some(attempts), "after {stays:?}");
    }
}

#[test]
fn who_comes_and_stays_says_nothing_of_whether_it_has_a_place_for_us() {
    let mut w = World::quiet(|it| it.slots(3, 3));
    w.connect(1);
    w.learn(&node(2), 9);
    w.run(secs(3 * 3_600), |_| Answer::HangsUp);
    let before = w.dials_of(2).len();
    w.accept(2);
    w.pass(secs(120));
    w.down(2);
    w.run(DAY, |_| Answer::HangsUp);
    let pauses = steps(&w.dials_of(2)[before..]);
    assert!(pauses.iter().min() > Some(&HOUR), "{pauses:?}");
}

#[test]
fn a_node_that_is_alone_goes_on_trying_those_who_hang_up() {
    let mut w = World::quiet(|it| it);
    for n in 1..=5 {
        w.learn(&node(n), 9);
    }
    w.run(DAY, |_| Answer::HangsUp);
    let last = w.dial_times().last().map(|(at, _)| *at).unwrap();
    assert!(DAY - last < secs(360));
}

#[test]
fn when_nobody_at_all_is_there_nobody_is_given_up() {
    let mut w = World::quiet(|it| it);
    for n in 1..=20 {
        w.learn(&node(n), 9);
    }
    w.run(3 * DAY, |_| DEAD);
    assert_eq!(w.peers.book().size(), 20);
    w.run(8 * HOUR, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 10);
}

#[test]
fn where_nobody_answers_all_fail_who_are_said_to_live_there_and_nobody_else() {
    let home = host(2, 257);
    let others = [at(3, home), at_port(4, home, 1), at(5, host(3, 257))];
    for (why, failures) in [
        (DialFailure::Unreachable, [1, 0, 0]),
        (DialFailure::NotThisNode, [0, 0, 0]),
    ] {
        let mut w = World::quiet(|it| it.slots(2, 2));
        w.connect(1);
        w.learn(&at(2, home), 9);
        for other in &others {
            w.learn(other, 9);
        }
        w.fails(2, why);
        let attempts = others.each_ref().map(|it| w.attempts(it));
        assert_eq!(attempts, failures.map(Some), "{why:?}");
    }
}

#[test]
fn on_the_site_of_the_operator_any_number_may_live_at_one_ip_address_and_fail_by_their_ports() {
    let quiet = Options::builder().feeler_every(None).outbound_life(None);
    let mut w = World::of(quiet.slots(2, 2).build().unwrap(), book(false));
    w.judge.nearest = Reach::Host;
    w.connect(1);
    let home = [10, 0, 0, 1].into();
    for address in [at(2, home), at(3, home), at_port(4, home, 1)] {
        w.learn(&address, 9);
    }
    assert_eq!(w.dialing(), [2]);
    w.dies(2);
    assert_eq!(w.attempts(&at(3, home)), Some(1));
    assert_eq!(w.attempts(&at_port(4, home, 1)), Some(0));
}

#[test]
fn in_a_large_book_too_a_failure_is_held_against_nobody_who_lives_elsewhere() {
    let mut w = World::quiet(|it| it);
    w.checks_inside = false;
    let mut dice = Dice(7);
    for n in 0..1_000 {
        let ip = host(dice.below(16_384), dice.below(65_536));
        w.learn(&at(n, ip), 2_000 + n);
    }
    w.run(secs(50), |_| DEAD);
    let attempts = w.peers.book().addresses().map(|it| u64::from(it.attempts));
    let failed = w.peers.counts().failed;
    assert_eq!(attempts.sum::<u64>(), failed);
    assert!(failed > 300, "{failed}");
}

#[test]
fn a_persistent_peer_that_was_reached_has_failed_never_before() {
    let peers = vec![node(1)];
    let mut w = World::quiet(|it| it.persistent(peers.clone())).trusting(&peers);
    w.run(HOUR, |_| DEAD);
    w.run(secs(400), |_| Answer::Up);
    w.down(1);
    let before = w.dials_of(1).len();
    w.run(secs(120), |_| DEAD);
    let again = &w.dials_of(1)[before..];
    let wait = again[1] - again[0];
    assert!((secs(60)..secs(90)).contains(&wait), "{again:?}");
}

#[test]
fn one_known_by_a_name_that_was_reached_has_failed_never_before_and_another_still_has() {
    // The book has no place for a name, so what is known of it is in the list of the operator alone.
    let names = [1, 2].map(|n| text(n, "n.example.org:26656"));
    let mut w = World::quiet(|it| it.persistent(names.to_vec())).trusting(&names);
    w.run(HOUR, |_| DEAD);
    w.run(
        secs(400),
        |it| if *it == names[0] { Answer::Up } else { DEAD },
    );
    w.down(1);
    let before = [1, 2].map(|n| (n, w.dials_of(n).len()));
    w.run(secs(620), |_| DEAD);
    let [reached, other] = before.map(|(n, before)| w.dials_of(n)[before..].to_vec());
    let wait = reached[1] - reached[0];
    assert!((secs(60)..secs(90)).contains(&wait), "{reached:?}");
    let wait = other[1] - other[0];
    assert!((secs(300)..secs(330)).contains(&wait), "{other:?}");
}

#[test]
fn of_4_096_who_hang_up_it_is_known_how_often_and_any_other_waits_as_after_the_first_time() {
    let mut w = World::quiet(|it| it.slots(9, 9));
    w.checks_inside = false;
    // They are known by a name that led nowhere in particular, so the book knows none of them.
    for n in 2..=4_096 {
        w.reached(&text(n, "n.example.org:26656"));
        w.down(n);
    }
    w.connect(1);
    w.pass(secs(70));
    for n in [5_000, 5_001] {
        w.learn(&node(n), 9);
        w.run(secs(5), |_| Answer::HangsUp);
    }
    w.run(HOUR, |_| Answer::HangsUp);
    let [known, other] = [5_000, 5_001].map(|n| w.dials_of(n).len());
    assert!(known <= 5 && other > 20, "{known} {other}");
}

#[test]
fn who_has_come_and_gone_is_left_alone_for_half_a_minute() {
    let mut w = World::quiet(|it| it);
    w.accept_from(1, host(1, 257), Some(&node(1)));
    w.down(1);
    w.now = w.now + ms(29_999);
    assert_eq!(dials(&w.learn(&node(2), 9)), [2]);
    w.now = w.now + ms(1);
    let mut dialed = dials(&w.learn(&node(3), 9));
    dialed.sort_unstable();
    assert_eq!(dialed, [1, 3]);
}

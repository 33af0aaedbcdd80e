//! Who is dialed to see whether he is there, and let go.

use core::time::Duration;

use pex::NetAddress;
use pex::book::AddrBook;
use pex::peers::Eviction;
use pex::v1::Options;

use crate::nodes::{DAY, HOUR, START, at, host, node, number, secs};
use crate::world::{Answer, DEAD, World, book, dials, place};

#[test]
fn one_that_we_have_only_heard_of_is_tested_every_two_minutes_and_let_go() {
    let mut w = World::with(|it| it.slots(0, 9).outbound_life(None));
    for n in 0..40 {
        w.learn(&node(n), 500 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    let tested = w.dial_times().len();
    assert!((24..=38).contains(&tested), "{tested}");
    assert!(w.gone().iter().all(|it| it.1 == Eviction::Feeler));
    assert_eq!(w.peers.book().old(), tested, "each is good now");
    assert_eq!(w.peers.counts().checks, tested as u64);
    assert_eq!(w.peers.counts().refused, 0, "that was all they were for");
}

#[test]
fn one_is_tested_at_a_time_however_often_that_is_to_be() {
    let often = Some(secs(5));
    let mut w = World::with(|it| it.slots(0, 9).outbound_life(None).feeler_every(often));
    for n in 0..9 {
        w.learn(&node(n), 500 + n);
    }
    w.run(secs(100), |_| Answer::Silence);
    assert_eq!(w.dial_times().len(), 1);
    // It is not waited for longer than two minutes.
    w.run(secs(100), |_| Answer::Silence);
    assert_eq!(w.dial_times().len(), 2);
}

#[test]
fn one_that_was_reached_is_tested_again_when_that_is_a_day_ago_and_not_before() {
    let mut w = World::with(|it| it.slots(0, 9).outbound_life(None));
    w.reached(&node(1));
    w.run(23 * HOUR, |_| Answer::Up);
    assert_eq!(w.dials_of(1).len(), 0);
    w.run(2 * HOUR, |_| Answer::Up);
    assert_eq!(w.dials_of(1).len(), 1);
}

#[test]
fn whom_we_have_reached_is_tested_again_a_day_later_to_the_moment() {
    for (later, tested) in [(DAY - Duration::from_nanos(1), None), (DAY, Some(1))] {
        let mut w = World::with(|it| it.slots(0, 9).outbound_life(None));
        w.reached(&node(1));
        w.down(1);
        w.now = START + later;
        assert_eq!(dials(&w.tick()), Vec::from_iter(tested), "after {later:?}");
    }
}

/// A book with one old bucket full, and somebody of its network who was reached and waits.
fn full_bucket() -> (AddrBook, NetAddress) {
    let mut book = book(true);
    let told = place(&node(9_000));
    for n in 0..400 {
        let address = place(&at(n, host(1, 1 + n)));
        if book.add_address(START, &address, &told).is_ok() || book.is_our_address(&address) {
            book.mark_good(START, &address);
        }
        if let Some(holder) = book.challenged() {
            return (book, holder);
        }
    }
    panic!("no bucket is full");
}

#[test]
fn the_holder_of_a_place_that_another_would_take_is_tested_and_stays_if_he_is_there() {
    for there in [true, false] {
        let (book, holder) = full_bucket();
        let options = Options::builder().slots(0, 9).build().unwrap();
        let mut w = World::of(options, book);
        w.run(secs(240), |_| if there { Answer::Up } else { DEAD });
        let first = &w.dial_times()[0].1;
        assert_eq!(place(first), holder);
        let known = w.peers.book().known(&holder);
        assert_eq!(known.is_some_and(|it| it.old), there);
    }
}

#[test]
fn who_is_connected_does_not_keep_others_from_being_tested_whose_places_are_wanted_too() {
    let (mut book, connected) = full_bucket();
    let told = place(&node(9_000));
    // In another network, until somebody of it waits as well.
    for n in 1_000.. {
        let address = place(&at(n, host(2, n)));
        let _known = book.add_address(START, &address, &told);
        book.mark_good(START, &address);
        if book.has_address(&address) && !book.is_good(address.id()) {
            break;
        }
    }
    assert_eq!(book.challenged(), Some(connected));
    let mut w = World::of(Options::builder().slots(0, 9).build().unwrap(), book);
    w.welcome(number(connected.id()));
    w.run(secs(240), |_| Answer::Up);
    let first = place(&w.dial_times()[0].1);
    assert!(w.peers.book().is_good(first.id()), "{first}");
    assert!(number(first.id()) >= 1_000, "{first}");
}

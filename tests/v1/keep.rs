//! Who stays, who goes, and what is kept for the next life.

use core::time::Duration;

use pex::peers::{Event, Eviction};
use pex::v1::Options;

use crate::nodes::{DAY, HOUR, id, node, number, secs};
use crate::world::{Answer, DEAD, World, dials};

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

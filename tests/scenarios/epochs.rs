//! Connections that end and begin again, and answers that come when nobody waits for them.

use pex::wire::Dialect;
use pex::{Epoch, Event, Fault, Kind};

use crate::support::{
    World, added, address, answer, answered, asked, cut, id, ms, node, nodes, secs,
};

#[test]
fn an_answer_from_before_a_down_and_up_is_neither_accepted_nor_punished() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let before = w.epoch(id(1));
    w.down(1);
    w.up(1, Kind::V2);
    let actions = w.bytes_of(1, before, &answer(Dialect::V2, &nodes(10..20)));
    assert!(actions.is_empty(), "{actions:?}");
    assert_eq!(w.pex.stats().stray_events, 1);
    assert_eq!(w.pex.nodes_seen(), 0);
    // The new connection goes on as if nothing had happened.
    assert_eq!(asked(&w.pass(ms(300))), [id(1)]);
    assert_eq!(added(&w.answers(1, &nodes(10..20))).len(), 10);
}

#[test]
fn an_answer_from_before_a_reconnect_does_not_answer_the_request_after_it() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let before = w.epoch(id(1));
    w.down(1);
    w.up(1, Kind::V2);
    w.pass(ms(300));
    assert!(w.pex.is_awaiting(id(1)));
    assert!(
        w.bytes_of(1, before, &answer(Dialect::V2, &nodes(10..20)))
            .is_empty()
    );
    assert!(w.pex.is_awaiting(id(1)));
}

#[test]
fn what_an_earlier_connection_did_wrong_does_not_end_this_one() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let before = w.epoch(id(1));
    w.down(1);
    w.up(1, Kind::V2);
    assert!(w.bytes_of(1, before, &[0xff]).is_empty());
    let unsent = Event::Unsent {
        to: id(1),
        epoch: before,
    };
    assert!(w.event(unsent).is_empty());
    assert!(w.bytes_of(1, before, &[0x1a, 0x00]).is_empty(), "a request");
    assert_eq!(w.pex.stats().stray_events, 3);
    assert_eq!(w.pex.stats().garbage, 0);
}

#[test]
fn a_late_answer_is_dropped_without_blame_and_the_next_is_unsolicited() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.pass(secs(10));
    assert!(w.answers(1, &nodes(10..20)).is_empty());
    assert_eq!(w.pex.stats().late_responses, 1);
    assert_eq!(w.pex.nodes_seen(), 0);
    let second = w.answers(1, &nodes(10..20));
    assert_eq!(cut(&second), [(id(1), Fault::UnsolicitedResponse)]);
}

#[test]
fn a_late_answer_that_meets_the_next_request_counts_and_the_real_one_is_forgiven() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.pass(ms(10_600));
    assert_eq!(w.asked(1).len(), 2);
    let late = w.answers(1, &nodes(10..20));
    assert_eq!(added(&late).len(), 10);
    let real = w.answers(1, &nodes(20..30));
    assert!(real.is_empty(), "{real:?}");
    assert_eq!(w.pex.stats().late_responses, 1);
    // That was all that was owed.
    assert_eq!(cut(&w.answers(1, &nodes(20..30))).len(), 1);
}

#[test]
fn an_answer_on_the_last_moment_counts_and_one_after_it_does_not() {
    for (wait, counts) in [(ms(9_999), 10), (ms(10_000), 0)] {
        let mut w = World::new();
        w.up(1, Kind::V2);
        w.now = w.now + wait;
        assert_eq!(added(&w.answers(1, &nodes(10..20))).len(), counts);
    }
}

#[test]
fn an_answer_to_a_request_that_was_reported_unsent_is_dropped_without_blame() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.unsent(1);
    assert!(w.answers(1, &nodes(10..20)).is_empty());
    assert_eq!(w.pex.stats().late_responses, 1);
    assert_eq!(cut(&w.answers(1, &nodes(10..20))).len(), 1);
}

#[test]
fn a_second_copy_of_an_answer_teaches_nothing_and_ends_the_connection() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let bytes = answer(Dialect::V2, &nodes(10..20));
    assert_eq!(added(&w.bytes(1, &bytes)).len(), 10);
    let (seen, estimate) = (w.pex.nodes_seen(), w.pex.estimate());
    let copy = w.bytes(1, &bytes);
    assert!(added(&copy).is_empty());
    assert_eq!(cut(&copy), [(id(1), Fault::UnsolicitedResponse)]);
    // Further copies are not even looked at.
    let stats = w.pex.stats();
    for _ in 0..10 {
        assert!(w.bytes(1, &bytes).is_empty());
    }
    assert_eq!(w.pex.stats().stray_events, stats.stray_events + 10);
    assert_eq!((w.pex.nodes_seen(), w.pex.estimate()), (seen, estimate));
}

#[test]
fn up_in_a_new_epoch_ends_the_connection_before() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let before = w.epoch(id(1));
    w.up(1, Kind::V2);
    let now = w.epoch(id(1));
    assert_eq!(w.pex.peers(), [(id(1), now)]);
    // The down of the first connection comes when the second stands, and does not end it.
    w.event(Event::PeerDown {
        peer: id(1),
        epoch: before,
    });
    assert_eq!(w.pex.peers(), [(id(1), now)]);
    assert_eq!(asked(&w.pass(ms(300))), [id(1)]);
}

#[test]
fn a_disconnect_names_the_connection_that_misbehaved() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    let epoch = w.epoch(id(1));
    let actions = w.bytes(1, &[0xff]);
    let named = actions.iter().any(|action| {
        matches!(action, pex::Action::Disconnect { peer, epoch: named, .. }
            if *peer == id(1) && *named == epoch)
    });
    assert!(named, "{actions:?}");
    // A peer that comes back after a cut is heard again.
    w.down(1);
    w.up(1, Kind::V2);
    w.pass(secs(1));
    assert_eq!(added(&w.answers(1, &nodes(10..20))).len(), 10);
}

#[test]
fn a_peer_that_went_with_an_answer_in_the_making_is_sent_nothing() {
    let mut w = World::new();
    w.store = crate::support::Store::of([address(&format!("{}@name.example:1", id(9)))]);
    w.up(1, Kind::V1);
    let questions = crate::support::asks_names(&w.requests(1, Dialect::V1));
    assert_eq!(questions.len(), 1);
    w.down(1);
    w.up(1, Kind::V1);
    let ip = "192.0.2.1".parse().unwrap();
    assert!(w.resolved(questions[0].0, &[ip]).is_empty());
    assert_eq!(answered(&w.pass(secs(5))), None);
}

#[test]
fn the_last_peer_to_go_leaves_nothing_to_do() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.down(1);
    assert_eq!(w.pex.deadline(), None);
    assert_eq!(w.pex.peers(), []);
    assert!(w.pass(secs(3_600)).is_empty());
    assert_eq!(w.pex.stats().timeouts, 0);
}

#[test]
fn a_message_before_up_is_absorbed_and_starts_nothing() {
    let mut w = World::new();
    let epoch = Epoch::new(7);
    assert!(
        w.bytes_of(1, epoch, &answer(Dialect::V2, &[node(9)]))
            .is_empty()
    );
    assert!(w.bytes_of(1, epoch, &[0x1a, 0x00]).is_empty());
    assert!(w.bytes_of(1, epoch, &[0xff]).is_empty());
    assert_eq!(w.pex.stats().stray_events, 3);
    assert_eq!(w.pex.peers(), []);
}

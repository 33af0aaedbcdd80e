//! Events in an order that makes no sense: absorbed, counted, and without effect.

use core::time::Duration;

use pex::wire::{self, Dialect, Message, WireError};
use pex::{Action, Config, Epoch, Event, Kind, NodeAddress, NodeId, Pex, Policy, Seed, Time};

use crate::support::{ME, START, Store, World, answer, asked, id, ms, node, nodes, secs};

/// A world in the middle of things: one peer asked, one at rest, one cut.
fn busy() -> World {
    let mut w = World::new();
    w.store = Store::of(nodes(100..150));
    for peer in 1..=3 {
        w.up(peer, Kind::V2);
    }
    w.answers(1, &nodes(10..20));
    w.bytes(3, &[0xff]);
    w
}

/// An event that makes no sense leaves the state as it was, but for the counter.
fn absorbed(w: &mut World, what: &str, event: Event<'_>) {
    let (state, strays) = (w.digest(), w.pex.stats().stray_events);
    let actions = w.event(event);
    assert!(actions.is_empty(), "{what}: {actions:?}");
    assert_eq!(w.digest(), state, "{what}");
    assert_eq!(w.pex.stats().stray_events, strays + 1, "{what}");
}

#[test]
fn down_without_up_is_absorbed() {
    let mut w = busy();
    let (peer, epoch) = (id(77), Epoch::new(1));
    absorbed(&mut w, "unknown peer", Event::PeerDown { peer, epoch });
    let (peer, epoch) = (id(1), Epoch::new(99));
    absorbed(&mut w, "other connection", Event::PeerDown { peer, epoch });
}

#[test]
fn up_twice_on_one_connection_is_absorbed() {
    let mut w = busy();
    for n in 1..=3 {
        let (peer, epoch) = (id(n), w.epoch(id(n)));
        // A kind that changed its mind in the middle of a connection changes nothing either.
        for kind in [Kind::V2, Kind::V1] {
            absorbed(&mut w, "twice", Event::PeerUp { peer, epoch, kind });
        }
    }
}

#[test]
fn messages_of_nobody_are_absorbed() {
    let mut w = busy();
    let bytes = answer(Dialect::V2, &[node(9)]);
    let cut = w.epoch(id(3));
    for (from, epoch) in [
        (id(77), Epoch::new(1)),
        (id(1), Epoch::new(99)),
        (id(3), cut),
    ] {
        let message = wire::decode(&bytes).unwrap().unwrap();
        let event = Event::Message {
            from,
            epoch,
            message,
        };
        absorbed(&mut w, "an answer", event);
        let message = Message::Request(Dialect::V2);
        let event = Event::Message {
            from,
            epoch,
            message,
        };
        absorbed(&mut w, "a request", event);
        let error = WireError::Truncated;
        absorbed(&mut w, "garbage", Event::Garbage { from, epoch, error });
        absorbed(&mut w, "unsent", Event::Unsent { to: from, epoch });
    }
}

#[test]
fn the_answer_to_a_question_that_was_not_asked_is_absorbed() {
    let mut w = busy();
    let name = crate::support::address(&format!("{}@name.example:1", id(9)));
    w.store = Store::of([name]);
    let questions = crate::support::asks_names(&w.requests(1, Dialect::V1));
    let (query, ..) = questions[0];
    let ips = ["192.0.2.1".parse().unwrap()];
    let answered = w.resolved(query, &ips);
    assert!(crate::support::answered(&answered).is_some());
    absorbed(
        &mut w,
        "a second time",
        Event::Resolved { query, ips: &ips },
    );
}

#[test]
fn a_clock_that_runs_backwards_stands_still_and_is_counted() {
    let mut w = busy();
    w.pass(ms(5));
    w.tick();
    let state = w.digest();
    for back in [1, 1_000_000, START.as_nanos()] {
        let earlier = Time::from_nanos(START.as_nanos() - back);
        let actions = w.pex.handle(earlier, Event::Tick, &w.store);
        assert!(actions.is_empty());
        assert_eq!(w.digest(), state);
    }
    assert_eq!(w.pex.stats().clock_stalls, 3);
}

#[test]
fn a_clock_that_jumps_ahead_does_what_is_due_once() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &nodes(10..20));
    w.now = w.now + secs(365 * 24 * 3_600);
    assert_eq!(asked(&w.tick()), [id(1)]);
    assert!(w.tick().is_empty());
}

#[test]
fn an_early_tick_does_nothing() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &nodes(10..20));
    w.now = w.now + ms(299);
    for _ in 0..1_000 {
        assert!(w.tick().is_empty());
    }
    w.now = w.now + ms(1);
    assert_eq!(asked(&w.tick()), [id(1)]);
}

#[test]
fn a_doubled_tick_does_nothing_the_second_time() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &nodes(10..20));
    w.pass(ms(300));
    assert_eq!(w.asked(1).len(), 2);
    let state = w.digest();
    assert!(w.tick().is_empty());
    assert_eq!(w.digest(), state);
}

#[test]
fn a_late_tick_does_the_work_once_and_does_not_catch_up() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &nodes(10..20));
    w.now = w.now + secs(60);
    assert_eq!(asked(&w.tick()), [id(1)]);
    assert!(w.pass(ms(299)).is_empty());
}

#[test]
fn any_event_does_the_work_of_a_tick_that_is_late() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.answers(1, &nodes(10..20));
    w.now = w.now + ms(300);
    assert_eq!(asked(&w.up(2, Kind::V2)), [id(1), id(2)]);
}

/// What a peer can do on two connections, sensible or not.
fn anything<'a>(peer: NodeId, answer: &Message<'a>) -> Vec<Event<'a>> {
    let mut events = vec![Event::Tick];
    for epoch in [Epoch::new(1), Epoch::new(2)] {
        let from = peer;
        let kind = Kind::V2;
        events.extend([
            Event::PeerUp { peer, epoch, kind },
            Event::PeerDown { peer, epoch },
            Event::Message {
                from,
                epoch,
                message: answer.clone(),
            },
            Event::Unsent { to: peer, epoch },
        ]);
    }
    events
}

fn try_all(pex: &Pex, now: Time, events: &[Event<'_>], store: &Store, depth: u32) -> u64 {
    let Some(deeper) = depth.checked_sub(1) else {
        return 1;
    };
    let mut paths = 0;
    for event in events {
        let mut pex = pex.clone();
        // Half a gap, so that gaps pass within a path, and more than a timeout in eight.
        let now = now + ms(if deeper % 2 == 0 { 5_150 } else { 150 });
        for action in pex.handle(now, event.clone(), store) {
            let (Action::Send { epoch, .. } | Action::Disconnect { epoch, .. }) = action else {
                continue;
            };
            let present = pex.peers().iter().any(|(_, at)| *at == epoch);
            assert!(present, "an action for a connection that is over");
        }
        assert_eq!(pex.check(), Ok(()));
        paths += try_all(&pex, now, events, store, deeper);
    }
    paths
}

#[test]
fn every_order_of_five_events_of_a_peer_is_legal() {
    let bytes = answer(Dialect::V2, &[node(9)]);
    let message = wire::decode(&bytes).unwrap().unwrap();
    let events = anything(id(1), &message);
    let pex = Pex::new(Config::default(), ME, Seed::new([3; 32]), START);
    let paths = try_all(&pex, START, &events, &Store::default(), 5);
    assert_eq!(paths, 9_u64.pow(5));
}

#[test]
fn a_connection_with_ourselves_is_absorbed() {
    let mut w = busy();
    let (peer, epoch, kind) = (ME, Epoch::new(5), Kind::V2);
    absorbed(&mut w, "own id", Event::PeerUp { peer, epoch, kind });
}

#[test]
fn a_machine_that_was_told_a_time_a_year_ahead_goes_on_once_its_clock_is_corrected() {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    let mut right = busy();
    let mut wrong = right.pex.clone();
    // The same second passes for both, for one of them a year too late.
    let now = START + secs(1);
    drop(right.pex.handle(now, Event::Tick, &right.store));
    let mut same = right.pex.clone();
    drop(wrong.handle(now, Event::Tick, &right.store));
    assert_eq!(wrong.dump(), same.dump());

    let ahead = now + YEAR;
    drop(wrong.handle(ahead, Event::Tick, &right.store));
    assert!(wrong.deadline().is_some_and(|at| at > ahead));
    wrong.rewind(now);
    assert_eq!(wrong.check(), Ok(()));
    let (due, longest) = (wrong.deadline(), now + secs(600));
    assert!(due.is_some_and(|at| now < at && at <= longest), "{due:?}");
    // Nothing is lost: a second later it asks as one does that was never wrong.
    let later = now + secs(1);
    let asked_by = |pex: &mut Pex| asked(&pex.handle(later, Event::Tick, &right.store)).len();
    assert!(asked_by(&mut wrong) + asked_by(&mut same) > 0);
}

#[test]
fn rewinding_to_the_present_or_later_changes_nothing() {
    let w = busy();
    let mut same = w.pex.clone();
    same.rewind(Time::MAX);
    assert_eq!(same.dump(), w.pex.dump());
}

/// Whom a machine asks for so long after these actions, and when, where each answer comes at once and
/// `reply` says what it tells.
fn asks(
    pex: &mut Pex,
    mut actions: Vec<Action>,
    from: Time,
    span: Duration,
    mut reply: impl FnMut() -> Vec<NodeAddress>,
) -> Vec<(Duration, NodeId)> {
    let (store, mut asks, mut now) = (Store::default(), Vec::new(), from);
    loop {
        while let Some(action) = actions.pop() {
            let Action::Send { to, epoch, message } = action else {
                continue;
            };
            asks.push((now - from, to));
            let bytes = answer(message.dialect(), &reply());
            let answered = Event::Message {
                from: to,
                epoch,
                message: wire::decode(&bytes).unwrap().unwrap(),
            };
            actions.extend(pex.handle(now, answered, &store));
        }
        let Some(next) = pex.deadline().filter(|&at| at <= from + span) else {
            return asks;
        };
        now = next;
        actions.extend(pex.handle(now, Event::Tick, &store));
    }
}

#[test]
fn whoever_has_his_clock_set_back_asks_whom_he_would_have_asked_and_as_soon() {
    for policy in [
        Policy::Unseen,
        Policy::Tendermint0350,
        Policy::Tendermint0359,
    ] {
        let config = Config::builder().policy(policy).asked_first(100);
        let mut ahead = Pex::new(config.build().unwrap(), ME, Seed::new([3; 32]), START);
        let mut actions = Vec::new();
        for n in 1..=40 {
            let kind = if n % 4 == 0 { Kind::Kin } else { Kind::V2 };
            let (peer, epoch) = (id(n), Epoch::new(1));
            let up = Event::PeerUp { peer, epoch, kind };
            actions.extend(ahead.handle(START, up, &Store::default()));
        }
        let mut told = 1_000;
        let news = || {
            told += 30;
            nodes(told..told + 30)
        };
        assert!(asks(&mut ahead, actions, START, secs(1), news).len() > 1);

        let (now, earlier) = (START + secs(6), Time::from_secs(100));
        let due = Vec::from_iter(ahead.handle(now, Event::Tick, &Store::default()));
        let mut back = ahead.clone();
        back.rewind(earlier);
        let same = || nodes(1_000..1_010);
        let as_ever = asks(&mut ahead, due.clone(), now, secs(400), same);
        let since = asks(&mut back, due, earlier, secs(400), same);
        assert!(as_ever.len() > 1, "{policy:?}");
        assert!(since == as_ever, "{policy:?}");
    }
}

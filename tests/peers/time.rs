//! The time as it is told: backwards, in leaps, and at its ends.

use core::time::Duration;

use pex::Time;
use pex::peers::{Action, DialFailure, Event, Misconduct, Options};

use crate::world::{
    Answer, DAY, DEAD, HOUR, NOBODY, START, World, dials, id, ms, node, number, secs,
};

const YEAR: Duration = secs(365 * 86_400);

#[test]
fn a_clock_that_runs_backwards_stands_still_and_is_counted() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    w.learn(&node(1), 60);
    w.dies(1);
    w.pass(secs(30));
    w.tick();
    let latest = w.now;
    for back in [Duration::from_nanos(1), HOUR, YEAR] {
        w.now = Time::from_nanos(latest.as_nanos() - u64::try_from(back.as_nanos()).unwrap());
        let actions = w.peers.handle(w.now, Event::Tick);
        assert!(actions.is_empty(), "{back:?}: {actions:?}");
    }
    assert_eq!(w.peers.counts().clock_stalls, 3);
    w.now = latest;
    let first = dials(&w.pass(secs(60)));
    assert_eq!(first, [1], "as if nothing had been");
}

#[test]
fn a_clock_that_jumps_ahead_does_what_is_due_once() {
    let mut w = World::with(|it| it);
    for n in 0..60 {
        w.learn(&node(n), 1_000 + n);
    }
    w.run(HOUR, |it| {
        if number(it.id()).is_multiple_of(2) {
            Answer::Up
        } else {
            DEAD
        }
    });
    w.misbehaves(70, Misconduct::Fatal);
    let made = w.dial_times().len();
    w.now = w.now + YEAR;
    w.tick();
    // No burst to make up for a year: the judge holds the dials to ten a second.
    assert!(w.dial_times().len() <= made + 8);
    assert!(!w.peers.is_banned(id(70)));
    w.run(secs(60), |_| Answer::Up);
    assert_eq!(w.outbound().len(), 12);
    assert!(w.peers.deadline().is_some_and(|at| at <= w.now + HOUR));
}

#[test]
fn an_early_a_late_and_a_doubled_tick_are_harmless() {
    let run = |extra: bool| {
        let mut w = World::quiet(|it| it);
        w.connect(99);
        w.learn(&node(1), 60);
        w.dies(1);
        for _ in 0..200 {
            if extra {
                w.tick();
                w.tick();
            }
            w.pass(secs(1));
        }
        w.dials_of(1)
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn a_machine_that_was_told_a_time_a_year_ahead_goes_on_once_its_clock_is_corrected() {
    let build = || {
        let mut w = World::with(|it| it.persistent([id(3)]));
        w.name(&node(3));
        for n in 0..40 {
            w.learn(&node(n), 1_000 + n);
        }
        w.run(HOUR, |it| {
            if number(it.id()).is_multiple_of(2) {
                Answer::Up
            } else {
                DEAD
            }
        });
        w.misbehaves(50, Misconduct::Fatal);
        w.misbehaves(0, Misconduct::Fatal);
        w
    };
    let mut w = build();
    let right = w.now;
    w.now = right + YEAR;
    w.misbehaves(51, Misconduct::Fatal);
    w.tick();
    w.rewind(right);
    // What is due is due within the bounds from now on, and not in a year.
    assert!(w.peers.deadline().is_some_and(|at| at <= right + secs(400)));
    w.run(DAY + HOUR, |_| Answer::Up);
    assert!(!w.peers.is_banned(id(51)));
    assert_eq!(w.outbound().len(), 12);
    assert!(w.dials_of(3).iter().any(|at| *at >= right - START));
    // Going back to where one is, or ahead, changes nothing.
    let deadline = w.peers.deadline();
    w.rewind(w.now);
    w.peers.rewind(w.now + YEAR);
    assert_eq!(w.peers.deadline(), deadline);
}

#[test]
fn what_was_to_happen_in_a_minute_still_happens_in_a_minute_after_going_back() {
    let mut w = World::quiet(|it| it);
    w.connect(99);
    w.learn(&node(1), 60);
    w.dies(1);
    w.pass(secs(30));
    w.tick();
    w.rewind(START);
    assert_eq!(dials(&w.pass(secs(29))), NOBODY);
    assert_eq!(dials(&w.pass(secs(20))), [1]);
}

#[test]
fn after_going_back_nothing_has_happened_that_lies_ahead() {
    let mut w = World::quiet(|it| it);
    w.now = START + YEAR;
    w.connect(1);
    w.learn(&node(2), 60);
    w.dies(2);
    w.rewind(START);
    let kept = |n| w.record(n).unwrap().addresses[0].clone();
    let (one, two) = (kept(1), kept(2));
    for time in [
        one.first_success,
        one.last_success,
        two.heard,
        two.last_failure,
    ] {
        assert_eq!(time, Some(START));
    }
}

#[test]
fn of_whom_nothing_lies_ahead_after_going_back_nothing_is_written_down_anew() {
    let mut w = World::still();
    w.learn(&node(1), 60);
    w.pass(HOUR);
    w.learn(&node(2), 61);
    w.pass(secs(1));
    w.rewind(START);
    let changes = w.peers.flush().unwrap();
    let keys: Vec<_> = changes.into_iter().map(|it| it.key).collect();
    assert_eq!(keys, [pex::peers::PeerRecord::key(id(2))]);
}

#[test]
fn what_turned_out_false_a_year_ahead_may_be_told_again_a_few_days_after_going_back() {
    let mut w = World::quiet(|it| it);
    w.now = START + YEAR;
    w.connect(99);
    w.learn(&node(1), 60);
    w.fails(1, DialFailure::NotThisNode);
    w.rewind(START);
    w.learn(&node(1), 60);
    assert!(!w.knows(&node(1)));
    w.pass(3 * DAY);
    w.learn(&node(1), 60);
    assert!(w.knows(&node(1)));
}

#[test]
fn at_the_beginning_of_time_and_at_its_end_the_machine_works() {
    for start in [
        0,
        1,
        999_999_999,
        u64::MAX / 2 - 1,
        u64::MAX / 2,
        u64::MAX - 1,
        u64::MAX,
    ] {
        let options = Options::builder().persistent([id(3)]).build().unwrap();
        let mut w = World::started(options, Time::from_nanos(start));
        for n in 0..10 {
            w.learn(&node(n), 1_000 + n);
        }
        w.name(&node(3));
        assert_eq!(w.judge.dialing.len(), 8, "{start}");
        let dialing: Vec<u32> = w.judge.dialing.keys().map(|it| number(*it)).collect();
        for n in dialing {
            if n % 2 == 0 {
                w.dialed(n);
                w.ready(n);
            } else {
                w.dies(n);
            }
        }
        w.misbehaves(2, Misconduct::Fatal);
        assert!(w.peers.is_banned(id(2)), "{start}");
        w.tick();
        let _changes = w.peers.flush();
        w.peers.rewind(Time::EPOCH);
        assert_eq!(w.peers.check(), Ok(()), "{start}");
    }
}

#[test]
fn a_record_of_any_time_makes_a_machine_that_goes_on() {
    for at in [0, 1, 1_700_000_000_000_000_000, u64::MAX / 2, u64::MAX] {
        for now in [0, 1_700_000_000_000_000_000, u64::MAX] {
            let mut record = pex::peers::PeerRecord::new(id(1));
            let mut kept = pex::peers::AddressRecord::new(node(1));
            let at = Some(Time::from_nanos(at));
            (kept.last_success, kept.last_failure, kept.heard) = (at, at, at);
            kept.failures = 9;
            record.addresses.push(kept);
            let mut w = World::started(Options::default(), Time::from_nanos(now));
            assert_eq!(w.peers.load(&record), 1);
            assert_eq!(w.peers.check(), Ok(()));
            w.tick();
            let first = w.peers.deadline().unwrap();
            assert!(first <= Time::from_nanos(now.min(u64::MAX / 2)) + HOUR);
        }
    }
}

#[test]
fn the_same_events_at_the_same_times_give_the_same_actions_on_a_clone() {
    let build = || {
        let mut w = World::with(|it| it.persistent([id(3)]).private([id(4)]));
        for n in 0..60 {
            w.learn(&node(n), 1_000 + n);
        }
        w.run(HOUR, |it| {
            if number(it.id()).is_multiple_of(3) {
                DEAD
            } else {
                Answer::Up
            }
        });
        w
    };
    let (mut one, mut two) = (build(), build());
    assert_eq!(one.log, two.log);
    // A clone shares nothing with the machine that it came from.
    two.peers = one.peers.clone();
    for w in [&mut one, &mut two] {
        w.log.clear();
        w.run(DAY, |it| {
            if number(it.id()).is_multiple_of(2) {
                DEAD
            } else {
                Answer::Up
            }
        });
    }
    assert!(one.log.len() > 100);
    assert_eq!(one.log, two.log);
    assert!(one.peers.records().eq(two.peers.records()));
}

#[test]
fn a_busy_loop_is_never_asked_for() {
    // Whatever hinders what is due, the next tick is asked for only when it can do something: over
    // a day of dead nodes, crowded networks and full dials there are few of them.
    let mut w = World::with(|it| it.dials(2, 3).persistent([id(3)]).scores([(id(4), 4)]));
    w.checks_inside = false;
    for n in 0..300 {
        w.learn(
            &crate::world::at(n, crate::world::host(n % 20, 200 * n)),
            1_000 + n % 50,
        );
    }
    w.name(&node(3));
    w.name(&node(4));
    w.run(DAY, |it| match number(it.id()) % 4 {
        0 => Answer::Up,
        1 => DEAD,
        2 => Answer::Fails(DialFailure::NotTried),
        _ => Answer::Silence,
    });
    assert!(w.ticks < 24 * 400, "{}", w.ticks);
}

#[test]
fn nothing_of_the_past_is_asked_for_again() {
    let mut w = World::with(|it| it);
    w.learn(&node(1), 60);
    let mut last = w.now;
    for _ in 0..1_000 {
        let Some(at) = w.peers.deadline() else {
            break;
        };
        assert!(at >= last + ms(1));
        last = at;
        w.now = at;
        let actions = w.tick();
        assert!(actions.iter().all(|it| !matches!(it, Action::SetTimer(_))));
    }
}

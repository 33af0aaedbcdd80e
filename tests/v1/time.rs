//! Timers, and clocks that are wrong.

use pex::Time;
use pex::peers::Event;

use crate::nodes::{DAY, HOUR, LATEST, START, id, node, number, secs};
use crate::world::{Answer, DEAD, World, book, dials};

#[test]
fn an_idle_node_wakes_less_than_once_in_a_second() {
    let peers = vec![node(1)];
    let seeds = vec![node(2)];
    for seed_mode in [false, true] {
        let set = |it: pex::v1::OptionsBuilder| it.persistent(peers.clone()).seeds(seeds.clone());
        let mut w = if seed_mode {
            World::seed(set)
        } else {
            World::with(set)
        };
        w = w.trusting(&peers).trusting(&seeds);
        w.checks_inside = false;
        for n in 10..400 {
            w.learn(&node(n), 500 + n);
        }
        for (name, alive) in [("nobody", 0), ("few", 10), ("most", 3)] {
            let there = |n: u32| alive > 0 && n.is_multiple_of(alive) == (alive == 10);
            let ticks = w.ticks;
            w.run(6 * HOUR, |it| {
                if there(number(it.id())) {
                    Answer::Up
                } else {
                    DEAD
                }
            });
            let ticks = w.ticks - ticks;
            assert!(ticks < 6 * 3_600, "{name} {seed_mode}: {ticks}");
        }
    }
}

#[test]
fn a_clock_that_runs_backwards_stands_still_and_is_counted() {
    let mut w = World::quiet(|it| it);
    w.pass(HOUR);
    w.tick();
    w.tick();
    assert_eq!(
        w.peers.counts().clock_stalls,
        0,
        "so much may happen at once"
    );
    w.now = START;
    w.tick();
    w.now = START + secs(3_599);
    w.tick();
    assert_eq!(w.peers.counts().clock_stalls, 2);
}

#[test]
fn a_clock_that_was_wrong_is_set_back_and_what_was_due_in_a_minute_still_is() {
    let peers = vec![node(1)];
    let mut w = World::quiet(|it| it.persistent(peers.clone())).trusting(&peers);
    w.connect(2);
    w.now = w.now + 400 * DAY;
    w.tick();
    for n in w.dialing() {
        w.dies(n);
    }
    let wait = w.peers.deadline().map(|at| at - w.now);
    w.rewind(START + secs(10));
    assert_eq!(w.peers.deadline().map(|at| at - w.now), wait);
    assert_eq!(dials(&w.pass(secs(61))), [1]);
    // Who came after that is no older for it.
    w.welcome(4);
    w.pass(HOUR);
    assert!(w.up().contains(&4));
}

#[test]
fn a_late_tick_does_the_due_work_once() {
    let mut w = World::with(|it| it.slots(0, 9).outbound_life(None));
    for n in 0..40 {
        w.learn(&node(n), 500 + n);
    }
    w.now = w.now + 30 * DAY;
    assert_eq!(dials(&w.tick()).len(), 1, "one feeler, not thousands");
    assert_eq!(w.saves.len(), 1);
    assert_eq!(dials(&w.tick()), [0_u32; 0]);
}

#[test]
fn how_often_a_backoff_is_looked_at_does_not_change_it() {
    let run = |looks: u32| {
        let mut w = World::quiet(|it| it.slots(2, 2));
        w.connect(1);
        w.learn(&node(2), 9);
        w.dies(2);
        for _ in 0..300 {
            for _ in 0..looks {
                w.tick();
            }
            w.now = w.now + secs(1);
            if !dials(&w.event(Event::Behaved { peer: id(1) })).is_empty() {
                return w.now;
            }
        }
        panic!("it is dialed again");
    };
    assert_eq!(run(0), run(1));
    assert_eq!(run(0), run(50));
}

#[test]
fn at_the_end_of_time_a_timer_lies_ahead() {
    let options = pex::v1::Options::default();
    let mut w = World::started(options, book(true), LATEST);
    w.learn(&node(1), 9);
    w.dies(1);
    assert!(w.peers.deadline().is_none_or(|at| at > LATEST));
}

#[test]
fn where_the_clock_begins_at_zero_whoever_is_told_is_dialed_at_once() {
    let options = pex::v1::Options::default();
    let mut w = World::started(options, book(true), Time::EPOCH);
    assert_eq!(dials(&w.learn(&node(1), 9)), [1]);
    w.dialed(1);
    assert_eq!(w.outbound(), [1]);
}

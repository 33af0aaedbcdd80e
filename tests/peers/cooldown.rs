//! How long a node is left alone with which we were connected.

use crate::retry::company;
use crate::world::{Answer, DAY, HOUR, NOBODY, START, World, at, dials, host, id, node, secs};

#[test]
fn a_node_that_accepts_and_hangs_up_is_dialed_less_and_less() {
    let mut w = company();
    w.name(&node(1));
    let start = w.now;
    let mut times = Vec::new();
    while w.now < start + DAY {
        if w.judge.dialing.contains_key(&id(1)) {
            times.push(w.now - start);
            w.dialed(1);
            w.ready(1);
            w.pass(secs(1));
            w.down(1);
        }
        w.pass(secs(1));
    }
    assert!((6..=8).contains(&times.len()), "{times:?}");
    // Once it stays for a minute, all is forgiven.
    while !w.judge.dialing.contains_key(&id(1)) {
        w.pass(secs(60));
    }
    w.dialed(1);
    w.pass(secs(60));
    w.down(1);
    assert_eq!(w.record(1).unwrap().addresses[0].failures, 0);
}

fn a_new_address_waits_out_the_cool_down(w: &mut World) {
    assert_eq!(dials(&w.learn(&at(1, host(50, 1)), 60)), NOBODY);
    assert_eq!(dials(&w.pass(secs(29))), NOBODY);
    assert_eq!(dials(&w.pass(secs(1))), [1]);
}

#[test]
fn a_new_address_of_a_node_does_not_cut_its_cool_down_short() {
    let mut w = company();
    w.connect(1);
    w.pass(HOUR);
    w.down(1);
    a_new_address_waits_out_the_cool_down(&mut w);
}

#[test]
fn what_a_node_failed_before_does_not_cut_its_cool_down_short_once_that_is_made_good() {
    let mut w = company();
    w.learn(&node(1), 50);
    w.dies(1);
    w.accept(1);
    w.ready(1);
    w.pass(secs(60));
    w.behaves(1);
    w.down(1);
    a_new_address_waits_out_the_cool_down(&mut w);
}

#[test]
fn what_a_node_failed_before_does_not_keep_it_waiting_once_that_is_made_good() {
    let mut w = World::quiet(|it| it.retry(HOUR, 8 * HOUR).retry_persistent_max(8 * HOUR));
    w.connect(99);
    w.learn(&node(1), 50);
    w.dies(1);
    w.accept(1);
    w.ready(1);
    w.pass(secs(60));
    w.behaves(1);
    w.down(1);
    assert_eq!(dials(&w.pass(secs(30))), [1]);
}

#[test]
fn a_new_address_of_a_node_that_hung_up_at_once_is_dialed_when_the_cool_down_is_over() {
    for (wait, dialed) in [(29, vec![]), (30, vec![1])] {
        let mut w = company();
        w.connect(1);
        w.down(1);
        w.pass(secs(wait));
        assert_eq!(dials(&w.learn(&at(1, host(50, 1)), 60)), dialed, "{wait}");
    }
}

#[test]
fn after_a_connection_its_node_is_left_alone_for_the_cool_down() {
    for (cooldown, lasted) in [(30, 3_600), (7_200, 3_600), (7_200, 1), (30, 1)] {
        let mut w = World::quiet(|it| it.cooldown(secs(cooldown)));
        w.connect(99);
        w.connect(1);
        w.pass(secs(lasted));
        w.down(1);
        let ended = w.now;
        w.run(DAY, |_| Answer::Silence);
        let dials = w.dial_times();
        let again = dials
            .iter()
            .find(|(at, it)| it.id() == id(1) && *at > ended - START);
        let waited = START + again.unwrap().0 - ended;
        // Who hangs up at once is left alone for a minute besides.
        let least = if lasted < 60 {
            cooldown.max(60)
        } else {
            cooldown
        };
        assert!(waited >= secs(least), "{cooldown} {lasted}: {waited:?}");
        assert!(
            waited <= secs(least + 15),
            "{cooldown} {lasted}: {waited:?}"
        );
    }
}

#[test]
fn a_persistent_peer_that_is_gone_is_dialed_again_after_five_seconds() {
    let mut w = company();
    w.connect(7);
    w.pass(HOUR);
    w.down(7);
    assert_eq!(dials(&w.pass(secs(4))), NOBODY);
    assert_eq!(dials(&w.pass(secs(1))), [7]);
    // One that hangs up at once has failed, and waits for a minute.
    w.dialed(7);
    w.ready(7);
    w.pass(secs(1));
    w.down(7);
    assert_eq!(dials(&w.pass(secs(59))), NOBODY);
}

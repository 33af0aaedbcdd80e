//! How often a place is dialed of which others would have us make a victim.

use core::time::Duration;

use pex::NodeAddress;
use pex::peers::DialFailure;

use crate::retry::{company, was_good};
use crate::world::{Answer, DAY, DEAD, World, at, at_port, host, id, node, secs, text};

/// Dials that a place gets in its worst day.
fn worst_day(w: &World, place: &NodeAddress) -> usize {
    let there = |it: &NodeAddress| it.ip() == place.ip() && it.port() == place.port();
    let dials = w.dial_times().into_iter();
    let times: Vec<Duration> = dials.filter(|it| there(&it.1)).map(|it| it.0).collect();
    let day = |&from| {
        times
            .iter()
            .filter(|at| (from..from + DAY).contains(*at))
            .count()
    };
    times.iter().map(day).max().unwrap_or(0)
}

#[test]
fn a_victim_is_dialed_at_most_eight_times_a_day_by_a_node_that_is_alone() {
    let victim = at(0, host(5, 5));
    let mut w = World::with(|it| it);
    w.checks_inside = false;
    for minute in 0..480 {
        for n in 0..10 {
            w.learn(&at(minute * 10 + n, host(5, 5)), 50 + n % 20);
        }
        w.run(secs(180), |_| DEAD);
    }
    let dials = worst_day(&w, &victim);
    assert!((1..=8).contains(&dials), "{dials}");
}

#[test]
fn a_place_that_was_good_and_died_is_dialed_at_most_eight_times_a_day_by_all_its_names() {
    let mut w = company();
    was_good(&mut w, 1);
    for n in 2..5 {
        w.learn(&NodeAddress::mconn(id(n), host(1, 257), 26_656), 50 + n);
    }
    w.run(3 * DAY, |_| DEAD);
    let dials = worst_day(&w, &node(1));
    assert!((1..=8).contains(&dials), "{dials}");
}

#[test]
fn a_victim_is_dialed_at_most_eight_times_a_day_whatever_is_told_of_it() {
    let victim = at(0, host(5, 5));
    let variants = |n: u32| match n % 4 {
        // Under other ids, protocols and paths, and as an IPv6 address.
        0 => at(1_000 + n, host(5, 5)),
        1 => text(n % 50, &format!("32.5.0.5:26656/{n}")),
        2 => text(1_000 + n, "[::ffff:32.5.0.5]:26656"),
        // As one of our persistent peer.
        _ => at(7, host(5, 5)),
    };
    for answer in [DialFailure::Unreachable, DialFailure::NotThisNode] {
        let mut w = World::with(|it| it.persistent([id(7)]));
        w.checks_inside = false;
        w.connect(99);
        // A hundred variants every minute and a half for a day: 96,000.
        for minute in 0..960_u32 {
            for n in 0..100 {
                w.learn(&variants(minute * 100 + n), 50 + n % 20);
            }
            w.run(secs(90), |_| Answer::Fails(answer));
        }
        let dials = worst_day(&w, &victim);
        assert!((1..=8).contains(&dials), "{answer:?}: {dials}");
        assert_eq!(w.peers.check(), Ok(()));
    }
}

#[test]
fn a_full_store_does_not_have_a_victim_dialed_more_often() {
    let victim = at(5_000, host(500, 5));
    let mut w = World::with(|it| it.addresses_max(100));
    w.checks_inside = false;
    w.connect(99);
    let mut n = 0;
    while w.peers.addresses() < 100 {
        w.learn(&node(100 + n), 1_000 + n);
        n += 1;
    }
    for minute in 0..480 {
        for n in 0..10 {
            w.learn(&at(6_000 + minute * 10 + n, host(500, 5)), 50 + n % 20);
        }
        w.run(secs(180), |it| {
            if it.ip() == victim.ip() {
                DEAD
            } else {
                Answer::Up
            }
        });
    }
    assert!(w.peers.addresses() >= 95);
    let dials = worst_day(&w, &victim);
    assert!((1..=8).contains(&dials), "{dials}");
}

#[test]
fn a_place_is_dialed_at_most_eight_times_a_day_whether_it_is_silent_or_somebody_else_answers() {
    let victim = at(0, host(5, 5));
    for order in 0..64_u32 {
        let mut w = World::with(|it| it);
        w.checks_inside = false;
        w.connect(99);
        let mut dials = 0;
        for minute in 0..960 {
            for n in 0..4 {
                w.learn(&at(1_000 + minute * 4 + n, host(5, 5)), 50 + n % 20);
            }
            w.run(secs(90), |_| {
                dials += 1;
                if order >> (dials % 6) & 1 == 0 {
                    DEAD
                } else {
                    Answer::Fails(DialFailure::NotThisNode)
                }
            });
        }
        let dials = worst_day(&w, &victim);
        assert!((1..=8).contains(&dials), "{order:b}: {dials}");
    }
}

#[test]
fn whoever_shares_an_ip_address_has_us_dial_a_port_of_it_eight_times_a_day_at_most() {
    for answer in [DialFailure::Unreachable, DialFailure::NotThisNode] {
        let mut w = World::with(|it| it);
        w.checks_inside = false;
        w.connect(99);
        let shared = host(5, 5);
        for n in 1_000..1_960 {
            w.accept_from(n, shared, Some(&at_port(n, shared, 22)));
            if w.judge.links.contains_key(&id(n)) {
                w.down(n);
            }
            w.run(secs(90), |_| Answer::Fails(answer));
        }
        let dials = worst_day(&w, &at_port(0, shared, 22));
        assert!((1..=8).contains(&dials), "{answer:?}: {dials}");
    }
}

#[test]
fn names_of_which_strangers_tell_are_dialed_twice_a_minute_wherever_they_may_lead() {
    let mut w = World::with(|it| it);
    w.checks_inside = false;
    w.connect(99);
    for n in 0..3_600 {
        let domain = n % 50;
        w.learn(
            &text(1_000 + n, &format!("n{n}.d{domain}.org:26656")),
            50 + n % 20,
        );
        w.run(secs(1), |_| Answer::Fails(DialFailure::NotThisNode));
    }
    let dials = w.dial_times().into_iter().filter(|it| it.1.ip().is_none());
    let times: Vec<Duration> = dials.map(|it| it.0).collect();
    assert!(times.len() > 100, "{}", times.len());
    let minute = |at: &[Duration]| at[2] - at[0] >= secs(60);
    assert!(times.windows(3).all(minute));
}

#[test]
fn all_ways_to_write_a_victim_inside_an_ipv6_address_are_dialed_eight_times_a_day_together() {
    let mut w = World::with(|it| it);
    w.checks_inside = false;
    w.connect(99);
    let spellings = |n: u32| match n % 3 {
        0 => text(1_000 + n, "[64:ff9b::2005:5]:26656"),
        1 => text(1_000 + n, &format!("[2002:2005:5:{n:x}::1]:26656")),
        _ => text(1_000 + n, &format!("[2001:0:{n:x}::dffa:fffa]:26656")),
    };
    for n in 0..960 {
        w.learn(&spellings(n), 50 + n % 20);
        w.run(secs(90), |_| DEAD);
    }
    let carried = |it: &NodeAddress| it.ip().is_some_and(|ip| ip.is_ipv6());
    let dials = w.dial_times().into_iter().filter(|it| carried(&it.1));
    let dials = dials.count();
    assert!((1..=8).contains(&dials), "{dials}");
    // The place itself may be all right, whoever can't be reached by way of others.
    w.learn(&at(1, host(5, 5)), 98);
    assert!(w.knows(&at(1, host(5, 5))));
}

#[test]
fn who_told_a_wrong_id_of_a_place_is_believed_no_more_of_it_nor_are_others_in_his_network() {
    let mut w = company();
    let home = host(2, 257);
    for n in 60..70 {
        w.accept_from(n, host(9, n), None);
        w.learn(&at(100 + n, home), n);
        w.run(secs(90), |_| Answer::Fails(DialFailure::NotThisNode));
    }
    let there = |it: &(Duration, NodeAddress)| it.1.ip() == Some(home);
    assert_eq!(w.dial_times().into_iter().filter(there).count(), 1);
    w.accept_from(70, host(10, 1), None);
    w.learn(&at(2, home), 70);
    w.run(secs(90), |_| Answer::Up);
    assert!(w.outbound().contains(&2));
    // Of other places they are believed.
    w.learn(&node(3), 60);
    assert!(w.knows(&node(3)));
}

#[test]
fn who_is_at_a_place_is_believed_about_it_whoever_told_wrong_ids_of_it() {
    let mut w = company();
    let home = host(2, 257);
    for n in 50..54 {
        w.learn(&at(n, home), n);
        w.run(secs(90), |_| Answer::Fails(DialFailure::NotThisNode));
    }
    w.learn(&node(2), 60);
    assert!(!w.knows(&node(2)), "four have told wrong ids");
    w.accept_from(2, home, Some(&node(2)));
    assert!(w.knows(&node(2)));
}

#[test]
fn what_is_said_of_a_place_that_was_dialed_often_enough_waits_no_longer_than_the_options_say() {
    let mut w = World::with(|it| it.retry(secs(1), secs(10)).ban(secs(10)).cooldown(secs(1)));
    for minute in 0..60 {
        for n in 0..4 {
            w.learn(&at(1_000 + minute * 4 + n, host(5, 5)), 50 + n);
        }
        // The machine holds itself to that after every event.
        w.run(secs(60), |_| DEAD);
    }
    let dials = worst_day(&w, &at(0, host(5, 5)));
    assert!((1..=8).contains(&dials), "{dials}");
}

//! Whom we dial, and whom not yet.

use pex::NodeAddress;
use pex::peers::{DialFailure, Event, Eviction, Standing};

use crate::world::{
    Answer, DAY, DEAD, HOUR, NOBODY, START, World, at, at_port, dials, evicted, host, id, ms, node,
    number, secs, text,
};

#[test]
fn what_the_operator_names_is_dialed_at_once_and_once() {
    let mut w = World::quiet(|it| it);
    assert_eq!(dials(&w.name(&node(1))), [1]);
    assert_eq!(dials(&w.name(&node(1))), NOBODY);
    assert_eq!(dials(&w.tick()), NOBODY);
    assert_eq!(dials(&w.name(&node(2))), [2]);
}

#[test]
fn what_a_stranger_tells_is_dialed_while_there_are_places() {
    let mut w = World::quiet(|it| it.connected_max(2).slots(2, 0));
    assert_eq!(dials(&w.learn(&node(1), 9)), [1]);
    assert_eq!(dials(&w.learn(&node(2), 9)), [2]);
    assert_eq!(dials(&w.learn(&node(3), 9)), NOBODY);
}

#[test]
fn dials_under_way_count_to_the_places() {
    let mut w = World::quiet(|it| it.connected_max(3).slots(3, 0));
    w.connect(1);
    assert_eq!(dials(&w.name(&node(2))), [2]);
    assert_eq!(dials(&w.name(&node(3))), [3]);
    assert_eq!(dials(&w.name(&node(4))), NOBODY);
    w.dialed(2);
    w.dialed(3);
    assert_eq!(dials(&w.pass(HOUR)), NOBODY);
}

#[test]
fn whether_somebody_will_be_dialed_soon_can_be_asked() {
    let mut w = World::quiet(|it| it);
    w.connect(1);
    assert!(!w.peers.will_dial_within(DAY), "nobody is left");
    w.pass(HOUR);
    w.down(1);
    assert!(!w.peers.will_dial_within(secs(29)));
    assert!(w.peers.will_dial_within(secs(30)));
    // Who comes back to somebody with no place for him is not dialed, however long he waits.
    let mut w = World::still();
    w.learn(&node(1), 60);
    w.welcome(1);
    w.down(1);
    assert!(!w.peers.will_dial_within(DAY));
}

#[test]
fn who_may_dial_no_more_in_this_second_waits_for_the_next_only_if_there_is_somebody_to_dial() {
    let mut w = World::quiet(|it| it.dials(8, 1));
    w.judge.dials_per_second = 1;
    w.connect(1);
    assert!(!w.peers.will_dial_within(DAY));
    assert_eq!(dials(&w.name(&node(2))), NOBODY);
    assert!(w.peers.will_dial_within(secs(0)));
    assert_eq!(dials(&w.pass(secs(1))), [2]);
}

#[test]
fn of_those_in_one_subnet_who_said_where_they_live_two_are_dialed_in_a_minute_but_in_need() {
    for (alone, wanted, dialed) in [(false, false, 2), (true, false, 3), (false, true, 3)] {
        let nodes = (1..=3).filter(|_| wanted).map(id);
        let mut w = World::quiet(|it| it.per_network(u32::MAX, 4).persistent(nodes));
        w.judge.hearsay_per_subnet = dialed;
        if !alone {
            w.connect(99);
        }
        for n in 1..=3 {
            w.accept_from(n, host(7, n), Some(&at(n, host(7, n))));
        }
        for n in 1..=3 {
            w.down(n);
        }
        w.pass(secs(59));
        let ours = w.dialing().len();
        assert_eq!(ours, dialed, "{alone} {wanted}");
    }
}

#[test]
fn whom_we_have_reached_waits_for_nobody_of_whom_strangers_tell_in_his_subnet() {
    let mut w = World::quiet(|it| it.per_network(u32::MAX, 4));
    w.connect(99);
    w.learn(&at(1, host(7, 1)), 60);
    w.dialed(1);
    w.ready(1);
    w.pass(HOUR);
    w.down(1);
    w.pass(secs(29));
    for n in 2..=4 {
        w.learn(&at(n, host(7, n)), 60 + n);
    }
    assert_eq!(w.dialing().len(), 2, "strangers have told enough");
    assert_eq!(dials(&w.pass(secs(1))), [1]);
}

#[test]
fn a_dial_that_fails_gives_its_place_to_another() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(1, 0));
    w.name(&node(1));
    w.name(&node(2));
    assert_eq!(dials(&w.dies(1)), [2]);
}

#[test]
fn when_a_peer_leaves_another_is_dialed() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(1, 0));
    w.connect(1);
    w.name(&node(2));
    assert_eq!(dials(&w.down(1)), [2]);
}

#[test]
fn another_address_of_a_node_is_not_dialed_while_the_node_is_dialed_or_connected() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    assert_eq!(dials(&w.name(&at(1, host(50, 1)))), NOBODY);
    w.dialed(1);
    assert_eq!(dials(&w.name(&at(1, host(51, 1)))), NOBODY);
    w.ready(1);
    assert_eq!(dials(&w.pass(HOUR)), NOBODY);
    // Nor is an address of somebody who has come by himself.
    w.welcome(2);
    assert_eq!(dials(&w.name(&node(2))), NOBODY);
    assert_eq!(dials(&w.learn(&at(2, host(52, 1)), 9)), NOBODY);
}

#[test]
fn no_more_than_eight_are_dialed_at_once() {
    let mut w = World::quiet(|it| it);
    let dialed: usize = (1..30).map(|n| w.name(&node(n)).len()).sum();
    assert_eq!(dialed, 8);
    assert_eq!(dials(&w.dies(1)).len(), 1);
}

#[test]
fn a_dial_without_an_answer_is_given_up_after_two_minutes() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(1, 0));
    w.name(&node(1));
    w.name(&node(2));
    assert_eq!(dials(&w.pass(ms(119_999))), NOBODY);
    assert_eq!(dials(&w.pass(ms(1))), [2]);
    assert_eq!(w.record(1).unwrap().addresses[0].failures, 1);
    // If it comes through after all, it is one that nobody asked for: there is no place.
    assert_eq!(evicted(&w.reached(&node(1))), [(1, Eviction::Full)]);
}

#[test]
fn a_connection_that_nobody_asked_for_is_let_in_while_there_is_a_place_and_its_address_kept() {
    let mut w = World::quiet(|it| it.connected_max(1).slots(1, 0));
    assert_eq!(w.reached(&node(1)), []);
    w.ready(1);
    assert_eq!(w.up(), [1]);
    assert!(w.record(1).unwrap().addresses[0].last_success.is_some());
    assert_eq!(evicted(&w.reached(&node(2))), [(2, Eviction::Full)]);
    // That it was reached is worth knowing.
    assert!(w.knows(&node(2)));
}

#[test]
fn an_address_that_leads_to_ourselves_is_ended_and_not_kept() {
    let mut w = World::quiet(|it| it);
    let ours = NodeAddress::mconn(crate::world::ME, host(9, 9), 26_656);
    w.name(&ours);
    let actions = w.reached(&ours);
    assert_eq!(evicted(&actions).len(), 1);
    assert_eq!((w.peers.addresses(), w.peers.counts().own), (0, 1));
}

#[test]
fn a_connection_with_a_node_that_was_banned_meanwhile_is_ended() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    w.misbehaves(1, pex::peers::Misconduct::Fatal);
    assert_eq!(evicted(&w.dialed(1)), [(1, Eviction::Banned)]);
}

#[test]
fn an_ip_address_is_dialed_once_at_a_time_and_not_while_we_are_connected_with_it() {
    let mut w = World::quiet(|it| it.network_share(32, 8));
    let port = |n: u32| at_port(n, host(1, 1), 1_000 + n);
    for n in 1..=4 {
        w.learn(&port(n), 9);
    }
    w.run(HOUR, |_| Answer::Up);
    assert_eq!((w.outbound().len(), w.dial_times().len()), (1, 1));
    // With nobody else to dial we look again now and then, and not all the time.
    assert!(w.ticks < 200, "{}", w.ticks);
}

#[test]
fn many_names_of_one_domain_are_one_network() {
    let mut w = World::quiet(|it| it);
    for n in 50..55 {
        w.name(&node(n));
    }
    for n in 1..=40 {
        w.learn(&text(n, &format!("n{n}.hoster.org:1")), 100 + n);
    }
    w.run(HOUR, |_| Answer::Up);
    let of_it = w.outbound().into_iter().filter(|n| *n <= 40).count();
    assert_eq!(of_it, 1);
    let stored = (1..=40)
        .filter(|n| w.standing(*n) != Standing::Unknown)
        .count();
    assert_eq!(stored, 32);
}

#[test]
fn in_a_subnet_two_addresses_of_hearsay_are_dialed_in_a_minute_and_no_more() {
    let mut w = World::quiet(|it| it);
    // The judge of this world looks at each dial; this counts those of the first minute.
    for n in 0..30 {
        w.learn(&at(n, host(5, 257 + n)), 100 + n);
    }
    w.run(secs(59), |_| DEAD);
    assert_eq!(w.dial_times().len(), 2);
    w.run(HOUR, |_| DEAD);
    assert!(w.dial_times().len() > 30);
    assert!(w.ticks < 400, "{}", w.ticks);
}

#[test]
fn a_machine_that_knows_nobody_wakes_up_for_nothing_but_its_feelers() {
    let mut w = World::with(|it| it);
    w.run(HOUR, |_| Answer::Up);
    assert!((20..=41).contains(&w.ticks), "{}", w.ticks);
    let mut w = World::quiet(|it| it);
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.ticks, 0);
}

#[test]
fn a_machine_with_all_places_taken_does_not_wake_up_for_those_who_are_dead() {
    for persistent in [vec![], vec![id(0)]] {
        let mut w = World::quiet(|it| it.persistent(persistent).connected_max(4).slots(4, 0));
        for n in 0..200 {
            w.name(&node(n));
        }
        w.run(HOUR, |it| {
            if number(it.id()) < 4 {
                Answer::Up
            } else {
                DEAD
            }
        });
        assert_eq!(w.outbound(), [0, 1, 2, 3]);
        w.run(2 * HOUR, |_| DEAD);
        let ticks = w.ticks;
        w.run(4 * HOUR, |_| DEAD);
        assert!(w.ticks - ticks < 10, "{}", w.ticks - ticks);
    }
}

#[test]
fn an_outcome_of_a_dial_that_was_not_asked_for_is_absorbed() {
    let mut w = World::quiet(|it| it);
    w.name(&node(1));
    for address in [node(2), at(1, host(50, 1))] {
        let why = DialFailure::Unreachable;
        assert_eq!(w.event(Event::DialFailed { address, why }), []);
    }
    assert_eq!(w.peers.counts().stray_events, 2);
    assert_eq!(
        (w.standing(1), w.standing(2)),
        (Standing::Dialing, Standing::Unknown)
    );
    assert_eq!(w.now, START);
}

#[test]
fn no_more_than_ten_are_dialed_in_any_second() {
    let mut w = World::quiet(|it| it);
    for n in 1..200 {
        w.name(&node(n));
    }
    // Each is refused at once, by a machine that is up and a port that is closed.
    for _ in 0..100 {
        let dialing: Vec<u32> = w.judge.dialing.keys().map(|id| number(*id)).collect();
        for n in dialing {
            w.dies(n);
        }
        w.pass(ms(50));
    }
    let times: Vec<_> = w.dial_times().into_iter().map(|(at, _)| at).collect();
    let in_a_second = |from| {
        times
            .iter()
            .filter(|at| (from..from + secs(1)).contains(*at))
            .count()
    };
    assert_eq!(times.iter().map(|&from| in_a_second(from)).max(), Some(10));
    // And no fewer on the whole: the bound is not a brake.
    assert!((41..=60).contains(&times.len()), "{}", times.len());
}

#[test]
fn names_that_lead_to_one_ip_address_get_one_connection() {
    for one_network in [true, false] {
        let mut w = World::quiet(|it| it);
        for n in 1..=10 {
            w.learn(&text(n, &format!("seed{n}.domain{n}.org:1")), 100 + n);
        }
        // Two others, so that nobody starves; or none.
        if !one_network {
            for n in 50..55 {
                w.name(&node(n));
            }
        }
        let there = host(77, 77);
        w.run(2 * HOUR, |it| {
            if it.name().is_some() {
                Answer::UpAt(there)
            } else {
                Answer::Up
            }
        });
        let links = w.judge.links.values();
        let with_it = links.filter(|it| it.ip == Some(there) && it.evicted.is_none());
        assert_eq!(with_it.count(), 1);
        // And they are not dialed over and over again to find that out.
        let most = (1..=10).map(|n| w.dials_of(n).len()).max();
        assert!(most <= Some(5), "{most:?}");
    }
}

#[test]
fn nodes_that_the_operator_wants_at_one_ip_address_are_all_dialed() {
    let mut w = World::quiet(|it| it.persistent([id(1), id(2)]));
    w.judge.chosen.extend([id(1), id(2)]);
    let port = |n: u32| at_port(n, host(1, 1), 1_000 + n);
    w.name(&port(1));
    w.name(&port(2));
    w.run(secs(10), |_| Answer::Up);
    assert_eq!(w.up(), [1, 2]);
}

#[test]
fn feelers_and_dials_of_a_day_do_not_exceed_a_few_in_an_hour_once_all_places_are_taken() {
    let mut w = World::with(|it| it);
    w.checks_inside = false;
    for n in 0..500 {
        w.learn(&node(n), 1_000 + n / 10);
    }
    w.run(HOUR, |_| Answer::Up);
    assert_eq!(w.outbound().len(), 12);
    let (ticks, made) = (w.ticks, w.dial_times().len());
    w.run(DAY, |_| Answer::Up);
    // A feeler every two minutes, and what it leads to.
    let ticks = w.ticks - ticks;
    assert!((24 * 25..24 * 200).contains(&ticks), "{ticks}");
    let dials = w.dial_times().len() - made;
    assert!((24 * 15..24 * 40).contains(&dials), "{dials}");
    assert_eq!(w.peers.check(), Ok(()));
}

#[test]
fn who_waits_for_another_of_his_network_waits_no_longer_than_the_options_say() {
    let second = secs(1);
    let mut w = World::quiet(|it| {
        let it = it.ban(second).retry(second, second);
        it.retry_persistent_max(second).connected_max(3).slots(2, 1)
    });
    let (address, epoch) = (text(1, "n.example.org:26656"), w.epoch());
    let ip = Some(host(5, 257));
    w.event(Event::Dialed { address, epoch, ip });
    // Which network a name leads to, the list of networks does not know.
    w.learn(&at(2, host(5, 514)), 9);
    assert_eq!(w.dialing(), NOBODY);
    w.down(1);
    w.run(secs(70), |_| Answer::Up);
    assert!(!w.dials_of(2).is_empty());
}

//! Whom the switch dials, and whom not yet.

use pex::Reach;
use pex::peers::{Action, DialFailure, Event, Eviction};
use pex::v1::Options;

use crate::nodes::{HOUR, ME, NOBODY, at, host, id, ms, node, number, secs, text};
use crate::world::{Answer, DEAD, World, book, dials, evicted, place};

#[test]
fn what_a_stranger_tells_is_dialed_while_there_are_places_and_no_more() {
    let mut w = World::quiet(|it| it.slots(3, 3));
    for n in 1..=9 {
        w.learn(&node(n), 100 + n);
    }
    assert_eq!(w.dialing().len(), 3, "dials under way count");
    for n in w.dialing() {
        w.dialed(n);
    }
    w.pass(secs(60));
    assert_eq!((w.outbound().len(), w.dialing().len()), (3, 0));
    assert_eq!(w.peers.peers(), (3, 0, 0));
}

#[test]
fn when_a_seed_answers_with_many_no_more_are_dialed_than_there_are_places() {
    let seeds = vec![node(1)];
    let mut w = World::quiet(|it| it.slots(10, 10).seeds(seeds.clone())).trusting(&seeds);
    assert_eq!(dials(&w.tick()), [1]);
    w.dialed(1);
    w.ready(1);
    for n in 100..300 {
        w.learn(&node(n), 1);
        let (outbound, _, dialing) = w.peers.peers();
        assert!(outbound + dialing <= 10);
    }
    // Eight at once, and the seed has a place as long as it stays.
    assert_eq!(w.peers.peers(), (1, 0, 8));
    for n in w.dialing() {
        w.dialed(n);
        let (outbound, _, dialing) = w.peers.peers();
        assert!(outbound + dialing <= 10);
    }
    assert_eq!(w.peers.peers(), (9, 0, 1));
}

#[test]
fn a_connection_that_nobody_asked_for_gets_no_place_that_another_is_dialed_for() {
    let mut w = World::quiet(|it| it.slots(2, 2));
    for n in 1..=2 {
        w.learn(&node(n), 100 + n);
    }
    assert_eq!(w.peers.peers(), (0, 0, 2));
    assert_eq!(evicted(&w.reached(&node(7))), [(7, Eviction::Full)]);
    w.dialed(1);
    w.dies(2);
    w.reached(&node(8));
    assert_eq!(w.outbound(), [1, 8], "there is one now");
}

#[test]
fn a_node_is_dialed_once_at_a_time_and_not_while_it_is_connected() {
    let mut w = World::quiet(|it| it);
    w.learn(&node(1), 9);
    w.learn(&at(1, host(70, 1)), 9);
    assert_eq!(w.dialing(), [1]);
    w.dialed(1);
    w.pass(HOUR);
    assert_eq!(w.dials_of(1).len(), 1);
    // Who comes while we dial him need not be dialed any more.
    w.learn(&node(2), 9);
    w.accept(2);
    let address = node(2);
    let why = DialFailure::Unreachable;
    let stray = w.peers.counts().stray_events;
    w.event(Event::DialFailed { address, why });
    assert_eq!(w.peers.counts().stray_events, stray + 1);
    assert_eq!(w.up(), NOBODY);
}

#[test]
fn our_connections_are_with_different_networks_unless_hardly_any_are_left() {
    let mut w = World::quiet(|it| it.slots(6, 6));
    for n in 0..30 {
        w.learn(&at(100 + n, host(n / 10, 1 + n)), 9);
    }
    w.run(HOUR, |_| Answer::Up);
    let networks = |w: &World| {
        let networks = w.outbound().into_iter().map(|n| (n - 100) / 10);
        networks.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!((w.outbound().len(), networks(&w)), (3, 3));
    let mut alone = World::quiet(|it| it.slots(6, 6));
    for n in 0..10 {
        alone.learn(&at(100 + n, host(7, 1 + n)), 9);
    }
    alone.run(HOUR, |_| Answer::Up);
    assert_eq!(alone.outbound().len(), 2, "a third of the places");
}

#[test]
fn no_two_of_one_network_are_dialed_for_places_of_ours_at_once() {
    let mut w = World::quiet(|it| it.slots(3, 3));
    for n in 1..=3 {
        w.learn(&at(n, host(7, 257 * n)), 9_000 + n);
    }
    assert_eq!(w.dialing(), [1]);
    // If that one is not there, there is another.
    w.dies(1);
    assert_eq!(w.dialing().len(), 1);
}

#[test]
fn no_more_than_two_dials_of_hearsay_a_minute_go_to_a_subnet() {
    let mut w = World::quiet(|it| it.slots(60, 60).allow_duplicate_ip(true).dials(60, 60));
    for n in 0..30 {
        w.learn(&at(n, host(3, 256 + n)), 500 + n);
    }
    assert_eq!(w.dialing().len(), 2);
    w.run(secs(59), |_| Answer::Up);
    assert_eq!(w.dial_times().len(), 2);
    w.run(secs(600), |_| Answer::Up);
    let dials = w.dial_times().len();
    assert!((15..=22).contains(&dials), "{dials}");
}

#[test]
fn no_more_go_there_either_where_nobody_else_is_known_and_most_places_are_free() {
    let mut w = World::quiet(|it| it);
    for n in 0..10 {
        w.learn(&at(n, host(3, 256 + n)), 500 + n);
    }
    assert_eq!(w.dialing().len(), 2);
    w.run(secs(59), |_| DEAD);
    assert_eq!(w.dial_times().len(), 2);
}

#[test]
fn no_more_than_ten_are_dialed_in_any_second_and_the_timer_waits_for_the_next() {
    let mut w = World::with(|it| it.slots(100, 100).dials(1_000, 10));
    (w.judge.dialing_max, w.checks_inside) = (1_000, false);
    for n in 0..60 {
        w.learn(&node(n), 500 + n);
    }
    assert_eq!(w.dial_times().len(), 10);
    let ticks = w.ticks;
    w.pass(secs(5));
    assert!(w.dial_times().len() > 50);
    assert!(w.ticks - ticks <= 60, "{} ticks", w.ticks - ticks);
}

#[test]
fn a_victim_is_dialed_at_most_eight_times_a_day_whatever_is_told_of_it() {
    let mut w = World::with(|it| it.slots(3, 3));
    w.connect(1);
    let victim = host(2, 257);
    for n in 0..600 {
        // Under new ids, from new tellers, in every spelling.
        w.learn(&at(1_000 + n, victim), 20 + n % 50);
        w.learn(&text(1_000 + n, &format!("[::ffff:{victim}]:26656")), 7);
        w.run(secs(144), |address| {
            if number(address.id()).is_multiple_of(2) {
                DEAD
            } else {
                Answer::Fails(DialFailure::NotThisNode)
            }
        });
    }
    let dials = w.dial_times().len() - 1;
    assert!((1..=8).contains(&dials), "{dials}");
}

#[test]
fn a_place_is_dialed_at_most_eight_times_a_day_whether_it_is_silent_or_somebody_else_answers() {
    let victim = host(2, 257);
    for order in 0..64_u32 {
        let mut w = World::with(|it| it.slots(3, 3));
        w.connect(1);
        let mut dials = 0;
        for n in 0..600 {
            w.learn(&at(1_000 + n, victim), 20 + n % 50);
            w.run(secs(144), |it| {
                if it.ip() != Some(victim) {
                    return Answer::Up;
                }
                dials += 1;
                if order >> (dials % 6) & 1 == 0 {
                    DEAD
                } else {
                    Answer::Fails(DialFailure::NotThisNode)
                }
            });
        }
        assert!((1..=8).contains(&dials), "{order:b}: {dials}");
    }
}

#[test]
fn an_address_of_a_private_network_is_neither_taken_in_nor_dialed_nor_told_where_the_book_is_strict()
 {
    let near = [
        "10.0.0.1:26656",
        "127.0.0.1:26656",
        "192.168.3.4:26656",
        "169.254.169.254:80",
        "100.64.0.1:26656",
        "[fc00::1]:26656",
        "[fe80::1]:26656",
        "[::ffff:10.0.0.1]:26656",
    ];
    let mut w = World::quiet(|it| it);
    for (n, host) in (10..).zip(near) {
        let address = text(n, host);
        assert_eq!(dials(&w.learn(&address, 9)), NOBODY, "{host}");
        // Its own word either.
        w.accept_from(n, address.ip().unwrap(), Some(&address));
    }
    w.pass(HOUR);
    assert_eq!((w.told(), w.dial_times()), (vec![], vec![]));
    assert_eq!(w.peers.counts().not_routable, 16);
    // It is the operator who says otherwise, by the book or by a name.
    let mut lax = World::of(Options::default(), book(false));
    lax.judge.nearest = Reach::Host;
    assert_eq!(dials(&lax.learn(&text(10, near[0]), 9)), [10]);
    let peers = vec![text(10, near[0])];
    let mut named = World::quiet(|it| it.persistent(peers.clone())).trusting(&peers);
    assert_eq!(dials(&named.tick()), [10]);
}

#[test]
fn a_dial_that_could_not_be_made_is_held_against_nobody_and_made_again_a_moment_later() {
    let mut w = World::quiet(|it| it);
    w.learn(&node(1), 9);
    w.fails(1, DialFailure::NotTried);
    assert_eq!(w.attempts(&node(1)), Some(0));
    assert_eq!(dials(&w.pass(ms(999))), NOBODY);
    assert_eq!(dials(&w.pass(ms(1))), [1]);
    // Nor is it one of the eight that its place has in a day.
    for _ in 0..10 {
        w.fails(1, DialFailure::NotTried);
        w.pass(secs(100));
    }
    assert_eq!(w.dialing(), [1]);
}

#[test]
fn a_dial_of_which_nobody_says_what_became_is_given_up_after_two_minutes() {
    let mut w = World::quiet(|it| it.slots(1, 1));
    w.learn(&node(1), 9);
    w.learn(&node(2), 9);
    let first = w.dialing();
    w.run(secs(119), |_| Answer::Silence);
    assert_eq!(w.dial_times().len(), 1);
    w.run(secs(60), |_| Answer::Silence);
    assert_ne!(w.dialing(), first);
    assert_eq!(w.peers.peers(), (0, 0, 1));
}

#[test]
fn an_address_that_leads_to_ourselves_is_ended_and_dialed_no_more() {
    let mut w = World::quiet(|it| it.own_addresses(vec![at(7, host(7, 7))]));
    // Under our own id, and at our own place under any.
    let ours = pex::NodeAddress::mconn(ME, host(8, 8), 26_656);
    assert_eq!(dials(&w.learn(&ours, 9)), NOBODY);
    assert_eq!(dials(&w.learn(&at(3, host(7, 7)), 9)), NOBODY);
    let actions = w.reached(&ours);
    assert!(matches!(actions[..], [Action::Evict { why, .. }] if why == Eviction::Ourselves));
    // Where that led is ours.
    assert_eq!(dials(&w.learn(&at(4, host(8, 8)), 9)), NOBODY);
    assert_eq!(w.peers.book().size(), 0);
}

#[test]
fn a_node_is_dialed_where_it_was_reached_and_not_where_others_say_it_lives() {
    let mut w = World::quiet(|it| it.slots(2, 2));
    w.connect(1);
    let (lie, home) = (at(2, host(60, 1)), node(2));
    w.learn(&lie, 9);
    w.dies(2);
    w.learn(&home, 8);
    assert_eq!(w.dialing(), [2], "what is told first keeps nothing out");
    w.dialed(2);
    assert_eq!(w.outbound(), [1, 2]);
    assert!(w.peers.book().known(&place(&home)).unwrap().old);
    assert_eq!(w.peers.score(id(2)), 0);
}

#[test]
fn a_guest_is_no_reason_to_leave_those_alone_for_hours_whom_we_have_lost() {
    let mut w = World::with(|it| it);
    for n in 1..=10 {
        w.learn(&node(n), 300 + n);
        w.run(secs(5), |_| Answer::Up);
    }
    w.run(HOUR, |_| Answer::Up);
    for n in w.outbound() {
        w.down(n);
    }
    w.welcome(500);
    w.run(secs(1_800), |_| DEAD);
    w.run(secs(400), |_| Answer::Up);
    assert!(!w.outbound().is_empty());
}

#[test]
fn nobody_is_blamed_for_a_second_connection_that_takes_the_place_of_ours() {
    let mut w = World::quiet(|it| it);
    w.connect(1);
    // It dialed us at the same moment, and the lower id's connection is the one to keep.
    w.accept(1);
    assert_eq!(w.attempts(&node(1)), Some(0));
    w.ready(1);
    w.down(1);
    w.run(secs(70), |_| Answer::Up);
    assert_eq!(w.outbound(), [1]);
}

#[test]
fn a_connection_that_is_reported_twice_is_one_and_the_second_report_is_counted() {
    let mut w = World::quiet(|it| it);
    w.connect(1);
    w.welcome(2);
    let dialed = Event::Dialed {
        address: node(1),
        epoch: w.epoch_of(1),
        ip: None,
    };
    let accepted = Event::Accepted {
        peer: id(2),
        epoch: w.epoch_of(2),
        ip: node(2).ip(),
        listen: None,
    };
    for event in [dialed, accepted] {
        assert_eq!(w.event(event), []);
    }
    assert_eq!(w.up(), [1, 2]);
    assert_eq!(w.peers.counts().stray_events, 2);
}

#[test]
fn strangers_send_us_into_the_world_and_only_the_operator_may_send_us_nearer() {
    let nearest = |actions: &[Action]| {
        actions.iter().find_map(|it| match it {
            Action::Dial { nearest, .. } => Some(*nearest),
            _ => None,
        })
    };
    let peers = vec![node(1)];
    let mut w = World::quiet(|it| it.persistent(peers.clone())).trusting(&peers);
    assert_eq!(nearest(&w.tick()), Some(Reach::Host));
    assert_eq!(nearest(&w.learn(&node(2), 9)), Some(Reach::World));
    // He may say that by a book that takes in any place.
    let mut lax = World::of(Options::default(), book(false));
    lax.judge.nearest = Reach::Host;
    assert_eq!(nearest(&lax.learn(&node(2), 9)), Some(Reach::Host));
    assert!(w.peers.book().is_strict() && !lax.peers.book().is_strict());
}

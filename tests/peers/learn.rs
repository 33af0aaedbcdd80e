//! What is taken in of what others tell.

use pex::peers::{Action, Event, Misconduct, Options, PeerManager, Standing};
use pex::{Directory as _, NodeAddress, Seed};

use crate::world::{
    Answer, DAY, HOUR, ME, NOBODY, START, World, at, at_port, dials, host, id, node, secs, text,
};

#[test]
fn a_node_has_several_addresses_and_each_is_kept_once() {
    let mut w = World::still();
    let other = at(1, host(50, 1));
    w.learn(&node(1), 60);
    w.learn(&other, 61);
    w.learn(&node(1), 62);
    let mut kept = w.peers.addresses_of(id(1));
    kept.sort_unstable();
    assert_eq!(kept, [node(1), other]);
    assert_eq!((w.peers.nodes(), w.peers.addresses()), (1, 2));
    let counts = w.peers.counts();
    assert_eq!((counts.learned, counts.known), (2, 1));
}

#[test]
fn spellings_of_one_address_are_one_address() {
    let mut w = World::still();
    w.learn(&text(1, "32.1.1.1:26656"), 60);
    for (teller, host) in [
        (61, "[::ffff:32.1.1.1]:26656"),
        (62, "32.1.1.1:26656/path"),
        (63, "32.1.1.1:026656?x=1#y"),
    ] {
        w.learn(&text(1, host), teller);
    }
    let tcp = NodeAddress::parse(&format!("tcp://{}@32.1.1.1:26656", id(1))).unwrap();
    w.learn(&tcp, 64);
    w.learn(&text(2, "Node.Example.ORG:1"), 65);
    w.learn(&text(2, "node.example.org.:1"), 66);
    assert_eq!((w.peers.addresses(), w.peers.counts().known), (2, 5));
}

#[test]
fn an_address_is_kept_and_dialed_as_it_was_told_first_with_its_path() {
    let mut w = World::quiet(|it| it);
    let address = text(1, "32.1.1.1:26656/path");
    let actions = w.learn(&address, 60);
    assert!(matches!(&actions[..], [Action::Dial { address: dialed, .. }] if *dialed == address));
    assert_eq!(w.peers.addresses_of(id(1)), [address]);
}

#[test]
fn that_an_address_was_told_again_is_noted_once_an_hour_and_never_of_one_that_was_reached() {
    let mut w = World::still();
    w.learn(&node(1), 60);
    w.reached(&node(2));
    let kept = |w: &World, n| w.record(n).unwrap().addresses[0].clone();
    w.pass(HOUR - secs(1));
    w.learn(&node(1), 61);
    assert_eq!(kept(&w, 1).heard, Some(START));
    w.pass(secs(1));
    for n in [1, 2] {
        w.learn(&node(n), 61);
    }
    assert_eq!(kept(&w, 1).heard, Some(w.now));
    assert_eq!(kept(&w, 2).first_success, Some(START));
}

#[test]
fn our_own_id_and_our_own_places_are_not_taken_in_under_any_id() {
    let own = vec![at(7, host(9, 9)), text(7, "me.example.org:26656")];
    let mut w = World::quiet(|it| it.own_addresses(own));
    let ours = NodeAddress::mconn(ME, host(50, 1), 26_656);
    for address in [
        ours,
        at(1, host(9, 9)),
        text(2, "[::ffff:32.9.0.9]:26656/a"),
        text(3, "ME.example.org.:26656"),
    ] {
        assert_eq!(w.learn(&address, 60), [], "{address}");
        assert_eq!(w.name(&address), [], "{address}");
    }
    assert_eq!((w.peers.addresses(), w.peers.counts().own), (0, 8));
    // Another port of our machine may be another node.
    assert_eq!(dials(&w.learn(&at_port(1, host(9, 9), 1), 60)), [1]);
}

#[test]
fn an_address_of_a_banned_node_is_not_taken_in() {
    let mut w = World::still();
    w.misbehaves(1, Misconduct::Fatal);
    w.learn(&node(1), 60);
    w.name(&node(1));
    assert_eq!(
        (w.standing(1), w.peers.counts().banned),
        (Standing::Unknown, 2)
    );
}

#[test]
fn an_address_of_a_node_that_is_connected_is_kept_told_and_dialed_when_it_is_gone() {
    let mut w = World::quiet(|it| it);
    w.welcome(1);
    assert_eq!(dials(&w.learn(&node(1), 60)), NOBODY);
    assert_eq!(w.told(), [node(1)]);
    w.pass(DAY);
    assert_eq!(dials(&w.down(1)), NOBODY);
    assert_eq!(dials(&w.pass(secs(30))), [1]);
}

#[test]
fn a_full_store_takes_in_nothing_that_was_only_heard_of() {
    let mut w = World::quiet(|it| it.addresses_max(100));
    w.connect(0);
    for n in 1..300 {
        w.learn(&node(n), 1_000 + n);
    }
    assert_eq!((w.peers.addresses(), w.peers.counts().full), (100, 200));
    assert!(
        (0..100).all(|n| w.knows(&node(n))),
        "nobody goes for hearsay"
    );
    assert_eq!(w.peers.fill_percent(), 100);
}

#[test]
fn in_a_full_store_the_operators_word_takes_the_place_of_one_never_reached() {
    let mut w = World::quiet(|it| it.addresses_max(80));
    w.connect(0);
    for n in 1..80 {
        w.learn(&node(n), 1_000 + n);
    }
    for n in 200..260 {
        w.name(&node(n));
        assert!(w.knows(&node(n)));
    }
    assert_eq!(w.peers.addresses(), 80);
    assert!(w.knows(&node(0)), "who was reached stays");
    // And one word of his never takes the place of another.
    for n in 300..400 {
        w.name(&node(n));
    }
    assert!((200..260).all(|n| w.knows(&node(n))));
}

#[test]
fn in_a_full_store_of_a_node_that_tells_nobody_the_operators_word_counts_as_much() {
    let mut w = World::quiet(|it| it.addresses_max(80).tells(false));
    for n in 1..=80 {
        w.learn(&node(n), 1_000 + n);
    }
    for n in 200..260 {
        w.name(&node(n));
        assert!(w.knows(&node(n)));
    }
    assert_eq!(w.peers.addresses(), 80);
}

#[test]
fn who_is_refused_by_a_full_store_gets_a_place_once_a_feeler_has_reached_it() {
    let mut w = World::with(|it| it.addresses_max(80).connected_max(8).slots(4, 4));
    w.checks_inside = false;
    // Sixty invented addresses in two networks, and twenty honest ones.
    for n in 100..160 {
        w.learn(&at(n, host(20_00 + n % 2, n * 300)), 1_000 + n);
    }
    for n in 0..20 {
        w.name(&node(n));
    }
    w.run(HOUR, |it| {
        if it.id() < id(20) {
            Answer::Up
        } else {
            Answer::Silence
        }
    });
    while w.peers.addresses() < 80 {
        w.learn(
            &at(
                500,
                host(3_000, u32::try_from(w.peers.addresses()).unwrap()),
            ),
            9,
        );
    }
    w.learn(&node(30), 99);
    assert!(!w.knows(&node(30)));
    w.run(2 * HOUR, |it| {
        if it.id() < id(40) {
            Answer::Up
        } else {
            Answer::Silence
        }
    });
    assert!(w.knows(&node(30)));
    assert!(
        (0..20).all(|n| w.knows(&node(n))),
        "in place of one never reached"
    );
    assert!(w.peers.addresses() <= 80);
}

#[test]
fn what_nobody_tells_of_for_four_weeks_is_forgotten() {
    let mut w = World::with(|it| it.slots(0, 52).feeler_every(Some(DAY)));
    w.welcome(70);
    w.learn(&node(1), 60);
    w.learn(&node(2), 60);
    w.name(&node(3));
    for day in 0..40 {
        w.learn(&node(2), 61);
        w.run(DAY, |_| Answer::Fails(pex::peers::DialFailure::NotTried));
        if day < 27 {
            assert!(w.knows(&node(1)), "{day}");
        }
    }
    assert!(!w.knows(&node(1)));
    assert!(w.knows(&node(2)), "somebody tells of it all the time");
    assert!(w.knows(&node(3)), "the operator told of it");
}

#[test]
fn four_weeks_are_four_weeks_to_the_second() {
    let mut w = World::still();
    w.welcome(70);
    w.learn(&node(1), 60);
    w.pass(28 * DAY);
    w.tick();
    assert!(w.knows(&node(1)));
    w.pass(secs(1));
    w.tick();
    assert!(!w.knows(&node(1)));
}

#[test]
fn what_is_known_and_how_full_the_store_is_can_be_asked() {
    let mut w = World::quiet(|it| it.addresses_max(200).slots(0, 52));
    assert_eq!(w.peers.fill_percent(), 0);
    for n in 0..50 {
        w.learn(&node(n), 1_000 + n);
    }
    assert_eq!(w.peers.fill_percent(), 25);
    assert!(w.peers.knows(&node(3)) && !w.peers.knows(&node(77)));
}

#[test]
fn learning_costs_the_same_however_it_is_ordered_and_never_passes_the_bounds() {
    let options = Options::builder()
        .addresses_max(68)
        .slots(0, 0)
        .build()
        .unwrap();
    let mut peers = PeerManager::new(options, ME, Seed::new([9; 32]), START);
    for n in 0..20_000_u32 {
        let address = at(n % 997, host(n % 251, n % 65_000));
        let from = id(n % 83);
        let _ = peers.handle(START, Event::Learned { address, from });
        assert!(peers.addresses() <= 68);
    }
    assert_eq!(peers.check(), Ok(()));
}

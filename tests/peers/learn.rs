//! What is taken in of what others tell.

use pex::peers::{Action, Event, Misconduct, Options, PeerManager, Standing};
use pex::{Directory as _, NodeAddress, Reach, Seed};

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

/// Hosts of every special range, some in several spellings.
const SPECIAL: [&str; 64] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::10.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:0:10.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::1]",
    "[2002:a00:1::]",
    "[2001:0:1:2:3:4:80ff:fffe]",
    "[100::1]",
    "[2001:2::1]",
    "[2001:20::1]",
    "[2001:db8::1]",
    "[2620:4f:8000::1]",
    "[3fff::1]",
    "[5f00::1]",
    "[4000::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "127.1",
    "0x7f.1",
    "0177.0.0.1",
    "2130706433",
    "0x7f000001",
    "127.0.0.1.",
    "10.1",
    "localhost",
    "LOCALHOST.",
    "foo.localhost",
    "ip6-loopback",
    "printer.local",
    "db.internal",
    "metadata.google.internal",
    "router.lan",
    "db",
    "node.onion",
];

#[test]
fn nothing_that_lies_nearer_than_the_world_is_dialed_on_a_strangers_word() {
    let mut w = World::with(|it| it);
    w.welcome(60);
    for (n, host) in SPECIAL.iter().enumerate() {
        for (port, path) in [("", ""), (":26656", ""), (":22", "/x")] {
            let n = 1_000 + u32::try_from(n).unwrap();
            let Ok(address) = NodeAddress::parse(&format!("{}@{host}{port}{path}", id(n))) else {
                continue;
            };
            w.learn(&address, 60);
            w.learn(&address, 61);
            let listen = Some(&address);
            w.accept_from(n, "127.0.0.1".parse().unwrap(), listen);
            w.down(n);
        }
    }
    // Nor of one who has come from our own site, while we take in nothing nearer than the world.
    w.run(DAY, |_| Answer::Up);
    assert_eq!((w.peers.addresses(), w.dial_times()), (0, vec![]));
    let unfit = w.peers.counts().unfit;
    assert!(unfit > 64 * 3 * 2, "{unfit}");
}

#[test]
fn a_name_told_by_a_stranger_may_lead_to_the_world_only() {
    let mut w = World::quiet(|it| it);
    w.accept_from(60, [10, 0, 0, 1].into(), None);
    for teller in [60, 61] {
        let name = text(teller + 100, &format!("n{teller}.example{teller}.org:1"));
        let actions = w.learn(&name, teller);
        let world = Reach::World;
        assert!(matches!(&actions[..], [Action::Dial { nearest, .. }] if *nearest == world));
    }
    let name = text(3, "c.example.org:1");
    let actions = w.name(&name);
    assert!(matches!(&actions[..], [Action::Dial { nearest, .. }] if *nearest == Reach::Nowhere));
}

#[test]
fn a_name_that_the_world_told_leads_there_only_although_a_neighbour_says_it_too() {
    let mut w = World::quiet(|it| it.connected_max(2).slots(1, 1));
    w.connect(99);
    w.accept_from(60, [10, 0, 0, 1].into(), None);
    let name = text(1, "n.example.org:1");
    w.learn(&name, 50);
    w.learn(&name, 60);
    let actions = w.down(99);
    assert!(matches!(&actions[..], [.., Action::Dial { nearest, .. }] if *nearest == Reach::World));
}

#[test]
fn on_a_network_of_a_site_its_own_nodes_are_believed_and_strangers_are_not() {
    let mut w = World::quiet(|it| it.nearest(Reach::Site));
    w.judge.nearest = Reach::Site;
    let inside = |n: u8| at(n.into(), [10, 0, 0, n].into());
    w.accept_from(60, [10, 0, 0, 60].into(), None);
    w.accept_from(61, host(61, 1), None);
    assert_eq!(dials(&w.learn(&inside(1), 60)), [1]);
    assert_eq!(w.learn(&inside(2), 61), []);
    assert_eq!(w.learn(&inside(3), 62), []);
    // Nearer than a site is this machine, of which nobody else can tell us.
    assert_eq!(w.learn(&at(4, [127, 0, 0, 1].into()), 60), []);
    // And a name that a neighbour tells may lead to the site.
    let actions = w.learn(&text(5, "five.local:1"), 60);
    assert!(matches!(&actions[..], [Action::Dial { nearest, .. }] if *nearest == Reach::Site));
}

#[test]
fn on_a_network_of_a_site_a_name_may_lead_there_once_a_neighbour_says_it_too() {
    let mut w = World::quiet(|it| it.nearest(Reach::Site).connected_max(3).slots(1, 2));
    w.judge.nearest = Reach::Site;
    w.connect(99);
    w.accept_from(60, [10, 0, 0, 60].into(), None);
    let name = text(1, "n.example.org:1");
    w.learn(&name, 50);
    w.learn(&name, 60);
    let actions = w.down(99);
    assert!(matches!(&actions[..], [.., Action::Dial { nearest, .. }] if *nearest == Reach::Site));
}

#[test]
fn what_the_operator_names_is_dialed_as_it_stands() {
    let mut w = World::quiet(|it| it);
    for (n, host) in ["127.0.0.1:1", "[::1]:2", "10.0.0.1:3", "localhost:4"]
        .iter()
        .enumerate()
    {
        let n = u32::try_from(n).unwrap();
        assert_eq!(dials(&w.name(&text(n, host))), [n]);
    }
    // What no node can have, or has no host, is dialed as well: the driver tells what is wrong.
    assert_eq!(dials(&w.name(&text(9, "224.0.0.1:1"))), [9]);
    let memory = NodeAddress::parse(&format!("memory:{}", id(10))).unwrap();
    assert_eq!(dials(&w.name(&memory)), [10]);
}

#[test]
fn a_node_that_was_reached_by_a_name_is_not_followed_to_our_own_site_later() {
    let mut w = World::quiet(|it| it.connected_max(2).slots(1, 1));
    // A connection of ours that the driver made by itself.
    let (address, epoch) = (text(1, "n.example.org:1"), w.epoch());
    let ip = Some(host(50, 1));
    w.event(Event::Dialed { address, epoch, ip });
    w.ready(1);
    w.pass(HOUR);
    w.down(1);
    let actions = w.pass(secs(30));
    assert!(matches!(&actions[..], [Action::Dial { nearest, .. }] if *nearest == Reach::World));
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

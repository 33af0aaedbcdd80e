//! How near to us may lie what is dialed on the word of others.

use pex::peers::{Action, Event};
use pex::{NodeAddress, Reach};

use crate::world::{Answer, DAY, HOUR, World, at, dials, host, id, secs, text};

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

/// How near a name may lead that somebody of the world has told, and then a neighbour.
fn leads_once_a_neighbour_says_it_too(mut w: World) -> Reach {
    w.connect(99);
    w.accept_from(60, [10, 0, 0, 60].into(), None);
    let name = text(1, "n.example.org:1");
    w.learn(&name, 50);
    w.learn(&name, 60);
    match &w.down(99)[..] {
        [.., Action::Dial { nearest, .. }] => *nearest,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_that_the_world_told_leads_there_only_although_a_neighbour_says_it_too() {
    let w = World::quiet(|it| it.connected_max(2).slots(1, 1));
    assert_eq!(leads_once_a_neighbour_says_it_too(w), Reach::World);
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
    assert_eq!(leads_once_a_neighbour_says_it_too(w), Reach::Site);
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

//! Where a crawler knocks, and how near that may be.

use pex::peers::DialFailure;
use pex::{NodeAddress, Reach};

use crate::machine::{Crawler, address, home, id};

#[test]
fn nobody_makes_us_dial_nearer_than_where_we_met_them() {
    let (host, site, world) = ("127.0.0.1", "192.168.1.9", "8.8.8.8");
    let nowhere = "198.18.0.1";
    for (teller, place, allowed) in [
        (world, "127.0.0.1:22", None),
        (world, "[::1]:22", None),
        (world, "[::ffff:127.0.0.1]:22", None),
        (world, "0.0.0.0:22", None),
        (world, "224.0.0.1:22", None),
        (world, "10.0.0.1:22", None),
        (world, "169.254.169.254:80", None),
        (world, "localhost:22", None),
        (world, "9.9.9.9:26656", Some(Reach::World)),
        (site, "127.0.0.1:22", None),
        (site, "10.0.0.1:26656", Some(Reach::Site)),
        (site, "9.9.9.9:26656", Some(Reach::Site)),
        (host, "127.0.0.1:26656", Some(Reach::Host)),
        (host, "9.9.9.9:26656", Some(Reach::Host)),
        (host, "0.0.0.0:22", None),
        (nowhere, "9.9.9.9:26656", Some(Reach::World)),
        (nowhere, "10.0.0.1:26656", None),
        (nowhere, "198.18.0.2:26656", None),
    ] {
        let mut crawler = Crawler::new();
        crawler.meet(1, teller);
        let dialed = crawler.tells(1, &[address(2, place)]);
        assert_eq!(dialed.len(), usize::from(allowed.is_some()));
        let nearest = crawler.dialing.get(&id(2)).map(|(_, nearest)| *nearest);
        assert_eq!(nearest, allowed, "{teller} tells of {place}");
    }
}

#[test]
fn a_name_told_from_outside_may_not_lead_inside_and_one_of_the_operator_may_lead_anywhere() {
    let mut crawler = Crawler::new();
    crawler.meet(1, "8.8.8.8");
    crawler.tells(1, &[address(2, "seed.cosmos.network:26656")]);
    crawler.name(address(3, "seed.cosmos.network:26657"));
    crawler.name(address(4, "0.0.0.0:26656"));
    let nearest = |n| crawler.dialing[&id(n)].1;
    assert_eq!(nearest(2), Reach::World);
    assert_eq!([nearest(3), nearest(4)], [Reach::Nowhere; 2]);
}

#[test]
fn how_near_an_address_may_lie_is_said_by_the_nearest_of_its_own_tellers() {
    let (name, other) = (address(3, "a.example.org:1"), address(3, "b.example.org:1"));
    let mut crawler = Crawler::new();
    crawler.meet(1, "8.8.8.8");
    crawler.meet(2, "127.0.0.1");
    // The first address that is dialed is the node's only one, so the others are told meanwhile.
    crawler.tells(1, &[address(3, "c.example.org:1"), name.clone(), other]);
    crawler.tells(2, core::slice::from_ref(&name));
    for _ in 0..2 {
        crawler.fails(3, DialFailure::Unreachable);
        let (dialed, nearest) = &crawler.dialing[&id(3)];
        let expected = if *dialed == name {
            Reach::Host
        } else {
            Reach::World
        };
        assert_eq!(*nearest, expected, "{dialed}");
    }
}

#[test]
fn nodes_at_one_ip_address_are_visited_at_once_and_by_name_as_well() {
    let mut crawler = Crawler::new();
    crawler.meet(1, "8.8.8.8");
    let at_one_place: Vec<NodeAddress> = (100..150)
        .map(|n| address(n, &format!("9.9.9.9:{n}")))
        .collect();
    let by_name = (200..220).map(|n| address(n, &format!("hoster.example.org:{n}")));
    let all: Vec<NodeAddress> = at_one_place.into_iter().chain(by_name).collect();
    assert_eq!(crawler.tells(1, &all).len(), 70);
    for n in (100..150).chain(200..220) {
        crawler.reach(n, "9.9.9.9");
        assert!(crawler.is_up(n), "{n}");
    }
}

#[test]
fn a_node_is_tried_whoever_was_not_there_at_its_place_before() {
    let mut crawler = Crawler::new();
    crawler.meet(1, "8.8.8.8");
    let invented: Vec<NodeAddress> = (100..180).map(|n| address(n, "9.9.9.9:26656")).collect();
    crawler.tells(1, &invented);
    let mut dialed = crawler.all_fail();
    dialed.sort_unstable();
    assert_eq!(dialed.len(), 80);
    assert!(dialed == invented, "each once");
}

#[test]
fn a_crawler_tells_nobody_whom_it_knows_not_even_those_it_has_reached() {
    let mut crawler = Crawler::new();
    crawler.meet(1, "8.8.8.8");
    crawler.tells(1, &[home(2), home(3)]);
    crawler.reach(2, "9.9.9.9");
    for dialect in [pex::wire::Dialect::V1, pex::wire::Dialect::V2] {
        crawler.message(2, pex::wire::Message::Request(dialect));
    }
    let told = crawler.answers.iter().map(|answer| answer.to_bytes().len());
    assert_eq!(told.collect::<Vec<_>>(), [2, 2], "two empty answers");
}

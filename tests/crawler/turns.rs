//! Whom a crawler visits, and when its turn comes.

use core::time::Duration;

use pex::NodeAddress;
use pex::peers::DialFailure;

use crate::machine::{Crawler, address, home, id};

const MINUTE: Duration = Duration::from_secs(60);

fn places(n: u32, ports: core::ops::Range<u32>) -> Vec<NodeAddress> {
    let at = |port| address(n, &format!("9.9.9.9:{port}"));
    ports.map(at).collect()
}

#[test]
fn two_addresses_of_a_node_are_dialed_one_after_the_other_and_each_once() {
    let mut crawler = Crawler::new();
    crawler.meet(1, "8.8.8.8");
    let places = places(2, 1..3);
    let first = crawler.tells(1, &places);
    assert_eq!(first.len(), 1, "the other waits");
    let second = crawler.fails(2, DialFailure::Unreachable);
    let mut both = [first, second].concat();
    both.sort_unstable();
    assert_eq!(both, places);
    assert_eq!(crawler.fails(2, DialFailure::NotThisNode), []);
    assert_eq!(crawler.tells(1, &places), [], "tried already");
    assert!(!crawler.node.peers().will_dial_within(MINUTE));
}

#[test]
fn a_node_that_failed_is_dialed_again_at_an_address_told_later_and_never_once_it_is_reached() {
    let mut crawler = Crawler::new();
    crawler.meet(1, "8.8.8.8");
    let places = places(2, 1..5);
    crawler.tells(1, &places[..1]);
    assert_eq!(crawler.fails(2, DialFailure::Unreachable), []);
    assert_eq!(crawler.tells(1, &places[1..2]), places[1..2]);
    crawler.reach(2, "9.9.9.9");
    assert_eq!(crawler.tells(1, &places[2..3]), []);
    assert_eq!(crawler.leave(2), []);
    assert_eq!(crawler.tells(1, &places[3..]), []);
    assert_eq!(crawler.all_fail(), []);
}

#[test]
fn a_liar_who_tells_many_addresses_of_a_node_first_does_not_hide_the_true_one() {
    let mut crawler = Crawler::new();
    crawler.meet(1, "8.8.8.8");
    crawler.meet(3, "7.7.7.7");
    crawler.tells(1, &places(2, 1..100));
    let truth = address(2, "9.9.9.9:26656");
    crawler.tells(3, core::slice::from_ref(&truth));
    let dialed = crawler.all_fail();
    assert_eq!(dialed.len(), 4 + 1);
    assert!(dialed.contains(&truth));
}

#[test]
fn of_a_node_of_which_all_tell_something_else_sixteen_addresses_are_tried() {
    let mut crawler = Crawler::new();
    let tellers = 100..200;
    for n in tellers.clone() {
        crawler.name(home(n));
        crawler.reach(n, &home(n).ip().unwrap().to_string());
    }
    for n in tellers {
        crawler.tells(n, &places(2, 10 * n..10 * n + 3));
    }
    assert_eq!(crawler.all_fail().len(), 16);
}

#[test]
fn who_tells_of_a_thousand_nodes_does_not_keep_those_of_others_waiting() {
    for seed in 0..20 {
        let mut crawler = Crawler::with_seed(seed);
        crawler.meet(1, "8.8.8.8");
        crawler.meet(3, "7.7.7.7");
        let invented: Vec<NodeAddress> = (1_000..2_000).map(home).collect();
        crawler.tells(1, &invented);
        crawler.tells(3, &[home(2)]);
        // Each time that a dial ends, it is the turn of the one or the other.
        let mut waited = 0;
        while !crawler.dialing.contains_key(&id(2)) {
            let (first, _) = crawler.dialing.first_key_value().unwrap();
            let number = first.as_bytes()[..4].try_into().map(u32::from_be_bytes);
            crawler.fails(number.unwrap(), DialFailure::Unreachable);
            waited += 1;
        }
        assert!(waited < 24, "seed {seed}: {waited} others first");
    }
}

#[test]
fn long_visits_leave_places_for_as_many_dials_as_there_may_be() {
    let mut crawler = Crawler::new();
    for n in 1..=384 {
        crawler.name(home(n));
        crawler.reach(n, "8.8.8.8");
    }
    let waiting: Vec<NodeAddress> = (1_000..1_300).map(home).collect();
    assert_eq!(crawler.tells(1, &waiting).len(), 128);
    // Those who are dialed are there, and say nothing: each place is given on when they are left.
    for n in 1_000..1_300 {
        if crawler.dialing.contains_key(&id(n)) {
            crawler.reach(n, "9.9.9.9");
        }
    }
    assert_eq!(crawler.node.peers().ready().count(), 512);
    assert_eq!(crawler.dialing.len(), 0);
    let silent: Vec<_> = crawler.node.peers().ready().skip(384).collect();
    let first = silent.iter().find(|it| **it > id(999)).unwrap();
    let number = u32::from_be_bytes(first.as_bytes()[..4].try_into().unwrap());
    assert_eq!(crawler.leave(number).len(), 1);
}

#[test]
fn a_crawl_is_over_when_everybody_was_tried_and_nobody_is_being_dialed() {
    let mut crawler = Crawler::new();
    let is_over = |crawler: &Crawler| !crawler.node.peers().will_dial_within(MINUTE);
    assert!(is_over(&crawler));
    crawler.name(home(1));
    assert!(!is_over(&crawler));
    crawler.reach(1, "8.8.8.8");
    assert!(is_over(&crawler), "but for the visit");
    crawler.tells(1, &[home(2)]);
    assert!(!is_over(&crawler));
    crawler.leave(1);
    crawler.fails(2, DialFailure::Unusable);
    assert!(is_over(&crawler));
    assert_eq!(crawler.all_fail(), []);
}

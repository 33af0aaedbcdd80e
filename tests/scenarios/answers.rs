//! What we tell: at most a hundred, nothing twice before all has been told, never the asker.

use core::cell::Cell;
use core::ops::ControlFlow;
use std::collections::BTreeSet;

use pex::wire::{Dialect, MAX_ANSWER_BYTES};
use pex::{
    Action, Config, Cursor, Directory, Epoch, Event, Kind, Nobody, NodeAddress, Pex, Roster, Seed,
};

use crate::support::{
    ME, START, Store, World, address, answered, id, ms, node, nodes, request, secs,
};

/// So many answers to one peer, each as soon as it is granted.
fn answers(w: &mut World, peer: u32, many: usize) -> Vec<Vec<NodeAddress>> {
    let one = |_| {
        w.pass(ms(100));
        answered(&w.requests(peer, Dialect::V2)).unwrap()
    };
    (0..many).map(one).collect()
}

#[test]
fn an_answer_holds_a_hundred_addresses_and_no_more() {
    let mut w = World::new();
    w.store = Store::of(nodes(10..160));
    w.up(1, Kind::V2);
    assert_eq!(answers(&mut w, 1, 1)[0].len(), 100);
}

#[test]
fn a_store_that_knows_nobody_does_not_know_you_either_and_is_empty() {
    assert!(!Nobody.knows(&node(1)));
    assert_eq!((Nobody.fill_percent(), Nobody.learned()), (0, 0));
}

#[test]
fn a_batch_says_how_many_actions_are_left_of_it() {
    let mut w = World::new();
    w.store = Store::of(nodes(10..160));
    let peer = id(1);
    let (epoch, kind) = (Epoch::new(1), Kind::V2);
    let up = Event::PeerUp { peer, epoch, kind };
    let mut actions = w.pex.handle(w.now, up, &w.store).into_iter();
    let all = actions.size_hint().0;
    assert!(all > 1, "a question and a timer at least");
    for left in (0..all).rev() {
        assert!(actions.next().is_some());
        assert_eq!(actions.size_hint(), (left, Some(left)));
    }
    assert!(actions.next().is_none());
}

#[test]
fn a_store_of_a_thousand_is_told_in_ten_answers_without_repeating_any() {
    let mut w = World::new();
    w.store = Store::of(nodes(1_000..2_000));
    w.up(1, Kind::V2);
    let lap = answers(&mut w, 1, 10);
    assert!(lap.iter().all(|answer| answer.len() == 100));
    let told: BTreeSet<_> = lap.iter().flatten().collect();
    assert_eq!(told.len(), 1_000);
    // Then it begins again.
    assert_eq!(answers(&mut w, 1, 1)[0], lap[0]);
}

#[test]
fn an_answer_that_goes_round_the_end_of_the_store_holds_nothing_twice() {
    let mut w = World::new();
    w.store = Store::of(nodes(1_000..1_150));
    w.up(1, Kind::V2);
    let laps = answers(&mut w, 1, 3);
    let (told, once): (Vec<_>, BTreeSet<_>) = (
        laps.iter().flatten().collect(),
        laps.iter().flatten().collect(),
    );
    assert_eq!((told.len(), once.len()), (300, 150));
    let full = |answer: &Vec<NodeAddress>| answer.iter().collect::<BTreeSet<_>>().len() == 100;
    assert!(laps.iter().all(full));
}

#[test]
fn two_peers_do_not_get_the_same_hundred() {
    let mut w = World::new();
    w.store = Store::of(nodes(1_000..10_000));
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    let (one, two) = (answers(&mut w, 1, 1), answers(&mut w, 2, 1));
    let one: BTreeSet<_> = one[0].iter().collect();
    assert!(two[0].iter().filter(|it| one.contains(it)).count() < 50);
}

#[test]
fn long_addresses_fill_fewer_places_and_are_all_told_in_the_end() {
    let long = |n: u32| address(&format!("{}@h:1/{}", id(n), "x".repeat(400)));
    let mut w = World::new();
    w.store = Store::of((1_000..1_200).map(long));
    w.up(1, Kind::V2);
    let lap = answers(&mut w, 1, 4);
    let told: BTreeSet<_> = lap.iter().flatten().collect();
    assert!(lap.iter().all(|answer| answer.len() < 60));
    assert_eq!(told.len(), 200);
    let mut w = World::new();
    w.store = Store::of((1_000..1_200).map(long));
    w.up(1, Kind::V2);
    let actions = w.requests(1, Dialect::V2);
    let Some(Action::Send { message, .. }) = actions.first() else {
        panic!("{actions:?}");
    };
    // Not one more would have fitted.
    let bytes = message.encoded_len();
    assert!(
        bytes <= MAX_ANSWER_BYTES && bytes + 470 > MAX_ANSWER_BYTES,
        "{bytes}"
    );
}

#[test]
fn the_asker_is_never_told_of_itself_under_any_address() {
    let mut w = World::new();
    w.store = Store::of(nodes(10..20));
    w.store.add(address(&format!("{}@192.0.2.1:5", id(10))));
    w.store.add(address(&format!("{}@name.example:5", id(10))));
    w.up(10, Kind::V2);
    let told = &answers(&mut w, 10, 1)[0];
    assert_eq!(told.len(), 9);
    assert!(told.iter().all(|address| address.id() != id(10)));
}

#[test]
fn our_own_address_is_told_once_a_connection_in_the_first_answer() {
    let own = address(&format!("{ME}@192.0.2.7:26656"));
    let config = Config::builder().own_addresses(vec![own.clone()]).build();
    let mut w = World::with(config.unwrap());
    w.store = Store::of(nodes(1_000..1_250));
    // A store that holds us all the same does not make us tell it again.
    w.store.add(own.clone());
    w.store.add(address(&format!("{ME}@198.51.100.1:1")));
    for _ in 0..2 {
        w.up(1, Kind::V2);
        let told = answers(&mut w, 1, 4);
        assert_eq!(told[0].len(), 100);
        assert_eq!(told[0].first(), Some(&own));
        let times = told.iter().flatten().filter(|it| it.id() == ME).count();
        assert_eq!(times, 1);
        w.down(1);
    }
}

#[test]
fn whoever_knows_nobody_answers_all_the_same() {
    for dialect in [Dialect::V1, Dialect::V2] {
        let mut w = World::new();
        w.up(1, Kind::V2);
        assert_eq!(answered(&w.requests(1, dialect)), Some(Vec::new()));
    }
}

#[test]
fn an_answer_does_not_depend_on_who_is_connected() {
    let alone = {
        let mut w = World::new();
        w.store = Store::of(nodes(1_000..2_000));
        w.up(1, Kind::V2);
        answers(&mut w, 1, 5)
    };
    let mut w = World::new();
    w.store = Store::of(nodes(1_000..2_000));
    for peer in 1_100..1_130 {
        w.up(peer, Kind::V2);
    }
    w.up(1, Kind::V2);
    assert_eq!(answers(&mut w, 1, 5), alone);
}

#[test]
fn two_nodes_with_the_same_store_tell_it_in_different_orders() {
    let order = |seed: u8| {
        let seed = Seed::new([seed; 32]);
        let mut roster = Roster::new(seed.derive(1), 2_000);
        for n in 1_000..1_200 {
            assert!(roster.add(node(n), id(n)));
        }
        let mut pex = Pex::new(Config::default(), ME, seed, START);
        let (peer, epoch, kind) = (id(1), Epoch::new(1), Kind::V2);
        let _ = pex.handle(START, Event::PeerUp { peer, epoch, kind }, &roster);
        let bytes = request(Dialect::V2);
        let event = Event::Message {
            from: peer,
            epoch,
            message: pex::wire::decode(&bytes).unwrap().unwrap(),
        };
        answered(&pex.handle(START, event, &roster)).unwrap()
    };
    let (one, two) = (order(1), order(2));
    assert_eq!(one.len(), 100);
    assert_ne!(one, two);
    let sorted = one.is_sorted_by_key(NodeAddress::id);
    assert!(!sorted, "the order of ids must not show");
    // Two draws of half the store share half of what they hold: within five deviations.
    let one: BTreeSet<_> = one.into_iter().collect();
    let both = two.iter().filter(|it| one.contains(it)).count();
    assert!((32..=68).contains(&both), "{both}");
}

/// A store that counts how often it is looked at.
struct Counting(Store, Cell<usize>);

impl Directory for Counting {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        self.0.walk(from, &mut |cursor, address| {
            self.1.set(self.1.get() + 1);
            visit(cursor, address)
        });
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        self.0.knows(address)
    }

    fn fill_percent(&self) -> u8 {
        0
    }
}

#[test]
fn an_answer_looks_at_a_bounded_part_of_the_store_even_if_none_of_it_may_be_told() {
    let hidden: Vec<_> = (0..5_000).map(|n| id(n + 1_000)).collect();
    let config = Config::builder().private_ids(hidden).build().unwrap();
    let mut pex = Pex::new(config, ME, Seed::new([1; 32]), START);
    let store = Counting(Store::of(nodes(1_000..6_000)), Cell::new(0));
    let (peer, epoch, kind) = (id(1), Epoch::new(1), Kind::V2);
    let _ = pex.handle(START, Event::PeerUp { peer, epoch, kind }, &store);
    let event = Event::Message {
        from: peer,
        epoch,
        message: pex::wire::Message::Request(Dialect::V2),
    };
    assert_eq!(
        answered(&pex.handle(START, event, &store)),
        Some(Vec::new())
    );
    assert!(store.1.get() <= 1_001, "{}", store.1.get());
}

#[test]
fn an_answer_is_sent_at_once() {
    let mut w = World::new();
    w.store = Store::of(nodes(1_000..2_000));
    w.up(1, Kind::V2);
    let before = w.now;
    w.pass(secs(1));
    let actions = w.requests(1, Dialect::V2);
    assert!(answered(&actions).is_some());
    assert_eq!(w.now, before + secs(1));
}

#[test]
fn a_store_of_a_thousand_is_told_in_the_words_of_v1_and_nobody_is_left_out() {
    for (kind, each, gap) in [(Kind::V1, 250, secs(10)), (Kind::V2, 100, ms(100))] {
        let mut w = World::new();
        w.store = Store::of(nodes(1_000..2_000));
        w.up(1, kind);
        let mut told = BTreeSet::new();
        for _ in 0..1_000 / each {
            w.pass(gap);
            let answer = answered(&w.requests(1, Dialect::V1)).unwrap();
            assert_eq!(answer.len(), each, "{kind:?}");
            told.extend(answer);
        }
        assert_eq!(told.len(), 1_000);
    }
}

//! The map: what is kept of a node, and which address is tried next.

use super::*;

fn id(n: u8) -> NodeId {
    NodeId::new([n; 20])
}

fn address(node: u8, port: u16) -> NodeAddress {
    NodeAddress::parse(&format!("{}@10.0.0.1:{port}", id(node))).unwrap()
}

fn learn(map: &mut Map, address: &NodeAddress, from: u8) {
    map.learn(address, Some(id(from)), Reach::World);
}

fn reached() -> Outcome {
    Outcome::Reached {
        moniker: "m".into(),
        version: "v".into(),
        kind: Kind::V2,
        answers: 0,
    }
}

fn next(map: &mut Map) -> Option<NodeAddress> {
    map.next_to_dial().map(|(address, _)| address)
}

#[test]
fn two_addresses_of_a_node_are_dialed_one_after_the_other() {
    let mut map = Map::default();
    learn(&mut map, &address(1, 1), 9);
    assert_eq!(next(&mut map), Some(address(1, 1)));
    learn(&mut map, &address(1, 2), 9);
    assert_eq!(next(&mut map), None, "the first is still being dialed");
    let second = map.dial_failed(address(1, 1), "first".into()).unwrap();
    assert_eq!(second.0, address(1, 2));
    assert_eq!(map.dial_failed(address(1, 2), "second".into()), None);
    assert_eq!((map.reached(), map.failed()), (0, 1));
}

#[test]
fn a_node_that_failed_is_dialed_again_at_an_address_told_later_and_counts_once() {
    let mut map = Map::default();
    learn(&mut map, &address(1, 1), 9);
    assert!(next(&mut map).is_some());
    assert_eq!(map.dial_failed(address(1, 1), "closed".into()), None);
    learn(&mut map, &address(1, 1), 8);
    assert_eq!(next(&mut map), None, "tried already");
    learn(&mut map, &address(1, 2), 8);
    assert_eq!(next(&mut map), Some(address(1, 2)));
    map.arrived(id(1), reached());
    assert_eq!((map.reached(), map.failed()), (1, 0));
    assert_eq!(map.nodes()[&id(1)].address(), Some(&address(1, 2)));
    map.arrived(id(1), reached());
    assert_eq!(map.reached(), 1, "a second connection is not a second node");
    learn(&mut map, &address(1, 3), 8);
    assert_eq!(next(&mut map), None, "reached already");
}

#[test]
fn a_liar_who_tells_four_addresses_of_a_node_first_does_not_hide_the_true_one() {
    let mut map = Map::default();
    (1..9).for_each(|port| learn(&mut map, &address(1, port), 9));
    learn(&mut map, &address(1, 77), 8);
    let mut dialed = vec![next(&mut map).unwrap()];
    while let Some((place, _)) = map.dial_failed(dialed[dialed.len() - 1].clone(), "closed".into())
    {
        dialed.push(place);
    }
    assert_eq!(dialed.len(), ADDRESSES_MAX + 1);
    assert_eq!(dialed.last(), Some(&address(1, 77)));
    learn(&mut map, &address(1, 78), 7);
    assert_eq!(
        next(&mut map),
        Some(address(1, 78)),
        "after all have failed"
    );
    learn(&mut map, &address(1, 79), 7);
    assert_eq!(
        map.dial_failed(address(1, 78), "closed".into()),
        None,
        "one a teller"
    );
}

#[test]
fn what_is_kept_of_a_node_is_bounded() {
    let mut map = Map::default();
    for n in 1..=200 {
        learn(&mut map, &address(1, n), u8::try_from(n).unwrap());
    }
    let found = &map.nodes()[&id(1)];
    assert_eq!(
        (found.places.len(), found.told_by.len()),
        (ADDRESSES_MOST, TELLERS_MAX)
    );
    let mut dials = usize::from(next(&mut map).is_some());
    let mut tried = address(1, 1);
    while let Some((next, _)) = map.dial_failed(tried, String::new()) {
        tried = next;
        dials += 1;
    }
    assert_eq!(dials, ADDRESSES_MOST);
}

#[test]
fn a_map_that_is_full_keeps_no_further_node() {
    let mut map = Map::default();
    for n in 0..=NODES_MAX {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        let address = NodeAddress::mconn(NodeId::new(bytes), [10, 0, 0, 1].into(), 1);
        map.learn(&address, Some(id(9)), Reach::World);
    }
    assert_eq!(map.nodes().len(), NODES_MAX);
    let dialed = core::iter::from_fn(|| next(&mut map)).count();
    assert_eq!(dialed, NODES_MAX);
}

#[test]
fn how_near_an_address_may_lie_is_said_by_the_nearest_of_its_own_tellers() {
    let mut map = Map::default();
    map.learn(&address(1, 1), Some(id(9)), Reach::World);
    map.learn(&address(1, 1), Some(id(8)), Reach::Host);
    map.learn(&address(1, 2), Some(id(9)), Reach::World);
    assert_eq!(map.next_to_dial(), Some((address(1, 1), Reach::Host)));
    let second = map.dial_failed(address(1, 1), String::new());
    assert_eq!(second, Some((address(1, 2), Reach::World)));
}

#[test]
fn the_reason_of_a_failure_is_that_of_the_address_beside_it() {
    let mut map = Map::default();
    learn(&mut map, &address(1, 1), 9);
    learn(&mut map, &address(1, 2), 9);
    assert!(next(&mut map).is_some() && map.nodes()[&id(1)].is_dialed());
    assert!(map.dial_failed(address(1, 1), "first".into()).is_some());
    assert_eq!(map.dial_failed(address(1, 2), "second".into()), None);
    let found = &map.nodes()[&id(1)];
    let (address, why) = (address(1, 2), "second".into());
    assert_eq!(found.address(), Some(&address));
    assert_eq!(found.outcome, Outcome::Failed { address, why });
    assert!(!found.is_dialed());
}

#[test]
fn tellers_are_kept_in_their_order_and_once_each() {
    let mut map = Map::default();
    for teller in [Some(id(9)), Some(id(3)), None, Some(id(9)), Some(id(5))] {
        map.learn(&address(1, 1), teller, Reach::Host);
    }
    let found = &map.nodes()[&id(1)];
    assert!(found.is_seed);
    assert_eq!(found.told_by, [id(9), id(3), id(5)]);
}

#[test]
fn a_crawler_tells_nobody_whom_it_knows_not_even_those_it_has_reached() {
    let mut map = Map::default();
    map.learn(&address(1, 1), None, Reach::Host);
    learn(&mut map, &address(2, 1), 1);
    assert!(next(&mut map).is_some() && next(&mut map).is_some());
    map.arrived(id(1), reached());
    assert_eq!(map.reached(), 1);
    let mut told = 0;
    map.walk(Cursor::default(), &mut |_, _| {
        told += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(told, 0);
}

//! The map: what is kept of a node, and what has become of it.

use super::*;

fn id(n: u8) -> NodeId {
    NodeId::new([n; 20])
}

fn address(node: u8, port: u16) -> NodeAddress {
    NodeAddress::parse(&format!("{}@10.0.0.1:{port}", id(node))).unwrap()
}

fn reached() -> Outcome {
    Outcome::Reached {
        moniker: "m".into(),
        version: "v".into(),
        kind: Kind::V2,
        answers: 0,
    }
}

#[test]
fn a_node_that_failed_twice_counts_once_and_one_that_is_reached_after_all_counts_as_reached() {
    let mut map = Map::default();
    map.learn(&address(1, 1), Some(id(9)));
    map.dial_failed(address(1, 1), "sort".into(), "closed".into());
    map.learn(&address(1, 2), Some(id(8)));
    map.dial_failed(address(1, 2), "sort".into(), "silent".into());
    assert_eq!((map.reached(), map.failed()), (0, 1));
    map.arrived(id(1), Some(address(1, 3)), reached());
    assert_eq!((map.reached(), map.failed()), (1, 0));
    assert_eq!(map.nodes()[&id(1)].address, Some(address(1, 3)));
    map.arrived(id(1), None, reached());
    assert_eq!(map.reached(), 1, "a second connection is not a second node");
    map.dial_failed(address(1, 1), "sort".into(), "late".into());
    assert_eq!((map.reached(), map.failed()), (1, 0));
    assert_eq!(map.nodes()[&id(1)].address, Some(address(1, 3)));
}

#[test]
fn an_address_that_was_not_dialed_for_want_of_descriptors_is_still_to_be_tried() {
    let mut map = Map::default();
    map.learn(&address(1, 1), Some(id(9)));
    map.not_dialed(address(1, 1), "sort".into(), "too many open files".into());
    assert_eq!((map.failed(), map.was_tried(&address(1, 1))), (1, false));
    map.dial_failed(address(1, 1), "sort".into(), "closed".into());
    assert_eq!((map.failed(), map.was_tried(&address(1, 1))), (1, true));
}

#[test]
fn the_reason_of_a_failure_is_that_of_the_address_beside_it() {
    let mut map = Map::default();
    map.learn(&address(1, 1), Some(id(9)));
    map.learn(&address(1, 2), Some(id(9)));
    assert_eq!(
        map.nodes()[&id(1)].address,
        Some(address(1, 1)),
        "the first"
    );
    map.dial_failed(address(1, 1), "sort".into(), "first".into());
    map.dial_failed(address(1, 2), "sort".into(), "second".into());
    let found = &map.nodes()[&id(1)];
    assert_eq!(found.address, Some(address(1, 2)));
    assert_eq!(
        found.outcome,
        Outcome::Failed {
            sort: "sort".into(),
            why: "second".into()
        }
    );
}

#[test]
fn what_is_kept_of_a_node_is_bounded() {
    let mut map = Map::default();
    let teller = |n: u16| {
        let mut bytes = [0; 20];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        Some(NodeId::new(bytes))
    };
    for n in 1..=500 {
        map.learn(&address(1, n), teller(n));
    }
    assert_eq!(map.nodes()[&id(1)].told_by.len(), TELLERS_MAX);
    for n in 0..u32::try_from(MANY).unwrap() {
        let mut bytes = [7; 20];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        map.learn(
            &NodeAddress::mconn(NodeId::new(bytes), [10, 0, 0, 1].into(), 1),
            None,
        );
    }
    for n in 1..=500 {
        map.learn(&address(2, n), teller(n));
    }
    assert_eq!(map.nodes()[&id(2)].told_by.len(), TELLERS_OF_MANY);
}

#[test]
fn a_map_that_is_full_keeps_no_further_node() {
    let mut map = Map::default();
    for n in 0..=NODES_MAX {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        let address = NodeAddress::mconn(NodeId::new(bytes), [10, 0, 0, 1].into(), 1);
        map.learn(&address, Some(id(9)));
    }
    assert_eq!(map.nodes().len(), NODES_MAX);
}

#[test]
fn tellers_are_kept_in_their_order_and_once_each() {
    let mut map = Map::default();
    for teller in [Some(id(9)), Some(id(3)), None, Some(id(9)), Some(id(5))] {
        map.learn(&address(1, 1), teller);
    }
    let found = &map.nodes()[&id(1)];
    assert!(found.is_seed);
    assert_eq!(found.told_by, [id(9), id(3), id(5)]);
}

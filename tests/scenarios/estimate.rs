//! How large the network is: unknown until two peers agree on something, then ever better.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::{Estimate, Kind, NodeAddress, NodeId};

use crate::support::{World, id, ms, node, nodes, secs};

#[test]
fn before_anybody_has_told_anything_the_size_is_unknown() {
    let mut w = World::new();
    assert_eq!(w.pex.estimate(), Estimate::Unknown { at_least: 0 });
    w.up(1, Kind::V2);
    w.answers(1, &[]);
    assert_eq!(w.pex.estimate(), Estimate::Unknown { at_least: 0 });
}

#[test]
fn one_peer_alone_gives_a_lower_bound_and_no_more_however_often_it_tells_it() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.converse(secs(60), ms(0), |_| Some(nodes(0..80)));
    assert!(w.asked(1).len() > 5);
    assert_eq!(w.pex.estimate(), Estimate::Unknown { at_least: 80 });
}

#[test]
fn two_peers_who_tell_of_different_nodes_give_a_lower_bound() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.up(2, Kind::V1);
    w.answers(1, &nodes(0..30));
    w.answers(2, &nodes(30..50));
    assert_eq!(w.pex.estimate(), Estimate::Unknown { at_least: 50 });
}

#[test]
fn two_peers_who_share_a_node_make_the_size_known() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    w.answers(1, &nodes(0..30));
    w.answers(2, &nodes(20..50));
    let Estimate::Known { nodes, low, high } = w.pex.estimate() else {
        panic!("thirty and thirty with ten in common");
    };
    assert!((70..=110).contains(&nodes), "{low} {nodes} {high}");
    assert!(50 <= low && low <= nodes && nodes <= high);
}

#[test]
fn after_a_crawl_of_fifty_nodes_who_know_each_other_the_size_is_exact() {
    // As a crawler sees it: one after another, each telling all the others.
    let mut w = World::new();
    for peer in 0..50 {
        w.up(peer, Kind::V2);
        let others: Vec<_> = (0..50).filter(|&n| n != peer).map(node).collect();
        w.answers(peer, &others);
        w.down(peer);
        w.pass(ms(20));
    }
    let exact = Estimate::Known {
        nodes: 50,
        low: 50,
        high: 50,
    };
    assert_eq!(w.pex.estimate(), exact);
    assert_eq!(w.pex.nodes_seen(), 50);
}

#[test]
fn what_is_dropped_does_not_count() {
    let mut w = World::new();
    w.up(1, Kind::V2);
    w.up(2, Kind::V2);
    w.answers(1, &nodes(0..30));
    let before = w.pex.estimate();
    // Late, too many, unsolicited: none of them is evidence.
    w.answers(2, &nodes(0..101));
    w.answers(1, &nodes(0..10));
    assert_eq!(w.pex.estimate(), before);
}

#[test]
fn a_peer_that_reconnects_is_one_witness_and_not_two() {
    let mut w = World::new();
    for _ in 0..10 {
        w.up(1, Kind::V2);
        w.pass(ms(400));
        assert!(w.pex.is_awaiting(id(1)));
        w.answers(1, &nodes(0..40));
        w.down(1);
    }
    assert_eq!(w.pex.estimate(), Estimate::Unknown { at_least: 40 });
}

#[test]
fn one_liar_among_many_does_not_move_the_size_by_a_twentieth() {
    let honest = |w: &mut World| {
        for peer in 0..20 {
            w.up(peer, Kind::V2);
            // Windows of a hundred over a ring of four hundred.
            let told: Vec<_> = (0..100).map(|i| node((peer * 20 + i) % 400)).collect();
            w.answers(peer, &told);
        }
    };
    let mut w = World::new();
    honest(&mut w);
    let Estimate::Known { nodes: truth, .. } = w.pex.estimate() else {
        panic!("twenty overlapping answers");
    };
    w.up(100, Kind::V2);
    w.answers(100, &nodes(10_000..10_100));
    let Estimate::Known { nodes, .. } = w.pex.estimate() else {
        panic!("a liar does not unmake what is known");
    };
    assert!(
        nodes.abs_diff(truth) <= truth / 20,
        "{truth} became {nodes}"
    );
}

/// A network of kin, by the places of its nodes on the ring.
struct Ring(Vec<u32>);

impl Ring {
    fn of(nodes: usize, seed: u64) -> Self {
        let mut state = seed;
        let mut all = BTreeSet::new();
        while all.len() < nodes {
            // Knuth's generator, of which the upper half is good enough.
            let next = state.wrapping_mul(6_364_136_223_846_793_005);
            state = next.wrapping_add(1_442_695_040_888_963_407);
            all.insert((state >> 32) as u32);
        }
        Self(all.into_iter().collect())
    }

    /// A hundred of them from this place on.
    fn arc(&self, from: usize) -> Vec<NodeAddress> {
        let round = self.0.iter().cycle().skip(from % self.0.len());
        round.take(100).map(|&n| node(n)).collect()
    }
}

/// What twenty of kin make of a thousand nodes while guests come one after the other, so long apart,
/// each of whom tells this once and goes.
fn estimate_with_guests(
    guests: u32,
    apart: Duration,
    told: impl Fn(usize) -> Vec<NodeAddress>,
) -> u64 {
    let real = Ring::of(1_000, 1);
    let mut w = World::new();
    w.checks_inside = false;
    let mut places: BTreeMap<NodeId, usize> = (1..=20).map(|n| (id(n), n as usize * 389)).collect();
    (1..=20).for_each(|n| drop(w.up(n, Kind::Kin)));
    let mut reply = |peer: NodeId| {
        let place = places.get_mut(&peer)?;
        *place += 100;
        Some(real.arc(*place))
    };
    w.converse(secs(120), ms(50), &mut reply);
    for guest in 1_000_000..1_000_000 + guests {
        w.up(guest, Kind::Kin);
        if w.pex.is_awaiting(id(guest)) {
            w.answers(guest, &told(guest as usize * 100));
        }
        w.down(guest);
        w.converse(apart, ms(50), &mut reply);
    }
    let Estimate::Known { nodes, .. } = w.pex.estimate() else {
        panic!("unknown");
    };
    nodes
}

#[test]
fn guests_who_come_one_after_the_other_bend_the_estimate_by_an_eighth_at_most() {
    let (larger, smaller) = (Ring::of(20_000, 2), Ring::of(100, 3));
    let up = |from| larger.arc(from);
    let down = |from| smaller.arc(from);
    let all = [
        estimate_with_guests(350, secs(1), up),
        estimate_with_guests(400, ms(100), up),
        estimate_with_guests(60, secs(1), down),
        estimate_with_guests(400, ms(100), down),
    ];
    assert!(all.iter().all(|it| (875..=1_125).contains(it)), "{all:?}");
}

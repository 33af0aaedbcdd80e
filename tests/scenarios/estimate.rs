//! How large the network is: unknown until two peers agree on something, then ever better.

use pex::{Estimate, Kind};

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

//! The census against networks whose size is known.

use alloc::vec::Vec;

use super::*;
use crate::seed::Chance;
use crate::{NodeId, Seed};

fn id(n: u64) -> NodeId {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    NodeId::new(bytes)
}

/// Spreads small numbers over all bits, as a hash does.
const fn hash(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// Begins an answer of the peer with this number.
fn open(census: &mut Census, peer: u64) -> Mark {
    let teller = Hashed {
        id: id(peer),
        hash: hash(peer + 1),
    };
    census.open(Time::EPOCH, teller, None, |_| false)
}

/// Each of `peers` tells `each` of `nodes` nodes, drawn at random.
fn census(nodes: u32, peers: u64, each: u32, chance: &mut Chance) -> Census {
    let mut census = Census::default();
    for peer in 0..peers {
        let mark = open(&mut census, peer);
        for _ in 0..each {
            census.count(hash(u64::from(chance.below(nodes)) + 1), mark);
        }
        census.close();
    }
    census
}

fn known(census: &Census) -> (u64, u64, u64) {
    match census.estimate() {
        Estimate::Known { nodes, low, high } => (nodes, low, high),
        Estimate::Unknown { at_least } => panic!("unknown, at least {at_least}"),
    }
}

#[test]
fn nothing_is_known_before_two_peers_tell_of_the_same_node() {
    let mut census = Census::default();
    assert_eq!(census.estimate(), Estimate::Unknown { at_least: 0 });
    for peer in 0..3 {
        let mark = open(&mut census, peer);
        (0..10).for_each(|n| census.count(hash(peer * 10 + n + 1), mark));
    }
    assert_eq!(census.estimate(), Estimate::Unknown { at_least: 30 });
}

#[test]
fn what_was_said_is_said_again_without_bounds_when_nothing_speaks_for_it_any_more() {
    let mut census = Census::default();
    census.anchor.nodes = 500;
    let unbounded = Estimate::Known {
        nodes: 500,
        low: 0,
        high: MOST,
    };
    assert_eq!(census.estimate(), unbounded);
    let mark = open(&mut census, 1);
    (0..600).for_each(|n| census.count(hash(n + 1), mark));
    let at_least_those = Estimate::Known {
        nodes: 600,
        low: 600,
        high: MOST,
    };
    assert_eq!(census.estimate(), at_least_those);
}

#[test]
fn what_one_peer_repeats_says_nothing_of_the_network() {
    let mut census = Census::default();
    for _ in 0..50 {
        let mark = open(&mut census, 1);
        (0..100).for_each(|n| census.count(hash(n + 1), mark));
    }
    assert_eq!(census.estimate(), Estimate::Unknown { at_least: 100 });
}

#[test]
fn a_network_whose_nodes_all_tell_everything_is_known_exactly() {
    let mut census = Census::default();
    for peer in 0..4 {
        let mark = open(&mut census, peer);
        (0..49).for_each(|n| census.count(hash(n + 1), mark));
    }
    assert_eq!(known(&census), (49, 49, 49));
}

/// The share of runs whose interval holds the truth, and the median error in percent.
fn quality(nodes: u32, peers: u64, each: u32) -> (usize, u64) {
    let mut chance = Chance::new(&Seed::new([9; 32]));
    let mut errors = Vec::new();
    let mut held = 0;
    for _ in 0..100 {
        let (estimate, low, high) = known(&census(nodes, peers, each, &mut chance));
        held += usize::from((low..=high).contains(&u64::from(nodes)));
        errors.push(estimate.abs_diff(u64::from(nodes)) * 100 / u64::from(nodes));
    }
    errors.sort_unstable();
    (held, errors[50])
}

#[test]
fn random_answers_give_the_size_and_an_interval_that_holds_it() {
    // Sixteen peers with a hundred nodes each are few captures of ten thousand, so the error
    // allowed there is three times what the Cramer-Rao bound leaves.
    for (nodes, peers, each, error) in [
        (1_000, 16, 100, 2),
        (1_000, 64, 100, 1),
        (10_000, 16, 100, 15),
        (10_000, 64, 400, 5),
    ] {
        let (held, median) = quality(nodes, peers, each);
        assert!(
            held >= 88,
            "{nodes} nodes: the interval held the truth {held} times of 100"
        );
        assert!(median <= error, "{nodes} nodes: median error {median} %");
    }
}

#[test]
fn a_large_network_is_estimated_from_a_sample() {
    let mut chance = Chance::new(&Seed::new([3; 32]));
    let census = census(100_000, 64, 3_000, &mut chance);
    assert!(census.table.len() < table::SLOTS as u64);
    let (nodes, low, high) = known(&census);
    assert!((90_000..=110_000).contains(&nodes), "{low} {nodes} {high}");
    assert!(low <= 100_000 && 100_000 <= high, "{low} {nodes} {high}");
}

#[test]
fn a_few_peers_who_tell_of_nodes_that_nobody_knows_do_not_count() {
    let mut chance = Chance::new(&Seed::new([5; 32]));
    let mut census = census(1_000, 20, 200, &mut chance);
    let (honest, _, _) = known(&census);
    for liar in 100..102 {
        let mark = open(&mut census, liar);
        (0..1_000).for_each(|n| census.count(hash(1_000_000 + liar * 10_000 + n), mark));
    }
    let (nodes, _, _) = known(&census);
    assert!(
        nodes.abs_diff(honest) <= honest / 20,
        "{honest} became {nodes}"
    );
}

#[test]
fn the_census_tells_127_peers_apart_and_forgets_no_node() {
    let mut census = Census::default();
    for peer in 0..1_000 {
        let mark = open(&mut census, peer);
        census.count(hash(peer + 1), mark);
    }
    assert!(census.tellers.len() <= tellers::TELLERS);
    assert_eq!(census.estimate(), Estimate::Unknown { at_least: 1_000 });
    assert!(census.is_sound());
}

#[test]
fn many_peers_with_a_hundred_nodes_each_give_the_size() {
    let mut chance = Chance::new(&Seed::new([4; 32]));
    let census = census(2_000, 400, 100, &mut chance);
    let (nodes, low, high) = known(&census);
    assert!((1_980..=2_020).contains(&nodes), "{low} {nodes} {high}");
}

/// The times of 50 that the interval holds the truth in a network of a thousand nodes in groups of
/// so many, whose peers tell of forty nodes of their own group.
fn held_with_groups_of(size: u32) -> usize {
    let mut chance = Chance::new(&Seed::new([8; 32]));
    let runs = 0..50;
    runs.filter(|_| {
        let mut census = Census::default();
        for peer in 0..48 {
            let mark = open(&mut census, peer);
            let group = chance.below(1_000 / size) * size;
            for _ in 0..40 {
                census.count(hash(u64::from(group + chance.below(size)) + 1), mark);
            }
        }
        let (_, low, high) = known(&census);
        (low..=high).contains(&1_000)
    })
    .count()
}

#[test]
fn groups_make_the_interval_wider_and_it_still_holds_the_truth() {
    // Without the dispersion of the pairs, groups of fifty hold it in 15 of 50.
    for size in [1_000, 250, 200, 100, 50] {
        let held = held_with_groups_of(size);
        assert!(
            held >= 43,
            "groups of {size}: the interval held the truth {held} times of 50"
        );
    }
}

#[test]
fn a_census_with_more_tellers_than_codes_is_not_sound() {
    let mut census = census(100, 127, 10, &mut Chance::new(&Seed::new([1; 32])));
    assert!(census.is_sound());
    census.tellers.push_some();
    assert!(!census.is_sound());
}

#[test]
fn memory_is_64_kib_and_24_bytes_a_peer_whatever_the_size_is() {
    let stretch = size_of::<cover::Stretch>();
    assert_eq!(size_of::<tellers::Teller>(), 24);
    let fixed = size_of::<Census>()
        + table::SLOTS * size_of::<u64>()
        + 2 * cover::STRETCHES * stretch
        + rates::MOST * size_of::<rates::Told>()
        + parts::MOST * size_of::<(u8, parts::Compared)>();
    assert!(fixed <= 64 << 10, "{fixed}");
    // And it keeps to these bounds.
    let mut census = Census::default();
    let mut chance = Chance::new(&Seed::new([6; 32]));
    for peer in 0..600_u64 {
        let mark = open(&mut census, peer % 200);
        (0..250).for_each(|_| census.count(chance.next_u64(), mark));
        let teller = Hashed {
            id: id(peer),
            hash: peer,
        };
        let ids = arc(&mut chance, 1 << 40, 60);
        census.open(Time::EPOCH, teller, told(teller.id, ids).as_ref(), |_| {
            false
        });
        census.close();
        assert!(census.is_sound());
    }
}

/// Nodes in the order of the ring, from anywhere, so far apart.
fn arc(chance: &mut Chance, gap: u64, nodes: u64) -> Vec<NodeId> {
    let start = chance.next_u64();
    let place = |n: u64| {
        let mut bytes = [0; 20];
        let off = n.wrapping_mul(gap).wrapping_add(chance.next_u64() % gap);
        bytes[..8].copy_from_slice(&start.wrapping_add(off).to_be_bytes());
        NodeId::new(bytes)
    };
    (0..nodes).map(place).collect()
}

fn told(teller: NodeId, ids: Vec<NodeId>) -> Option<Arc> {
    Arc::of(teller, ids.into_iter().map(|id| (id, false)))
}

#[test]
fn one_answer_at_most_doubles_the_estimate_but_for_what_is_known_to_be_there() {
    let mut chance = Chance::new(&Seed::new([7; 32]));
    for run in 0..20 {
        let mut census = Census::default();
        let mut before: Option<(u64, bool, u64)> = None;
        for turn in 0..120_u64 {
            let peer = u64::from(chance.below(40));
            // The network seems to grow and to shrink a thousandfold, from one answer to the next.
            let nodes = [50, 5_000, 50_000][chance.below(3) as usize];
            if turn % 3 == run % 3 {
                let teller = Hashed {
                    id: id(peer),
                    hash: hash(peer + 1),
                };
                let ids = arc(&mut chance, u64::MAX / nodes, 40);
                census.open(Time::EPOCH, teller, told(teller.id, ids).as_ref(), |_| {
                    false
                });
            } else {
                let mark = open(&mut census, peer);
                for _ in 0..100 {
                    census.count(hash(u64::from(chance.below(nodes as u32)) + 1), mark);
                }
            }
            census.close();
            let anchored = census.anchor.nodes > 0;
            if let Estimate::Known { nodes, low, high } = census.estimate() {
                assert!(low <= nodes && nodes <= high && high <= MOST);
                let pairs = Pairs::of(&census.table, census.tellers.len());
                let trusted = liars::trusted(&pairs);
                let captures = Captures::of(&census.table, &pairs, trusted);
                let seen = census.seen(&captures, trusted);
                if let Some((last, true, last_seen)) = before {
                    assert!(nodes <= (2 * last + 2).max(seen), "{last} became {nodes}");
                    // What was said to be there, and is not believed any more, may go at once.
                    let falls = last > last_seen && 2 * nodes + 2 < last;
                    assert!(!falls, "{last} became {nodes}");
                }
                before = Some((nodes, anchored, seen));
            }
        }
    }
}

//! Honest answers of every kind.

use pex::{Kind, NodeId};

use super::{FULL, History, SOON, compare, crowd};
use crate::network::Network;
use crate::peers::{Answers, Crowd, Lies, Peer};

fn random_answers() -> String {
    let all = Crowd::honest(Answers::Random, FULL);
    let some = Crowd::honest(Answers::Random, 300);
    let few = Crowd::honest(Answers::Random, 30);
    crowd("random answers of 80 nodes", 80, all, 8, 1)
        + &crowd("random answers of 400 nodes", 400, all, 60, 6)
        + &crowd("random answers of 2,000 nodes", 2_000, all, 60, 6)
        + &crowd("random answers of 20,000 nodes", 20_000, all, 24, 2)
        + &crowd(
            "random answers of 30,000 nodes, from 300 known to each",
            30_000,
            some,
            200,
            20,
        )
        + &crowd(
            "random answers of 900 nodes, from 30 known to each",
            900,
            few,
            100,
            10,
        )
}

#[test]
fn what_is_said_of_random_answers_is_as_written_down() {
    compare("random", &random_answers());
}

fn walks() -> String {
    let all = Crowd::honest(Answers::Walk, FULL);
    let some = Crowd::honest(Answers::Walk, 500);
    crowd("walks through 1,500 nodes", 1_500, all, 200, 20)
        + &crowd("walks through 12,000 nodes", 12_000, all, 200, 20)
        + &crowd(
            "walks through 5,000 nodes, from 500 known to each",
            5_000,
            some,
            200,
            20,
        )
}

#[test]
fn what_is_said_of_walks_through_a_store_is_as_written_down() {
    compare("walks", &walks());
}

fn arcs() -> String {
    let all = Crowd::honest(Answers::Arc, FULL);
    crowd("arcs of 70 nodes", 70, all, 6, 1)
        + &crowd("arcs of 1,000 nodes", 1_000, all, 60, 5)
        + &crowd("arcs of 30,000 nodes", 30_000, all, 400, 25)
        + &crowd("arcs of 400,000 nodes", 400_000, all, 100, 8)
        + &scattered_arcs()
        + &tiny_networks()
}

/// More arcs than are kept, none of which goes on where another ended, and some shorter than others.
fn scattered_arcs() -> String {
    let mut history = History::new("scattered arcs of 300,000 nodes");
    let network = Network::new(300_000, &mut history.chance);
    for answer in 0..400_usize {
        let first = history.chance.below(network.nodes.len() - 100);
        let each = 5 + history.chance.below(95);
        let nodes = &network.nodes[first..first + each];
        history.told(SOON, network.nodes[answer % 64], Kind::Kin, nodes);
        if answer % 20 == 19 {
            history.write();
        }
    }
    history.text
}

/// Three peers tell of networks that hardly are any.
fn tiny_networks() -> String {
    let mut text = String::new();
    for (name, size) in [
        ("arcs of 3 nodes", 3),
        ("arcs of 4 nodes", 4),
        ("arcs of 5 nodes", 5),
        ("arcs of 6 nodes", 6),
        ("arcs of 12 nodes", 12),
    ] {
        let mut three = Crowd::honest(Answers::Arc, FULL);
        three.peers = 3;
        text += &crowd(name, size, three, 6, 1);
    }
    text
}

#[test]
fn what_is_said_of_arcs_is_as_written_down() {
    compare("arcs", &arcs());
}

/// Peers that tell of their own neighbourhood, and each of fewer nodes than the one before.
fn neighbours() -> String {
    let mut history = History::new("neighbourhoods of a hundred of 1,000 nodes");
    let network = Network::new(1_000, &mut history.chance);
    for peer in 0..96_usize {
        let first = history.chance.below(10) * 100;
        let each = 60 - peer / 2;
        let nodes = history.some_of(&network.nodes[first..first + 100], each);
        history.told(SOON, network.nodes[peer * 10], Kind::V2, &nodes);
        if peer < 10 || peer % 8 == 7 {
            history.write();
        }
    }
    history.text
}

#[test]
fn what_is_said_of_neighbourhoods_is_as_written_down() {
    compare("neighbours", &neighbours());
}

/// Hardly any two have a node in common.
fn little_in_common() -> String {
    let mut history = History::new("five nodes each of 400");
    let network = Network::new(400, &mut history.chance);
    for peer in 0..60_usize {
        let nodes = history.some_of(&network.nodes, 5);
        history.told(SOON, network.nodes[peer * 5], Kind::V2, &nodes);
        if peer < 30 || peer % 5 == 4 {
            history.write();
        }
    }
    history.text + &next_to_nothing_in_common()
}

/// More nodes than are kept, of which next to none was told twice.
fn next_to_nothing_in_common() -> String {
    let mut history =
        History::new("a hundred nodes each of so many that next to none is told twice");
    let mut last: Vec<NodeId> = Vec::new();
    for peer in 0..120_usize {
        let mut nodes: Vec<NodeId> = (0..100).map(|_| history.chance.id()).collect();
        if peer % 16 == 15 {
            nodes[0] = last[0];
        }
        let id = history.chance.id();
        history.told(SOON, id, Kind::V2, &nodes);
        last = nodes;
        if peer % 10 == 9 {
            history.write();
        }
    }
    history.text
}

#[test]
fn what_is_said_where_hardly_two_have_a_node_in_common_is_as_written_down() {
    compare("little_in_common", &little_in_common());
}

/// More peers than are told apart.
fn many_peers() -> String {
    let mut history = History::new("three hundred peers tell of 3,000 nodes");
    let mut crowd = Crowd::honest(Answers::Random, 400);
    crowd.peers = 300;
    let (network, mut peers) = history.crowd(3_000, crowd);
    history.tell(&network, &mut peers, 360, 30);
    history.text
}

#[test]
fn what_is_said_by_more_peers_than_are_told_apart_is_as_written_down() {
    compare("many_peers", &many_peers());
}

/// Some of the peers are kin and tell of arcs, the others tell at random.
fn both_kinds() -> String {
    let mut text = String::new();
    for (name, sees) in [
        ("a quarter of 10,000 nodes is kin", 10_000),
        (
            "kin tells of 10,000 nodes, the others of 2,500 of them",
            2_500,
        ),
        ("kin tells of 10,000 nodes, the others of 40,000", 40_000),
    ] {
        let mut history = History::new(name);
        let network = Network::new(10_000, &mut history.chance);
        let mut other = Network::new(sees, &mut history.chance);
        for (place, &id) in network.nodes.iter().enumerate().take(sees) {
            other.nodes[place] = id;
        }
        let mut kin = Crowd::honest(Answers::Arc, FULL);
        kin.peers = 16;
        let mut kin = Peer::all(kin, &network, &mut history.chance);
        let others = Crowd::honest(Answers::Random, FULL);
        let mut others = Peer::all(others, &other, &mut history.chance);
        for turn in 0..48 {
            history.all_tell(SOON, &network, &mut kin[turn % 16..=turn % 16]);
            history.all_tell(SOON, &other, &mut others[turn..turn + 3]);
            if turn % 4 == 3 {
                history.write();
            }
        }
        text += &history.text;
    }
    text + &few_of_each_kind()
}

/// One of kin, and others who have hardly a node in common.
fn few_of_each_kind() -> String {
    let mut history = History::new("one of kin tells of 500 nodes, and others of six each");
    let mut one = Crowd::honest(Answers::Arc, FULL);
    one.peers = 1;
    let (network, mut kin) = history.crowd(500, one);
    history.tell(&network, &mut kin, 1, 1);
    for peer in 0..40_usize {
        let nodes = history.some_of(&network.nodes, 6);
        history.told(SOON, network.nodes[peer * 12], Kind::V2, &nodes);
        history.write();
    }
    history.text
}

#[test]
fn what_is_said_of_arcs_and_random_answers_together_is_as_written_down() {
    compare("both_kinds", &both_kinds());
}

/// Arcs of stores that hold a part of the network.
fn parts() -> String {
    let of = |store| Crowd::honest(Answers::Arc, store);
    #[rustfmt::skip]
    let rows = [
        ("arcs of 1,000 nodes, from 300 known to each", 1_000, of(300), 100, 5),
        ("arcs of 1,000 nodes, from 900 known to each", 1_000, of(900), 400, 20),
        ("arcs of 8,000 nodes, from 4,000 known to each", 8_000, of(4_000), 200, 10),
        ("arcs of 8,000 nodes, from 7,700 known to each", 8_000, of(7_700), 100, 5),
        ("arcs of 20,000 nodes, from 2,000 known to each", 20_000, of(2_000), 1_000, 50),
        ("arcs of 8,000 nodes, from 4,000 known to each, six of 64 make up theirs",
            8_000, of(4_000).with(6, Lies::Dense(1)), 200, 10),
    ];
    let crowds = rows.map(|(name, size, who, answers, each)| crowd(name, size, who, answers, each));
    crowds.concat() + &stores_that_fill()
}

/// At first each knows half of the network, and then all of it.
fn stores_that_fill() -> String {
    let mut history =
        History::new("arcs of 3,000 nodes, from half of them and then all known to each");
    let (network, mut peers) = history.crowd(3_000, Crowd::honest(Answers::Arc, 1_500));
    history.tell(&network, &mut peers, 64, 8);
    let whole = Crowd::honest(Answers::Arc, FULL);
    let mut peers = Peer::all(whole, &network, &mut history.chance);
    history.tell(&network, &mut peers, 256, 16);
    history.text
}

#[test]
fn what_is_said_of_arcs_of_stores_that_hold_a_part_is_as_written_down() {
    compare("parts", &parts());
}

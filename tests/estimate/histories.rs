//! What is said of networks of many sorts as one answer after the other comes in, to the last node.
//!
//! The rows say how good the estimate is, as an average over many networks; this says that it is the
//! same on every machine, and as it was. `PEX_REWRITE=1 cargo test --test estimate histories` writes
//! what it gets, so that a change of the estimate can be read as a difference of text.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pex::{Estimate, Kind, NodeId};

use crate::network::{Chance, Network, id_at};
use crate::peers::{Answers, Crowd, Lies, Peer};
use crate::world::World;

const FULL: usize = usize::MAX;

/// Time between two answers where that makes no difference.
const SOON: Duration = Duration::from_millis(2);

/// A machine, what it is told, and what it said of it.
struct History {
    world: World,
    chance: Chance,
    answers: usize,
    text: String,
}

impl History {
    fn new(name: &str) -> Self {
        // Each has numbers of its own, by its name.
        let seed = name.bytes().fold(7, |seed: u64, byte| {
            seed.wrapping_mul(31).wrapping_add(byte.into())
        });
        Self {
            world: World::new(seed),
            chance: Chance::new(seed),
            answers: 0,
            text: format!("{name}\n"),
        }
    }

    fn told(&mut self, span: Duration, peer: NodeId, kind: Kind, nodes: &[NodeId]) {
        self.world.told(span, peer, kind, nodes);
        self.answers += 1;
    }

    /// The peers tell in turn.
    fn all_tell(&mut self, span: Duration, network: &Network, peers: &mut [Peer]) {
        for peer in peers {
            let nodes = peer.answer(network, &mut self.chance);
            self.told(span, peer.id, peer.kind, &nodes);
        }
    }

    /// Some of them tell in turn, and after each so many it is written down what is said.
    fn tell(&mut self, network: &Network, peers: &mut [Peer], answers: usize, each: usize) {
        for turn in 0..answers {
            let place = turn % peers.len();
            self.all_tell(SOON, network, &mut peers[place..=place]);
            if (turn + 1) % each == 0 {
                self.write();
            }
        }
    }

    fn write(&mut self) {
        let answers = self.answers;
        let _ = match self.world.pex.estimate() {
            Estimate::Known { nodes, low, high } => {
                writeln!(self.text, "{answers:5} {nodes:10} {low:10} {high:10}")
            }
            Estimate::Unknown { at_least } => writeln!(self.text, "{answers:5} {at_least:>10} +"),
            other => writeln!(self.text, "{answers:5} {other:?}"),
        };
    }
}

/// A crowd tells of a network of this size.
fn crowd(name: &str, size: usize, crowd: Crowd, answers: usize, each: usize) -> String {
    let mut history = History::new(name);
    let network = Network::new(size, &mut history.chance);
    let mut peers = Peer::all(crowd, &network, &mut history.chance);
    history.tell(&network, &mut peers, answers, each);
    history.text
}

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

fn arcs() -> String {
    let all = Crowd::honest(Answers::Arc, FULL);
    crowd("arcs of 70 nodes", 70, all, 6, 1)
        + &crowd("arcs of 1,000 nodes", 1_000, all, 60, 5)
        + &crowd("arcs of 30,000 nodes", 30_000, all, 400, 25)
        + &crowd("arcs of 400,000 nodes", 400_000, all, 100, 8)
}

fn lies() -> String {
    let random = Crowd::honest(Answers::Random, FULL);
    let some = Crowd::honest(Answers::Random, 500);
    let arcs = Crowd::honest(Answers::Arc, FULL);
    let mut text = String::new();
    for (name, size, honest, liars, lies) in [
        (
            "six of 64 make up nodes anew",
            1_000,
            random,
            6,
            Lies::Fresh,
        ),
        ("six of 64 tell of one pool", 1_000, some, 6, Lies::Shared),
        ("six of 64 tell the same", 4_000, random, 6, Lies::Same),
        ("21 of 64 make up nodes anew", 3_000, some, 21, Lies::Fresh),
        ("21 of 64 tell of one pool", 3_000, some, 21, Lies::Shared),
        ("21 of 64 tell the same", 3_000, random, 21, Lies::Same),
        (
            "six of 64 tell of arcs three times as dense",
            9_000,
            arcs,
            6,
            Lies::Dense(3),
        ),
        (
            "21 of 64 tell of arcs a thousand times as dense",
            9_000,
            arcs,
            21,
            Lies::Dense(1_000),
        ),
        (
            "six of 64 tell of arcs twice as sparse",
            9_000,
            arcs,
            6,
            Lies::Sparse(2),
        ),
        (
            "21 of 64 tell of arcs fifty times as sparse",
            9_000,
            arcs,
            21,
            Lies::Sparse(50),
        ),
    ] {
        text += &crowd(name, size, honest.with(liars, lies), 130, 13);
    }
    text
}

/// Peers that tell of their own neighbourhood, and each of fewer nodes than the one before.
fn neighbours() -> String {
    let mut history = History::new("neighbourhoods of a hundred of 1,000 nodes");
    let network = Network::new(1_000, &mut history.chance);
    for peer in 0..96_usize {
        let first = history.chance.below(10) * 100;
        let each = 60 - peer / 2;
        let nodes: Vec<NodeId> = (0..each)
            .map(|_| network.nodes[first + history.chance.below(100)])
            .collect();
        history.told(SOON, network.nodes[peer * 10], Kind::V2, &nodes);
        if peer < 10 || peer % 8 == 7 {
            history.write();
        }
    }
    history.text
}

/// Hardly any two have a node in common.
fn little_in_common() -> String {
    let mut history = History::new("five nodes each of 400");
    let network = Network::new(400, &mut history.chance);
    for peer in 0..60_usize {
        let nodes: Vec<NodeId> = (0..5)
            .map(|_| network.nodes[history.chance.below(400)])
            .collect();
        history.told(SOON, network.nodes[peer * 5], Kind::V2, &nodes);
        if peer < 30 || peer % 5 == 4 {
            history.write();
        }
    }
    history.text
}

/// More peers than are told apart.
fn many_peers() -> String {
    let mut history = History::new("three hundred peers tell of 3,000 nodes");
    let network = Network::new(3_000, &mut history.chance);
    let mut crowd = Crowd::honest(Answers::Random, 400);
    crowd.peers = 300;
    let mut peers = Peer::all(crowd, &network, &mut history.chance);
    history.tell(&network, &mut peers, 360, 30);
    history.text
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
            history.tell(&other, &mut others[turn..turn + 3], 3, 4);
            if turn % 4 == 3 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

/// Nodes come and go, a part of the network a minute, while one peer tells each second.
fn churn() -> String {
    let mut text = String::new();
    for (name, size, answers, store, a_minute) in [
        (
            "nobody of 800 nodes comes or goes",
            800,
            Answers::Random,
            FULL,
            0,
        ),
        (
            "of 800 nodes 8 are replaced a minute",
            800,
            Answers::Random,
            FULL,
            8,
        ),
        (
            "of 800 nodes 120 are replaced a minute",
            800,
            Answers::Random,
            FULL,
            120,
        ),
        (
            "of 800 nodes 24 are replaced a minute, in arcs",
            800,
            Answers::Arc,
            FULL,
            24,
        ),
        (
            "of 6,000 nodes 60 are replaced a minute, in arcs",
            6_000,
            Answers::Arc,
            FULL,
            60,
        ),
        (
            "of 700 nodes 7 are replaced a minute, each knows 200",
            700,
            Answers::Random,
            200,
            7,
        ),
    ] {
        let mut history = History::new(name);
        let mut network = Network::new(size, &mut history.chance);
        let crowd = Crowd::honest(answers, store);
        let mut peers = Peer::all(crowd, &network, &mut history.chance);
        let mut due = 0;
        for second in 1..=360_usize {
            let place = second % peers.len();
            peers[place].rest(&mut history.chance);
            let span = Duration::from_secs(1);
            history.all_tell(span, &network, &mut peers[place..=place]);
            due += a_minute;
            while due >= 60 {
                network.lose_one(&mut history.chance);
                network.gain_one(&mut history.chance);
                due -= 60;
            }
            if second % 30 == 0 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

/// One network takes the place of another one.
fn jumps() -> String {
    let mut text = String::new();
    for (name, answers) in [
        ("300 nodes become 6,000 and 300 again", Answers::Random),
        (
            "300 nodes become 6,000 and 300 again, in arcs",
            Answers::Arc,
        ),
    ] {
        let mut history = History::new(name);
        let crowd = Crowd::honest(answers, FULL);
        for size in [300, 6_000, 300] {
            let network = Network::new(size, &mut history.chance);
            let mut peers = Peer::all(crowd, &network, &mut history.chance);
            history.tell(&network, &mut peers, 64, 4);
        }
        text += &history.text;
    }
    text
}

/// Ids that were chosen to lie close together.
fn ground_ids() -> String {
    let mut history = History::new("9,000 nodes, and 900 in a thousandth of the ring");
    let mut network = Network::new(9_000, &mut history.chance);
    let start = history.chance.next();
    for _ in 0..900 {
        let off = history.chance.next() / 1_000;
        network.nodes.push(id_at(start.wrapping_add(off), off));
    }
    network.nodes.sort_unstable();
    let mut peers = Peer::all(
        Crowd::honest(Answers::Arc, FULL),
        &network,
        &mut history.chance,
    );
    history.tell(&network, &mut peers, 300, 20);
    history.text
}

/// The clock is set back, and the machine is restored from its dump.
fn disorder() -> String {
    let mut text = String::new();
    for (name, answers) in [
        (
            "the clock is set back by an hour, and all begins anew",
            Answers::Random,
        ),
        ("the same in arcs", Answers::Arc),
    ] {
        let mut history = History::new(name);
        let mut network = Network::new(900, &mut history.chance);
        let crowd = Crowd::honest(answers, FULL);
        let mut peers = Peer::all(crowd, &network, &mut history.chance);
        for turn in 0..300_usize {
            let place = turn % peers.len();
            peers[place].rest(&mut history.chance);
            let span = Duration::from_secs(1);
            history.all_tell(span, &network, &mut peers[place..=place]);
            network.lose_one(&mut history.chance);
            network.gain_one(&mut history.chance);
            match turn {
                150 => history.world.set_back(Duration::from_secs(3_600)),
                220 => history.world.begin_anew(),
                _ => {}
            }
            if turn % 20 == 19 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

/// Those who stay are asked in their turn, and guests come and go.
fn guests() -> String {
    let mut text = String::new();
    for (name, stay, lies) in [
        ("six stay, guests make up dense arcs", 6, Lies::Dense(4)),
        ("six stay, guests make up sparse arcs", 6, Lies::Sparse(4)),
        ("two stay, guests make up dense arcs", 2, Lies::Dense(4)),
    ] {
        let mut history = History::new(name);
        let network = Network::new(12_000, &mut history.chance);
        let honest = Peer::all(
            Crowd::honest(Answers::Arc, FULL),
            &network,
            &mut history.chance,
        );
        let mut honest: BTreeMap<NodeId, Peer> = honest
            .into_iter()
            .take(stay)
            .map(|it| (it.id, it))
            .collect();
        honest
            .keys()
            .for_each(|&id| history.world.stays(id, Kind::Kin));
        let guests = Crowd::honest(Answers::Arc, FULL).with(64, lies);
        let mut guests = Peer::all(guests, &network, &mut history.chance);
        for turn in 0..120_usize {
            let until = Duration::from_secs(turn as u64 + 1);
            while let Some(asked) = history.world.asks_until(until) {
                let peer = honest.get_mut(&asked).expect("who stays");
                let nodes = peer.answer(&network, &mut history.chance);
                history.world.answers(asked, &nodes);
                history.answers += 1;
            }
            if turn % 2 == 1 {
                let guest = turn / 2 % guests.len();
                history.all_tell(SOON, &network, &mut guests[guest..=guest]);
            }
            if turn % 8 == 7 {
                history.write();
            }
        }
        text += &history.text;
    }
    text
}

/// Each group of histories is a file of its own, so that all of them can be written at once.
fn compare(file: &str, said: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/estimate/histories")
        .join(file)
        .with_extension("txt");
    if std::env::var("PEX_REWRITE").is_ok_and(|value| value == "1") {
        fs::write(&path, said).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap();
    let mut history = "";
    for (was, is) in written.lines().zip(said.lines()) {
        if !was.starts_with(' ') {
            history = was;
        }
        assert_eq!(
            was, is,
            "{history}: if this is meant, write it anew with PEX_REWRITE=1"
        );
    }
    assert_eq!(written.len(), said.len());
}

#[test]
fn what_is_said_of_random_answers_is_as_written_down() {
    compare("random", &random_answers());
}

#[test]
fn what_is_said_of_walks_through_a_store_is_as_written_down() {
    compare("walks", &walks());
}

#[test]
fn what_is_said_of_arcs_is_as_written_down() {
    compare("arcs", &arcs());
}

#[test]
fn what_is_said_where_some_lie_is_as_written_down() {
    compare("lies", &lies());
}

#[test]
fn what_is_said_of_neighbourhoods_is_as_written_down() {
    compare("neighbours", &neighbours());
}

#[test]
fn what_is_said_where_hardly_two_have_a_node_in_common_is_as_written_down() {
    compare("little_in_common", &little_in_common());
}

#[test]
fn what_is_said_by_more_peers_than_are_told_apart_is_as_written_down() {
    compare("many_peers", &many_peers());
}

#[test]
fn what_is_said_of_arcs_and_random_answers_together_is_as_written_down() {
    compare("both_kinds", &both_kinds());
}

#[test]
fn what_is_said_where_nodes_come_and_go_is_as_written_down() {
    compare("churn", &churn());
}

#[test]
fn what_is_said_where_one_network_takes_the_place_of_another_is_as_written_down() {
    compare("jumps", &jumps());
}

#[test]
fn what_is_said_of_ids_that_were_chosen_is_as_written_down() {
    compare("ground_ids", &ground_ids());
}

#[test]
fn what_is_said_when_the_clock_is_set_back_and_all_begins_anew_is_as_written_down() {
    compare("disorder", &disorder());
}

#[test]
fn what_is_said_where_some_stay_and_guests_come_is_as_written_down() {
    compare("guests", &guests());
}

//! What is said of networks of many sorts as one answer after the other comes in, to the last node.
//!
//! The rows say how good the estimate is, as an average over many networks; this says that it is the
//! same on every machine, and as it was. `PEX_REWRITE=1 cargo test --test estimate histories` writes
//! what it gets, so that a change of the estimate can be read as a difference of text.

#[path = "histories/answers.rs"]
mod answers;
#[path = "histories/changing.rs"]
mod changing;
#[path = "histories/hostile.rs"]
mod hostile;

use core::fmt::Write as _;
use core::time::Duration;
use std::fs;
use std::path::Path;

use pex::{Estimate, Kind, NodeId};

use crate::network::{Chance, Network};
use crate::peers::{Crowd, Peer};
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

    /// A network of this size, and those of the crowd in it.
    fn crowd(&mut self, size: usize, crowd: Crowd) -> (Network, Vec<Peer>) {
        let network = Network::new(size, &mut self.chance);
        let peers = Peer::all(crowd, &network, &mut self.chance);
        (network, peers)
    }

    /// So many of these, by chance; some perhaps twice.
    fn some_of(&mut self, nodes: &[NodeId], each: usize) -> Vec<NodeId> {
        let mut one = || nodes[self.chance.below(nodes.len())];
        (0..each).map(|_| one()).collect()
    }

    /// The one whose turn it is tells after a pause, and a second passes.
    fn one_tells(&mut self, turn: usize, network: &Network, peers: &mut [Peer]) {
        let place = turn % peers.len();
        peers[place].rest(&mut self.chance);
        self.all_tell(Duration::from_secs(1), network, &mut peers[place..=place]);
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
    let (network, mut peers) = history.crowd(size, crowd);
    history.tell(&network, &mut peers, answers, each);
    history.text
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

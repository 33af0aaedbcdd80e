//! Peers, and what they answer.

use std::collections::BTreeSet;

use pex::{Kind, NodeId};

use crate::network::{Chance, Network, after, id_at};

/// Nodes in an answer.
pub(crate) const EACH: usize = 100;

/// What an honest peer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// A hundred of its store at random, each time anew.
    Random,
    /// The next hundred of a walk through its store in an order of its own.
    Walk,
    /// The next hundred on the ring, from a start of its own; and before them what came since it
    /// told last.
    Arc,
}

/// What a liar tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lies {
    /// Nodes that it makes up anew.
    Fresh,
    /// Nodes out of a pool of so many that all liars share.
    Shared(usize),
    /// The same nodes each time.
    Same,
    /// An arc of made-up nodes so many times as close together as the real ones.
    Dense(u32),
    /// So many times as far apart.
    Sparse(u32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    pub(crate) peers: usize,
    pub(crate) answers: Answers,
    /// The most nodes that a peer knows.
    pub(crate) store: usize,
    /// How many of the peers lie, and how.
    pub(crate) liars: usize,
    pub(crate) lies: Lies,
}

impl Crowd {
    pub(crate) const fn honest(answers: Answers, store: usize) -> Self {
        let (peers, liars, lies) = (64, 0, Lies::Fresh);
        Self {
            peers,
            answers,
            store,
            liars,
            lies,
        }
    }

    pub(crate) const fn with(mut self, liars: usize, lies: Lies) -> Self {
        self.liars = liars;
        self.lies = lies;
        self
    }
}

/// One peer.
pub(crate) struct Peer {
    pub(crate) id: NodeId,
    pub(crate) kind: Kind,
    answers: Answers,
    lies: Option<Lies>,
    /// Its store, where that is not the whole network.
    store: Option<Vec<NodeId>>,
    told: BTreeSet<NodeId>,
    /// Where its arc went on to.
    end: NodeId,
    /// Of those that came, how many had come when it told last.
    learned: usize,
    /// Its arc came to where others had been.
    pub(crate) is_done: bool,
    seed: u64,
}

impl Peer {
    pub(crate) fn all(crowd: Crowd, network: &Network, chance: &mut Chance) -> Vec<Self> {
        let mut ids = BTreeSet::new();
        while ids.len() < crowd.peers {
            ids.insert(network.nodes[chance.below(network.nodes.len())]);
        }
        let mut ids: Vec<NodeId> = ids.into_iter().collect();
        for place in (1..ids.len()).rev() {
            ids.swap(place, chance.below(place + 1));
        }
        let seed = chance.next();
        let peer = |(number, id): (usize, NodeId)| {
            let store = (crowd.store < network.nodes.len()).then(|| {
                let mut store = BTreeSet::new();
                while store.len() < crowd.store {
                    store.insert(network.nodes[chance.below(network.nodes.len())]);
                }
                store.into_iter().collect()
            });
            Self {
                id,
                kind: match crowd.answers {
                    Answers::Arc => Kind::Kin,
                    Answers::Random | Answers::Walk => Kind::V2,
                },
                answers: crowd.answers,
                lies: (number < crowd.liars).then_some(crowd.lies),
                store,
                told: BTreeSet::new(),
                end: chance.id(),
                learned: 0,
                is_done: false,
                seed,
            }
        };
        let mut peers: Vec<Self> = ids.into_iter().enumerate().map(peer).collect();
        for place in (1..peers.len()).rev() {
            peers.swap(place, chance.below(place + 1));
        }
        peers
    }

    pub(crate) const fn lies(&self) -> bool {
        self.lies.is_some()
    }

    pub(crate) fn answer(&mut self, network: &Network, chance: &mut Chance) -> Vec<NodeId> {
        match (self.lies, self.answers) {
            (Some(lies), _) => self.lie(lies, network, chance),
            (None, Answers::Random) => self.draw(network, chance),
            (None, Answers::Walk) => self.walk(network, chance),
            (None, Answers::Arc) => self.arc(network),
        }
    }

    fn draw(&self, network: &Network, chance: &mut Chance) -> Vec<NodeId> {
        let store = self.store.as_ref().unwrap_or(&network.nodes);
        let mut drawn = BTreeSet::new();
        let mut answer = Vec::new();
        while answer.len() < EACH.min(store.len() - 1) {
            let id = store[chance.below(store.len())];
            if id != self.id && drawn.insert(id) {
                answer.push(id);
            }
        }
        answer
    }

    fn walk(&mut self, network: &Network, chance: &mut Chance) -> Vec<NodeId> {
        let store = self.store.as_ref().unwrap_or(&network.nodes);
        let mut answer = Vec::new();
        while answer.len() < EACH.min(store.len() - 1) {
            if self.told.len() + 1 >= store.len() {
                self.told.clear();
            }
            let id = store[chance.below(store.len())];
            if id != self.id && self.told.insert(id) {
                answer.push(id);
            }
        }
        answer
    }

    fn arc(&mut self, network: &Network) -> Vec<NodeId> {
        let born = network.born.iter().skip(self.learned);
        let store = self.store.as_ref().unwrap_or(&network.nodes);
        let is_there = |id: &&NodeId| **id != self.id && store.binary_search(id).is_ok();
        let news = born.filter(is_there).take(EACH / 2).copied();
        let mut answer: Vec<NodeId> = news.collect();
        let news = answer.len();
        self.learned = network.born.len();
        while answer.len() < EACH.min(store.len() - 1) {
            self.end = store[after(store, self.end)];
            if self.end != self.id && !answer[..news].contains(&self.end) {
                answer.push(self.end);
            }
        }
        answer
    }

    /// It was left in peace for so long that its next arc begins somewhere else.
    pub(crate) fn rest(&mut self, chance: &mut Chance) {
        self.end = chance.id();
    }

    fn lie(&mut self, lies: Lies, network: &Network, chance: &mut Chance) -> Vec<NodeId> {
        let mut own = Chance::new(self.seed ^ u64::from(self.id.as_bytes()[0]) << 32);
        let gap = u64::MAX / network.nodes.len() as u64;
        let mut spaced = |gap: u64| {
            let start = chance.next();
            let gaps = (0..EACH as u64).map(|n| start.wrapping_add(gap.wrapping_mul(n)));
            let mut jitter = || chance.next() % (gap / 2).max(1);
            gaps.map(|at| id_at(at.wrapping_add(jitter()), 1)).collect()
        };
        match lies {
            Lies::Fresh => (0..EACH).map(|_| chance.id()).collect(),
            Lies::Same => (0..EACH).map(|_| own.id()).collect(),
            Lies::Shared(size) => {
                let mut pool = Chance::new(self.seed);
                let pool: Vec<NodeId> = (0..size).map(|_| pool.id()).collect();
                (0..EACH).map(|_| pool[chance.below(size)]).collect()
            }
            Lies::Dense(times) => spaced(gap / u64::from(times)),
            Lies::Sparse(times) => spaced(gap.saturating_mul(times.into()).min(u64::MAX / 101)),
        }
    }
}

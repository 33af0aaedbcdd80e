//! A whole network that has found itself: what it costs to stay so, and how fast it hears of the new.
//!
//! Every node is a machine of ours with a store of its own, which keeps all that it hears and forgets
//! who has died. Nobody dials: connections are made by chance, at once.

use core::ops::{Bound, ControlFlow};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use pex::wire::Message;
use pex::{
    Action, Actions, Config, Cursor, Directory, Epoch, Event, Kind, NodeAddress, NodeId, Pex, Seed,
    Time,
};

use crate::chance::Chance;

const START: Time = Time::from_secs(1_000);

/// Where the first node lives.
const FIRST: u32 = 20 << 24;

/// What one node knows, in the orders in which it tells it.
#[derive(Clone, Debug, Default)]
struct Store {
    by_id: BTreeMap<NodeId, u32>,
    /// By a number drawn for each.
    shuffled: BTreeMap<u64, u32>,
    places: BTreeMap<u32, u64>,
    learned: Vec<u32>,
}

fn id(n: u32) -> NodeId {
    let mut chance = Chance::new(u64::from(n) << 20);
    let mut bytes = [0; 20];
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&chance.next().to_be_bytes()[..part.len()]);
    }
    NodeId::new(bytes)
}

fn address(n: u32) -> NodeAddress {
    NodeAddress::mconn(id(n), Ipv4Addr::from(FIRST + n).into(), 26_656)
}

/// Which node an address is of.
fn number(address: &NodeAddress) -> u32 {
    match address.ip() {
        Some(IpAddr::V4(ip)) => u32::from(ip) - FIRST,
        _ => panic!("{address}"),
    }
}

impl Store {
    fn learn(&mut self, n: u32, chance: &mut Chance) {
        if !self.places.contains_key(&n) {
            let place = chance.next();
            self.by_id.insert(id(n), n);
            self.shuffled.insert(place, n);
            self.places.insert(n, place);
            self.learned.push(n);
        }
    }

    fn forget(&mut self, n: u32) {
        if let Some(place) = self.places.remove(&n) {
            self.by_id.remove(&id(n));
            self.shuffled.remove(&place);
        }
    }
}

impl Directory for Store {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let after = self.shuffled.range(from.position().saturating_add(1)..);
        let mut all = after.chain(self.shuffled.range(..=from.position()));
        all.any(|(place, n)| visit(Cursor::new(*place), &address(*n)).is_break());
    }

    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let mut after = self.shuffled.range(chance..).chain(&self.shuffled);
        after.next().map(|(_, n)| id(*n))
    }

    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let above = self.by_id.range((Bound::Excluded(from), Bound::Unbounded));
        let below = self.by_id.range(..=from);
        let mut all = above.chain(below);
        all.any(|(_, n)| visit(&address(*n)).is_break());
    }

    fn learned(&self) -> u64 {
        self.learned.len() as u64
    }

    fn walk_news(&self, since: u64, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let since = usize::try_from(since).unwrap();
        let news = self.learned.iter().skip(since).rev().take(256);
        let mut news = news.filter(|n| self.places.contains_key(n));
        news.any(|n| visit(&address(*n)).is_break());
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        self.places.contains_key(&number(address))
    }

    fn fill_percent(&self) -> u8 {
        0
    }
}

#[derive(Debug)]
struct Node {
    pex: Pex,
    store: Store,
    peers: BTreeSet<u32>,
    born: Time,
}

#[derive(Debug)]
enum Coming {
    Tick(u32),
    Message(u32, u32, Epoch, Message<'static>),
    Death,
}

/// What is counted while it is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(crate) struct Network {
    nodes: BTreeMap<u32, Node>,
    links: BTreeMap<(u32, u32), Epoch>,
    coming: BTreeMap<(Time, u64), Coming>,
    serial: u64,
    born: u32,
    degree: u32,
    kind: Kind,
    /// How long it takes between two deaths, if anybody dies.
    every: Option<Duration>,
    now: Time,
    chance: Chance,
    pub(crate) counts: Counts,
    /// How long it took until half of the network knew of a newborn.
    pub(crate) known_after: Vec<Duration>,
    /// Who is watched, and who knows of them.
    watched: BTreeMap<u32, BTreeSet<u32>>,
}

impl Network {
    /// So many nodes, each of which has made half of its connections itself.
    pub(crate) fn new(nodes: u32, degree: u32, kind: Kind, seed: u64) -> Self {
        let mut network = Self {
            nodes: BTreeMap::new(),
            links: BTreeMap::new(),
            coming: BTreeMap::new(),
            serial: 0,
            born: 0,
            degree,
            kind,
            every: None,
            now: START,
            chance: Chance::new(seed),
            counts: Counts::default(),
            known_after: Vec::new(),
            watched: BTreeMap::new(),
        };
        for _ in 0..nodes {
            network.bear(degree / 2);
        }
        network
    }

    /// One of so many nodes is replaced each time so much has passed.
    pub(crate) fn with_churn(&mut self, every: Option<Duration>) {
        self.every = every;
        if let Some(every) = every {
            self.send(self.now + every, Coming::Death);
        }
    }

    fn send(&mut self, at: Time, coming: Coming) {
        self.serial += 1;
        self.coming.insert((at, self.serial), coming);
    }

    fn somebody(&mut self) -> Option<u32> {
        let place = self.chance.below(u32::try_from(self.nodes.len()).unwrap());
        self.nodes.keys().nth(place as usize).copied()
    }

    fn bear(&mut self, links: u32) -> u32 {
        let n = self.born;
        self.born += 1;
        let mut seed = [0; 32];
        for part in seed.chunks_mut(8) {
            part.copy_from_slice(&self.chance.next().to_be_bytes());
        }
        let config = Config::builder().own_addresses(vec![address(n)]);
        let config = config.build().unwrap();
        let node = Node {
            pex: Pex::new(config, id(n), Seed::new(seed), self.now),
            store: Store::default(),
            peers: BTreeSet::new(),
            born: self.now,
        };
        let wanted = links.min(u32::try_from(self.nodes.len()).unwrap());
        let mut others = BTreeSet::new();
        while others.len() < wanted as usize {
            others.extend(self.somebody());
        }
        self.nodes.insert(n, node);
        for other in others {
            self.connect(n, other);
        }
        n
    }

    fn connect(&mut self, a: u32, b: u32) {
        self.serial += 1;
        let epoch = Epoch::new(self.serial);
        for (one, other) in [(a, b), (b, a)] {
            self.links.insert((one, other), epoch);
            self.learns(one, other);
            self.nodes.get_mut(&one).unwrap().peers.insert(other);
            let (peer, kind) = (id(other), self.kind);
            self.handle(one, Event::PeerUp { peer, epoch, kind });
        }
    }

    fn learns(&mut self, who: u32, of: u32) {
        let node = self.nodes.get_mut(&who).unwrap();
        if who != of && !node.store.places.contains_key(&of) {
            node.store.learn(of, &mut self.chance);
            let half = self.nodes.len() / 2;
            if let Some(knowing) = self.watched.get_mut(&of) {
                knowing.insert(who);
                if knowing.len() >= half {
                    self.watched.remove(&of);
                    if let Some(node) = self.nodes.get(&of) {
                        self.known_after.push(self.now - node.born);
                    }
                }
            }
        }
    }

    fn handle(&mut self, n: u32, event: Event<'_>) {
        let Some(node) = self.nodes.get_mut(&n) else {
            return;
        };
        let actions: Actions = node.pex.handle(self.now, event, &node.store);
        for action in actions {
            match action {
                Action::Send { to, epoch, message } => {
                    let peers = &self.nodes[&n].peers;
                    let Some(to) = peers.iter().find(|peer| id(**peer) == to).copied() else {
                        continue;
                    };
                    self.counts.requests += u64::from(matches!(message, Message::Request(_)));
                    self.counts.bytes += message.encoded_len() as u64;
                    let at = self.now + self.chance.between(25, 75);
                    self.send(at, Coming::Message(n, to, epoch, message));
                }
                Action::AddPeer { address, .. } => {
                    let of = number(&address);
                    // Whoever tells of the dead is not believed: they would be found out when dialed.
                    if self.nodes.contains_key(&of) {
                        self.learns(n, of);
                    }
                }
                Action::SetTimer(at) => self.send(at, Coming::Tick(n)),
                other => panic!("nobody does anything wrong here: {other:?}"),
            }
        }
    }

    fn die(&mut self) {
        if let Some(n) = self.somebody() {
            let node = self.nodes.remove(&n).unwrap();
            self.watched.remove(&n);
            for other in node.peers {
                let epoch = self.links[&(other, n)];
                self.links.remove(&(other, n));
                self.links.remove(&(n, other));
                if let Some(left) = self.nodes.get_mut(&other) {
                    left.peers.remove(&n);
                    self.handle(other, Event::PeerDown { peer: id(n), epoch });
                }
            }
            // Found out at once: what is looked at here is how the new are heard of.
            self.nodes.values_mut().for_each(|it| it.store.forget(n));
        }
        let newborn = self.bear(self.degree);
        let peers = self.nodes[&newborn].peers.clone();
        self.watched.insert(newborn, peers);
        if let Some(every) = self.every {
            self.send(self.now + every, Coming::Death);
        }
    }

    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        self.counts = Counts::default();
        self.known_after.clear();
        while let Some(entry) = self.coming.first_entry() {
            if entry.key().0 > end {
                break;
            }
            let ((at, _), coming) = entry.remove_entry();
            self.now = at;
            match coming {
                Coming::Tick(n) => self.handle(n, Event::Tick),
                Coming::Message(from, to, epoch, message) => {
                    if self.links.get(&(to, from)) == Some(&epoch) {
                        let from = id(from);
                        self.handle(
                            to,
                            Event::Message {
                                from,
                                epoch,
                                message,
                            },
                        );
                    }
                }
                Coming::Death => self.die(),
            }
        }
        self.now = end;
    }

    /// The share of live nodes that a live node knows, in the mean.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(crate) fn known(&self) -> f64 {
        let known: usize = self.nodes.values().map(|it| it.store.places.len()).sum();
        let all = self.nodes.len() * (self.nodes.len() - 1);
        known as f64 / all as f64
    }

    /// For each node and minute of the last so many.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub(crate) fn rates(&self, minutes: f64) -> (f64, f64) {
        let nodes_minutes = self.nodes.len() as f64 * minutes;
        let (requests, bytes) = (self.counts.requests as f64, self.counts.bytes as f64);
        (requests / nodes_minutes, bytes / nodes_minutes)
    }
}

//! CometBFT v0.38.17's reactor and switch, as far as an eclipse goes: a model.
//!
//! Its book is in `reference_v1_book.rs`. The consensus calls a peer good once for every 10,000
//! votes, and for every 10,000 parts of blocks, that came from it: here, for every hour of a
//! connection. Left out is what cannot happen here: persistent peers, handshakes that fail,
//! requests by others. What the operator has written down are its seeds.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pex::Time;

use crate::chance::Chance;
use crate::reference_v1_book::{Book, Kind};
use crate::victim::{Action, Arm, Event, Link, Protocol, Slots, V1, Victim};
use crate::world::{Node, World};

pub(crate) const REFERENCE_V1: Arm = Arm {
    name: "V1 v0.38.17",
    protocol: V1,
    build: |world, seed| Box::new(ReferenceV1::new(world, seed)),
};

/// The same, where the attacker's guests stay for more than an hour: each is good by then.
pub(crate) const PATIENTLY: Arm = Arm {
    name: "V1 v0.38.17, of patient guests",
    protocol: Protocol {
        turn: Some(Duration::from_secs(100)),
        ..V1
    },
    ..REFERENCE_V1
};

const MAX_OUTBOUND: usize = 10;
const MAX_INBOUND: u32 = 40;
/// `needAddressThreshold`.
const ENOUGH: usize = 1_000;
const ENSURE_PEERS: Duration = Duration::from_secs(30);
const GOOD_AFTER: Duration = Duration::from_secs(3_600);
const MAX_ATTEMPTS: u32 = 16;
const BAN: Duration = Duration::from_secs(24 * 3_600);
const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug)]
struct Peer {
    link: Link,
    outbound: bool,
    good_at: Time,
}

/// The dials of an address that failed, since one did not.
#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Time,
}

#[derive(Debug)]
struct ReferenceV1 {
    chance: Chance,
    seeds: Vec<Node>,
    book: Book,
    peers: BTreeMap<Node, Peer>,
    dialing: BTreeSet<Node>,
    failures: BTreeMap<Node, Failures>,
    asked: BTreeSet<Node>,
    ensure_at: Time,
}

impl ReferenceV1 {
    fn new(world: Rc<World>, seed: u64) -> Self {
        Self {
            chance: Chance::new(seed, 2),
            seeds: world.bootstrap().collect(),
            book: Book::new(world, Chance::new(seed, 3)),
            peers: BTreeMap::new(),
            dialing: BTreeSet::new(),
            failures: BTreeMap::new(),
            asked: BTreeSet::new(),
            ensure_at: Time::EPOCH,
        }
    }

    fn needs_more(&self) -> bool {
        self.book.len() < ENOUGH
    }

    fn is_busy(&self, node: Node) -> bool {
        self.peers.contains_key(&node) || self.dialing.contains(&node)
    }

    /// `ensurePeers`: with all outbound slots taken it does not even ask.
    fn ensure_peers(&mut self, now: Time, period_elapsed: bool) -> Vec<Action> {
        let outbound = self.peers.values().filter(|peer| peer.outbound).count();
        let wanted = MAX_OUTBOUND.saturating_sub(outbound + self.dialing.len());
        if wanted == 0 {
            return Vec::new();
        }
        let bias = u64::try_from(outbound.min(8)).expect("eight at most") * 10 + 10;
        let mut picked = BTreeSet::new();
        for _ in 0..3 * wanted {
            if picked.len() < wanted {
                let pick = self.book.pick(bias);
                picked.extend(pick.filter(|node| !self.is_busy(*node)));
            }
        }
        let dials = picked.iter().filter_map(|node| self.dial(*node, now));
        let mut actions: Vec<_> = dials.collect();
        if self.needs_more() {
            self.book.reinstate(now);
        }
        if self.needs_more() {
            if period_elapsed {
                let mut links: Vec<_> = self.peers.values().map(|peer| peer.link).collect();
                let asked = self.chance.draw(1, &mut links).first();
                actions.extend(asked.and_then(|link| self.ask(*link)));
            }
            if picked.is_empty() {
                actions.extend(self.dial_seed());
            }
        }
        actions
    }

    /// `dialPeer`: not while an address rests after a failure, and not after too many.
    fn dial(&mut self, node: Node, now: Time) -> Option<Action> {
        if let Some(Failures { count, last }) = self.failures.get(&node).copied() {
            if count > MAX_ATTEMPTS {
                self.book.ban(node, now + BAN);
                return None;
            }
            let jitter = self.chance.between(Duration::ZERO, SECOND);
            if now - last < SECOND * (1 << count) + jitter {
                return None;
            }
        }
        self.dialing.insert(node);
        Some(Action::Dial(node))
    }

    /// `dialSeeds`: the first that is drawn, as here seeds answer.
    fn dial_seed(&mut self) -> Option<Action> {
        let seed = self.seeds[self.chance.below(self.seeds.len())];
        if self.is_busy(seed) {
            return None;
        }
        self.dialing.insert(seed);
        Some(Action::Dial(seed))
    }

    fn ask(&mut self, link: Link) -> Option<Action> {
        self.asked.insert(link.node).then_some(Action::Ask(link))
    }

    fn connected(&mut self, link: Link, outbound: bool, now: Time) {
        let peer = Peer {
            link,
            outbound,
            good_at: now + GOOD_AFTER,
        };
        self.peers.insert(link.node, peer);
    }

    fn dialed(&mut self, link: Link, now: Time) -> Option<Action> {
        self.dialing.remove(&link.node);
        self.failures.remove(&link.node);
        self.connected(link, true, now);
        if self.needs_more() {
            self.ask(link)
        } else {
            None
        }
    }

    fn dial_failed(&mut self, node: Node, now: Time) {
        self.dialing.remove(&node);
        self.book.attempted(node, now);
        let before = self.failures.get(&node).map_or(0, |failed| failed.count);
        let failures = Failures {
            count: before + 1,
            last: now,
        };
        self.failures.insert(node, failures);
    }

    fn answered(&mut self, link: Link, told: &[Node], now: Time) -> Vec<Action> {
        self.asked.remove(&link.node);
        for node in told {
            self.book.add(*node, link.node, now);
        }
        if self.seeds.contains(&link.node) {
            self.ensure_peers(now, false)
        } else {
            Vec::new()
        }
    }

    fn timer(&mut self, now: Time) -> Vec<Action> {
        if now < self.ensure_at {
            return Vec::new();
        }
        for (node, peer) in &mut self.peers {
            if peer.good_at <= now {
                peer.good_at = now + GOOD_AFTER;
                self.book.good(*node, now);
            }
        }
        self.ensure_at = now + ENSURE_PEERS;
        self.ensure_peers(now, true)
    }
}

impl Victim for ReferenceV1 {
    fn slots(&self) -> Slots {
        Slots {
            outbound: u32::try_from(MAX_OUTBOUND).expect("ten"),
            inbound: MAX_INBOUND,
        }
    }

    fn start(&mut self, now: Time) -> Vec<Action> {
        self.book.restart();
        self.peers.clear();
        self.dialing.clear();
        self.failures.clear();
        self.asked.clear();
        self.ensure_at = now;
        vec![Action::WakeAt(now)]
    }

    fn handle(&mut self, now: Time, event: Event<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Dialed(link) => actions.extend(self.dialed(link, now)),
            Event::DialFailed(node) => self.dial_failed(node, now),
            Event::Accepted(link) => {
                self.connected(link, false, now);
                self.book.add(link.node, link.node, now);
            }
            Event::Disconnected(link) => {
                self.peers.remove(&link.node);
                self.asked.remove(&link.node);
            }
            Event::Answered { link, told } => actions = self.answered(link, told, now),
            Event::Timer => actions = self.timer(now),
        }
        actions.push(Action::WakeAt(self.ensure_at));
        actions
    }

    fn untested(&self) -> Vec<Node> {
        self.book.nodes(Kind::New)
    }

    fn tested(&self) -> Vec<Node> {
        self.book.nodes(Kind::Old)
    }
}

//! Bitcoin Core's outbound connections (`src/net.cpp`), as far as an eclipse goes: a model.
//!
//! Its address manager is in `addrman.rs`. Eight outbound peers tell addresses, two exchange blocks
//! alone and are dialed first after a restart (anchors), no two of one network; feelers see who is
//! there. One dial at a time. What a peer tells beyond a tenth of an address a second is dropped, but
//! for the answer to the question that is put to it when it is dialed; all tell as much as is taken
//! from them. Left out is what cannot happen here, and what blocks would tell: peers that are ended for
//! being behind, and the dials that look for others then.

use core::time::Duration;
use std::collections::BTreeMap;
use std::rc::Rc;

use pex::Time;

use crate::addrman::{Addrman, NEW, TRIED};
use crate::chance::Chance;
use crate::victim::{Action, Arm, Event, Link, Protocol, Slots, Victim};
use crate::world::{Node, World};

pub(crate) const BITCOIN: Arm = Arm {
    name: "addrman of Bitcoin Core",
    protocol: Protocol {
        // `MAX_PCT_ADDR_TO_SEND` and `MAX_ADDR_TO_SEND`.
        told_by_honest: 230,
        told_by_attacker: ANSWER,
        turn: None,
    },
    build: |world, seed| Box::new(Bitcoin::new(world, seed)),
};

const ANSWER: usize = 1_000;
const FULL_RELAY: usize = 8;
const BLOCK_RELAY: usize = 2;
/// 125 connections, of which one is a feeler's.
const INBOUND: u32 = 114;

/// How often it looks whom to dial.
const LOOK: Duration = Duration::from_millis(500);
const FEELER: Duration = Duration::from_secs(120);
const PICKS: u32 = 100;
/// Of so many picks none is of a node that was dialed just now.
const PATIENT_PICKS: u32 = 30;
const JUST_NOW: Duration = Duration::from_secs(600);

/// How often what was told meanwhile is looked at, and how much of it is taken.
const GOSSIP: Duration = Duration::from_secs(3_600);
const GOSSIPED: usize = 360;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    FullRelay,
    BlockRelay,
    Feeler,
    /// It has dialed us.
    Inbound,
}

#[derive(Debug)]
struct Peer {
    link: Link,
    purpose: Purpose,
    /// Addresses that are taken from its next answer.
    taken: usize,
}

#[derive(Debug)]
struct Bitcoin {
    world: Rc<World>,
    chance: Chance,
    addrman: Addrman,
    peers: BTreeMap<Node, Peer>,
    dialing: Option<(Node, Purpose)>,
    anchors: Vec<Node>,
    look_at: Time,
    feeler_at: Time,
    gossip_at: Time,
}

impl Bitcoin {
    fn new(world: Rc<World>, seed: u64) -> Self {
        let mut addrman = Addrman::new(world.clone(), Chance::new(seed, 3), NEW, TRIED);
        for node in world.bootstrap() {
            addrman.add(node, node, Time::EPOCH);
        }
        Self {
            world,
            chance: Chance::new(seed, 2),
            addrman,
            peers: BTreeMap::new(),
            dialing: None,
            anchors: Vec::new(),
            look_at: Time::EPOCH,
            feeler_at: Time::EPOCH,
            gossip_at: Time::EPOCH,
        }
    }

    fn count(&self, purpose: Purpose) -> usize {
        let peers = self.peers.values();
        peers.filter(|peer| peer.purpose == purpose).count()
    }

    /// What the next dial would be for: a feeler only where nothing else is wanted.
    fn wanted(&self) -> Purpose {
        if self.count(Purpose::FullRelay) < FULL_RELAY {
            Purpose::FullRelay
        } else if self.count(Purpose::BlockRelay) < BLOCK_RELAY {
            Purpose::BlockRelay
        } else {
            Purpose::Feeler
        }
    }

    fn outbound(&self) -> impl Iterator<Item = Node> {
        let peers = self.peers.values();
        let ours = peers.filter(|peer| peer.purpose != Purpose::Inbound);
        ours.map(|peer| peer.link.node)
    }

    /// Whether it is of the network of an outbound peer.
    fn is_near(&self, node: Node) -> bool {
        let group = self.world.group(node);
        self.outbound().any(|peer| self.world.group(peer) == group)
    }

    /// `ThreadOpenConnections`.
    fn look(&mut self, now: Time) -> Option<Action> {
        self.look_at = now + LOOK;
        if let Some(anchor) = self.anchors.pop() {
            return self.dial(anchor, Purpose::BlockRelay, now);
        }
        let purpose = self.wanted();
        if purpose == Purpose::Feeler {
            if now < self.feeler_at {
                return None;
            }
            self.feeler_at = now + self.chance.memoryless(FEELER);
        }
        self.addrman.resolve_collisions(now);
        let node = self.pick(purpose == Purpose::Feeler, now)?;
        self.dial(node, purpose, now)
    }

    fn pick(&mut self, feels: bool, now: Time) -> Option<Node> {
        for tries in 1..=PICKS {
            let tested = if feels {
                self.addrman.select_collision()
            } else {
                None
            };
            let node = match tested {
                Some(node) => node,
                None => self.addrman.select(feels, now)?,
            };
            let lately = self.addrman.last_try(node);
            let lately = lately.is_some_and(|at| now - at < JUST_NOW) && tries < PATIENT_PICKS;
            if !(self.peers.contains_key(&node) || lately || !feels && self.is_near(node)) {
                return Some(node);
            }
        }
        None
    }

    fn dial(&mut self, node: Node, purpose: Purpose, now: Time) -> Option<Action> {
        if self.peers.contains_key(&node) {
            return None;
        }
        let counts = self.outbound().count() >= 2;
        self.addrman.attempt(node, counts, now);
        self.dialing = Some((node, purpose));
        Some(Action::Dial(node))
    }

    fn dialed(&mut self, link: Link, now: Time) -> Option<Action> {
        let (_, purpose) = self.dialing.take()?;
        self.addrman.good(link.node, now);
        match purpose {
            Purpose::Feeler => Some(Action::Drop(link)),
            Purpose::FullRelay => {
                self.connected(link, purpose, ANSWER);
                Some(Action::Ask(link))
            }
            Purpose::BlockRelay | Purpose::Inbound => {
                self.connected(link, purpose, 0);
                None
            }
        }
    }

    fn connected(&mut self, link: Link, purpose: Purpose, taken: usize) {
        let peer = Peer {
            link,
            purpose,
            taken,
        };
        self.peers.insert(link.node, peer);
    }

    fn answered(&mut self, link: Link, told: &[Node], now: Time) {
        if let Some(peer) = self.peers.get_mut(&link.node) {
            for node in told.iter().take(core::mem::take(&mut peer.taken)) {
                self.addrman.add(*node, link.node, now);
            }
        }
    }

    fn timer(&mut self, now: Time) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.gossip_at <= now {
            self.gossip_at = now + GOSSIP;
            let peers = self.peers.values_mut();
            for peer in peers.filter(|peer| peer.purpose != Purpose::BlockRelay) {
                peer.taken += GOSSIPED;
                actions.push(Action::Ask(peer.link));
            }
        }
        if self.look_at <= now && self.dialing.is_none() {
            actions.extend(self.look(now));
        }
        actions
    }

    fn wake_at(&self) -> Time {
        let look_at = match self.wanted() {
            _ if self.dialing.is_some() => return self.gossip_at,
            Purpose::Feeler if self.anchors.is_empty() => self.look_at.max(self.feeler_at),
            _ => self.look_at,
        };
        look_at.min(self.gossip_at)
    }
}

impl Victim for Bitcoin {
    fn slots(&self) -> Slots {
        Slots {
            outbound: u32::try_from(FULL_RELAY + BLOCK_RELAY).expect("ten"),
            inbound: INBOUND,
        }
    }

    fn start(&mut self, now: Time) -> Vec<Action> {
        let before = core::mem::take(&mut self.peers).into_values();
        let anchors = before.filter(|peer| peer.purpose == Purpose::BlockRelay);
        self.anchors = anchors.map(|peer| peer.link.node).collect();
        self.addrman.restart();
        self.dialing = None;
        (self.look_at, self.gossip_at) = (now, now + GOSSIP);
        self.feeler_at = now + self.chance.memoryless(FEELER);
        vec![Action::WakeAt(now)]
    }

    fn handle(&mut self, now: Time, event: Event<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Dialed(link) => actions.extend(self.dialed(link, now)),
            Event::DialFailed(_) => self.dialing = None,
            Event::Accepted(link) => self.connected(link, Purpose::Inbound, 0),
            Event::Disconnected(link) => {
                self.peers.remove(&link.node);
            }
            Event::Answered { link, told } => self.answered(link, told, now),
            Event::Timer => actions = self.timer(now),
        }
        actions.push(Action::WakeAt(self.wake_at()));
        actions
    }

    fn untested(&self) -> Vec<Node> {
        self.addrman.nodes(false)
    }

    fn tested(&self) -> Vec<Node> {
        self.addrman.nodes(true)
    }
}

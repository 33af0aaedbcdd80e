//! Tendermint v0.35.9's V2 peer manager, router and reactor, as far as an eclipse goes: a model.
//!
//! Its store has no groups and no sources, and does not tell what it reached from what it heard.
//! Left out is what cannot happen here: upgrades (an experiment leaves the twelve outbound slots
//! free), persistent peers, scores from other reactors, misbehaviour. What it tells others is left
//! out too: here nobody asks it.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::Time;

use crate::chance::Chance;
use crate::reference_pace::Pace;
use crate::victim::{Action, Arm, Event, Link, Slots, V2, Victim};
use crate::world::{Node, World};

pub(crate) const REFERENCE: Arm = Arm {
    name: "V2 v0.35.9",
    protocol: V2,
    build: |world, seed| Box::new(Reference::new(&world, seed)),
};

const MAX_CONNECTED: u32 = 64;
const MAX_OUTGOING: u32 = 12;
/// `MaxPeers` as the node sets it: 4 for each connected one, and 4 upgrade slots.
pub(crate) const MAX_PEERS: usize = 260;

const MIN_RETRY: Duration = Duration::from_millis(250);
const MAX_RETRY: Duration = Duration::from_secs(30 * 60);
const RETRY_JITTER: Duration = Duration::from_secs(5);
const COOLDOWN: Duration = Duration::from_secs(2);

/// The router sleeps for a random while after each dial that it starts.
const DIAL_SLEEP: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(3)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Dialing,
    Outbound,
    Inbound,
}

#[derive(Debug)]
struct Peer {
    node: Node,
    /// Whether its address is known: it is not, of a peer that came by itself.
    addressed: bool,
    failures: u32,
    failed: Option<Time>,
    /// When it went, since the start of the process.
    left: Option<Time>,
    state: State,
}

impl Peer {
    const fn new(node: Node, addressed: bool) -> Self {
        Self {
            node,
            addressed,
            failures: 0,
            failed: None,
            left: None,
            state: State::Idle,
        }
    }

    fn score(&self) -> i64 {
        -i64::from(self.failures)
    }

    fn may_be_dialed(&self, now: Time, chance: &mut Chance) -> bool {
        let rested = self.left.is_none_or(|left| now - left >= COOLDOWN);
        let retry = |failed: Time| {
            let jitter = chance.between(Duration::ZERO, RETRY_JITTER);
            now - failed >= (MIN_RETRY * self.failures + jitter).min(MAX_RETRY)
        };
        self.state == State::Idle && self.addressed && rested && self.failed.is_none_or(retry)
    }
}

#[derive(Debug)]
struct Reference {
    chance: Chance,
    peers: Vec<Peer>,
    places: BTreeMap<Node, usize>,
    /// Those with failures, which rank below all others.
    failing: BTreeSet<Node>,
    pace: Pace,
    dial_at: Time,
}

impl Reference {
    fn new(world: &World, seed: u64) -> Self {
        let mut reference = Self {
            chance: Chance::new(seed, 2),
            peers: Vec::new(),
            places: BTreeMap::new(),
            failing: BTreeSet::new(),
            pace: Pace::new(Time::EPOCH),
            dial_at: Time::EPOCH,
        };
        for node in world.bootstrap() {
            reference.add(node);
        }
        reference
    }

    /// `Add`: whether the address was new.
    fn add(&mut self, node: Node) -> bool {
        if let Some(place) = self.places.get(&node) {
            let was_known = core::mem::replace(&mut self.peers[*place].addressed, true);
            return !was_known;
        }
        self.insert(Peer::new(node, true));
        self.prune();
        true
    }

    fn insert(&mut self, peer: Peer) {
        self.places.insert(peer.node, self.peers.len());
        self.peers.push(peer);
    }

    /// Throws out the lowest in rank of the idle until the rest fits. Ties are arbitrary.
    fn prune(&mut self) {
        while self.peers.len() > MAX_PEERS {
            let gone = self.lowest();
            self.failing.remove(&self.peers[gone].node);
            self.places.remove(&self.peers[gone].node);
            self.peers.swap_remove(gone);
            if let Some(moved) = self.peers.get(gone) {
                self.places.insert(moved.node, gone);
            }
        }
    }

    /// The place of an idle peer than which none is lower. At most [`MAX_CONNECTED`] and a few
    /// that are being dialed are not idle, so in a full store there is one, and soon drawn.
    fn lowest(&mut self) -> usize {
        let place = |node| self.places[node];
        let failing: Vec<_> = self
            .failing
            .iter()
            .map(place)
            .filter(|p| self.idle(*p))
            .collect();
        if let Some(lowest) = failing.iter().map(|p| self.peers[*p].score()).min() {
            let is_lowest = |place: &usize| self.peers[*place].score() == lowest;
            let ties: Vec<_> = failing.into_iter().filter(is_lowest).collect();
            return ties[self.chance.below(ties.len())];
        }
        loop {
            let drawn = self.chance.below(self.peers.len());
            if self.idle(drawn) {
                return drawn;
            }
        }
    }

    fn idle(&self, place: usize) -> bool {
        self.peers[place].state == State::Idle
    }

    fn peer(&mut self, node: Node) -> &mut Peer {
        let place = self.places[&node];
        &mut self.peers[place]
    }

    fn count(&self, state: State) -> u32 {
        let those = self.peers.iter().filter(|peer| peer.state == state);
        u32::try_from(those.count()).expect("the store is small")
    }

    fn is_full(&self) -> bool {
        self.count(State::Outbound) + self.count(State::Inbound) >= MAX_CONNECTED
    }

    /// `TryDialNext`, and the router's sleep. Where the original waits to be woken, the model
    /// looks again after a sleep, as long as an outbound slot is free.
    fn dial_next(&mut self, now: Time) -> Option<Action> {
        if self.count(State::Outbound) >= MAX_OUTGOING || self.is_full() {
            self.dial_at = Time::MAX;
            return None;
        }
        self.dial_at = now + self.chance.between(DIAL_SLEEP[0], DIAL_SLEEP[1]);
        let (mut highest, mut places) = (i64::MIN, Vec::new());
        for (place, peer) in self.peers.iter().enumerate() {
            let score = peer.score();
            if score < highest || !peer.may_be_dialed(now, &mut self.chance) {
                continue;
            }
            if score > highest {
                highest = score;
                places.clear();
            }
            places.push(place);
        }
        let drawn = self.chance.draw(1, &mut places).first()?;
        let peer = &mut self.peers[*drawn];
        peer.state = State::Dialing;
        Some(Action::Dial(peer.node))
    }

    /// `Dialed`, or `Accepted`, and `Ready`.
    fn connected(&mut self, link: Link, state: State) -> Option<Action> {
        let node = link.node;
        if !self.places.contains_key(&node) {
            self.insert(Peer::new(node, false));
        }
        let full = self.is_full();
        self.failing.remove(&node);
        let peer = self.peer(node);
        peer.failures = 0;
        if full {
            peer.state = State::Idle;
            return Some(Action::Drop(link));
        }
        peer.state = state;
        self.pace.up(link);
        None
    }

    fn disconnected(&mut self, link: Link, now: Time) {
        self.pace.down(link);
        if self.places.contains_key(&link.node) {
            let peer = self.peer(link.node);
            peer.state = State::Idle;
            peer.left = Some(now);
        }
        // Wakes the dialer, which may still be asleep.
        if self.dial_at == Time::MAX {
            self.dial_at = now;
        }
    }

    fn dial_failed(&mut self, node: Node, now: Time) {
        let peer = self.peer(node);
        peer.state = State::Idle;
        peer.failures += 1;
        peer.failed = Some(now);
        self.failing.insert(node);
    }

    fn timer(&mut self, now: Time) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.pace.ask_at() <= now {
            let asked = self.pace.tick(now, &mut self.chance);
            actions.extend(asked.map(Action::Ask));
        }
        if self.dial_at <= now {
            actions.extend(self.dial_next(now));
        }
        actions
    }

    fn wake(&self) -> Action {
        Action::WakeAt(self.pace.ask_at().min(self.dial_at))
    }
}

impl Victim for Reference {
    fn slots(&self) -> Slots {
        Slots {
            outbound: MAX_OUTGOING,
            inbound: MAX_CONNECTED - MAX_OUTGOING,
        }
    }

    fn start(&mut self, now: Time) -> Vec<Action> {
        for peer in &mut self.peers {
            peer.state = State::Idle;
            peer.left = None;
        }
        self.pace = Pace::new(now);
        self.dial_at = now;
        vec![self.wake()]
    }

    fn handle(&mut self, now: Time, event: Event<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Dialed(link) => actions.extend(self.connected(link, State::Outbound)),
            Event::Accepted(link) => actions.extend(self.connected(link, State::Inbound)),
            Event::DialFailed(node) => self.dial_failed(node, now),
            Event::Disconnected(link) => self.disconnected(link, now),
            Event::Answered { link, told } => {
                let added = told.iter().filter(|node| self.add(**node)).count();
                self.pace.answered(now, link, added, self.peers.len());
            }
            Event::Timer => actions = self.timer(now),
        }
        actions.push(self.wake());
        actions
    }

    fn untested(&self) -> Vec<Node> {
        let addressed = self.peers.iter().filter(|peer| peer.addressed);
        addressed.map(|peer| peer.node).collect()
    }

    fn tested(&self) -> Vec<Node> {
        Vec::new()
    }
}

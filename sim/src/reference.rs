//! A node modelled on the reference: Tendermint 0.35.0 or 0.35.9.
//!
//! The exchange is ours with the reference's pace, bounds and patience; its store and its dialing are
//! modelled on the reference's peer manager:
//!
//! - it keeps so many nodes, ranked by score, where a failed dial costs a point and whoever is over the
//!   bound goes, the lowest first;
//! - it dials the highest of those whose pause is over, again and again, and lets others in while it
//!   has places;
//! - whoever asks is told the highest hundred, the same again each time.
//!
//! Left out are upgrades (nobody here has a score of his own), persistence (it starts again with whom
//! it might have known at first), and that 0.35.9 sometimes tells one of a lower rank.

mod store;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::peers::Eviction;
use pex::{
    Action, Actions, Config, Epoch, Event, HangUp, NodeAction, NodeAddress, NodeEvent, NodeId, Pex,
    Policy, Reach, Seed, Time,
};

use crate::chance::Chance;
use crate::scenario::Program;

use store::Store;

/// How long a peer is left alone after a connection: `DisconnectCooldownPeriod` of 0.35.9.
const COOLDOWN: Duration = Duration::from_secs(2);

/// Dials at once: as many as a machine with one core makes.
const DIALING: usize = 32;

/// What the two releases have of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Release {
    policy: Policy,
    grants: Duration,
    /// `MaxPeers`, `MaxConnected`, `MaxOutgoingConnections`.
    store: usize,
    connected: usize,
    outgoing: usize,
    retry_min: Duration,
    retry_max: Duration,
    jitter: Duration,
    doubles: bool,
}

impl Release {
    /// The release that a program is modelled on, with a scenario's bounds.
    pub(crate) fn of(
        program: &Program,
        connected: Option<u32>,
        store: Option<u32>,
    ) -> Option<Self> {
        let connected = connected.map_or(64, |it| it as usize);
        let store = store.map(|it| it as usize);
        let millis = Duration::from_millis;
        match program {
            Program::Tendermint0350 => Some(Self {
                policy: Policy::Tendermint0350,
                grants: millis(100),
                store: store.unwrap_or(1_000),
                connected,
                outgoing: connected,
                retry_min: millis(100),
                retry_max: Duration::from_secs(8 * 3_600),
                jitter: Duration::from_secs(3),
                doubles: true,
            }),
            Program::Tendermint0359 => Some(Self {
                policy: Policy::Tendermint0359,
                grants: millis(200),
                store: store.unwrap_or(4 + 4 * connected),
                connected,
                outgoing: if connected == 64 {
                    12
                } else {
                    connected.div_ceil(2)
                },
                retry_min: millis(250),
                retry_max: Duration::from_secs(1_800),
                jitter: Duration::from_secs(5),
                doubles: false,
            }),
            _ => None,
        }
    }

    /// The exchange's options: no burst is granted, nobody is given up, and requests go out as the
    /// reference's pace has it.
    pub(crate) fn config(&self) -> Config {
        let patience = Duration::from_secs(600);
        let builder = Config::builder()
            .policy(self.policy)
            .ask_gaps(Duration::from_secs(12), self.grants, self.grants)
            .grant_burst(1)
            .grant_gaps(Duration::from_secs(10), self.grants)
            .request_timeout(patience);
        builder.build().unwrap_or_default()
    }

    fn pause(&self, failures: u32, chance: &mut Chance) -> Duration {
        let times = if self.doubles {
            1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX)
        } else {
            failures
        };
        let pause = self.retry_min.saturating_mul(times).min(self.retry_max);
        pause + Duration::from_nanos(chance.up_to(crate::chance::nanos(self.jitter)))
    }
}

/// A node modelled on the reference.
#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) pex: Pex,
    release: Release,
    store: Store,
    chance: Chance,
    dialing: BTreeSet<NodeId>,
    /// Who is connected, and whether it dialed them.
    peers: BTreeMap<NodeId, (Epoch, bool)>,
    dial_at: Option<Time>,
    armed: Option<Time>,
}

impl Reference {
    pub(crate) fn new(
        release: Release,
        own: &NodeAddress,
        seed: Seed,
        chance: Chance,
        now: Time,
    ) -> Self {
        Self {
            pex: Pex::new(release.config(), own.id(), seed, now),
            store: Store::new(own.clone(), release.store),
            release,
            chance,
            dialing: BTreeSet::new(),
            peers: BTreeMap::new(),
            dial_at: None,
            armed: None,
        }
    }

    /// How often its store has changed.
    pub(crate) const fn changes(&self) -> u64 {
        self.store.changes
    }

    pub(crate) fn knows(&self) -> impl Iterator<Item = NodeId> {
        self.store.known.keys().copied()
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        let (one, other) = (self.pex.deadline(), self.dial_at);
        one.into_iter().chain(other).min()
    }

    pub(crate) fn handle(&mut self, now: Time, event: NodeEvent<'_>, out: &mut Vec<NodeAction>) {
        match event {
            NodeEvent::Named { address } => self.learn(address),
            NodeEvent::DialFailed { address, .. } => self.on_failed(now, address.id()),
            NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ..
            } => {
                let peer = address.id();
                self.dialing.remove(&peer);
                self.store.note(peer, 0, None);
                let is_in = self.link(peer, epoch, true, out);
                self.greet(now, is_in, Event::PeerUp { peer, epoch, kind }, out);
            }
            NodeEvent::Accepted {
                peer, epoch, kind, ..
            } => {
                let is_in = self.link(peer, epoch, false, out);
                self.greet(now, is_in, Event::PeerUp { peer, epoch, kind }, out);
            }
            NodeEvent::Down { peer, epoch } => {
                if self.peers.get(&peer).is_some_and(|(its, _)| *its == epoch) {
                    self.peers.remove(&peer);
                    out.push(NodeAction::Down { peer, epoch });
                    if let Some(known) = self.store.known.get_mut(&peer) {
                        known.rests_until = now + COOLDOWN;
                    }
                }
                self.tell(now, Event::PeerDown { peer, epoch }, out);
            }
            NodeEvent::Message {
                from,
                epoch,
                message,
            } => {
                self.tell(
                    now,
                    Event::Message {
                        from,
                        epoch,
                        message,
                    },
                    out,
                );
            }
            NodeEvent::Garbage { from, epoch, error } => {
                self.tell(now, Event::Garbage { from, epoch, error }, out);
            }
            NodeEvent::Unsent { to, epoch } => self.tell(now, Event::Unsent { to, epoch }, out),
            NodeEvent::Resolved { query, ips } => {
                self.tell(now, Event::Resolved { query, ips }, out);
            }
            NodeEvent::Tick => self.tell(now, Event::Tick, out),
            _ => {}
        }
        self.dial(now, out);
        let deadline = self.deadline();
        if deadline != self.armed {
            self.armed = deadline;
            out.extend(deadline.map(NodeAction::SetTimer));
        }
    }

    fn learn(&mut self, address: NodeAddress) {
        let (dialing, peers) = (&self.dialing, &self.peers);
        let keep = |id| dialing.contains(&id) || peers.contains_key(&id);
        self.store.add(address, keep);
    }

    fn on_failed(&mut self, now: Time, id: NodeId) {
        self.dialing.remove(&id);
        if let Some(known) = self.store.known.get(&id) {
            let failures = known.failures.saturating_add(1);
            let rests_until = now + self.release.pause(failures, &mut self.chance);
            self.store.note(id, failures, Some(rests_until));
        }
    }

    /// Lets a connection in, if there is a place.
    fn link(&mut self, peer: NodeId, epoch: Epoch, ours: bool, out: &mut Vec<NodeAction>) -> bool {
        let full = self.peers.len() >= self.release.connected && !self.peers.contains_key(&peer);
        if full {
            let why = HangUp::Evicted(Eviction::Full);
            out.push(NodeAction::HangUp { peer, epoch, why });
            return false;
        }
        self.peers.insert(peer, (epoch, ours));
        out.push(NodeAction::Up { peer, epoch });
        true
    }

    /// Tells the exchange of whoever was let in.
    fn greet(&mut self, now: Time, is_in: bool, up: Event<'_>, out: &mut Vec<NodeAction>) {
        if is_in {
            self.tell(now, up, out);
        }
    }

    fn tell(&mut self, now: Time, event: Event<'_>, out: &mut Vec<NodeAction>) {
        let before = self.pex.stats();
        let from = match &event {
            Event::Message { from, .. } => Some(*from),
            _ => None,
        };
        let actions: Actions = self.pex.handle(now, event, &self.store);
        let after = self.pex.stats();
        if let Some(peer) = from.filter(|_| after.responses_accepted > before.responses_accepted) {
            let told = after.addresses_told - before.addresses_told;
            let fresh = after.addresses_fresh - before.addresses_fresh;
            out.push(NodeAction::Answered { peer, told, fresh });
        }
        for action in actions {
            match action {
                Action::Send { to, epoch, message } => {
                    out.push(NodeAction::Send { to, epoch, message });
                }
                Action::AddPeer { address, from } => {
                    out.push(NodeAction::Heard {
                        address: address.clone(),
                        from,
                    });
                    self.learn(address);
                }
                Action::Disconnect {
                    peer,
                    epoch,
                    reason,
                } => {
                    let why = HangUp::Fault(reason);
                    out.push(NodeAction::HangUp { peer, epoch, why });
                }
                Action::Report { peer, fault } => out.push(NodeAction::Fault { peer, fault }),
                Action::Resolve {
                    query,
                    name,
                    deadline,
                } => {
                    out.push(NodeAction::Resolve {
                        query,
                        name,
                        deadline,
                    });
                }
                _ => {}
            }
        }
    }

    /// Dials the highest of those who may be dialed, while there are places.
    fn dial(&mut self, now: Time, out: &mut Vec<NodeAction>) {
        self.dial_at = None;
        let outgoing = self.peers.values().filter(|(_, ours)| *ours).count();
        let mut places = self.release.outgoing.saturating_sub(outgoing);
        places = places.min((self.release.connected).saturating_sub(self.peers.len()));
        places = places.min(DIALING).saturating_sub(self.dialing.len());
        for (id, known) in self.store.ranked() {
            if places == 0 {
                return;
            }
            if self.peers.contains_key(id) || self.dialing.contains(id) {
                continue;
            }
            if known.rests_until > now {
                let first = self.dial_at.get_or_insert(known.rests_until);
                *first = known.rests_until.min(*first);
                continue;
            }
            self.dialing.insert(*id);
            places -= 1;
            let (address, nearest) = (known.address.clone(), Reach::World);
            out.push(NodeAction::Dial { address, nearest });
        }
    }
}

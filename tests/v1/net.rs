//! A small network in memory: whole nodes of V1, links with a latency, and one clock.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::peers::DialFailure;
use pex::v1::{OptionsBuilder, Switch};
use pex::{
    Config, Epoch, HangUp, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time, wire,
};

use crate::nodes::{START, id, node, number};
use crate::world::book;

/// What is under way.
enum Parcel {
    Dial(NodeAddress),
    Bytes {
        to: u32,
        epoch: Epoch,
        bytes: Vec<u8>,
    },
    /// The other side has hung up.
    Down {
        to: u32,
        epoch: Epoch,
    },
}

pub(crate) struct Net {
    members: BTreeMap<u32, Node<Switch>>,
    /// When each has something to do by itself.
    due: BTreeSet<(Time, u32)>,
    /// By the lower and the higher number.
    links: BTreeMap<(u32, u32), Epoch>,
    epochs: u64,
    /// By when it arrives; who sent it.
    parcels: BTreeMap<(Time, u64), (u32, Parcel)>,
    posted: u64,
    pub(crate) now: Time,
    latency: Duration,
    /// Names that lead to members.
    pub(crate) names: BTreeMap<String, u32>,
    /// Whom anybody hung up on for a fault, and the fault.
    pub(crate) faults: Vec<(u32, HangUp)>,
    /// Ticks of all members.
    pub(crate) ticks: u64,
    /// Dials of all members, by whom and of whom.
    pub(crate) dials: Vec<(u32, u32)>,
    /// Whether [`Node::check`] follows every event.
    pub(crate) checks_inside: bool,
}

impl Net {
    pub(crate) fn new(latency: Duration) -> Self {
        Self {
            members: BTreeMap::new(),
            due: BTreeSet::new(),
            links: BTreeMap::new(),
            epochs: 0,
            parcels: BTreeMap::new(),
            posted: 0,
            now: START,
            latency,
            names: BTreeMap::new(),
            faults: Vec::new(),
            ticks: 0,
            dials: Vec::new(),
            checks_inside: true,
        }
    }

    /// A node joins, in a network of its own.
    pub(crate) fn join(&mut self, n: u32, options: OptionsBuilder) {
        let seed = Seed::new([9; 32]).derive(n.into());
        let options = options.own_addresses(vec![node(n)]).build().unwrap();
        let switch = Switch::new(options, book(true), id(n), seed, self.now);
        let member = Node::v1(Config::default(), switch, seed, self.now);
        self.members.insert(n, member);
        self.event(n, NodeEvent::Tick);
    }

    /// A node's machine loses power: nobody answers there any more, and its peers notice in time.
    pub(crate) fn dies(&mut self, n: u32) {
        let gone = self.members.remove(&n);
        if let Some(at) = gone.and_then(|it| it.deadline()) {
            self.due.remove(&(at, n));
        }
        let links: Vec<_> = self
            .links
            .iter()
            .map(|(who, epoch)| (*who, *epoch))
            .collect();
        for ((one, other), epoch) in links {
            if one == n || other == n {
                self.links.remove(&(one, other));
                let to = if one == n { other } else { one };
                self.post(n, Parcel::Down { to, epoch });
            }
        }
    }

    pub(crate) fn member(&self, n: u32) -> &Node<Switch> {
        &self.members[&n]
    }

    /// Those who are there.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.members.keys().copied().collect()
    }

    /// Who is connected with whom.
    pub(crate) fn linked(&self, one: u32, other: u32) -> bool {
        self.links.contains_key(&(one.min(other), one.max(other)))
    }

    /// With how many a member is connected.
    pub(crate) fn degree(&self, n: u32) -> usize {
        let links = self.links.keys();
        links
            .filter(|(one, other)| *one == n || *other == n)
            .count()
    }

    /// The members that a member knows of.
    pub(crate) fn known_to(&self, n: u32) -> BTreeSet<u32> {
        let known = self.members[&n].peers().book().addresses();
        let known = known.map(|it| number(it.address.id()));
        known
            .filter(|other| self.members.contains_key(other))
            .collect()
    }

    /// Lets the network live for so long.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let parcel = self.parcels.first_key_value().map(|((at, _), _)| *at);
            let tick = self.due.first().copied();
            let next = parcel.into_iter().chain(tick.map(|(at, _)| at)).min();
            let Some(at) = next.filter(|&at| at <= end) else {
                break;
            };
            self.now = self.now.max(at);
            if parcel == Some(at) {
                if let Some((_, (from, parcel))) = self.parcels.pop_first() {
                    self.deliver(from, parcel);
                }
            } else if let Some((_, n)) = tick {
                self.ticks += 1;
                self.event(n, NodeEvent::Tick);
            }
        }
        self.now = end;
    }

    fn post(&mut self, from: u32, parcel: Parcel) {
        self.posted += 1;
        let key = (self.now + self.latency, self.posted);
        self.parcels.insert(key, (from, parcel));
    }

    fn deliver(&mut self, from: u32, parcel: Parcel) {
        match parcel {
            Parcel::Dial(address) => self.dial(from, address),
            Parcel::Bytes { to, epoch, bytes } => {
                let message = wire::decode(&bytes).unwrap().unwrap();
                let from = id(from);
                self.event(
                    to,
                    NodeEvent::Message {
                        from,
                        epoch,
                        message,
                    },
                );
            }
            Parcel::Down { to, epoch } => {
                let peer = id(from);
                self.event(to, NodeEvent::Down { peer, epoch });
            }
        }
    }

    fn dial(&mut self, from: u32, address: NodeAddress) {
        let to = match address.name() {
            Some(name) => self.names.get(name).copied(),
            None => Some(number(address.id())),
        };
        let why = match to {
            Some(to) if to == from || self.linked(from, to) => DialFailure::NotTried,
            Some(to) if self.members.contains_key(&to) => {
                self.link(from, to, address);
                return;
            }
            _ => DialFailure::Unreachable,
        };
        self.event(from, NodeEvent::DialFailed { address, why });
    }

    fn link(&mut self, from: u32, to: u32, address: NodeAddress) {
        self.epochs += 1;
        let (epoch, kind) = (Epoch::new(self.epochs), Kind::V1);
        self.links.insert((from.min(to), from.max(to)), epoch);
        let accepted = NodeEvent::Accepted {
            peer: id(from),
            epoch,
            kind,
            ip: node(from).ip(),
            listen: Some(node(from)),
        };
        self.event(to, accepted);
        let ip = node(to).ip();
        self.event(
            from,
            NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ip,
            },
        );
    }

    fn event(&mut self, n: u32, event: NodeEvent<'_>) {
        let Some(member) = self.members.get_mut(&n) else {
            return;
        };
        let is_tick = matches!(event, NodeEvent::Tick);
        if let Some(before) = member.deadline() {
            self.due.remove(&(before, n));
        }
        let actions = member.handle(self.now, event);
        if self.checks_inside {
            assert_eq!(member.check(), Ok(()), "{n}");
        }
        let deadline = member.deadline();
        self.due.extend(deadline.map(|at| (at, n)));
        // What is due at the same moment as another event is done with the tick.
        let ahead = deadline.is_none_or(|at| at > self.now || at == self.now && !is_tick);
        assert!(ahead, "I5: {n}");
        for action in actions {
            match action {
                NodeAction::Send { to, epoch, message } => {
                    let (to, bytes) = (number(to), message.to_bytes());
                    self.post(n, Parcel::Bytes { to, epoch, bytes });
                }
                NodeAction::Dial { address, .. } => {
                    self.dials.push((n, number(address.id())));
                    self.post(n, Parcel::Dial(address));
                }
                NodeAction::HangUp { peer, epoch, why } => {
                    if matches!(why, HangUp::Fault(_)) {
                        self.faults.push((number(peer), why));
                    }
                    self.hang_up(n, number(peer), peer, epoch);
                }
                _ => {}
            }
        }
    }

    fn hang_up(&mut self, n: u32, to: u32, peer: NodeId, epoch: Epoch) {
        let link = (n.min(to), n.max(to));
        if self.links.get(&link) == Some(&epoch) {
            self.links.remove(&link);
        }
        self.post(n, Parcel::Down { to, epoch });
        self.event(n, NodeEvent::Down { peer, epoch });
    }
}

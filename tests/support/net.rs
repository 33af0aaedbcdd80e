//! A small network in memory: machines with rosters, links with a latency, and one clock.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::wire;
use pex::{
    Action, Config, Directory as _, Epoch, Event, Fault, Kind, NodeId, Pex, Roster, Seed, Time,
};

use super::{START, id, node};

struct Member {
    pex: Pex,
    roster: Roster,
}

/// What is under way.
enum Parcel {
    Bytes {
        to: usize,
        from: usize,
        epoch: Epoch,
        bytes: Vec<u8>,
    },
    Dial {
        from: usize,
        to: usize,
    },
}

pub(crate) struct Net {
    members: Vec<Member>,
    links: BTreeMap<(usize, usize), Epoch>,
    epochs: u64,
    parcels: BTreeMap<(Time, u64), Parcel>,
    posted: u64,
    now: Time,
    kind: Kind,
    latency: Duration,
    /// Whether members dial the nodes that they learn of.
    pub(crate) dials: bool,
    /// What any member held against another.
    pub(crate) faults: Vec<(NodeId, Fault)>,
}

impl Net {
    pub(crate) fn new(kind: Kind, latency: Duration) -> Self {
        Self {
            members: Vec::new(),
            links: BTreeMap::new(),
            epochs: 0,
            parcels: BTreeMap::new(),
            posted: 0,
            now: START,
            kind,
            latency,
            dials: false,
            faults: Vec::new(),
        }
    }

    /// Adds members with a store of this size each; returns the number of the first.
    pub(crate) fn join(&mut self, members: usize, store: usize) -> usize {
        let first = self.members.len();
        for n in first..first + members {
            let number = u32::try_from(n).unwrap();
            let seed = Seed::new([9; 32]).derive(u64::from(number));
            let config = Config::builder().own_addresses(vec![node(number)]);
            let pex = Pex::new(config.build().unwrap(), id(number), seed, self.now);
            let roster = Roster::new(seed.derive(1), store);
            self.members.push(Member { pex, roster });
        }
        first
    }

    /// Connects two members, each of which then knows the other's address.
    pub(crate) fn link(&mut self, a: usize, b: usize) {
        let key = (a.min(b), a.max(b));
        if a == b || self.links.contains_key(&key) {
            return;
        }
        self.epochs += 1;
        let epoch = Epoch::new(self.epochs);
        self.links.insert(key, epoch);
        for (one, other) in [(a, b), (b, a)] {
            let number = u32::try_from(other).unwrap();
            self.members[one].roster.add(node(number), id(number));
            let (peer, kind) = (id(number), self.kind);
            self.event(one, Event::PeerUp { peer, epoch, kind });
        }
    }

    /// Lets the network live for so long.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            let parcel = self.parcels.first_key_value().map(|((at, _), _)| *at);
            let deadlines = self.members.iter().filter_map(|m| m.pex.deadline());
            let Some(at) = deadlines.chain(parcel).min().filter(|&at| at <= end) else {
                break;
            };
            self.now = at;
            if parcel == Some(at)
                && let Some((_, parcel)) = self.parcels.pop_first()
            {
                self.deliver(parcel);
                continue;
            }
            let due = |m: &Member| m.pex.deadline() == Some(at);
            let members = self.members.iter().enumerate();
            let due: Vec<_> = members.filter(|(_, m)| due(m)).map(|(n, _)| n).collect();
            for n in due {
                self.event(n, Event::Tick);
            }
        }
        self.now = end;
    }

    /// The members that a member knows of.
    pub(crate) fn knows(&self, n: usize) -> BTreeSet<NodeId> {
        let known = self.members[n].roster.iter();
        known.map(|(address, _)| address.id()).collect()
    }

    /// How full a member's store is, in hundredths.
    pub(crate) fn fill_percent(&self, n: usize) -> u8 {
        self.members[n].roster.fill_percent()
    }

    /// Whether every member knows every other.
    pub(crate) fn all_know_all(&self) -> bool {
        (0..self.members.len()).all(|n| self.knows(n).len() == self.members.len() - 1)
    }

    /// Requests that all members have sent.
    pub(crate) fn requests(&self) -> u64 {
        let sent = |m: &Member| m.pex.stats().requests_sent;
        self.members.iter().map(sent).sum()
    }

    fn deliver(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Dial { from, to } => self.link(from, to),
            Parcel::Bytes {
                to,
                from,
                epoch,
                bytes,
            } => {
                let message = wire::decode(&bytes).unwrap().unwrap();
                let from = id(u32::try_from(from).unwrap());
                let event = Event::Message {
                    from,
                    epoch,
                    message,
                };
                self.event(to, event);
            }
        }
    }

    fn post(&mut self, parcel: Parcel) {
        self.posted += 1;
        let key = (self.now + self.latency, self.posted);
        self.parcels.insert(key, parcel);
    }

    fn number(&self, peer: NodeId) -> Option<usize> {
        (0..self.members.len()).find(|&n| id(u32::try_from(n).unwrap()) == peer)
    }

    fn event(&mut self, n: usize, event: Event<'_>) {
        let member = &mut self.members[n];
        let actions = member.pex.handle(self.now, event, &member.roster);
        assert_eq!(member.pex.check(), Ok(()));
        for action in actions {
            match action {
                Action::Send { to, epoch, message } => {
                    let to = self.number(to).expect("members speak to members");
                    let (from, bytes) = (n, message.to_bytes());
                    self.post(Parcel::Bytes {
                        to,
                        from,
                        epoch,
                        bytes,
                    });
                }
                Action::AddPeer { address, from } => {
                    let to = self.number(address.id());
                    if self.members[n].roster.add(address, from)
                        && self.dials
                        && let Some(to) = to
                    {
                        self.post(Parcel::Dial { from: n, to });
                    }
                }
                Action::Disconnect {
                    peer,
                    reason: fault,
                    ..
                }
                | Action::Report { peer, fault } => self.faults.push((peer, fault)),
                _ => {}
            }
        }
    }
}

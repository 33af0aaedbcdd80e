//! A world for one machine: a clock, a store, peers, and a judge that looks at every action.
//!
//! It is a driver without sockets. What goes in goes in as bytes and comes out as actions, and
//! after each event the invariants that can be seen from outside are checked, next to
//! [`Pex::check`], which sees the inside.

mod judge;
mod net;
mod store;

use core::time::Duration;
use std::collections::VecDeque;
use std::net::IpAddr;

use pex::wire::{self, Dialect, Message, ResponseBuilder};
use pex::{
    Action, Config, Epoch, Event, Fault, Kind, NodeAddress, NodeId, Pex, QueryId, Seed, Time,
};

pub(crate) use judge::Judge;
pub(crate) use net::Net;
pub(crate) use store::Store;

/// The node under test.
pub(crate) const ME: NodeId = NodeId::new([0xee; 20]);

/// When a world begins: not at zero, so that "before" exists.
pub(crate) const START: Time = Time::from_secs(1_000);

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// A millisecond less.
pub(crate) const fn just_before(span: Duration) -> Duration {
    span.saturating_sub(ms(1))
}

/// The time from each of these moments to the next.
pub(crate) fn steps(moments: &[Duration]) -> Vec<Duration> {
    let step = |pair: &[Duration]| pair[1].saturating_sub(pair[0]);
    moments.windows(2).map(step).collect()
}

/// The id of the node with this number.
pub(crate) fn id(n: u32) -> NodeId {
    let mut bytes = [0x11; 20];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

/// The address of the node with this number.
pub(crate) fn node(n: u32) -> NodeAddress {
    let [_, a, b, c] = n.to_be_bytes();
    NodeAddress::mconn(id(n), IpAddr::from([10, a, b, c]), 26_656)
}

pub(crate) fn nodes(range: core::ops::Range<u32>) -> Vec<NodeAddress> {
    range.map(node).collect()
}

/// An address in text.
pub(crate) fn address(text: &str) -> NodeAddress {
    NodeAddress::parse(text).unwrap()
}

/// The bytes of an answer, however many addresses it has.
pub(crate) fn answer(dialect: Dialect, addresses: &[NodeAddress]) -> Vec<u8> {
    let mut builder = ResponseBuilder::with_limits(dialect, usize::MAX, wire::MAX_MESSAGE_BYTES);
    for address in addresses {
        builder.push_address(address).unwrap();
    }
    Message::Response(builder.finish()).to_bytes()
}

/// The bytes of an answer in V2 with these texts, which may be no addresses.
pub(crate) fn texts(texts: &[&str]) -> Vec<u8> {
    let mut builder = ResponseBuilder::with_limits(Dialect::V2, 1_000, wire::MAX_MESSAGE_BYTES);
    for url in texts {
        builder.push(&wire::Entry::V2 { url }).unwrap();
    }
    Message::Response(builder.finish()).to_bytes()
}

/// The bytes of a request.
pub(crate) fn request(dialect: Dialect) -> Vec<u8> {
    Message::Request(dialect).to_bytes()
}

pub(crate) struct World {
    pub(crate) pex: Pex,
    pub(crate) store: Store,
    pub(crate) now: Time,
    pub(crate) judge: Judge,
    /// Every action but timers, with the time it was taken at.
    pub(crate) log: Vec<(Time, Action)>,
    /// Whether [`Pex::check`] follows every event; it takes time linear in the peers.
    pub(crate) checks_inside: bool,
    timer: Option<Time>,
    epochs: u64,
    unanswered: VecDeque<(Time, NodeId, Epoch)>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self {
            pex: Pex::new(config, ME, Seed::new([7; 32]), START),
            store: Store::default(),
            now: START,
            judge: Judge::default(),
            log: Vec::new(),
            checks_inside: true,
            timer: None,
            epochs: 0,
            unanswered: VecDeque::new(),
        }
    }

    /// Hands an event to the machine, judges what it does, and returns it without timers.
    pub(crate) fn event(&mut self, event: Event<'_>) -> Vec<Action> {
        self.judge.before(self.now, &event);
        let actions = self.pex.handle(self.now, event, &self.store);
        if self.checks_inside {
            assert_eq!(self.pex.check(), Ok(()));
        }
        let mut done = Vec::new();
        for action in actions {
            self.judge.action(&action);
            match action {
                Action::SetTimer(at) => {
                    assert!(at > self.now, "a timer lies ahead");
                    self.timer = Some(at);
                    continue;
                }
                Action::Send {
                    to,
                    epoch,
                    message: Message::Request(_),
                } => self.unanswered.push_back((self.now, to, epoch)),
                _ => {}
            }
            self.log.push((self.now, action.clone()));
            done.push(action);
        }
        if let Some(deadline) = self.pex.deadline() {
            let timer = self.timer.filter(|&at| at > self.now);
            assert_eq!(timer, Some(deadline), "the timer is armed for the deadline");
        }
        done
    }

    /// The connection of a peer that is up.
    pub(crate) fn epoch(&self, peer: NodeId) -> Epoch {
        let epoch = self.judge.epoch(peer);
        epoch.unwrap_or_else(|| panic!("{peer} is not up"))
    }

    pub(crate) fn up(&mut self, peer: u32, kind: Kind) -> Vec<Action> {
        self.epochs += 1;
        let epoch = Epoch::new(self.epochs);
        self.event(Event::PeerUp {
            peer: id(peer),
            epoch,
            kind,
        })
    }

    pub(crate) fn down(&mut self, peer: u32) -> Vec<Action> {
        let epoch = self.epoch(id(peer));
        self.event(Event::PeerDown {
            peer: id(peer),
            epoch,
        })
    }

    /// Bytes arrive on the present connection of a peer.
    pub(crate) fn bytes(&mut self, peer: u32, bytes: &[u8]) -> Vec<Action> {
        let epoch = self.epoch(id(peer));
        self.bytes_of(peer, epoch, bytes)
    }

    /// Bytes arrive on this connection of a peer.
    pub(crate) fn bytes_of(&mut self, peer: u32, epoch: Epoch, bytes: &[u8]) -> Vec<Action> {
        let from = id(peer);
        match wire::decode(bytes) {
            Ok(Some(message)) => self.event(Event::Message {
                from,
                epoch,
                message,
            }),
            Ok(None) => Vec::new(),
            Err(error) => self.event(Event::Garbage { from, epoch, error }),
        }
    }

    pub(crate) fn answers(&mut self, peer: u32, addresses: &[NodeAddress]) -> Vec<Action> {
        self.bytes(peer, &answer(Dialect::V2, addresses))
    }

    pub(crate) fn requests(&mut self, peer: u32, dialect: Dialect) -> Vec<Action> {
        self.bytes(peer, &request(dialect))
    }

    pub(crate) fn unsent(&mut self, peer: u32) -> Vec<Action> {
        let epoch = self.epoch(id(peer));
        self.event(Event::Unsent {
            to: id(peer),
            epoch,
        })
    }

    pub(crate) fn resolved(&mut self, query: QueryId, ips: &[IpAddr]) -> Vec<Action> {
        self.event(Event::Resolved { query, ips })
    }

    pub(crate) fn tick(&mut self) -> Vec<Action> {
        self.event(Event::Tick)
    }

    /// Lets time pass, with a tick whenever the machine has asked for one.
    pub(crate) fn pass(&mut self, span: Duration) -> Vec<Action> {
        let end = self.now + span;
        let mut done = Vec::new();
        while let Some(at) = self.pex.deadline().filter(|&at| at <= end) {
            self.now = at;
            done.extend(self.tick());
        }
        self.now = end;
        done
    }

    /// Lets time pass while every request of ours is answered `latency` after it went, with what
    /// `reply` says; a request for which it says nothing stays without an answer.
    pub(crate) fn converse(
        &mut self,
        span: Duration,
        latency: Duration,
        mut reply: impl FnMut(NodeId) -> Option<Vec<NodeAddress>>,
    ) {
        let end = self.now + span;
        loop {
            let due = self.unanswered.front().map(|(at, ..)| *at + latency);
            let timer = self.pex.deadline();
            let Some(at) = due.into_iter().chain(timer).min().filter(|&at| at <= end) else {
                break;
            };
            self.now = self.now.max(at);
            if due != Some(at) {
                self.tick();
                continue;
            }
            let Some((_, peer, epoch)) = self.unanswered.pop_front() else {
                break;
            };
            if self.judge.epoch(peer) == Some(epoch)
                && let Some(addresses) = reply(peer)
            {
                let dialect = self.judge.kind(peer).map_or(Dialect::V2, Kind::dialect);
                let bytes = answer(dialect, &addresses);
                let Ok(Some(message)) = wire::decode(&bytes) else {
                    continue;
                };
                self.event(Event::Message {
                    from: peer,
                    epoch,
                    message,
                });
            }
        }
        self.now = end;
    }

    /// The clock was ahead by so much, and is corrected.
    pub(crate) fn set_back(&mut self, by: Duration) {
        self.now = START + (self.now - START).saturating_sub(by);
        self.pex.rewind(self.now);
        self.timer = self.pex.deadline();
    }

    /// When this peer was asked, in time since the start.
    pub(crate) fn asked(&self, peer: u32) -> Vec<Duration> {
        let of_peer = |(at, action): &(Time, Action)| {
            (asked(core::slice::from_ref(action)) == [id(peer)]).then(|| *at - START)
        };
        self.log.iter().filter_map(of_peer).collect()
    }

    /// Every request of ours so far: when, since the start, and to whom.
    pub(crate) fn requests_made(&self) -> Vec<(Duration, NodeId)> {
        let request = |(at, action): &(Time, Action)| {
            let to = asked(core::slice::from_ref(action)).first().copied()?;
            Some((*at - START, to))
        };
        self.log.iter().filter_map(request).collect()
    }

    /// The state as bytes, without the counters that tell what was absorbed.
    pub(crate) fn digest(&self) -> Vec<u8> {
        let mut dump = self.pex.dump();
        let counters = postcard::to_allocvec(&self.pex.stats()).unwrap();
        assert!(dump.ends_with(&counters));
        dump.truncate(dump.len() - counters.len());
        dump
    }
}

/// Whom these actions ask, in order.
pub(crate) fn asked(actions: &[Action]) -> Vec<NodeId> {
    let to = |action: &Action| match action {
        Action::Send {
            to,
            message: Message::Request(_),
            ..
        } => Some(*to),
        _ => None,
    };
    actions.iter().filter_map(to).collect()
}

/// The addresses that these actions hand to the store.
pub(crate) fn added(actions: &[Action]) -> Vec<NodeAddress> {
    let address = |action: &Action| match action {
        Action::AddPeer { address, .. } => Some(address.clone()),
        _ => None,
    };
    actions.iter().filter_map(address).collect()
}

/// The first answer among these actions.
pub(crate) fn answered(actions: &[Action]) -> Option<Vec<NodeAddress>> {
    actions.iter().find_map(|action| match action {
        Action::Send {
            message: Message::Response(response),
            ..
        } => Some(
            response
                .entries()
                .map(|entry| entry.parse().unwrap())
                .collect(),
        ),
        _ => None,
    })
}

/// The dialect of the first message among these actions.
pub(crate) fn dialect(actions: &[Action]) -> Option<Dialect> {
    actions.iter().find_map(|action| match action {
        Action::Send { message, .. } => Some(message.dialect()),
        _ => None,
    })
}

/// The peers that these actions disconnect, and why.
pub(crate) fn cut(actions: &[Action]) -> Vec<(NodeId, Fault)> {
    let cut = |action: &Action| match action {
        Action::Disconnect { peer, reason, .. } => Some((*peer, *reason)),
        _ => None,
    };
    actions.iter().filter_map(cut).collect()
}

/// The peers that these actions report, and why.
pub(crate) fn reported(actions: &[Action]) -> Vec<(NodeId, Fault)> {
    let reported = |action: &Action| match action {
        Action::Report { peer, fault } => Some((*peer, *fault)),
        _ => None,
    };
    actions.iter().filter_map(reported).collect()
}

/// The questions about names in these actions: number, name, and the end of our patience.
pub(crate) fn asks_names(actions: &[Action]) -> Vec<(QueryId, String, Time)> {
    let question = |action: &Action| match action {
        Action::Resolve {
            query,
            name,
            deadline,
        } => Some((*query, name.clone(), *deadline)),
        _ => None,
    };
    actions.iter().filter_map(question).collect()
}

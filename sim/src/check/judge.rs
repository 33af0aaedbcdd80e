//! What can be seen of one node from outside: what it was told. What it may do is held to its rules in
//! `order.rs` and `after.rs`.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use pex::peers::{DIAL_PATIENCE, DialFailure};
use pex::wire::{Dialect, Message};
use pex::{Epoch, Kind, NodeAddress, NodeEvent, NodeId, Time};

use super::Verdict;
use super::after::Expects;
use super::guess::Guess;
use super::memory::{Memory, Start};
use super::rates::Rates;
use super::turns::Standing;
use crate::machine::Machine;

/// How long a node waits for an answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A connection of the node, as its driver told of it.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "none of them says anything of the others"
)]
pub(super) struct Connection {
    pub(super) epoch: Epoch,
    pub(super) kind: Kind,
    /// Whether the node has said that it may be used.
    pub(super) up: bool,
    pub(super) hung_up: bool,
    pub(super) awaiting: Option<Time>,
    /// Whether nobody knows if its answer is awaited: the clock was set back since it was asked, or the
    /// event that had it asked may have ended that too.
    pub(super) is_unsure: bool,
    pub(super) told_ourselves: bool,
    /// Requests to it, and answers from it.
    pub(super) asked: u32,
    pub(super) heard: u32,
    /// Requests from it, the words of each, and answers to it.
    pub(super) questions: [u32; 2],
    pub(super) answers: u32,
    pub(super) standing: Standing,
    /// Where it was dialed; none if it has come.
    pub(super) dialed: Option<IpAddr>,
}

/// To what a node is held by its options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// They are those that every node has.
    pub(super) is_plain: bool,
    /// They bound how often it dials on the word of strangers.
    pub(super) bounds_hearsay: bool,
    /// Newcomers, kin and others stand in lines of their own.
    pub(super) has_lines: bool,
    pub(super) dials_per_second: usize,
    /// Places for those whom it dials; none for seed nodes, which visit everybody.
    pub(super) outbound_max: Option<usize>,
}

/// An onlooker of one node.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) own: NodeAddress,
    pub(super) connections: BTreeMap<NodeId, Connection>,
    /// When each node was last asked, and as what.
    pub(super) asked: BTreeMap<NodeId, (Time, Kind)>,
    pub(super) dialing: BTreeMap<NodeId, (Time, NodeAddress)>,
    /// Dials of the last second.
    pub(super) recent: VecDeque<Time>,
    pub(super) now: Time,
    /// Whose request this event has ended, by an answer or because it could not be sent. It may be one
    /// that has just become due, since nothing says which one is meant.
    pub(super) answered: Option<NodeId>,
    pub(super) expects: Expects,
    /// To when the timer was set last.
    pub(super) armed: Option<Time>,
    pub(super) memory: Memory,
    pub(super) rates: Rates,
    pub(super) persistent: Vec<NodeId>,
    /// Whether it was told anything yet.
    has_begun: bool,
    /// Some of those of whom the event in hand tells, with their scores before it.
    pub(super) scores: Vec<(NodeId, i32)>,
    pub(super) terms: Terms,
    /// Events in which it has asked somebody.
    pub(super) moment: u64,
    pub(super) guess: Guess,
}

/// So many of those of whom an answer tells are looked at.
const SCORES: usize = 2;

/// The place of a dialect among both.
pub(super) const fn words(dialect: Dialect) -> usize {
    match dialect {
        Dialect::V1 => 0,
        Dialect::V2 => 1,
    }
}

impl Judge {
    pub(super) fn new(
        own: NodeAddress,
        dials_per_second: usize,
        start: &Start<'_>,
        machine: &Machine,
    ) -> Self {
        Self {
            memory: Memory::new(&own, start, machine),
            rates: Rates::default(),
            persistent: start.persistent.iter().map(NodeAddress::id).collect(),
            has_begun: false,
            scores: Vec::new(),
            terms: Terms {
                is_plain: start.is_plain,
                bounds_hearsay: !machine.dials_hearsay_without_bound(),
                has_lines: start.has_lines,
                dials_per_second,
                outbound_max: machine.wants(),
            },
            expects: Expects::Anything,
            armed: None,
            own,
            connections: BTreeMap::new(),
            asked: BTreeMap::new(),
            dialing: BTreeMap::new(),
            recent: VecDeque::new(),
            now: start.at,
            answered: None,
            moment: 0,
            guess: Guess::default(),
        }
    }

    /// The clock was wrong. What was done by it is forgotten: it was done at other times than it said.
    pub(super) fn rewind(&mut self, clock: Time, deadline: Option<Time>) {
        self.now = self.now.min(clock);
        self.armed = deadline;
        self.rates.clear();
        self.asked.clear();
        self.dialing.clear();
        self.recent.clear();
        for connection in self.connections.values_mut() {
            connection.is_unsure |= connection.awaiting.is_some();
            connection.awaiting = None;
        }
    }

    /// Learns what is about to happen to the machine, and of whom that tells.
    pub(super) fn before(
        &mut self,
        now: Time,
        event: &NodeEvent<'_>,
        told: &[NodeAddress],
        machine: &Machine,
    ) {
        let deadline = machine.exchange_deadline();
        self.rates.event_after(self.now);
        // A machine takes the latest time that it knows for the present.
        self.now = self.now.max(now);
        // Whoever has just started has much to do, and is told a tick.
        let has_begun = core::mem::replace(&mut self.has_begun, true);
        // What could not be done at once is put off by a moment with each event.
        let soon = self.now + Duration::from_millis(1);
        let is_due = !has_begun || machine.deadline().is_some_and(|at| at <= soon);
        self.scores = if is_due {
            Vec::new()
        } else {
            let strangers = told.iter().map(NodeAddress::id);
            let strangers = strangers.filter(|it| !self.has_to_do_with(*it));
            let scores = strangers.take(SCORES).map(|it| (it, machine.score(it)));
            scores.collect()
        };
        self.memory.before(event, told);
        self.expects = if !is_due && self.is_of_nobody(event) {
            Expects::Nothing {
                deadline: machine.deadline(),
            }
        } else {
            self.expect(event, deadline)
        };
        self.answered = match event {
            NodeEvent::Unsent { to, .. } => Some(*to),
            _ => None,
        };
        if let NodeEvent::Message {
            message: Message::Response(_),
            ..
        } = event
            && self.memory.is_whole()
        {
            self.guess.before(machine);
        }
        match event {
            NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ip,
            } => {
                self.dialing.remove(&address.id());
                let ip = ip.or_else(|| address.ip());
                self.link(address.id(), *epoch, *kind, ip);
            }
            NodeEvent::Accepted {
                peer, epoch, kind, ..
            } => self.link(*peer, *epoch, *kind, None),
            NodeEvent::DialFailed { address, why } => {
                let dial = self.dialing.remove(&address.id());
                match (why, dial) {
                    (DialFailure::NotTried, _) => self.rates.not_tried(address),
                    (_, Some((at, dialed))) if dialed == *address => {
                        // A node gives a dial up by itself after a while.
                        let failed = self.now.min(at + DIAL_PATIENCE);
                        self.rates.failed(failed, address);
                    }
                    _ => {}
                }
            }
            NodeEvent::Down { peer, epoch } if self.epoch(*peer) == Some(*epoch) => {
                self.connections.remove(peer);
            }
            NodeEvent::Message {
                from,
                epoch,
                message: Message::Response(_),
            }
            | NodeEvent::Unsent { to: from, epoch } => {
                if let Some(connection) = self.connections.get_mut(from)
                    && connection.epoch == *epoch
                {
                    connection.awaiting = None;
                }
            }
            _ => {}
        }
    }

    /// Whether an event is of somebody who is not connected. That a connection is down says something of
    /// one of which another has taken the place.
    fn is_of_nobody(&self, event: &NodeEvent<'_>) -> bool {
        match event {
            NodeEvent::Unsent { to: peer, .. } | NodeEvent::Message { from: peer, .. } => {
                !self.connections.contains_key(peer)
            }
            _ => false,
        }
    }

    fn has_to_do_with(&self, id: NodeId) -> bool {
        self.connections.contains_key(&id) || self.dialing.contains_key(&id)
    }

    fn epoch(&self, peer: NodeId) -> Option<Epoch> {
        self.connections.get(&peer).map(|it| it.epoch)
    }

    fn link(&mut self, peer: NodeId, epoch: Epoch, kind: Kind, dialed: Option<IpAddr>) {
        let old = self.connections.get(&peer);
        if peer == self.own.id() || old.is_some_and(|old| old.epoch == epoch) {
            return;
        }
        // An accepted one ends the dial too: the node knows that they are connected.
        self.dialing.remove(&peer);
        self.rates.reached(peer);
        let connection = Connection {
            epoch,
            kind,
            up: false,
            hung_up: false,
            awaiting: None,
            is_unsure: false,
            told_ourselves: false,
            asked: 0,
            heard: 0,
            questions: [0; 2],
            answers: 0,
            standing: Standing::at(self.moment),
            dialed,
        };
        self.connections.insert(peer, connection);
    }

    /// Whether somebody told it of this.
    pub(super) fn was_told(&self, address: &NodeAddress) -> bool {
        self.memory.was_told(address)
    }

    /// Holds what counts as reached to what was reached.
    pub(super) fn tested(&self, machine: &Machine) -> Verdict {
        self.memory.tested(machine)
    }
}

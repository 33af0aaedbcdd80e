//! What can be seen of one node from outside.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use pex::peers::{DIAL_PATIENCE, DialFailure, Eviction};
use pex::wire::{
    Dialect, MAX_ANSWER_ADDRESSES, MAX_ANSWER_ADDRESSES_V1, MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES,
    Message, Response,
};
use pex::{Epoch, HangUp, Kind, NodeAction, NodeAddress, NodeEvent, NodeId, Time};

use super::after::Expects;
use super::memory::{Memory, Start};
use super::rates::Rates;
use super::{Verdict, hold};
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
}

/// An onlooker of one node.
#[derive(Debug)]
pub(super) struct Judge {
    own: NodeAddress,
    pub(super) connections: BTreeMap<NodeId, Connection>,
    /// When each node was last asked, and as what.
    asked: BTreeMap<NodeId, (Time, Kind)>,
    dialing: BTreeMap<NodeId, (Time, NodeAddress)>,
    /// Dials of the last second.
    recent: VecDeque<Time>,
    dials_per_second: usize,
    pub(super) now: Time,
    /// Whose request this event has ended, by an answer or because it could not be sent. It may be one
    /// that has just become due, since nothing says which one is meant.
    answered: Option<NodeId>,
    pub(super) expects: Expects,
    /// To when the timer was set last.
    pub(super) armed: Option<Time>,
    memory: Memory,
    pub(super) rates: Rates,
    persistent: Vec<NodeId>,
    /// Whether it was told anything yet.
    has_begun: bool,
    /// Some of those of whom the event in hand tells, with their scores before it.
    pub(super) scores: Vec<(NodeId, i32)>,
    is_plain: bool,
    bounds_hearsay: bool,
}

/// So many of those of whom an answer tells are looked at.
const SCORES: usize = 2;

/// Whether a connection ends for somebody else's sake, or because its time is over.
const fn is_for_another(why: HangUp) -> bool {
    use Eviction::{Full, NetworkFull, Rotated, Served, Stayed, Upgraded};
    matches!(
        why,
        HangUp::Evicted(Full | NetworkFull | Rotated | Served | Stayed | Upgraded)
    )
}

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
            is_plain: start.is_plain,
            bounds_hearsay: !machine.dials_hearsay_without_bound(),
            expects: Expects::Anything,
            armed: None,
            own,
            connections: BTreeMap::new(),
            asked: BTreeMap::new(),
            dialing: BTreeMap::new(),
            recent: VecDeque::new(),
            dials_per_second,
            now: start.at,
            answered: None,
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
        match event {
            NodeEvent::Dialed {
                address,
                epoch,
                kind,
                ..
            } => {
                self.dialing.remove(&address.id());
                self.link(address.id(), *epoch, *kind);
            }
            NodeEvent::Accepted {
                peer, epoch, kind, ..
            } => self.link(*peer, *epoch, *kind),
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

    fn link(&mut self, peer: NodeId, epoch: Epoch, kind: Kind) {
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
        };
        self.connections.insert(peer, connection);
    }

    /// Holds an order to what must always be so.
    pub(super) fn order(&mut self, order: &NodeAction) -> Verdict {
        match order {
            NodeAction::Send { to, epoch, message } => self.send(*to, *epoch, message),
            NodeAction::Dial { address, .. } => self.dial(address),
            NodeAction::Up { peer, epoch } => {
                let connection = self.connections.get_mut(peer);
                let it = connection.filter(|it| it.epoch == *epoch && !it.up && !it.hung_up);
                let is_there = it.map(|it| it.up = true).is_some();
                hold(2, is_there, || format!("{peer} is up, and is connected"))
            }
            NodeAction::Down { peer, epoch } => {
                if let Some(it) = self.connections.get_mut(peer)
                    && it.epoch == *epoch
                {
                    it.up = false;
                }
                Ok(())
            }
            // A connection with oneself is none, and has to go.
            NodeAction::HangUp { peer, .. } if *peer == self.own.id() => Ok(()),
            NodeAction::HangUp { peer, epoch, why } => {
                let is_up = self
                    .connections
                    .get(peer)
                    .is_some_and(|it| it.epoch == *epoch && it.up);
                let stays = is_up && self.persistent.contains(peer);
                hold(24, !stays || !is_for_another(*why), || {
                    format!("{peer} is persistent, and has to go: {why}")
                })?;
                let connection = self.connections.get_mut(peer);
                let it = connection.filter(|it| it.epoch == *epoch && !it.hung_up);
                let is_there = it.map(|it| it.hung_up = true).is_some();
                hold(2, is_there, || {
                    format!("{peer} is hung up on once, while connected")
                })
            }
            NodeAction::Answered { peer, .. } => {
                self.answered = Some(*peer);
                Ok(())
            }
            NodeAction::SetTimer(at) => {
                self.armed = Some(*at);
                Ok(())
            }
            NodeAction::Heard { address, .. } => hold(16, address.id() != self.own.id(), || {
                "our own id was taken in".to_owned()
            }),
            _ => Ok(()),
        }
    }

    fn send(&mut self, to: NodeId, epoch: Epoch, message: &Message<'static>) -> Verdict {
        let connection = self.connections.get(&to);
        let usable = connection.is_some_and(|it| it.epoch == epoch && it.up && !it.hung_up);
        hold(2, usable, || format!("{to} is sent something, and is up"))?;
        match message {
            Message::Request(dialect) => self.request(to, *dialect),
            Message::Response(response) => self.response(to, response, message.encoded_len()),
            _ => Ok(()),
        }
    }

    fn request(&mut self, to: NodeId, dialect: Dialect) -> Verdict {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&to) else {
            return Ok(());
        };
        let kind = connection.kind;
        hold(2, dialect == kind.dialect(), || {
            format!("{to} is asked in its own words")
        })?;
        let awaiting = connection.awaiting.is_some_and(|at| now < at + PATIENCE);
        hold(1, !awaiting, || format!("{to} is asked once at a time"))?;
        let may_be_over = self.answered == Some(to);
        connection.awaiting = (!may_be_over).then_some(now);
        connection.is_unsure = may_be_over;
        connection.asked += 1;
        let gap = match kind {
            Kind::V1 => Duration::from_secs(12),
            Kind::Kin => Duration::from_millis(110),
            _ => Duration::from_millis(300),
        };
        let last = self.asked.insert(to, (now, kind));
        // A node that is known as two kinds is known to be neither; this world has none.
        let since = last
            .filter(|(_, as_what)| *as_what == kind)
            .map(|(at, _)| now - at);
        let held = since.is_none_or(|since| since >= gap);
        hold(7, held, || format!("{to} is asked again after {since:?}"))
    }

    fn response(&mut self, to: NodeId, response: &Response<'_>, bytes: usize) -> Verdict {
        let Some(connection) = self.connections.get_mut(&to) else {
            return Ok(());
        };
        let (most, most_bytes) = match (connection.kind, response.dialect()) {
            (Kind::V1, Dialect::V1) => (MAX_ANSWER_ADDRESSES_V1, MAX_MESSAGE_BYTES),
            _ => (MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES),
        };
        let fits = response.len() <= most && bytes <= most_bytes;
        hold(13, fits, || {
            format!("{} addresses, {bytes} bytes", response.len())
        })?;
        connection.answers += 1;
        let [v1, v2] = connection.questions;
        let answers = connection.answers;
        hold(12, answers <= v1 + v2, || {
            format!(
                "{to} is answered {answers} times, and has asked {} times",
                v1 + v2
            )
        })?;
        let asked = connection.questions[words(response.dialect())] > 0;
        hold(2, asked, || {
            format!(
                "{to} is answered in {:?}, in which it has not asked",
                response.dialect()
            )
        })?;
        if self.is_plain {
            self.rates.answer(self.now, to, connection.kind)?;
        }
        let mut told = Vec::with_capacity(response.len());
        for entry in response.entries() {
            let Ok(address) = entry.parse() else {
                return Err((
                    14,
                    "an answer of ours has an address that we refuse".to_owned(),
                ));
            };
            hold(13, address.id() != to, || format!("{to} is told of itself"))?;
            if address.id() == self.own.id() && response.dialect() == Dialect::V2 {
                let first = !core::mem::replace(&mut connection.told_ourselves, true);
                hold(16, first, || "we are told of once a connection".to_owned())?;
            }
            self.memory.tells(self.own.id(), &address)?;
            told.push(address);
        }
        let is_other = |it: &&NodeAddress| it.id() != self.own.id();
        let ends = (
            told.iter().find(is_other).cloned(),
            told.last().filter(is_other).cloned(),
        );
        told.sort_unstable();
        if let Some([twice, _]) = told.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err((13, format!("{twice} is told twice")));
        }
        let (Some(first), Some(last)) = ends else {
            return Ok(());
        };
        // Those reached come before the others, whose order has a beginning of its own.
        let is_reached = self.memory.has_reached(&last);
        let alike = (told.iter()).filter(|it| self.memory.has_reached(it) == is_reached);
        self.rates.answers(to, [&first, &last], alike.count())
    }

    fn dial(&mut self, address: &NodeAddress) -> Verdict {
        let (now, id) = (self.now, address.id());
        hold(16, id != self.own.id(), || {
            "we do not dial ourselves".to_owned()
        })?;
        hold(22, !self.connections.contains_key(&id), || {
            format!("{id} is connected")
        })?;
        let before = self.dialing.insert(id, (now, address.clone()));
        let waits = before.is_some_and(|(at, _)| now < at + DIAL_PATIENCE);
        hold(22, !waits, || format!("{id} is being dialed"))?;
        let second = Duration::from_secs(1);
        while self.recent.front().is_some_and(|at| *at + second <= now) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        let most = self.dials_per_second;
        hold(25, self.recent.len() <= most, || {
            format!("more than {most} dials in a second")
        })?;
        if self.bounds_hearsay && self.memory.is_hearsay(address) {
            self.rates.dial(now, address, self.is_plain)?;
        }
        Ok(())
    }

    /// Holds how soon somebody is dialed again who has failed twice, once reached. Who never was may
    /// have been forgotten meanwhile, and told again.
    pub(super) fn dials_again(&self, address: &NodeAddress, machine: &Machine) -> Verdict {
        if self.is_plain && machine.has_reached(address) {
            self.rates.dials_again(self.now, address)
        } else {
            Ok(())
        }
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

//! The exchange: whom to ask, when, what an answer teaches, and what to tell who asks.

pub(crate) mod agenda;
pub(crate) mod answer;
pub(crate) mod check;
pub(crate) mod dump;
pub(crate) mod estimate;
pub(crate) mod guard;
pub(crate) mod pace;
pub(crate) mod peers;
pub(crate) mod rotation;
pub(crate) mod seen;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use agenda::{Agenda, Due};
use estimate::{Census, Estimate};
use guard::Remembered;
use pace::{Gate, Lesson};
use peers::{Peer, Peers, Phase};
use rotation::{Rotation, Slot};
use seen::Seen;

use crate::directory::nearly_full;
use crate::endpoints::Endpoints;
use crate::seed::{Chance, HashKey};
use crate::stats::count;
use crate::wire::{Dialect, Message, Response};
use crate::{
    Action, Actions, Config, Directory, Epoch, Event, Fault, Kind, NodeAddress, NodeId, QueryId,
    Seed, Stats, Time,
};

/// The most addresses that an answer to us may hold: `maxAddresses` of V2, `maxGetSelection` of V1.
const ANSWER_MAX_V2: usize = 100;
const ANSWER_MAX_V1: usize = 250;

/// The latest time that the machine reckons with. Every deadline lies at most ten minutes ahead, so
/// none runs into the end of time, where it would be due again as soon as it is set.
const LATEST: Time = Time::from_nanos(u64::MAX - 1_200_000_000_000);

/// Requests in a row without an answer from which a peer is reported.
const SILENCE_REPORTED: u32 = 3;

/// A peer exchange: the machine that asks connected peers for addresses, and answers theirs.
///
/// Events go in with the time, actions come out; nothing else crosses the wall. The machine has no
/// socket, no clock and no source of chance but its seed, so the same events at the same times give
/// the same actions, byte for byte, on every platform. [`Pex::handle`] is total: whatever comes in,
/// it neither fails nor panics, and its memory and time are bounded by the [`Config`].
///
/// ```
/// use pex::{Action, Config, Epoch, Event, Kind, NodeId, Nobody, Pex, Seed, Time};
///
/// let me = NodeId::new([1; 20]);
/// let mut pex = Pex::new(Config::default(), me, Seed::new([7; 32]), Time::EPOCH);
///
/// let peer = NodeId::new([2; 20]);
/// let up = Event::PeerUp { peer, epoch: Epoch::new(1), kind: Kind::V2 };
/// let actions = pex.handle(Time::EPOCH, up, &Nobody);
/// assert!(matches!(actions[0], Action::Send { to, .. } if to == peer));
/// ```
#[derive(Clone, Debug)]
pub struct Pex {
    config: Config,
    me: NodeId,
    chance: Chance,
    key: HashKey,
    own_places: Endpoints,
    private_places: Endpoints,

    now: Time,
    armed: Option<Time>,
    agenda: Agenda,

    peers: Peers,
    rotation: Rotation,
    outstanding: usize,
    remembered: Remembered,

    gate: Gate,
    seen: Seen,
    census: Census,

    queries: BTreeMap<QueryId, Slot>,
    queries_made: u64,

    stats: Stats,
    /// Room for the addresses of one answer, kept so that judging one allocates nothing.
    judged: Vec<NodeAddress>,
}

impl Pex {
    /// A machine for the node `me`, which starts at `now` with no peers.
    #[must_use]
    pub fn new(config: Config, me: NodeId, seed: Seed, now: Time) -> Self {
        let now = now.min(LATEST);
        let mut chance = Chance::new(&seed);
        let key = HashKey::draw(&mut chance);
        Self {
            me,
            key,
            own_places: config.own_addresses.iter().collect(),
            private_places: config.private_addresses.iter().collect(),
            now,
            armed: None,
            agenda: Agenda::default(),
            peers: Peers::new(key),
            rotation: Rotation::default(),
            outstanding: 0,
            remembered: Remembered::new(key, config.remembered_max),
            gate: Gate::new(config.policy, now),
            seen: Seen::new(config.seen_max),
            census: Census::default(),
            queries: BTreeMap::new(),
            queries_made: 0,
            stats: Stats::default(),
            judged: Vec::new(),
            chance,
            config,
        }
    }

    /// Advances the machine by one event, and returns everything it wants done, in order.
    ///
    /// Carry out all of it before the next call. A `now` that lies before that of an earlier call
    /// is taken to be the latest time known, and counted in [`Stats::clock_stalls`]. The last twenty
    /// minutes before [`Time::MAX`] count as one moment, in which nothing becomes due.
    pub fn handle(
        &mut self,
        now: Time,
        event: Event<'_>,
        directory: &(impl Directory + ?Sized),
    ) -> Actions {
        let mut out = Actions::default();
        let now = now.min(LATEST);
        count(&mut self.stats.clock_stalls, u64::from(now < self.now));
        self.now = self.now.max(now);
        // A connection that has ended is sent nothing, not even what was due before.
        let ended = self.end_connection(&event);
        self.do_what_is_due(directory, &mut out);
        if !ended || !matches!(event, Event::PeerDown { .. }) {
            self.on_event(event, directory, &mut out);
        }
        self.ask(directory, &mut out);
        self.set_timer(&mut out);
        debug_assert!(
            self.peers.len() > 16 || self.check() == Ok(()),
            "{:?}",
            self.check()
        );
        out
    }

    /// Takes leave of the peer whose connection this event ends, if it ends one: the peer is down,
    /// or up on another one.
    fn end_connection(&mut self, event: &Event<'_>) -> bool {
        let (Event::PeerDown { peer, epoch } | Event::PeerUp { peer, epoch, .. }) = event else {
            return false;
        };
        let Some(slot) = self.peers.find(*peer) else {
            return false;
        };
        let is_this = self.peers.connected(*peer, *epoch).is_some();
        let ends = is_this == matches!(event, Event::PeerDown { .. });
        if ends {
            self.on_peer_down(slot);
        }
        ends
    }

    fn on_event(
        &mut self,
        event: Event<'_>,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) {
        match event {
            Event::PeerUp { peer, epoch, kind } => self.on_peer_up(peer, epoch, kind, out),
            Event::PeerDown { .. } => count(&mut self.stats.stray_events, 1),
            Event::Message {
                from,
                epoch,
                message,
            } => match self.peers.listening(from, epoch) {
                Some(slot) => self.on_message(slot, &message, directory, out),
                None => count(&mut self.stats.stray_events, 1),
            },
            Event::Garbage { from, epoch, error } => match self.peers.listening(from, epoch) {
                Some(slot) => {
                    count(&mut self.stats.garbage, 1);
                    self.cut(slot, Fault::Garbage(error), out);
                }
                None => count(&mut self.stats.stray_events, 1),
            },
            Event::Unsent { to, epoch } => match self.peers.listening(to, epoch) {
                Some(slot) => self.on_unsent(slot),
                None => count(&mut self.stats.stray_events, 1),
            },
            Event::Resolved { query, ips } => self.on_resolved(query, ips, out),
            Event::Tick => {}
        }
    }

    fn on_peer_up(&mut self, id: NodeId, epoch: Epoch, kind: Kind, out: &mut Actions) {
        if self.peers.find(id).is_some() {
            count(&mut self.stats.stray_events, 1);
            return;
        }
        if self.peers.len() >= self.config.peers_max {
            let reason = Fault::TooManyPeers {
                max: self.config.peers_max,
            };
            out.push(Action::Disconnect {
                peer: id,
                epoch,
                reason,
            });
            return;
        }
        if self.peers.len() == 0 {
            self.gate.on_first_peer(self.now);
        }
        let standing = self.remembered.take(id).unwrap_or_default();
        let interval = self.config.gap(kind);
        let slot = self
            .peers
            .add(Peer::new(id, epoch, kind, standing, interval));
        self.wait(slot, standing.ask_at);
    }

    fn on_peer_down(&mut self, slot: Slot) {
        self.leave_phase(slot);
        self.drop_draft(slot);
        let Some(mut peer) = self.peers.remove(slot) else {
            return;
        };
        if matches!(peer.phase, Phase::Awaiting { .. }) {
            // The request may have arrived just now, so the peer's own clock starts here.
            peer.standing.ask_at = self.now + self.config.gap(peer.kind);
        }
        self.remembered.put(peer.id, peer.standing);
    }

    fn on_message(
        &mut self,
        slot: Slot,
        message: &Message<'_>,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) {
        match message {
            Message::Request(dialect) => self.on_request(slot, *dialect, directory, out),
            Message::Response(response) => self.on_response(slot, response, directory, out),
        }
    }

    fn on_response(
        &mut self,
        slot: Slot,
        response: &Response<'_>,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if !matches!(peer.phase, Phase::Awaiting { .. }) {
            if peer.late > 0 {
                peer.late = peer.late.saturating_sub(1);
                count(&mut self.stats.late_responses, 1);
            } else {
                count(&mut self.stats.unsolicited_responses, 1);
                self.cut(slot, Fault::UnsolicitedResponse, out);
            }
            return;
        }
        let found = response.len();
        let max = match response.dialect() {
            Dialect::V1 => ANSWER_MAX_V1,
            Dialect::V2 => ANSWER_MAX_V2,
        };
        if found > max {
            count(&mut self.stats.oversized_responses, 1);
            self.cut(slot, Fault::TooManyAddresses { found, max }, out);
            return;
        }
        self.leave_phase(slot);
        let lesson = self.learn(slot, response, directory, out);
        self.put_back(slot, lesson);
        let told = lesson.told as usize;
        let bad = found.saturating_sub(told);
        if bad > found / 2 {
            self.strike(slot, Fault::BadAddresses { bad, of: found }, out);
        }
    }

    /// Judges an answer as a whole, and only then takes what is good of it.
    fn learn(
        &mut self,
        slot: Slot,
        response: &Response<'_>,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) -> Lesson {
        let from = self.peers.get(slot).map_or(self.me, |peer| peer.id);
        let mut judged = core::mem::take(&mut self.judged);
        let usable =
            |address: &NodeAddress| address.id() != self.me && !self.own_places.contains(address);
        judged.extend(
            response
                .entries()
                .filter_map(|entry| entry.parse().ok())
                .filter(usable),
        );

        let mut lesson = Lesson {
            told: u32::try_from(judged.len()).unwrap_or(u32::MAX),
            fresh: 0,
            available: self.available(),
            full: nearly_full(directory),
        };
        let mark = self.census.open(from);
        for address in judged.drain(..) {
            let hash = self.key.hash(address.id().as_bytes());
            self.census.count(hash, mark);
            if self.seen.insert(hash) {
                lesson.fresh = lesson.fresh.saturating_add(1);
            }
            if !directory.knows(&address) {
                out.push(Action::AddPeer { address, from });
            }
        }
        self.judged = judged;
        count(&mut self.stats.responses_accepted, 1);
        count(&mut self.stats.addresses_told, u64::from(lesson.told));
        count(&mut self.stats.addresses_fresh, u64::from(lesson.fresh));
        let bad = response.len().saturating_sub(lesson.told as usize);
        count(&mut self.stats.addresses_bad, bad as u64);
        lesson
    }

    /// A peer has answered: to the back of the rotation, when its time comes.
    fn put_back(&mut self, slot: Slot, lesson: Lesson) {
        self.gate.on_answer(self.now, lesson);
        let (now, open) = (self.now, self.gate.is_open());
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let gap = self.config.gap(peer.kind);
        peer.misses = 0;
        // Counted from the answer: only then is it certain that the request has arrived, and a
        // peer counts from the arrival of one request to that of the next.
        peer.standing.ask_at = now + gap;
        if open {
            peer.interval = pace::unseen(gap, peer.interval, lesson);
        }
        let at = now + peer.interval;
        self.wait(slot, at);
    }

    fn on_unsent(&mut self, slot: Slot) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if !matches!(peer.phase, Phase::Awaiting { .. }) {
            return;
        }
        // It may have been an answer of ours that could not go, and the request did.
        peer.late = peer.late.saturating_add(1);
        let at = self.now + self.config.gap(peer.kind).max(pace::RETRY_UNSENT);
        self.leave_phase(slot);
        self.wait(slot, at);
    }

    fn do_what_is_due(&mut self, directory: &(impl Directory + ?Sized), out: &mut Actions) {
        while let Some((slot, due)) = self.agenda.take_due(self.now) {
            match due {
                Due::Ask => {
                    self.peers.set_phase(slot, Phase::Ready);
                    self.rotation.push_back(slot);
                }
                Due::Silence => self.on_silence(slot, out),
                Due::Answer => self.send_draft(slot, out),
            }
            // Who became ready first is asked first, whatever else is due.
            self.ask(directory, out);
        }
    }

    fn on_silence(&mut self, slot: Slot, out: &mut Actions) {
        self.outstanding = self.outstanding.saturating_sub(1);
        count(&mut self.stats.timeouts, 1);
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        peer.misses = peer.misses.saturating_add(1);
        peer.late = peer.late.saturating_add(1);
        let at = self.now + pace::after_silence(self.config.gap(peer.kind), peer.misses);
        if peer.misses >= SILENCE_REPORTED {
            let fault = Fault::NoAnswer {
                in_a_row: peer.misses,
            };
            out.push(Action::Report {
                peer: peer.id,
                fault,
            });
        }
        self.wait(slot, at);
    }

    /// Asks the front of the rotation, and the next, as long as policy and bounds allow.
    fn ask(&mut self, directory: &(impl Directory + ?Sized), out: &mut Actions) {
        while self.may_ask() && self.gate.next() <= self.now {
            let Some(slot) = self.rotation.pop_front() else {
                return;
            };
            let due = self.now + self.config.request_timeout;
            let entry = self.agenda.add(due, slot, Due::Silence);
            self.peers.set_phase(slot, Phase::Awaiting { entry });
            self.outstanding = self.outstanding.saturating_add(1);
            count(&mut self.stats.requests_sent, 1);
            let Some(peer) = self.peers.get_mut(slot) else {
                return;
            };
            peer.standing.ask_at = self.now + self.config.gap(peer.kind);
            let message = Message::Request(peer.kind.dialect());
            out.push(Action::Send {
                to: peer.id,
                epoch: peer.epoch,
                message,
            });
            self.gate
                .on_asked(self.now, self.available(), nearly_full(directory));
        }
    }

    const fn may_ask(&self) -> bool {
        self.rotation.len() > 0 && self.outstanding < self.config.outstanding_max
    }

    /// The peers that could be asked now or later.
    fn available(&self) -> u32 {
        u32::try_from(self.peers.len().saturating_sub(self.outstanding)).unwrap_or(u32::MAX)
    }

    /// Leaves a peer alone until `at`, and no longer than our longest interval, whatever clock
    /// `at` was reckoned by.
    fn wait(&mut self, slot: Slot, at: Time) {
        if at <= self.now {
            self.peers.set_phase(slot, Phase::Ready);
            self.rotation.push_back(slot);
        } else {
            let at = at.min(self.now + pace::LONGEST);
            let entry = self.agenda.add(at, slot, Due::Ask);
            self.peers.set_phase(slot, Phase::Waiting { entry });
        }
    }

    /// Takes a peer out of the rotation or the agenda, whichever it is in.
    fn leave_phase(&mut self, slot: Slot) {
        match self.peers.get(slot).map(|peer| peer.phase) {
            Some(Phase::Ready) => {
                self.rotation.remove(slot);
            }
            Some(Phase::Waiting { entry }) => self.agenda.remove(entry),
            Some(Phase::Awaiting { entry }) => {
                self.agenda.remove(entry);
                self.outstanding = self.outstanding.saturating_sub(1);
            }
            Some(Phase::Cut) | None => {}
        }
    }

    /// A minor fault: reported, or one too many.
    fn strike(&mut self, slot: Slot, fault: Fault, out: &mut Actions) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if peer.standing.strike(self.now, &self.config) {
            out.push(Action::Report {
                peer: peer.id,
                fault,
            });
        } else {
            self.cut(slot, fault, out);
        }
    }

    /// Asks for the end of a connection, and listens to it no more.
    fn cut(&mut self, slot: Slot, reason: Fault, out: &mut Actions) {
        self.leave_phase(slot);
        self.drop_draft(slot);
        self.peers.set_phase(slot, Phase::Cut);
        if let Some(Peer {
            id: peer, epoch, ..
        }) = self.peers.get(slot)
        {
            out.push(Action::Disconnect {
                peer: *peer,
                epoch: *epoch,
                reason,
            });
        }
    }

    fn set_timer(&mut self, out: &mut Actions) {
        let deadline = self.deadline();
        if deadline != self.armed {
            self.armed = deadline;
            // Where nothing is left to wait for, the old timer brings a tick too many.
            out.extend(deadline.map(Action::SetTimer));
        }
    }

    /// When the machine next has something to do by itself; `None` if only an event can wake it.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        let gate = self.may_ask().then(|| self.gate.next());
        match (self.agenda.first(), gate) {
            (Some(due), Some(gate)) => Some(due.min(gate)),
            (due, gate) => due.or(gate),
        }
    }

    /// How large the network is, with a 95 % interval, or that this can't be known yet.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.census.estimate()
    }

    /// What has been counted so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// The connected peers, in ascending order, with the epochs of their connections.
    #[must_use]
    pub fn peers(&self) -> Vec<(NodeId, Epoch)> {
        self.peers
            .sorted()
            .map(|peer| (peer.id, peer.epoch))
            .collect()
    }

    /// Whether a request to this peer is unanswered, and its time not over.
    #[must_use]
    pub fn is_awaiting(&self, peer: NodeId) -> bool {
        self.peers
            .find(peer)
            .and_then(|slot| self.peers.get(slot))
            .is_some_and(|peer| matches!(peer.phase, Phase::Awaiting { .. }))
    }

    /// Node ids that the machine remembers having heard of.
    #[must_use]
    pub fn nodes_seen(&self) -> usize {
        self.seen.len()
    }
}

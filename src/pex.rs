//! The exchange: whom to ask, when, what an answer teaches, and what to tell who asks.

pub(crate) mod agenda;
pub(crate) mod answer;
mod arc;
mod ask;
pub(crate) mod check;
mod credit;
pub(crate) mod dump;
pub(crate) mod estimate;
mod gate;
pub(crate) mod guard;
mod learn;
pub(crate) mod pace;
pub(crate) mod peers;
mod purse;
mod rewind;
pub(crate) mod rotation;
pub(crate) mod seen;
pub(crate) mod telling;
pub(crate) mod turns;
mod view;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use agenda::Agenda;
use estimate::Census;
use gate::Gate;
use guard::Remembered;
use peers::{Peer, Peers, Phase};
use rotation::Slot;
use seen::Seen;
use turns::Turns;

use crate::endpoints::Endpoints;
use crate::seed::{Chance, HashKey};
use crate::stats::count;
use crate::wire::Message;
use crate::{
    Action, Actions, Config, Directory, Epoch, Event, Fault, Kind, NodeAddress, NodeId, QueryId,
    Seed, Stats, Time,
};

/// The latest time that the machine reckons with. What the agenda holds lies at most ten minutes
/// ahead, so none of it runs into the end of time, where it would be due as soon as it is set.
const LATEST: Time = Time::from_nanos(u64::MAX - 1_200_000_000_000);

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
    turns: Turns,
    /// Peers that were asked and have not answered.
    outstanding: usize,
    /// Peers whose end we have asked for.
    cut: usize,
    remembered: Remembered,
    /// Who is about to come, and from when on he may be asked.
    held: Option<(NodeId, Time)>,

    gate: Gate,
    seen: Seen,
    census: Census,

    queries: BTreeMap<QueryId, Slot>,
    queries_made: u64,

    stats: Stats,
    /// Room for the addresses of one answer, kept so that judging one allocates nothing.
    judged: Vec<NodeAddress>,
    /// What was told by the last event and has not been taken, if that is how it is handed out.
    aside: Option<Vec<NodeAddress>>,
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
            peers: Peers::new(),
            turns: Turns::new(&config),
            outstanding: 0,
            cut: 0,
            remembered: Remembered::new(config.remembered_max, Time::EPOCH),
            held: None,
            gate: Gate::new(config.policy, now),
            seen: Seen::new(config.seen_max),
            census: Census::default(),
            queries: BTreeMap::new(),
            queries_made: 0,
            stats: Stats::default(),
            judged: Vec::new(),
            aside: None,
            chance,
            config,
        }
    }

    /// The same machine, which puts aside what it is told, for whoever has both hands free to take
    /// it, where else each address that the directory does not know becomes an action.
    pub(crate) fn putting_aside(mut self) -> Self {
        self.aside = Some(Vec::new());
        self
    }

    /// What was told by the last event, if it is put aside.
    pub(crate) fn take_heard(&mut self) -> Vec<NodeAddress> {
        self.aside.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// So many of the new addresses that this peer told last are of no use to the store.
    pub(crate) fn on_told_in_vain(&mut self, peer: NodeId, in_vain: u64) {
        let slot = self.peers.find(self.key.of(peer));
        if let Some(peer) = slot.and_then(|slot| self.peers.get_mut(slot)) {
            let in_vain = u32::try_from(in_vain).unwrap_or(u32::MAX);
            peer.credit.lose(in_vain);
        }
    }

    /// For bounds that are raised: what is under way keeps to those before.
    pub(crate) const fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// From now on, nobody hears of these, and of no others for being private.
    pub(crate) fn set_private_ids(&mut self, ids: BTreeSet<NodeId>) {
        self.config.private_ids = ids;
    }

    /// Advances the machine by one event, and returns everything it wants done, in order.
    ///
    /// Carry out all of it before the next call. A `now` that lies before that of an earlier call
    /// is taken to be the latest time known, and counted in [`Stats::clock_stalls`]; see
    /// [`Pex::rewind`] for a clock that was wrong. The last twenty
    /// minutes before [`Time::MAX`] count as one moment, in which nothing becomes due.
    pub fn handle(
        &mut self,
        now: Time,
        event: Event<'_>,
        directory: &(impl Directory + ?Sized),
    ) -> Actions {
        let mut out = Actions::default();
        count(&mut self.stats.clock_stalls, u64::from(now < self.now));
        self.catch_up(now);
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

    /// It is so late at least. Nothing is done that is due by then.
    pub(crate) fn catch_up(&mut self, now: Time) {
        self.now = self.now.max(now.min(LATEST));
    }

    /// Takes leave of the peer whose connection this event ends, if it ends one: the peer is down,
    /// or up on another one.
    fn end_connection(&mut self, event: &Event<'_>) -> bool {
        let (Event::PeerDown { peer, epoch } | Event::PeerUp { peer, epoch, .. }) = event else {
            return false;
        };
        let who = self.key.of(*peer);
        let Some(slot) = self.peers.find(who) else {
            return false;
        };
        let is_this = self.peers.connected(who, *epoch).is_some();
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
            } => match self.peers.listening(self.key.of(from), epoch) {
                Some(slot) => self.on_message(slot, &message, directory, out),
                None => count(&mut self.stats.stray_events, 1),
            },
            Event::Garbage { from, epoch, error } => {
                match self.peers.listening(self.key.of(from), epoch) {
                    Some(slot) => {
                        count(&mut self.stats.garbage, 1);
                        self.cut(slot, Fault::Garbage(error), out);
                    }
                    None => count(&mut self.stats.stray_events, 1),
                }
            }
            Event::Unsent { to, epoch } => match self.peers.listening(self.key.of(to), epoch) {
                Some(slot) => self.on_unsent(slot),
                None => count(&mut self.stats.stray_events, 1),
            },
            Event::Resolved { query, ips } => self.on_resolved(query, ips, out),
            Event::Tick => {}
        }
    }

    fn on_peer_up(&mut self, id: NodeId, epoch: Epoch, kind: Kind, out: &mut Actions) {
        let who = self.key.of(id);
        if self.peers.find(who).is_some() || id == self.me {
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
            self.turns.on_first_peer(self.now);
        }
        let kind = self.config.treated_as(kind);
        if kind == Kind::V1 {
            self.turns.on_patient_peer();
        }
        let mut standing = self.remembered.welcome(who);
        if let Some((_, at)) = self.held.take().filter(|(held, _)| *held == id) {
            standing.ask_at = standing.ask_at.max(at);
        }
        let interval = self.config.gap(kind);
        let slot = self
            .peers
            .add(Peer::new(who, epoch, kind, standing, interval));
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
        if peer.asked {
            self.turns.on_asked_gone(peer.kind == Kind::Kin);
        }
        self.remembered.put(peer.who(), peer.standing);
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
        self.cut = self.cut.saturating_add(1);
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

    /// Has a node that is about to be up not be asked before this time.
    pub(crate) fn ask_not_before(&mut self, id: NodeId, at: Time) {
        // Not among those who are remembered: one who comes must not have another forgotten.
        self.held = Some((id, at.min(LATEST)));
    }

    /// Whether a peer of this kind is told in the order of ids, if the store has one.
    pub(crate) fn tells_arcs_to(&self, kind: Kind) -> bool {
        self.config.treated_as(kind) == Kind::Kin
    }

    /// When the machine next has something to do by itself; `None` if only an event can wake it.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        let turn = self.turns.next_at(self.now).filter(|_| self.may_ask());
        let turn = turn.map(|at| at.max(self.gate.next()));
        self.agenda.first().into_iter().chain(turn).min()
    }

    /// Takes in what a peer has told in an earlier life of this machine: it counts for the estimate,
    /// and none of it is new any more. It makes nobody known to a store.
    pub fn recall(&mut self, teller: NodeId, told: impl IntoIterator<Item = NodeId>) {
        let teller = self.key.of(teller);
        let mark = self.census.open(self.now, teller, None, |_| false);
        for id in told {
            let hash = self.key.hash(id.as_bytes());
            self.census.count(hash, mark);
            self.seen.insert(hash);
        }
        self.census.close();
    }
}

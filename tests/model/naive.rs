//! The exchange as plain as it can be said: lists, and a look at everything for every question.
//!
//! Nothing here is shared with the machine but the types of its interface.

use core::time::Duration;

use pex::wire::{Dialect, WireError};
use pex::{Epoch, Fault, Kind, NodeAddress, NodeId, Stats, Time};

use super::answers::Telling;
use super::limits::Limits;
use super::program::{ME, OWN_PLACE, Options, address};
use super::store::Store;
use super::turns::Turns;

pub(crate) const TEN_MINUTES: Duration = Duration::from_secs(600);

/// What the model wants done; answers as the addresses that they tell, in order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Deed {
    Ask(NodeId, Epoch, Dialect),
    Answer(NodeId, Epoch, Vec<NodeAddress>),
    Add(NodeAddress, NodeId),
    Timer(Time),
    Disconnect(NodeId, Epoch, Fault),
    Report(NodeId, Fault),
    /// The number counts questions from the first.
    Resolve(usize, String, Time),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    Ready,
    Waiting(Time),
    Awaiting(Time),
    Cut,
}

#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) ready: Vec<NodeAddress>,
    pub(crate) waiting: Vec<(usize, NodeAddress)>,
    pub(crate) until: Time,
    pub(crate) since: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) id: NodeId,
    pub(crate) epoch: Epoch,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    /// When it entered its phase, in steps of the model: who came first is served first.
    pub(crate) since: u64,
    pub(crate) limits: Limits,
    pub(crate) interval: Duration,
    pub(crate) misses: u32,
    late: u32,
    pub(crate) asked: bool,
    pub(crate) answered: bool,
    pub(crate) telling: Option<Telling>,
    pub(crate) draft: Option<Draft>,
}

pub(crate) struct Naive {
    pub(crate) options: Options,
    pub(crate) now: Time,
    pub(crate) peers: Vec<Peer>,
    gone: Vec<(NodeId, Limits)>,
    /// When the last of the gone who were forgotten may be asked.
    strangers_at: Time,
    heard: Vec<NodeId>,
    pub(crate) timer: Option<Time>,
    pub(crate) turns: Turns,
    pub(crate) questions: usize,
    pub(crate) steps: u64,
    pub(crate) stats: Stats,
    pub(crate) out: Vec<Deed>,
}

pub(crate) const fn gap(kind: Kind) -> Duration {
    match kind {
        Kind::V1 => Duration::from_secs(12),
        Kind::V2 => Duration::from_millis(300),
        _ => Duration::from_millis(110),
    }
}

impl Naive {
    pub(crate) fn new(options: Options, now: Time) -> Self {
        Self {
            options,
            now,
            peers: Vec::new(),
            gone: Vec::new(),
            strangers_at: Time::EPOCH,
            heard: Vec::new(),
            timer: None,
            turns: Turns::default(),
            questions: 0,
            steps: 0,
            stats: Stats::default(),
            out: Vec::new(),
        }
    }

    pub(crate) fn clock(&mut self, now: Time) {
        self.stats.clock_stalls += u64::from(now < self.now);
        self.now = self.now.max(now);
    }

    /// What became due is done in the order in which it did.
    pub(crate) fn catch_up(&mut self) {
        while let Some((_, _, place, draft)) = self.due().filter(|(at, ..)| *at <= self.now) {
            if draft {
                self.send_draft(place);
            } else if matches!(self.peers[place].phase, Phase::Waiting(_)) {
                self.enter(place, Phase::Ready);
            } else {
                self.silence(place);
            }
            self.ask();
        }
    }

    /// The first thing that comes: when, since when it waits, which peer, and whether it is a draft.
    fn due(&self) -> Option<(Time, u64, usize, bool)> {
        let phases = self.peers.iter().enumerate().filter_map(|(place, peer)| {
            let (Phase::Waiting(at) | Phase::Awaiting(at)) = peer.phase else {
                return None;
            };
            Some((at, peer.since, place, false))
        });
        let drafts = self.peers.iter().enumerate().filter_map(|(place, peer)| {
            let draft = peer.draft.as_ref()?;
            Some((draft.until, draft.since, place, true))
        });
        phases.chain(drafts).min()
    }

    /// What follows every event: questions, and the timer.
    pub(crate) fn settle(&mut self) -> Vec<Deed> {
        self.ask();
        let due = self.due().map(|(at, ..)| at);
        let due = due.into_iter().chain(self.turn_at()).min();
        if due != self.timer {
            self.timer = due;
            self.out.extend(due.map(Deed::Timer));
        }
        core::mem::take(&mut self.out)
    }

    fn enter(&mut self, place: usize, phase: Phase) {
        self.steps += 1;
        self.peers[place].phase = phase;
        self.peers[place].since = self.steps;
    }

    pub(crate) fn wait(&mut self, place: usize, until: Time) {
        if until <= self.now {
            self.enter(place, Phase::Ready);
        } else {
            let until = until.min(self.now + TEN_MINUTES);
            self.enter(place, Phase::Waiting(until));
        }
    }

    fn ask(&mut self) {
        loop {
            let awaited = |peer: &&Peer| matches!(peer.phase, Phase::Awaiting(_));
            if self.peers.iter().filter(awaited).count() >= self.options.outstanding_max {
                return;
            }
            let Some(place) = self.whose_turn() else {
                return;
            };
            self.enter(place, Phase::Awaiting(self.now + Options::TIMEOUT));
            let peer = &mut self.peers[place];
            peer.asked = true;
            peer.limits.ask_at = self.now + gap(peer.kind);
            let dialect = match peer.kind {
                Kind::V1 => Dialect::V1,
                _ => Dialect::V2,
            };
            self.out.push(Deed::Ask(peer.id, peer.epoch, dialect));
            self.stats.requests_sent += 1;
        }
    }

    fn silence(&mut self, place: usize) {
        self.stats.timeouts += 1;
        let peer = &mut self.peers[place];
        peer.misses += 1;
        peer.limits.ask_at = self.now + gap(peer.kind);
        peer.late += 1;
        self.turns.give_back(peer.kind, self.now);
        if peer.misses > 2 {
            let in_a_row = peer.misses;
            self.out
                .push(Deed::Report(peer.id, Fault::NoAnswer { in_a_row }));
        }
        let pause = (0..peer.misses).fold(gap(peer.kind), |pause, _| (pause * 2).min(TEN_MINUTES));
        self.wait(place, self.now + pause);
    }

    /// The end of the connection of a peer, if it is up, and in this epoch or, where `other` is
    /// said, in another one.
    pub(crate) fn end(&mut self, id: NodeId, epoch: Epoch, other: bool) -> bool {
        let up = self.find(id);
        let ended = up.filter(|&place| (self.peers[place].epoch != epoch) == other);
        if let Some(place) = ended {
            self.remove(place);
        }
        ended.is_some()
    }

    pub(crate) fn up(&mut self, id: NodeId, epoch: Epoch, kind: Kind) {
        if self.find(id).is_some() {
            self.stats.stray_events += 1;
            return;
        }
        let max = self.options.peers_max;
        if self.peers.len() == max {
            let reason = Fault::TooManyPeers { max };
            self.out.push(Deed::Disconnect(id, epoch, reason));
            return;
        }
        if self.peers.is_empty() {
            self.turns.begin(self.now);
        }
        let back = self.gone.iter().position(|(gone, _)| *gone == id);
        let limits = back.map(|place| self.gone.remove(place).1);
        let limits = limits.unwrap_or_else(|| Limits {
            ask_at: self.strangers_at,
            ..Limits::default()
        });
        self.peers.push(Peer {
            id,
            epoch,
            kind,
            phase: Phase::Cut,
            since: 0,
            limits,
            interval: gap(kind),
            misses: 0,
            late: 0,
            asked: false,
            answered: false,
            telling: None,
            draft: None,
        });
        let place = self.peers.len() - 1;
        self.wait(place, limits.ask_at);
    }

    fn remove(&mut self, place: usize) {
        let mut peer = self.peers.remove(place);
        if matches!(peer.phase, Phase::Awaiting(_)) {
            peer.limits.ask_at = self.now + gap(peer.kind);
        }
        self.gone.retain(|(id, _)| *id != peer.id);
        if self.gone.len() == self.options.remembered_max {
            let (_, forgotten) = self.gone.remove(0);
            self.strangers_at = self.strangers_at.max(forgotten.ask_at);
        }
        self.gone.push((peer.id, peer.limits));
    }

    pub(crate) fn find(&self, id: NodeId) -> Option<usize> {
        self.peers.iter().position(|peer| peer.id == id)
    }

    /// The peer behind a message, if it is up in this epoch and not cut; else the event is stray.
    pub(crate) fn listening(&mut self, id: NodeId, epoch: Epoch) -> Option<usize> {
        let place = self.find(id).filter(|&place| {
            let peer = &self.peers[place];
            peer.epoch == epoch && peer.phase != Phase::Cut
        });
        self.stats.stray_events += u64::from(place.is_none());
        place
    }

    fn cut(&mut self, place: usize, fault: Fault) {
        self.enter(place, Phase::Cut);
        let peer = &mut self.peers[place];
        peer.draft = None;
        self.out.push(Deed::Disconnect(peer.id, peer.epoch, fault));
    }

    fn strike(&mut self, place: usize, fault: Fault) {
        let (now, most) = (self.now, self.options.strikes_max);
        let peer = &mut self.peers[place];
        match peer.limits.strikes.take(now, Options::STRIKE_FADES, most) {
            Ok(()) => self.out.push(Deed::Report(peer.id, fault)),
            Err(_) => self.cut(place, fault),
        }
    }

    pub(crate) fn garbage(&mut self, place: usize, error: WireError) {
        self.stats.garbage += 1;
        self.cut(place, Fault::Garbage(error));
    }

    pub(crate) fn unsent(&mut self, place: usize) {
        let peer = &mut self.peers[place];
        if matches!(peer.phase, Phase::Awaiting(_)) {
            peer.late += 1;
            peer.limits.ask_at = self.now + gap(peer.kind);
            let pause = gap(peer.kind).max(Duration::from_secs(1));
            self.turns.give_back(peer.kind, self.now);
            self.wait(place, self.now + pause);
        }
    }

    /// Whether a request is granted; if not, it is held against the peer.
    pub(crate) fn grants(&mut self, place: usize) -> bool {
        let (now, burst) = (self.now, self.options.burst);
        let peer = &mut self.peers[place];
        let each = match peer.kind {
            Kind::V1 => Duration::from_secs(10),
            _ => Duration::from_millis(100),
        };
        let taken = peer.limits.requests.take(now, each, burst);
        if let Err(wait) = taken {
            self.stats.requests_too_soon += 1;
            self.strike(place, Fault::RequestTooSoon { wait });
        }
        taken.is_ok()
    }

    /// An answer: `None` stands for what is no address.
    pub(crate) fn answered(
        &mut self,
        place: usize,
        dialect: Dialect,
        told: &[Option<NodeAddress>],
        store: &Store,
    ) {
        if !matches!(self.peers[place].phase, Phase::Awaiting(_)) {
            self.not_asked_for(place);
            return;
        }
        let (found, max) = (told.len(), if dialect == Dialect::V1 { 250 } else { 100 });
        if found > max {
            self.stats.oversized_responses += 1;
            self.cut(place, Fault::TooManyAddresses { found, max });
            return;
        }
        let good: Vec<&NodeAddress> = told.iter().flatten().filter(|a| self.usable(a)).collect();
        let own = told.iter().flatten().count() - good.len();
        let from = self.peers[place].id;
        let (before, mut end) = (self.heard.len(), 0);
        for (number, address) in good.iter().enumerate() {
            if !self.heard.contains(&address.id()) {
                self.heard.push(address.id());
                end += usize::from(number + 10 >= good.len());
            }
            if !store.addresses.contains(address) {
                self.out.push(Deed::Add((*address).clone(), from));
            }
        }
        let fresh = self.heard.len() - before;
        let bad = found - good.len() - own;
        self.stats.responses_accepted += 1;
        self.stats.addresses_told += good.len() as u64;
        self.stats.addresses_fresh += fresh as u64;
        self.stats.addresses_bad += bad as u64;
        self.stats.addresses_own += own as u64;
        self.pace(place, good.len(), fresh, end, store.full);
        if 2 * bad > found {
            self.strike(place, Fault::BadAddresses { bad, of: found });
        }
    }

    fn not_asked_for(&mut self, place: usize) {
        let peer = &mut self.peers[place];
        if peer.late == 0 {
            self.stats.unsolicited_responses += 1;
            self.cut(place, Fault::UnsolicitedResponse);
        } else {
            peer.late -= 1;
            self.stats.late_responses += 1;
        }
    }

    fn usable(&self, told: &NodeAddress) -> bool {
        let own = address(ME, OWN_PLACE);
        let ours = self.options.own && told.ip() == own.ip() && told.port() == own.port();
        told.id() != ME && !ours
    }
}

//! Dump and restore: the whole state as bytes, and back.
//!
//! A dump says who and what, never in which slot: peers come in the order of their ids, the
//! lines of those who wait as a list of them. So two machines in the same state give the same bytes, and a machine
//! that was restored goes on exactly as the one that was dumped.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::agenda::{Agenda, Due, Entry};
use super::answer::Draft;
use super::estimate::Census;
use super::gate::Gate;
use super::guard::Standing;
use super::peers::{Peer, Phase};
use super::rotation::Slot;
use super::seen::Seen;
use super::telling::Telling;
use super::turns::{Line, Means};
use super::{Pex, Remembered};
use crate::seed::{Chance, HashKey};
use crate::{Config, Epoch, Kind, NodeId, QueryId, Seed, Stats, Time};

/// The most entries or questions that a machine can have made when it is dumped. At a thousand
/// million a second it takes 292 years; so a larger number is damage, and from a smaller one the
/// count never runs into its end, where names would repeat.
const MADE_MAX: u64 = u64::MAX / 2;

/// The first bytes of a dump: a name and the version of the format.
const MAGIC: &[u8; 8] = b"pex-v2\0\x07";

#[derive(Serialize, Deserialize)]
struct Dump {
    me: NodeId,
    key: HashKey,
    chance: u128,
    now: Time,
    armed: Option<Time>,
    entries_made: u64,
    queries_made: u64,
    peers: Vec<PeerDump>,
    /// Those who wait for their turn: the lines one after the other, each from its front.
    lines: Vec<NodeId>,
    means: Means,
    remembered: Vec<(NodeId, Standing)>,
    strangers_at: Time,
    gate: Gate,
    seen: (Vec<u64>, Vec<u64>),
    census: Census,
    stats: Stats,
}

#[derive(Serialize, Deserialize)]
struct PeerDump {
    id: NodeId,
    epoch: Epoch,
    kind: Kind,
    phase: PhaseDump,
    standing: Standing,
    interval: Duration,
    misses: u32,
    late: u32,
    asked: bool,
    answered: bool,
    telling: Option<Telling>,
    draft: Option<(Box<Draft>, (Time, u64))>,
}

impl PeerDump {
    /// Whether as many are asked, for as long, and wait for as many names, as this configuration has it.
    fn all_fit(peers: &[Self], now: Time, config: &Config) -> bool {
        let asked = peers.iter().filter_map(|peer| match peer.phase {
            PhaseDump::Awaiting(until, _) => Some(until),
            PhaseDump::Ready | PhaseDump::Waiting(..) | PhaseDump::Cut => None,
        });
        let latest = now + config.request_timeout;
        let drafts = peers.iter().filter_map(|peer| peer.draft.as_ref());
        let mut names = drafts.map(|(draft, _)| draft.waiting.len());
        asked.clone().count() <= config.outstanding_max
            && asked.max() <= Some(latest)
            && names.all(|names| names <= config.resolve_max)
    }
}

#[derive(Serialize, Deserialize)]
enum PhaseDump {
    Ready,
    Waiting(Time, u64),
    Awaiting(Time, u64),
    Cut,
}

impl From<Phase> for PhaseDump {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Ready => Self::Ready,
            Phase::Waiting { entry } => Self::Waiting(entry.at, entry.number),
            Phase::Awaiting { entry } => Self::Awaiting(entry.at, entry.number),
            Phase::Cut => Self::Cut,
        }
    }
}

impl From<PhaseDump> for Phase {
    fn from(dump: PhaseDump) -> Self {
        match dump {
            PhaseDump::Ready => Self::Ready,
            PhaseDump::Waiting(at, number) => Self::Waiting {
                entry: Entry { at, number },
            },
            PhaseDump::Awaiting(at, number) => Self::Awaiting {
                entry: Entry { at, number },
            },
            PhaseDump::Cut => Self::Cut,
        }
    }
}

impl From<&Peer> for PeerDump {
    fn from(peer: &Peer) -> Self {
        let draft = peer.draft.as_ref().and_then(|draft| {
            let entry = draft.entry?;
            Some((draft.clone(), (entry.at, entry.number)))
        });
        Self {
            id: peer.id,
            epoch: peer.epoch,
            kind: peer.kind,
            phase: peer.phase.into(),
            standing: peer.standing,
            interval: peer.interval,
            misses: peer.misses,
            late: peer.late,
            asked: peer.asked,
            answered: peer.answered,
            telling: peer.telling,
            draft,
        }
    }
}

impl PeerDump {
    fn into_peer(self, key: HashKey) -> Peer {
        let who = key.of(self.id);
        let draft = self.draft.map(|(mut draft, (at, number))| {
            draft.entry = Some(Entry { at, number });
            draft
        });
        let mut peer = Peer::new(who, self.epoch, self.kind, self.standing, self.interval);
        peer.phase = self.phase.into();
        peer.misses = self.misses;
        peer.late = self.late;
        peer.asked = self.asked;
        peer.answered = self.answered;
        peer.telling = self.telling;
        peer.draft = draft;
        peer
    }
}

impl Pex {
    /// The whole state, as bytes that [`Pex::restore`] reads.
    ///
    /// # Security
    ///
    /// The bytes hold the key that keeps the order of answers secret. Keep them as you keep the
    /// seed.
    #[must_use]
    pub fn dump(&self) -> Vec<u8> {
        let dump = Dump {
            me: self.me,
            key: self.key,
            chance: self.chance.position(),
            now: self.now,
            armed: self.armed,
            entries_made: self.agenda.made(),
            queries_made: self.queries_made,
            peers: self.peers.sorted().map(PeerDump::from).collect(),
            lines: self.lines(),
            means: self.turns.means(),
            remembered: self.remembered.iter().collect(),
            strangers_at: self.remembered.strangers_at(),
            gate: self.gate.clone(),
            seen: self.seen.dump(),
            census: self.census.clone(),
            stats: self.stats,
        };
        // Writing to memory can't fail, and every type in a dump can be written.
        postcard::to_extend(&dump, MAGIC.to_vec()).unwrap_or_default()
    }

    /// The machine that was dumped, with the same configuration and seed.
    ///
    /// Connections do not outlive a process: after a restart, report each of [`Pex::peers`] down. If
    /// the clock has been corrected since the dump, call [`Pex::rewind`]. Arm the timer from
    /// [`Pex::deadline`].
    ///
    /// # Errors
    ///
    /// [`RestoreError`], and nothing is made, if the bytes are no dump, are damaged, or belong to
    /// another seed, or if the configuration is too small for them.
    pub fn restore(config: Config, seed: Seed, bytes: &[u8]) -> Result<Self, RestoreError> {
        let body = bytes.strip_prefix(MAGIC).ok_or(RestoreError::NotADump)?;
        let (dump, rest) =
            postcard::take_from_bytes::<Dump>(body).map_err(|_| RestoreError::Damaged)?;
        if !rest.is_empty() {
            return Err(RestoreError::Damaged);
        }
        if dump.entries_made.max(dump.queries_made) > MADE_MAX {
            return Err(RestoreError::Damaged);
        }
        let mut pex = Self::new(config, dump.me, seed, dump.now);
        if pex.key != dump.key {
            return Err(RestoreError::OtherSeed);
        }
        let fits = dump.peers.len() <= pex.config.peers_max
            && PeerDump::all_fit(&dump.peers, dump.now, &pex.config)
            && dump.remembered.len() <= pex.config.remembered_max
            && core::mem::discriminant(&dump.gate) == core::mem::discriminant(&pex.gate);
        if !fits {
            return Err(RestoreError::OtherConfig);
        }
        pex.chance = Chance::resume(&seed, dump.chance);
        pex.armed = dump.armed;
        pex.agenda = Agenda::after(dump.entries_made);
        pex.queries_made = dump.queries_made;
        pex.remembered = Remembered::new(pex.config.remembered_max, dump.strangers_at);
        dump.remembered
            .into_iter()
            .for_each(|(id, standing)| pex.remembered.put(pex.key.of(id), standing));
        pex.gate = dump.gate;
        pex.seen = Seen::load(pex.config.seen_max, &dump.seen.0, &dump.seen.1);
        pex.census = dump.census;
        pex.stats = dump.stats;
        pex.restore_peers(dump.peers, &dump.lines)?;
        let means = pex.turns.resume(pex.now, dump.means);
        let sound = means && pex.census.is_sound() && pex.check().is_ok();
        sound.then_some(pex).ok_or(RestoreError::Damaged)
    }

    fn restore_peers(
        &mut self,
        peers: Vec<PeerDump>,
        lines: &[NodeId],
    ) -> Result<(), RestoreError> {
        let (mut slots, mut numbers) = (BTreeMap::new(), BTreeSet::new());
        for dump in peers {
            let peer = dump.into_peer(self.key);
            let (id, phase, asked) = (peer.id, peer.phase, peer.asked);
            let is_kin = peer.kind == Kind::Kin;
            if slots.contains_key(&id) {
                return Err(RestoreError::Damaged);
            }
            let slot = self.peers.add(peer);
            slots.insert(id, slot);
            let entry = match phase {
                Phase::Waiting { entry } => Some((entry, Due::Ask)),
                Phase::Awaiting { entry } => Some((entry, Due::Silence)),
                Phase::Cut | Phase::Ready => None,
            };
            if asked {
                self.turns.on_first_question(is_kin);
            }
            let awaits = matches!(phase, Phase::Awaiting { .. });
            self.outstanding = self.outstanding.saturating_add(usize::from(awaits));
            self.cut = self.cut.saturating_add(usize::from(phase == Phase::Cut));
            let answer = self.restore_queries(slot)?;
            for (entry, due) in entry.into_iter().chain(answer) {
                // One number twice would be one name twice, once the two fall due together.
                if !numbers.insert(entry.number) || !self.agenda.put_back(entry, slot, due) {
                    return Err(RestoreError::Damaged);
                }
            }
        }
        for id in lines {
            let slot = *slots.get(id).ok_or(RestoreError::Damaged)?;
            if let Some(peer) = self.peers.get(slot) {
                let line = self.turns.line(peer.kind == Kind::Kin, peer.asked);
                self.turns.push_back(slot, line);
            }
        }
        Ok(())
    }

    fn lines(&self) -> Vec<NodeId> {
        let lines = [Line::Newcomers, Line::Kin, Line::Others].into_iter();
        let slots = lines.flat_map(|line| self.turns.rotation(line).iter());
        slots
            .filter_map(|slot| self.peers.get(slot).map(|peer| peer.id))
            .collect()
    }

    /// Takes in what a peer's draft waits for; returns when the draft is due.
    fn restore_queries(&mut self, slot: Slot) -> Result<Option<(Entry, Due)>, RestoreError> {
        let Some(draft) = self.peers.get(slot).and_then(|peer| peer.draft.as_ref()) else {
            return Ok(None);
        };
        for (query, _) in &draft.waiting {
            let made = (1..=self.queries_made).contains(query);
            if !made || self.queries.insert(QueryId(*query), slot).is_some() {
                return Err(RestoreError::Damaged);
            }
        }
        Ok(draft.entry.map(|entry| (entry, Due::Answer)))
    }
}

/// Why a dump can't be restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestoreError {
    /// The bytes do not begin as a dump of this version does.
    NotADump,
    /// The bytes begin as a dump, and are cut short or changed.
    Damaged,
    /// The dump was made by a machine with another seed.
    OtherSeed,
    /// The dump was made with a larger configuration, or another policy.
    OtherConfig,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADump => "these bytes are no dump of this version; start afresh",
            Self::Damaged => "the dump is damaged; start afresh, or take an older one",
            Self::OtherSeed => "the dump belongs to another seed; give the seed it was made with",
            Self::OtherConfig => {
                "the dump does not fit the configuration; give the one it was made with"
            }
        })
    }
}

impl core::error::Error for RestoreError {}

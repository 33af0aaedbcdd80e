//! The connected peers: a table by slot, with an index by id.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use hashbrown::HashTable;
use slab::Slab;

use super::agenda::Entry;
use super::answer::Draft;
use super::credit::Credit;
use super::guard::Standing;
use super::rotation::Slot;
use super::telling::Telling;
use crate::seed::Hashed;
use crate::{Epoch, Kind, NodeId};

/// Where a peer stands between two requests. Each peer is in one of these, and each place that
/// lists peers lists those of one phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// In line: may be asked as soon as its turn comes.
    Ready,
    /// Left alone until the agenda says so.
    Waiting { entry: Entry },
    /// Asked; the agenda holds the end of our patience.
    Awaiting { entry: Entry },
    /// To be disconnected by the driver; not listened to any more.
    Cut,
}

#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) id: NodeId,
    /// The keyed hash of the id.
    hash: u64,
    pub(crate) epoch: Epoch,
    pub(crate) kind: Kind,
    pub(crate) phase: Phase,
    pub(crate) standing: Standing,
    /// How long we wait between its answer and the next request.
    pub(crate) interval: Duration,
    /// Requests in a row that it left unanswered.
    pub(crate) misses: u32,
    /// Answers that may still come after their time, and are no fault.
    pub(crate) late: u32,
    /// Whether it was asked, and has answered, on this connection.
    pub(crate) asked: bool,
    pub(crate) answered: bool,
    /// How much of what it tells is of use.
    pub(crate) credit: Credit,
    /// How far it has been told; nothing before it first asks.
    pub(crate) telling: Option<Telling>,
    /// An answer that waits for names.
    pub(crate) draft: Option<Box<Draft>>,
}

impl Peer {
    pub(crate) const fn new(
        who: Hashed,
        epoch: Epoch,
        kind: Kind,
        standing: Standing,
        interval: Duration,
    ) -> Self {
        Self {
            id: who.id,
            hash: who.hash,
            epoch,
            kind,
            phase: Phase::Ready,
            standing,
            interval,
            misses: 0,
            late: 0,
            asked: false,
            answered: false,
            credit: Credit::new(),
            telling: None,
            draft: None,
        }
    }
}

impl Peer {
    /// Its id, hashed.
    pub(crate) const fn who(&self) -> Hashed {
        Hashed {
            id: self.id,
            hash: self.hash,
        }
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        self.standing.rewind(back);
        if let Some(telling) = &mut self.telling {
            telling.rewind(back);
        }
        if let Phase::Waiting { entry } | Phase::Awaiting { entry } = &mut self.phase {
            *entry = entry.rewound(back);
        }
        if let Some(entry) = self.draft.as_mut().and_then(|draft| draft.entry.as_mut()) {
            *entry = entry.rewound(back);
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Peers {
    table: Slab<Peer>,
    index: HashTable<Slot>,
}

impl Peers {
    pub(crate) const fn new() -> Self {
        Self {
            table: Slab::new(),
            index: HashTable::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Peer> {
        self.table.get(slot as usize)
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Peer> {
        self.table.get_mut(slot as usize)
    }

    pub(crate) fn set_phase(&mut self, slot: Slot, phase: Phase) {
        if let Some(peer) = self.get_mut(slot) {
            peer.phase = phase;
        }
    }

    pub(crate) fn find(&self, who: Hashed) -> Option<Slot> {
        let is_peer = |&slot: &Slot| self.get(slot).is_some_and(|peer| peer.id == who.id);
        self.index.find(who.hash, is_peer).copied()
    }

    /// The peer on this very connection.
    pub(crate) fn connected(&self, who: Hashed, epoch: Epoch) -> Option<Slot> {
        self.find(who)
            .filter(|&slot| self.get(slot).is_some_and(|peer| peer.epoch == epoch))
    }

    /// The peer on this very connection, unless we have asked for its end.
    pub(crate) fn listening(&self, who: Hashed, epoch: Epoch) -> Option<Slot> {
        self.connected(who, epoch)
            .filter(|&slot| self.get(slot).is_some_and(|peer| peer.phase != Phase::Cut))
    }

    /// Whether a peer whose id has this keyed hash is connected, and is listened to.
    pub(crate) fn is_here(&self, hash: u64) -> bool {
        let has_hash = |&slot: &Slot| self.get(slot).is_some_and(|peer| peer.hash == hash);
        let slot = self.index.find(hash, has_hash);
        slot.and_then(|&slot| self.get(slot))
            .is_some_and(|peer| peer.phase != Phase::Cut)
    }

    /// Adds a peer that is not in the table. The bound of the configuration keeps the slots far
    /// below 2^32.
    pub(crate) fn add(&mut self, peer: Peer) -> Slot {
        let hash = peer.hash;
        let slot = Slot::try_from(self.table.insert(peer)).unwrap_or(Slot::MAX);
        let table = &self.table;
        self.index.insert_unique(hash, slot, |&slot| {
            table.get(slot as usize).map_or(0, |peer| peer.hash)
        });
        slot
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Peer> {
        let peer = self.table.try_remove(slot as usize)?;
        if let Ok(entry) = self.index.find_entry(peer.hash, |&other| other == slot) {
            entry.remove();
        }
        Some(peer)
    }

    /// Does something to every peer, in no order that means anything.
    pub(crate) fn each_mut(&mut self, mut with: impl FnMut(&mut Peer)) {
        for (_, peer) in &mut self.table {
            with(peer);
        }
    }

    /// The peers in ascending order of their ids: the order of the table itself tells how they came
    /// and went, and must not reach an action.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = &Peer> {
        let mut peers: Vec<&Peer> = self.table.iter().map(|(_, peer)| peer).collect();
        peers.sort_unstable_by_key(|peer| peer.id);
        peers.into_iter()
    }

    /// Every peer with its slot, in no order that means anything.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (Slot, &Peer)> {
        self.table
            .iter()
            .map(|(slot, peer)| (Slot::try_from(slot).unwrap_or(Slot::MAX), peer))
    }
}

//! Every node we have heard of: what is kept of it, and the indices that find it.
//!
//! An entry is one address of a node; a node has a few at most. An entry is found by its node and
//! by its place, is in the list of its network while it may be dialed, and in a queue while it is
//! left alone. All of this takes constant time, the queue logarithmic, however many there are.

mod find;
mod keys;

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use hashbrown::HashTable;
use smallvec::SmallVec;

use keys::Keys;

use super::arena::{Arena, Slot};
use super::entry::{Entry, NOWHERE, Stamp, Turn};
use super::lanes::{Kind, LaneKey, Lanes};
use super::queue::Queue;
use super::ring::Ids;
use super::told::{Places, Told};
use crate::seed::{Chance, HashKey};
use crate::{NodeAddress, NodeId, Reach, Time};

/// The entries of a node or of a place.
pub(crate) type Slots = SmallVec<[Slot; 4]>;

/// What is known of an address when it comes in.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer<'a> {
    pub(crate) address: &'a NodeAddress,
    pub(crate) lane: LaneKey,
    pub(crate) source: u32,
    pub(crate) known: Stamp,
    pub(crate) nearest: Reach,
}

#[derive(Clone, Debug)]
pub(crate) struct Store {
    keys: Keys,
    entries: Arena<Entry>,
    /// Addresses that are not `mconn`, an IP address and a port.
    unusual: Arena<NodeAddress>,
    by_node: HashTable<Slot>,
    by_place: HashTable<Slot>,
    pub(crate) lanes: Lanes,
    waiting: Queue,
    told: Told,
    nodes: usize,
    tested: usize,
}

impl Ids for Arena<Entry> {
    fn id(&self, slot: Slot) -> Option<NodeId> {
        self.get(slot).map(|entry| entry.id)
    }
}

impl Places for Arena<Entry> {
    fn set_place(&mut self, slot: Slot, place: u32) {
        if let Some(entry) = self.get_mut(slot) {
            entry.told = place;
        }
    }
}

/// Writes down where an entry stands in the list or queue of its turn.
fn set_rank(entries: &mut Arena<Entry>, slot: Slot, rank: u32) {
    if let Some(entry) = entries.get_mut(slot) {
        entry.rank = rank;
    }
}

impl Store {
    pub(crate) fn new(key: HashKey, outbound_per_lane: u32) -> Self {
        Self {
            keys: Keys::new(key),
            entries: Arena::new(),
            unusual: Arena::new(),
            by_node: HashTable::new(),
            by_place: HashTable::new(),
            lanes: Lanes::new(key, outbound_per_lane),
            waiting: Queue::new(),
            told: Told::new(),
            nodes: 0,
            tested: 0,
        }
    }

    /// Addresses.
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Nodes with an address.
    pub(crate) const fn nodes(&self) -> usize {
        self.nodes
    }

    /// Slots below this one have been in use.
    pub(crate) const fn bound(&self) -> usize {
        self.entries.bound()
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot)
    }

    /// An entry, to change what no index depends on: times, failures, source.
    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.entries.get_mut(slot)
    }

    /// Every entry, by slot, which tells in what order they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &Entry)> {
        self.entries.iter()
    }

    /// The address of an entry.
    pub(crate) fn address(&self, entry: &Entry) -> Option<NodeAddress> {
        match entry.ip() {
            Ok(ip) => Some(NodeAddress::mconn(entry.id, ip, entry.port)),
            Err(number) => self.unusual.get(number).cloned(),
        }
    }

    /// The IP address of an entry, if it has one.
    pub(crate) fn ip(&self, entry: &Entry) -> Option<IpAddr> {
        match entry.ip() {
            Ok(ip) => Some(ip.to_canonical()),
            Err(number) => Some(self.unusual.get(number)?.ip()?.to_canonical()),
        }
    }

    fn hash_of_place(&self, entry: &Entry) -> u64 {
        match entry.ip() {
            Ok(ip) => self.keys.of_ip(ip),
            Err(number) => self
                .unusual
                .get(number)
                .map_or(0, |address| self.keys.of_place(address)),
        }
    }

    /// Takes in an address that is not here yet. Nobody dials it before its turn is set.
    pub(crate) fn insert(&mut self, newcomer: &Newcomer<'_>, chance: &mut Chance) -> Slot {
        let address = newcomer.address;
        let id = address.id();
        let is_new = self.of_node(id).is_empty();
        let lane = self.lanes.enter(newcomer.lane);
        let mut entry = Entry::new(id, address.port(), lane, newcomer.source);
        match address.ip().filter(|&ip| Entry::is_usual(address, ip)) {
            Some(ip) => entry.set_ip(ip),
            None => entry.set_text(self.unusual.insert(address.clone())),
        }
        entry.known = newcomer.known;
        entry.nearest = newcomer.nearest;
        let (of_node, of_place) = (self.keys.of_node(id), self.hash_of_place(&entry));
        let slot = self.entries.insert(entry);
        self.index(of_node, of_place, slot);
        self.nodes = self.nodes.saturating_add(usize::from(is_new));
        self.told.add(false, slot, chance, &mut self.entries);
        self.told.is_news(slot);
        slot
    }

    fn index(&mut self, of_node: u64, of_place: u64, slot: Slot) {
        let (entries, unusual, keys) = (&self.entries, &self.unusual, &self.keys);
        self.by_node.insert_unique(of_node, slot, |&slot| {
            entries.get(slot).map_or(0, |entry| keys.of_node(entry.id))
        });
        self.by_place.insert_unique(of_place, slot, |&slot| {
            entries.get(slot).map_or(0, |entry| match entry.ip() {
                Ok(ip) => keys.of_ip(ip),
                Err(number) => unusual
                    .get(number)
                    .map_or(0, |address| keys.of_place(address)),
            })
        });
    }

    /// Forgets an entry.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<NodeAddress> {
        self.set_turn(slot, Turn::Busy, Time::EPOCH);
        self.tell(slot, false, None);
        self.set_tested(slot, false);
        let entry = self.entries.get(slot)?;
        let address = self.address(entry)?;
        let (of_node, of_place) = (self.keys.of_node(entry.id), self.hash_of_place(entry));
        for (index, hash) in [(&mut self.by_node, of_node), (&mut self.by_place, of_place)] {
            if let Ok(found) = index.find_entry(hash, |&other| other == slot) {
                found.remove();
            }
        }
        let entry = self.entries.remove(slot)?;
        if let Err(number) = entry.ip() {
            self.unusual.remove(number);
        }
        self.lanes.leave(entry.lane);
        if self.of_node(entry.id).is_empty() {
            self.nodes = self.nodes.saturating_sub(1);
        }
        Some(address)
    }

    /// Moves an entry into another turn; `until` is when its waiting ends.
    pub(crate) fn set_turn(&mut self, slot: Slot, turn: Turn, until: Time) {
        let Some(entry) = self.entries.get(slot) else {
            return;
        };
        let (lane, kind, rank) = (entry.lane, Kind::of(entry.tested), entry.rank);
        match entry.turn {
            Turn::Ready => {
                if let Some(moved) = self.lanes.remove(lane, kind, rank) {
                    set_rank(&mut self.entries, moved, rank);
                }
            }
            Turn::Waiting => {
                let entries = &mut self.entries;
                self.waiting
                    .remove(rank, |slot, rank| set_rank(entries, slot, rank));
            }
            Turn::Busy => {}
        }
        set_rank(&mut self.entries, slot, NOWHERE);
        match turn {
            Turn::Ready => {
                let rank = self.lanes.push(lane, kind, slot);
                set_rank(&mut self.entries, slot, rank);
            }
            Turn::Waiting => {
                let entries = &mut self.entries;
                self.waiting
                    .push(until, slot, |slot, rank| set_rank(entries, slot, rank));
            }
            Turn::Busy => {}
        }
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.turn = turn;
        }
    }

    /// Who waits, and whose waiting ends first.
    pub(crate) fn first_waiting(&self) -> Option<(Time, Slot)> {
        self.waiting.first()
    }

    /// When an entry's waiting ends, if it waits.
    pub(crate) fn waits_until(&self, slot: Slot) -> Option<Time> {
        let entry = self.get(slot).filter(|it| it.turn == Turn::Waiting)?;
        self.waiting.at(entry.rank).map(|(at, _)| at)
    }

    /// Everything that waits ends `back` earlier, and nothing was later than `now`; returns whose
    /// times have changed.
    pub(crate) fn rewind(&mut self, now: Time, back: Duration) -> Vec<NodeId> {
        self.waiting.rewind(back);
        let latest = Stamp::of(now);
        let mut changed = Vec::new();
        self.entries.each_mut(|entry| {
            let times = [&mut entry.known, &mut entry.success, &mut entry.failure];
            let mut later = times.into_iter().filter(|time| **time > latest).peekable();
            if later.peek().is_some() {
                changed.push(entry.id);
            }
            later.for_each(|time| *time = latest);
        });
        changed
    }

    /// Notes that an entry was reached and its node's id proved, or that this is not to be relied
    /// on any more. Nobody is told of it until [`Store::tell`] says so again.
    pub(crate) fn set_tested(&mut self, slot: Slot, tested: bool) {
        let Some(entry) = self.get(slot).filter(|entry| entry.tested != tested) else {
            return;
        };
        let (lane, turn) = (entry.lane, entry.turn);
        if turn == Turn::Ready {
            self.set_turn(slot, Turn::Busy, Time::EPOCH);
        }
        self.tell(slot, false, None);
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.tested = tested;
        }
        self.lanes.count_tested(lane, tested);
        self.tested = if tested {
            self.tested.saturating_add(1)
        } else {
            self.tested.saturating_sub(1)
        };
        if turn == Turn::Ready {
            self.set_turn(slot, Turn::Ready, Time::EPOCH);
        }
    }

    /// Puts an entry among those that others are told of, or takes it out; without chance it can
    /// only be taken out.
    pub(crate) fn tell(&mut self, slot: Slot, wanted: bool, chance: Option<&mut Chance>) {
        let Some(entry) = self.entries.get(slot) else {
            return;
        };
        let (tested, place) = (entry.tested, entry.told);
        if !wanted && place != NOWHERE {
            self.told.remove(tested, place, &mut self.entries);
            self.entries.set_place(slot, NOWHERE);
        } else if let Some(chance) = chance
            && wanted
            && place == NOWHERE
        {
            self.told.add(tested, slot, chance, &mut self.entries);
        }
    }

    pub(crate) const fn told(&self) -> &Told {
        &self.told
    }

    /// Keeps the order of ids from now on.
    pub(crate) fn keep_ring(&mut self) {
        self.told.keep_ring(&self.entries);
    }

    /// What others are told, in the order of ids, from the first above this one; none if it is not kept.
    pub(crate) fn ring_from(&self, from: NodeId) -> impl Iterator<Item = Slot> {
        let ring = self.told.ring().into_iter();
        ring.flat_map(move |ring| ring.walk(from, &self.entries))
    }

    /// What was learned since so much was, the latest first. Others are told of some of it.
    pub(crate) fn news_since(&self, learned: u64) -> impl Iterator<Item = Slot> {
        self.told.learned_since(learned)
    }

    /// Whether every index finds every entry, and nothing else.
    pub(crate) fn is_sound(&self) -> bool {
        let waits = |slot, entry: &Entry| match entry.turn {
            Turn::Ready => {
                let kind = Kind::of(entry.tested);
                self.lanes.holds(entry.lane, kind, entry.rank, slot)
            }
            Turn::Waiting => self
                .waiting
                .at(entry.rank)
                .is_some_and(|(_, it)| it == slot),
            Turn::Busy => entry.rank == NOWHERE,
        };
        let told = |slot, entry: &Entry| {
            let place = entry.told as usize;
            entry.told == NOWHERE || self.told.list(entry.tested).get(place) == Some(&slot)
        };
        let entries = self.entries.iter().all(|(slot, entry)| {
            let address = self.address(entry);
            address.is_some_and(|address| {
                let place = self.keys.of_place(&address);
                let mut there = self.by_place.iter_hash(place);
                self.find(&address) == Some(slot) && there.any(|&it| it == slot)
            }) && waits(slot, entry)
                && told(slot, entry)
        });
        let count = |which: fn(&Entry) -> bool| self.iter().filter(|(_, it)| which(it)).count();
        entries
            && self.by_node.len() == self.len()
            && self.by_place.len() == self.len()
            && self.waiting.len() == count(|it| it.turn == Turn::Waiting)
            && self.told.len() == count(|it| it.told != NOWHERE)
            && self.told.is_ring_sound(&self.entries, self.entries.bound())
            && self.tested == count(|it| it.tested)
            && self.lanes.is_sound()
    }
}

/// In the order of the slots: that of a hash table means nothing.
fn in_order<'a>(found: impl Iterator<Item = &'a Slot>) -> Slots {
    let mut slots: Slots = found.copied().collect();
    slots.sort_unstable();
    slots
}

/// The name of a place without an IP address, without the root's dot; empty if it has none.
pub(super) fn name_of(address: &NodeAddress) -> &str {
    let name = address.name().unwrap_or_default();
    name.strip_suffix('.').unwrap_or(name)
}

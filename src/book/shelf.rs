//! The entries, and the indices that find them.
//!
//! Every entry is in its buckets, in the list of its network, in the shuffled list of what is told,
//! and can be found by its node and by its place. Each of these takes constant time.

mod sound;

use alloc::vec::Vec;

use hashbrown::HashTable;
use smallvec::SmallVec;

use super::buckets::Buckets;
use super::entry::{BucketNumber, Entry, NOWHERE, Numbers};
use super::keys::{Keys, Place};
use super::place::{NEW_BUCKETS, OLD_BUCKETS};
use super::tellers::Tellers;
use super::{CAPACITY, GroupKey};
use crate::index_key::IndexKey;
use crate::peers::arena::{Arena, Slot};
use crate::peers::lanes::{Kind, LaneKey, Lanes};
use crate::peers::ring::Ids;
use crate::peers::told::{Places, Told};
use crate::seed::{Chance, HashKey};
use crate::{Group, NetAddress, NodeId};

/// The entries of a node or of a place.
pub(crate) type Slots = SmallVec<[Slot; 4]>;

/// Entries for which the tables have room from the start, as the first chunk of the entries has.
const FIRST: usize = 1_024;

/// How many times what they hold the tables make room for when they are full.
const GROWTH: usize = 7;

#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    key: IndexKey,
    entries: Arena<Entry>,
    by_node: HashTable<Slot>,
    by_place: HashTable<Slot>,
    pub(crate) new: Buckets,
    pub(crate) old: Buckets,
    pub(crate) lanes: Lanes,
    pub(crate) told: Told,
    /// New entries by the group of who told them.
    pub(crate) tellers: Tellers,
    olds: usize,
}

impl Ids for Arena<Entry> {
    fn id(&self, slot: Slot) -> Option<NodeId> {
        self.get(slot).map(|entry| entry.address.id())
    }
}

impl Places for Arena<Entry> {
    fn set_place(&mut self, slot: Slot, place: u32) {
        if let Some(entry) = self.get_mut(slot) {
            entry.place = place;
        }
    }
}

impl Shelf {
    pub(crate) fn new(key: HashKey, outbound_per_network: u32) -> Self {
        Self {
            key: IndexKey::new(key),
            entries: Arena::new(),
            by_node: HashTable::with_capacity(FIRST),
            by_place: HashTable::with_capacity(FIRST),
            new: Buckets::new(NEW_BUCKETS),
            old: Buckets::new(OLD_BUCKETS),
            lanes: Lanes::new(key, outbound_per_network),
            told: Told::new(),
            tellers: Tellers::new(),
            olds: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Entries that have proved good.
    pub(crate) const fn olds(&self) -> usize {
        self.olds
    }

    pub(crate) const fn news(&self) -> usize {
        self.len().saturating_sub(self.olds)
    }

    /// Slots below this one have been in use.
    pub(crate) const fn bound(&self) -> usize {
        self.entries.bound()
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot)
    }

    /// An entry, to change what no index depends on: attempts and times.
    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.entries.get_mut(slot)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &Entry)> {
        self.entries.iter()
    }

    /// Keeps the order of ids from now on.
    pub(crate) fn keep_ring(&mut self) {
        self.told.keep_ring(&self.entries);
    }

    /// The entries in the order of ids, from the first above this one; none if it is not kept.
    pub(crate) fn ring_from(&self, from: NodeId) -> impl Iterator<Item = &Entry> {
        let ring = self.told.ring().into_iter();
        let slots = ring.flat_map(move |ring| ring.walk(from, &self.entries));
        slots.filter_map(|slot| self.entries.get(slot))
    }

    /// The addresses of these entries, behind what is there already.
    pub(crate) fn gather(&self, slots: &[Slot], addresses: &mut Vec<NetAddress>) {
        let Some(any) = slots.iter().find_map(|&slot| self.get(slot)) else {
            return;
        };
        // Each of them is there. Were one not, another stands in for it: a copy that may be left out
        // goes through memory twice.
        addresses.extend(slots.iter().map(|&slot| {
            let entry = self.get(slot).unwrap_or(any);
            entry.address
        }));
    }

    pub(crate) fn hash_of(&self, id: NodeId) -> u64 {
        self.key.of(id)
    }

    /// All that places an address, whose node has this hash and whose IP address is of this group.
    /// It may be in the book: where that is strict, it can be routed to.
    pub(crate) fn keys(
        &self,
        node: u64,
        address: &NetAddress,
        group: Group,
        told_by: GroupKey,
    ) -> Keys {
        Keys {
            // Which of the two kinds of book it is makes a difference only where it can't be.
            group: GroupKey::of(address, false),
            node,
            place: Place::new(&self.key, address, group),
            lane: self.lanes.seek(LaneKey(group.number())),
            told_by,
        }
    }

    /// The same, of whatever address.
    pub(crate) fn keys_of(&self, address: &NetAddress, told_by: GroupKey) -> Keys {
        let node = self.hash_of(address.id());
        self.keys(node, address, Group::of(address.ip()), told_by)
    }

    /// The entry of this address, whose node has this hash; or else how many others the node has.
    pub(crate) fn find_among(&self, node: u64, address: &NetAddress) -> Result<Slot, usize> {
        let mut others = 0_usize;
        let found = self.by_node.find(node, |&slot| {
            let its = self.get(slot).map(|it| &it.address);
            let is_of_node = its.is_some_and(|its| its.id() == address.id());
            others = others.saturating_add(usize::from(is_of_node));
            is_of_node && its == Some(address)
        });
        found.copied().ok_or(others)
    }

    /// How many entries are at a place.
    pub(crate) fn count_at(&self, place: &Place) -> usize {
        let mut count = 0_usize;
        // Looks at all of them, as none is the one that is looked for.
        let _none = self.by_place.find(place.hash, |&slot| {
            let is_there = self.get(slot).is_some_and(|it| place.is_of(&it.address));
            count = count.saturating_add(usize::from(is_there));
            false
        });
        count
    }

    /// New entries in a network.
    pub(crate) fn news_in(&self, lane: Option<Slot>) -> u32 {
        lane.map_or(0, |lane| {
            let (all, old) = self.lanes.counts(lane);
            all.saturating_sub(old)
        })
    }

    /// The entries of a node.
    pub(crate) fn of_node(&self, id: NodeId) -> Slots {
        let is_it = |&&slot: &&Slot| self.get(slot).is_some_and(|it| it.address.id() == id);
        let found = self.by_node.iter_hash(self.key.of(id));
        in_order(found.filter(is_it))
    }

    /// The entry of this address: a node at a place.
    pub(crate) fn find(&self, address: &NetAddress) -> Option<Slot> {
        let is_it = |&slot: &Slot| self.get(slot).is_some_and(|it| it.address == *address);
        let hash = self.key.of(address.id());
        self.by_node.find(hash, is_it).copied()
    }

    /// The entries at the IP address of this one; at its port, where the IP address is not of the
    /// world and so may be that of any number of nodes.
    pub(crate) fn at_place(&self, address: &NetAddress) -> Slots {
        let place = Place::of(&self.key, address);
        let is_there = |&&slot: &&Slot| self.get(slot).is_some_and(|it| place.is_of(&it.address));
        in_order(self.by_place.iter_hash(place.hash).filter(is_there))
    }

    /// Takes in an entry, into its first bucket. Since its keys were made, others may have gone and
    /// none may have come.
    pub(crate) fn insert(
        &mut self,
        mut entry: Entry,
        bucket: BucketNumber,
        keys: &Keys,
        chance: &mut Chance,
    ) -> Slot {
        let (old, lane) = (entry.old, self.lanes.enter_sought(keys.lane));
        entry.lane = lane;
        entry.buckets = Numbers::one(bucket);
        let slot = self.entries.insert(entry);
        let (entries, key) = (&self.entries, &self.key);
        enter(&mut self.by_node, keys.node, slot, |&slot| {
            let its = entries.get(slot).map(|it| it.address.id());
            its.map_or(0, |id| key.of(id))
        });
        enter(&mut self.by_place, keys.place.hash, slot, |&slot| {
            let its = entries.get(slot);
            its.map_or(0, |it| Place::of(key, &it.address).hash)
        });
        self.table(old).put(bucket, slot);
        self.enlist(slot, old, lane, keys.told_by, chance);
        if !old {
            self.told.is_news(slot);
        }
        slot
    }

    /// What others are told of what was learned since so much was, the latest first.
    pub(crate) fn news_since(&self, learned: u64) -> impl Iterator<Item = &Entry> {
        let slots = self.told.learned_since(learned);
        slots.filter_map(|slot| self.entries.get(slot))
    }

    /// Enters a new entry into one more bucket, which is not full and does not hold it.
    pub(crate) fn put(&mut self, slot: Slot, bucket: BucketNumber) {
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.buckets.push(bucket);
            let old = entry.old;
            self.table(old).put(bucket, slot);
        }
    }

    /// Takes an entry out of one of its buckets; out of the book, if that is its last.
    pub(crate) fn take(&mut self, slot: Slot, bucket: BucketNumber, told_by: GroupKey) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        if entry.buckets.len() <= 1 {
            self.remove(slot, told_by);
            return;
        }
        entry.buckets.remove(bucket);
        let old = entry.old;
        self.table(old).take(bucket, slot);
    }

    pub(crate) fn remove(&mut self, slot: Slot, told_by: GroupKey) -> Option<Entry> {
        self.leave_buckets(slot);
        self.delist(slot, told_by);
        let address = self.entries.get(slot)?.address;
        let hashes = [
            self.key.of(address.id()),
            Place::of(&self.key, &address).hash,
        ];
        for (index, hash) in [&mut self.by_node, &mut self.by_place]
            .into_iter()
            .zip(hashes)
        {
            if let Ok(found) = index.find_entry(hash, |&other| other == slot) {
                found.remove();
            }
        }
        let entry = self.entries.remove(slot)?;
        self.lanes.leave(entry.lane);
        Some(entry)
    }

    /// Moves an entry into one bucket of the other table.
    pub(crate) fn set_old(
        &mut self,
        slot: Slot,
        old: bool,
        bucket: BucketNumber,
        told_by: GroupKey,
        chance: &mut Chance,
    ) {
        self.leave_buckets(slot);
        self.delist(slot, told_by);
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        entry.old = old;
        entry.buckets = Numbers::one(bucket);
        let lane = entry.lane;
        self.table(old).put(bucket, slot);
        self.enlist(slot, old, lane, told_by, chance);
    }

    const fn table(&mut self, old: bool) -> &mut Buckets {
        if old { &mut self.old } else { &mut self.new }
    }

    fn leave_buckets(&mut self, slot: Slot) {
        if let Some(entry) = self.entries.get_mut(slot) {
            let (old, buckets) = (entry.old, core::mem::take(&mut entry.buckets));
            for &bucket in buckets.iter() {
                self.table(old).take(bucket, slot);
            }
        }
    }

    /// Enters an entry into the lists of those that are as old.
    fn enlist(
        &mut self,
        slot: Slot,
        old: bool,
        lane: Slot,
        told_by: GroupKey,
        chance: &mut Chance,
    ) {
        let rank = self.lanes.push(lane, Kind::of(old), slot);
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.rank = rank;
        }
        self.told.add(old, slot, chance, &mut self.entries);
        if old {
            self.lanes.count_tested(lane, true);
            self.olds = self.olds.saturating_add(1);
        } else {
            self.tellers.add(told_by);
        }
    }

    fn delist(&mut self, slot: Slot, told_by: GroupKey) {
        let Some(entry) = self.entries.get(slot) else {
            return;
        };
        let (old, lane, rank, place) = (entry.old, entry.lane, entry.rank, entry.place);
        if let Some(moved) = self.lanes.remove(lane, Kind::of(old), rank)
            && let Some(moved) = self.entries.get_mut(moved)
        {
            moved.rank = rank;
        }
        self.told.remove(old, place, &mut self.entries);
        if let Some(entry) = self.entries.get_mut(slot) {
            (entry.rank, entry.place) = (NOWHERE, NOWHERE);
        }
        if old {
            self.lanes.count_tested(lane, false);
            self.olds = self.olds.saturating_sub(1);
        } else {
            self.tellers.take(told_by);
        }
    }
}

/// Enters a slot into a table. To grow, a table hashes all that it holds: so it grows twice on the way
/// to all that a book can hold, and not five times.
fn enter(table: &mut HashTable<Slot>, hash: u64, slot: Slot, hash_of: impl Fn(&Slot) -> u64) {
    if table.len() == table.capacity() {
        let most = CAPACITY.saturating_sub(table.len());
        table.reserve(table.len().saturating_mul(GROWTH).min(most), &hash_of);
    }
    table.insert_unique(hash, slot, hash_of);
}

/// In the order of the slots: that of a hash table means nothing.
fn in_order<'a>(found: impl Iterator<Item = &'a Slot>) -> Slots {
    let mut slots: Slots = found.copied().collect();
    slots.sort_unstable();
    slots
}

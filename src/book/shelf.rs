//! The entries, and the indices that find them.
//!
//! Every entry is in its buckets, in the list of its network, in the shuffled list of what is told,
//! and can be found by its node and by its place. Each of these takes constant time.

use alloc::collections::BTreeMap;
use core::net::IpAddr;

use hashbrown::HashTable;
use smallvec::SmallVec;

use super::GroupKey;
use super::buckets::Buckets;
use super::entry::{BucketNumber, Entry, NOWHERE, Numbers};
use super::place::{NEW_BUCKETS, OLD_BUCKETS};
use crate::peers::arena::{Arena, Slot};
use crate::peers::lanes::{Kind, LaneKey, Lanes};
use crate::peers::told::{Places, Told};
use crate::seed::{Chance, HashKey};
use crate::{Group, NetAddress, NodeId, Reach};

/// The entries of a node or of a place.
pub(crate) type Slots = SmallVec<[Slot; 4]>;

#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    key: HashKey,
    entries: Arena<Entry>,
    by_node: HashTable<Slot>,
    by_place: HashTable<Slot>,
    pub(crate) new: Buckets,
    pub(crate) old: Buckets,
    pub(crate) lanes: Lanes,
    pub(crate) told: Told,
    /// New entries by the group of who told them.
    told_by: BTreeMap<u64, u32>,
    olds: usize,
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
            key,
            entries: Arena::new(),
            by_node: HashTable::new(),
            by_place: HashTable::new(),
            new: Buckets::new(NEW_BUCKETS),
            old: Buckets::new(OLD_BUCKETS),
            lanes: Lanes::new(key, outbound_per_network),
            told: Told::new(),
            told_by: BTreeMap::new(),
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

    /// The entries of a node.
    pub(crate) fn of_node(&self, id: NodeId) -> Slots {
        let is_it = |&&slot: &&Slot| self.get(slot).is_some_and(|it| it.address.id() == id);
        let found = self.by_node.iter_hash(self.key.hash(id.as_bytes()));
        in_order(found.filter(is_it))
    }

    /// The entry of this address: a node at a place.
    pub(crate) fn find(&self, address: &NetAddress) -> Option<Slot> {
        let is_it = |&slot: &Slot| self.get(slot).is_some_and(|it| it.address == *address);
        let hash = self.key.hash(address.id().as_bytes());
        self.by_node.find(hash, is_it).copied()
    }

    /// The entries at the IP address of this one; at its port, where the IP address is not of the
    /// world and so may be that of any number of nodes.
    pub(crate) fn at_place(&self, address: &NetAddress) -> Slots {
        let found = self.by_place.iter_hash(hash_of_place(self.key, address));
        let is_it = |&&slot: &&Slot| {
            let its = self.get(slot).map(|it| it.address);
            its.is_some_and(|its| place_of(&its) == place_of(address))
        };
        in_order(found.filter(is_it))
    }

    /// New entries that this group has told.
    pub(crate) fn told_by(&self, group: GroupKey) -> u32 {
        self.told_by
            .get(&group.number())
            .copied()
            .unwrap_or_default()
    }

    fn count_told_by(&mut self, group: GroupKey, more: bool) {
        let count = self.told_by.entry(group.number()).or_default();
        *count = if more {
            count.saturating_add(1)
        } else {
            count.saturating_sub(1)
        };
        if *count == 0 {
            self.told_by.remove(&group.number());
        }
    }

    /// Takes in an entry, into its first bucket.
    pub(crate) fn insert(
        &mut self,
        mut entry: Entry,
        bucket: BucketNumber,
        told_by: GroupKey,
        chance: &mut Chance,
    ) -> Slot {
        let (address, old) = (entry.address, entry.old);
        entry.lane = self.lanes.enter(lane_of(address.ip()));
        entry.buckets = Numbers::one(bucket);
        let lane = entry.lane;
        let slot = self.entries.insert(entry);
        let (entries, key) = (&self.entries, self.key);
        let hash = key.hash(address.id().as_bytes());
        self.by_node.insert_unique(hash, slot, |&slot| {
            let its = entries.get(slot).map(|it| it.address.id());
            its.map_or(0, |id| key.hash(id.as_bytes()))
        });
        let hash = hash_of_place(key, &address);
        self.by_place.insert_unique(hash, slot, |&slot| {
            let its = entries.get(slot).map(|it| it.address);
            its.map_or(0, |address| hash_of_place(key, &address))
        });
        self.table(old).put(bucket, slot);
        self.enlist(slot, old, lane, told_by, chance);
        slot
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
            self.key.hash(address.id().as_bytes()),
            hash_of_place(self.key, &address),
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
            self.count_told_by(told_by, true);
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
            self.count_told_by(told_by, false);
        }
    }

    /// Whether every index finds every entry, and nothing else.
    pub(crate) fn is_indexed(&self) -> bool {
        let entries = self.iter().all(|(slot, entry)| {
            let (kind, place) = (Kind::of(entry.old), entry.place as usize);
            self.find(&entry.address) == Some(slot)
                && self.at_place(&entry.address).contains(&slot)
                && self.lanes.holds(entry.lane, kind, entry.rank, slot)
                && self.told.list(entry.old).get(place) == Some(&slot)
        });
        let told_by: u64 = self.told_by.values().map(|&count| u64::from(count)).sum();
        entries
            && self.by_node.len() == self.len()
            && self.by_place.len() == self.len()
            && self.told.len() == self.len()
            && told_by == self.news() as u64
            && self.lanes.is_sound()
    }
}

/// The list of a network from which one is picked.
pub(crate) fn lane_of(ip: IpAddr) -> LaneKey {
    LaneKey(Group::of(ip).number())
}

fn place_of(address: &NetAddress) -> (IpAddr, u16) {
    let shared = Reach::of(address.ip()) != Reach::World;
    (address.ip(), if shared { address.port() } else { 0 })
}

fn hash_of_place(key: HashKey, address: &NetAddress) -> u64 {
    let (ip, port) = place_of(address);
    let hash = match ip {
        IpAddr::V4(ip) => key.hash(&ip.octets()),
        IpAddr::V6(ip) => key.hash(&ip.octets()),
    };
    hash ^ u64::from(port).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// In the order of the slots: that of a hash table means nothing.
fn in_order<'a>(found: impl Iterator<Item = &'a Slot>) -> Slots {
    let mut slots: Slots = found.copied().collect();
    slots.sort_unstable();
    slots
}

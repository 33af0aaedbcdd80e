//! Who may be dialed, by network: a network is picked first, and one of its addresses second.
//!
//! So whoever has a thousand addresses in one network is picked no more often than whoever has one
//! in another. Picking takes the same time however many addresses and networks there are.

use alloc::vec::Vec;
use core::net::IpAddr;

use hashbrown::HashTable;
use smallvec::SmallVec;

use super::arena::{Arena, Slot};
use super::entry::NOWHERE;
use crate::index_key::IndexKey;
use crate::seed::{Chance, HashKey};
use crate::{Group, Reach};

/// What counts as one network, as a number. The top byte says what the others mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LaneKey(pub(crate) u64);

impl LaneKey {
    /// All addresses that only this machine or site can reach. They are the operator's own matter,
    /// so no bound of a network holds for them.
    pub(crate) const LOCAL: Self = Self(0);

    /// The network of an IP address.
    pub(crate) fn of(ip: IpAddr) -> Self {
        if Reach::of(ip) == Reach::World {
            Self(1 << 56 | Group::of(ip).number())
        } else {
            Self::LOCAL
        }
    }
}

/// Which of a network's addresses are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Heard of.
    Untested = 0,
    /// Reached before.
    Tested = 1,
}

impl Kind {
    pub(crate) const fn of(tested: bool) -> Self {
        if tested { Self::Tested } else { Self::Untested }
    }
}

/// Which networks are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Among {
    /// Those in which we have fewer connections than we may.
    Open = 0,
    /// All.
    All = 1,
}

/// Who may be dialed. Most networks have few, who need no heap of their own.
type Ready = SmallVec<[Slot; 4]>;

#[derive(Clone, Debug)]
struct Lane {
    key: LaneKey,
    /// Who may be dialed, untested and tested.
    ready: [Ready; 2],
    stored: u32,
    tested: u32,
    /// Connections and dials of ours in this network.
    outbound: u32,
    /// Where this lane stands in each list of lanes; by kind, then by `Among`.
    listed: [[u32; 2]; 2],
}

/// Where a network is, if it is anywhere: so that judging an address and entering it look once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sought {
    key: LaneKey,
    hash: u64,
    pub(crate) found: Option<Slot>,
}

#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    key: IndexKey,
    table: Arena<Lane>,
    index: HashTable<Slot>,
    /// The lanes with somebody to dial; by kind, then by `Among`.
    lists: [[Vec<Slot>; 2]; 2],
    /// Connections of ours that a network may have.
    outbound_max: u32,
}

impl Lanes {
    pub(crate) fn new(key: HashKey, outbound_max: u32) -> Self {
        const NONE: Vec<Slot> = Vec::new();
        Self {
            key: IndexKey::new(key),
            table: Arena::new(),
            index: HashTable::new(),
            lists: [[NONE, NONE], [NONE, NONE]],
            outbound_max,
        }
    }

    fn hash(&self, key: LaneKey) -> u64 {
        self.key.hash([key.0])
    }

    pub(crate) fn find(&self, key: LaneKey) -> Option<Slot> {
        self.seek(key).found
    }

    pub(crate) fn seek(&self, key: LaneKey) -> Sought {
        let hash = self.hash(key);
        let is_it = |&slot: &Slot| self.table.get(slot).is_some_and(|lane| lane.key == key);
        let found = self.index.find(hash, is_it).copied();
        Sought { key, hash, found }
    }

    pub(crate) fn key(&self, lane: Slot) -> Option<LaneKey> {
        self.table.get(lane).map(|lane| lane.key)
    }

    /// Addresses of a network that are stored, and those of them that are tested.
    pub(crate) fn counts(&self, lane: Slot) -> (u32, u32) {
        self.table
            .get(lane)
            .map_or((0, 0), |lane| (lane.stored, lane.tested))
    }

    /// An address comes into a network; returns the number of the network.
    pub(crate) fn enter(&mut self, key: LaneKey) -> Slot {
        self.enter_sought(self.seek(key))
    }

    /// The same, of a network that was sought before. Since then addresses may have left networks,
    /// and none may have entered one.
    pub(crate) fn enter_sought(&mut self, sought: Sought) -> Slot {
        // The last address of the network may be gone, and the network with it.
        let still = |slot: &Slot| self.key(*slot) == Some(sought.key);
        let slot = sought.found.filter(still);
        let slot = slot.unwrap_or_else(|| self.add(sought.key, sought.hash));
        if let Some(lane) = self.table.get_mut(slot) {
            lane.stored = lane.stored.saturating_add(1);
        }
        slot
    }

    fn add(&mut self, key: LaneKey, hash: u64) -> Slot {
        let slot = self.table.insert(Lane {
            key,
            ready: [Ready::new(), Ready::new()],
            stored: 0,
            tested: 0,
            outbound: 0,
            listed: [[NOWHERE; 2]; 2],
        });
        let (lanes, key) = (&self.table, self.key);
        self.index.insert_unique(hash, slot, |&slot| {
            let lane = lanes.get(slot);
            lane.map_or(0, |lane| key.hash([lane.key.0]))
        });
        slot
    }

    /// An address leaves a network: it is in no list any more, and not tested.
    pub(crate) fn leave(&mut self, slot: Slot) {
        let Some(lane) = self.table.get_mut(slot) else {
            return;
        };
        lane.stored = lane.stored.saturating_sub(1);
        if lane.stored == 0 {
            let hash = self.hash(self.key(slot).unwrap_or(LaneKey::LOCAL));
            if let Ok(entry) = self.index.find_entry(hash, |&other| other == slot) {
                entry.remove();
            }
            self.table.remove(slot);
        }
    }

    pub(crate) fn count_tested(&mut self, slot: Slot, tested: bool) {
        if let Some(lane) = self.table.get_mut(slot) {
            lane.tested = if tested {
                lane.tested.saturating_add(1)
            } else {
                lane.tested.saturating_sub(1)
            };
        }
    }

    /// A connection of ours into this network begins or ends.
    pub(crate) fn count_outbound(&mut self, slot: Slot, begins: bool) {
        if let Some(lane) = self.table.get_mut(slot) {
            lane.outbound = if begins {
                lane.outbound.saturating_add(1)
            } else {
                lane.outbound.saturating_sub(1)
            };
        }
        self.list(slot, Kind::Untested);
        self.list(slot, Kind::Tested);
    }

    /// An address may be dialed from now on; returns its rank among those of its network.
    pub(crate) fn push(&mut self, slot: Slot, kind: Kind, entry: Slot) -> u32 {
        let Some(lane) = self.table.get_mut(slot) else {
            return NOWHERE;
        };
        let ready = list_of(&mut lane.ready, kind);
        let rank = u32::try_from(ready.len()).unwrap_or(NOWHERE);
        ready.push(entry);
        self.list(slot, kind);
        rank
    }

    /// The address of this rank may not be dialed any more; returns who takes over its rank.
    pub(crate) fn remove(&mut self, slot: Slot, kind: Kind, rank: u32) -> Option<Slot> {
        let lane = self.table.get_mut(slot)?;
        let ready = list_of(&mut lane.ready, kind);
        let rank = rank as usize;
        if rank < ready.len() {
            ready.swap_remove(rank);
        }
        let moved = ready.get(rank).copied();
        // Long lists give back what they do not need.
        if ready.capacity() > 16 && ready.len() < ready.capacity() / 4 {
            let mut shorter = Ready::with_capacity(ready.capacity() / 2);
            shorter.extend_from_slice(ready);
            *ready = shorter;
        }
        self.list(slot, kind);
        moved
    }

    /// Picks a network, and then an address of it, each with the same chance.
    pub(crate) fn pick(&self, kind: Kind, among: Among, chance: &mut Chance) -> Option<Slot> {
        let list = self.lists.get(kind as usize)?.get(among as usize)?;
        let lane = self.table.get(pick(list, chance)?)?;
        pick(lane.ready.get(kind as usize)?, chance)
    }

    /// Picks an address of this network.
    pub(crate) fn pick_in(&self, lane: Slot, kind: Kind, chance: &mut Chance) -> Option<Slot> {
        pick(self.table.get(lane)?.ready.get(kind as usize)?, chance)
    }

    /// Networks with an address of this kind that may be dialed.
    pub(crate) fn pickable(&self, kind: Kind, among: Among) -> usize {
        let list = self.lists.get(kind as usize);
        list.and_then(|it| it.get(among as usize))
            .map_or(0, Vec::len)
    }

    /// Puts a lane into the lists in which it belongs, and takes it out of the others.
    fn list(&mut self, slot: Slot, kind: Kind) {
        let Some(lane) = self.table.get(slot) else {
            return;
        };
        let any = lane
            .ready
            .get(kind as usize)
            .is_some_and(|it| !it.is_empty());
        let open = any && self.is_open(lane);
        // Nearly always it is where it belongs already.
        let [is_open, is_any] = match kind {
            Kind::Untested => lane.listed[0],
            Kind::Tested => lane.listed[1],
        }
        .map(|place| place != NOWHERE);
        if any != is_any {
            self.set_listed(slot, kind, Among::All, any);
        }
        if open != is_open {
            self.set_listed(slot, kind, Among::Open, open);
        }
    }

    fn set_listed(&mut self, slot: Slot, kind: Kind, among: Among, wanted: bool) {
        let Some(place) = self.listed(slot, kind, among).copied() else {
            return;
        };
        let Some(list) = self
            .lists
            .get_mut(kind as usize)
            .and_then(|it| it.get_mut(among as usize))
        else {
            return;
        };
        let (set, moved) = if wanted {
            list.push(slot);
            (
                u32::try_from(list.len().saturating_sub(1)).unwrap_or(NOWHERE),
                None,
            )
        } else {
            list.swap_remove(place as usize);
            (NOWHERE, list.get(place as usize).copied())
        };
        if let Some(listed) = self.listed(slot, kind, among) {
            *listed = set;
        }
        if let Some(listed) = moved.and_then(|moved| self.listed(moved, kind, among)) {
            *listed = place;
        }
    }

    fn listed(&mut self, slot: Slot, kind: Kind, among: Among) -> Option<&mut u32> {
        let lane = self.table.get_mut(slot)?;
        lane.listed.get_mut(kind as usize)?.get_mut(among as usize)
    }

    /// Whether the entry of this rank is this one.
    pub(crate) fn holds(&self, slot: Slot, kind: Kind, rank: u32, entry: Slot) -> bool {
        let ready = self
            .table
            .get(slot)
            .and_then(|lane| lane.ready.get(kind as usize));
        ready.and_then(|it| it.get(rank as usize)) == Some(&entry)
    }

    /// Whether each network is in the lists in which it belongs, and in no other.
    pub(crate) fn is_sound(&self) -> bool {
        self.table.iter().all(|(slot, lane)| {
            let kinds = [Kind::Untested, Kind::Tested].into_iter();
            lane.stored > 0
                && self.find(lane.key) == Some(slot)
                && kinds
                    .into_iter()
                    .all(|kind| self.is_listed_rightly(slot, lane, kind))
        })
    }

    fn is_listed_rightly(&self, slot: Slot, lane: &Lane, kind: Kind) -> bool {
        let kind = kind as usize;
        let any = lane.ready.get(kind).is_some_and(|it| !it.is_empty());
        let wanted = [any && self.is_open(lane), any];
        let (Some(places), Some(lists)) = (lane.listed.get(kind), self.lists.get(kind)) else {
            return false;
        };
        let mut all = wanted.into_iter().zip(places).zip(lists);
        all.all(|((wanted, place), list)| {
            let listed = list.get(*place as usize) == Some(&slot);
            if wanted { listed } else { *place == NOWHERE }
        })
    }

    /// Whether there may be one more connection of ours in this network.
    fn is_open(&self, lane: &Lane) -> bool {
        lane.key == LaneKey::LOCAL || lane.outbound < self.outbound_max
    }
}

const fn list_of(ready: &mut [Ready; 2], kind: Kind) -> &mut Ready {
    let [untested, tested] = ready;
    match kind {
        Kind::Untested => untested,
        Kind::Tested => tested,
    }
}

/// One of a list, each with the same chance.
fn pick(list: &[Slot], chance: &mut Chance) -> Option<Slot> {
    let below = u32::try_from(list.len()).unwrap_or(u32::MAX);
    list.get(chance.below(below) as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_gives_back_its_room_when_most_have_left_and_a_short_one_keeps_it() {
        let mut lanes = Lanes::new(HashKey::fixed(7, 18), 1);
        let lane = lanes.enter(LaneKey(1));
        for entry in 0..64 {
            lanes.push(lane, Kind::Untested, entry);
        }
        let mut room = [64; 64];
        for left in (0..64).rev() {
            lanes.remove(lane, Kind::Untested, 0);
            room[left] = lanes.table.get(lane).unwrap().ready[0].capacity();
        }
        assert_eq!(
            lanes.remove(lane, Kind::Untested, 0),
            None,
            "nobody is left"
        );
        assert_eq!(
            [63, 16, 15, 8, 7, 0].map(|left| room[left]),
            [64, 64, 32, 32, 16, 16]
        );
    }
}

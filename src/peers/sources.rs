//! Who told us of what: so that no teller, and no network of tellers, fills the store.
//!
//! Only what was never reached counts against a teller. What we have reached ourselves is no longer
//! hearsay, whoever told us first.

use alloc::collections::BTreeMap;

use super::arena::{Arena, Slot};
use super::lanes::LaneKey;
use crate::NodeId;

/// The number that stands for the node itself as the teller of its own address.
pub(crate) const ITSELF: u32 = u32::MAX - 1;

/// The number of no teller: what a store was loaded with, and nobody remembers from whom.
pub(crate) const NOBODY: u32 = u32::MAX - 2;

#[derive(Clone, Debug)]
struct Source {
    id: NodeId,
    /// Where it told us from, if that is known.
    network: Option<LaneKey>,
    /// Addresses in the store that it told of.
    told: u32,
    /// Those of them that were never reached.
    untested: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Sources {
    table: Arena<Source>,
    by_id: BTreeMap<NodeId, Slot>,
    /// Addresses that were never reached, by the network of who told of them.
    by_network: BTreeMap<LaneKey, u32>,
}

impl Sources {
    pub(crate) const fn new() -> Self {
        Self {
            table: Arena::new(),
            by_id: BTreeMap::new(),
            by_network: BTreeMap::new(),
        }
    }

    pub(crate) fn find(&self, id: NodeId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn id(&self, number: u32) -> Option<NodeId> {
        self.table.get(number).map(|source| source.id)
    }

    pub(crate) fn network(&self, number: u32) -> Option<LaneKey> {
        self.table.get(number)?.network
    }

    /// Addresses never reached of which this teller told, or all tellers in its network: this one,
    /// or the one where it was when it told us first. Of those on a site only each by itself counts.
    pub(crate) fn untested(&self, id: NodeId, network: Option<LaneKey>) -> usize {
        let source = self.find(id).and_then(|number| self.table.get(number));
        let networks = [network, source.and_then(|source| source.network)];
        let networks = networks.into_iter().flatten();
        let of_networks = networks.filter(|it| *it != LaneKey::LOCAL);
        let of_networks = of_networks.filter_map(|it| self.by_network.get(&it)).max();
        let its = source.map_or(0, |source| source.untested);
        its.max(of_networks.copied().unwrap_or_default()) as usize
    }

    /// A teller has told of an address that goes into the store; returns its number.
    pub(crate) fn add(&mut self, id: NodeId, network: Option<LaneKey>) -> u32 {
        let number = self.find(id).unwrap_or_else(|| {
            let number = self.table.insert(Source {
                id,
                network,
                told: 0,
                untested: 0,
            });
            self.by_id.insert(id, number);
            number
        });
        if let Some(source) = self.table.get_mut(number) {
            source.told = source.told.saturating_add(1);
            if let Some(network) = network.filter(|_| source.network.is_none()) {
                // Now that we know where it is, what it told before counts there.
                source.network = Some(network);
                let count = self.by_network.entry(network).or_default();
                *count = count.saturating_add(source.untested);
            }
        }
        self.count_untested(number, true);
        number
    }

    /// An address leaves the store.
    pub(crate) fn remove(&mut self, number: u32, tested: bool) {
        if !tested {
            self.count_untested(number, false);
        }
        let Some(source) = self.table.get_mut(number) else {
            return;
        };
        source.told = source.told.saturating_sub(1);
        if source.told == 0 {
            let id = source.id;
            self.table.remove(number);
            self.by_id.remove(&id);
        }
    }

    /// One more address of this teller counts as never reached, or one less.
    pub(crate) fn count_untested(&mut self, number: u32, more: bool) {
        let Some(source) = self.table.get_mut(number) else {
            return;
        };
        source.untested = step(source.untested, more);
        let Some(network) = source.network else {
            return;
        };
        let count = self.by_network.entry(network).or_default();
        *count = step(*count, more);
        if *count == 0 {
            self.by_network.remove(&network);
        }
    }

    /// Tellers that are remembered.
    pub(crate) const fn len(&self) -> usize {
        self.table.len()
    }

    /// What is counted: told and untested of a teller.
    pub(crate) fn counted(&self, number: u32) -> Option<(u32, u32)> {
        let source = self.table.get(number)?;
        Some((source.told, source.untested))
    }

    /// The numbers of all tellers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.table.iter().map(|(number, _)| number)
    }
}

const fn step(count: u32, more: bool) -> u32 {
    if more {
        count.saturating_add(1)
    } else {
        count.saturating_sub(1)
    }
}

//! Whom the reference knows, by rank.

use core::ops::ControlFlow;
use std::collections::{BTreeMap, BTreeSet};

use pex::{Cursor, Directory, NodeAddress, NodeId, Time};

#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) address: NodeAddress,
    pub(super) failures: u32,
    /// When it may be dialed again.
    pub(super) rests_until: Time,
}

/// The store, by id, and the same by rank.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) me: NodeId,
    pub(super) own: NodeAddress,
    pub(super) max: usize,
    pub(super) known: BTreeMap<NodeId, Known>,
    /// Failures and id, so that the highest score comes first.
    ranked: BTreeSet<(u32, NodeId)>,
    /// How often it has changed.
    pub(super) changes: u64,
}

impl Store {
    pub(super) const fn new(own: NodeAddress, max: usize) -> Self {
        Self {
            me: own.id(),
            own,
            max,
            known: BTreeMap::new(),
            ranked: BTreeSet::new(),
            changes: 0,
        }
    }

    /// Those known, the highest score first.
    pub(super) fn ranked(&self) -> impl DoubleEndedIterator<Item = (&NodeId, &Known)> {
        let ranked = self.ranked.iter().map(|(_, id)| id);
        ranked.filter_map(|id| Some((id, self.known.get(id)?)))
    }

    /// Sets how many dials of a node have failed in a row, and when it may be dialed again.
    pub(super) fn note(&mut self, id: NodeId, failures: u32, rests_until: Option<Time>) {
        if let Some(known) = self.known.get_mut(&id) {
            self.ranked.remove(&(known.failures, id));
            self.ranked.insert((failures, id));
            known.failures = failures;
            known.rests_until = rests_until.unwrap_or(known.rests_until);
            self.changes += 1;
        }
    }

    fn remove(&mut self, id: NodeId) {
        if let Some(known) = self.known.remove(&id) {
            self.ranked.remove(&(known.failures, id));
        }
    }

    /// Takes in an address; false if it is known, or has to go at once.
    pub(super) fn add(&mut self, address: NodeAddress, keep: impl Fn(NodeId) -> bool) -> bool {
        let id = address.id();
        if id == self.me || self.known.contains_key(&id) {
            return false;
        }
        let rests_until = Time::EPOCH;
        self.known.insert(
            id,
            Known {
                address,
                failures: 0,
                rests_until,
            },
        );
        self.ranked.insert((0, id));
        self.changes += 1;
        if self.known.len() > self.max {
            let lowest = self.ranked().rev().map(|(id, _)| *id).find(|id| !keep(*id));
            if let Some(id) = lowest {
                self.remove(id);
            }
        }
        self.known.contains_key(&id)
    }
}

impl Directory for Store {
    fn walk(&self, _: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let ranked = self.ranked().map(|(_, known)| &known.address);
        for address in core::iter::once(&self.own).chain(ranked) {
            if visit(Cursor::new(0), address).is_break() {
                return;
            }
        }
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        self.known.contains_key(&address.id())
    }

    fn fill_percent(&self) -> u8 {
        u8::try_from(self.known.len() * 100 / self.max.max(1)).unwrap_or(100)
    }
}

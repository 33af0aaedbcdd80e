//! Whom the reference knows, by rank.

use core::ops::ControlFlow;
use std::collections::BTreeMap;

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
    pub(super) ranked: Vec<NodeId>,
    /// How often it has changed.
    pub(super) changes: u64,
}

impl Store {
    pub(super) fn rank(&mut self) {
        self.changes += 1;
        let mut ranked: Vec<_> = self
            .known
            .iter()
            .map(|(id, it)| (it.failures, *id))
            .collect();
        ranked.sort_unstable();
        self.ranked = ranked.into_iter().map(|(_, id)| id).collect();
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
        if self.known.len() > self.max {
            self.rank();
            let lowest = self.ranked.iter().rev().find(|id| !keep(**id)).copied();
            if let Some(lowest) = lowest {
                self.known.remove(&lowest);
            }
        }
        self.rank();
        self.known.contains_key(&id)
    }
}

impl Directory for Store {
    fn walk(&self, _: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let ranked = self.ranked.iter().filter_map(|id| self.known.get(id));
        for known in core::iter::once(&self.own).chain(ranked.map(|known| &known.address)) {
            if visit(Cursor::new(0), known).is_break() {
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

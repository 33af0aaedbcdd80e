//! The store that nodes without one of their own share: all who live.

use core::ops::{Bound, ControlFlow};
use std::collections::BTreeSet;

use pex::{Cursor, Directory, NodeAddress, NodeId};

use crate::measure::Watch;
use crate::permute;
use crate::places::Places;

/// What there is in the world, for machines that look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World<'a> {
    pub(crate) places: &'a Places,
    pub(crate) living: &'a [u32],
    /// The same in the order of their ids.
    pub(crate) by_id: &'a BTreeSet<NodeId>,
    pub(crate) watch: &'a Watch,
}

/// All who live, as one node sees them: in an order of its own, and no more of them than it keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) world: World<'a>,
    pub(crate) node: u32,
    pub(crate) key: u64,
    /// The most that it keeps.
    pub(crate) store: u32,
    /// It begins anew for everybody each time, as the reference does.
    pub(crate) same: bool,
}

impl View<'_> {
    /// How many it keeps.
    pub(crate) fn len(&self) -> u32 {
        self.store.min(self.world.living.len() as u32)
    }

    /// Whether it keeps this node: as many are kept as there is room for, by their numbers and its key.
    fn keeps(&self, other: u32) -> bool {
        let all = self.world.living.len() as u64;
        let drawn = permute::key(self.key, other) >> 32;
        u64::from(self.store) >= all || drawn < (u64::from(self.store) << 32) / all
    }

    /// Who stands at this place of its order.
    pub(crate) fn at(&self, place: u32) -> u32 {
        let all = self.world.living.len() as u32;
        self.world.living[permute::place(self.key, place, all) as usize]
    }
}

impl Directory for View<'_> {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let len = self.len();
        if len == 0 {
            return;
        }
        let after = (from.position() % u64::from(len)) as u32 + 1;
        let first = if self.same { 0 } else { after };
        for step in 0..len {
            let place = (first + step) % len;
            let other = self.at(place);
            let address = self.world.places.address(other);
            if visit(Cursor::new(place.into()), &address).is_break() {
                return;
            }
        }
    }

    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let len = self.len();
        if self.same || len == 0 {
            return None;
        }
        let place = (chance % u64::from(len)) as u32;
        Some(self.world.places.id(self.at(place)))
    }

    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let ids = self.world.by_id;
        let above = ids.range((Bound::Excluded(from), Bound::Unbounded));
        for id in above.chain(ids.range(..=from)) {
            let Some(other) = self.world.places.number(*id).filter(|it| self.keeps(*it)) else {
                continue;
            };
            if visit(&self.world.places.address(other)).is_break() {
                return;
            }
        }
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        // Only of watched nodes it matters of whom they hear.
        let watch = self.world.watch;
        let other = self.world.places.number(address.id());
        !watch.sees(self.node) || other.is_some_and(|other| watch.knows(self.node, other))
    }

    fn fill_percent(&self) -> u8 {
        0
    }
}

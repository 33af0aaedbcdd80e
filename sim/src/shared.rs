//! The store that nodes without one of their own share: all who live.

use core::ops::ControlFlow;

use pex::{Cursor, Directory, NodeAddress};

use crate::measure::Watch;
use crate::permute;
use crate::places::Places;

/// What there is in the world, for machines that look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World<'a> {
    pub(crate) places: &'a Places,
    pub(crate) living: &'a [u32],
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

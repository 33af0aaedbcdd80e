//! A store as plain as can be: a list, in the order in which it came.

use core::cell::Cell;
use core::ops::ControlFlow;

use pex::{Cursor, Directory, NodeAddress};

use super::program::{NODES, OWN_PLACE, PRIVATE_PLACE, address, id};

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) addresses: Vec<NodeAddress>,
    pub(crate) full: bool,
    /// Where the last walk began. The first cursor of a connection is drawn by chance.
    pub(crate) walked_from: Cell<Option<u64>>,
}

impl Store {
    /// More than two answers hold, with all that may not be told among it.
    pub(crate) fn new() -> Self {
        let mut store = Self::default();
        for n in 0..230_u8 {
            let node = id(n.max(10));
            let place = match n {
                20 => OWN_PLACE.to_owned(),
                21 => PRIVATE_PLACE.to_owned(),
                n if n % 50 == 7 => format!("node{n}.example:26656"),
                n => format!("10.1.0.{n}:{}", 26_600 + u32::from(n)),
            };
            store.addresses.push(address(node, &place));
        }
        for n in 0..=NODES {
            let place = format!("10.2.0.{n}:26656");
            store
                .addresses
                .insert(30 * usize::from(n), address(id(n), &place));
        }
        store
    }

    /// The position of an address: any increasing numbers will do.
    pub(crate) const fn position(index: usize) -> u64 {
        (index as u64 + 1) << 55
    }
}

impl Directory for Store {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let from = from.position();
        self.walked_from.set(Some(from));
        let all = || {
            let numbered = self.addresses.iter().enumerate();
            numbered.map(|(index, address)| (Self::position(index), address))
        };
        let after = all().filter(|(position, _)| *position > from);
        let before = all().filter(|(position, _)| *position <= from);
        for (position, address) in after.chain(before) {
            if visit(Cursor::new(position), address).is_break() {
                return;
            }
        }
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        self.addresses.contains(address)
    }

    fn fill_percent(&self) -> u8 {
        if self.full { 95 } else { 94 }
    }
}

//! A store as plain as can be: a list, in the order in which it came.

use core::cell::Cell;
use core::ops::ControlFlow;

use pex::{Cursor, Directory, NodeAddress, NodeId};

use super::answers::From;
use super::program::{NODES, OWN_PLACE, PRIVATE_PLACE, address, id};

#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) addresses: Vec<NodeAddress>,
    pub(crate) full: bool,
    pub(crate) tells_apart: bool,
    /// Where the last walk began. The first cursor of a connection is drawn by chance, and so is
    /// where an arc begins.
    pub(crate) walked_from: Cell<Option<From>>,
    /// The same of those who are told apart, where they were looked for.
    pub(crate) walked_apart_from: Cell<Option<u64>>,
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
        (index as u64 + 1) << 50
    }

    /// Every address with its index, as a walk from there comes to them.
    pub(crate) fn order(&self, from: From) -> Vec<(usize, &NodeAddress)> {
        let mut order: Vec<(usize, &NodeAddress)> = self.addresses.iter().enumerate().collect();
        if let From::Arc(_) = from {
            order.sort_by_key(|(index, address)| (address.id(), *index));
        }
        let first = order.iter().position(|(index, address)| match from {
            From::Cursor(from) => Self::position(*index) > from,
            From::Arc(from) => address.id() > from,
        });
        order.rotate_left(first.unwrap_or_default());
        order
    }

    /// Those who are told apart, if there are any.
    pub(crate) fn apart(&self, from: u64) -> Vec<(usize, &NodeAddress)> {
        let mut apart = self.order(From::Cursor(from));
        apart.retain(|(index, _)| self.tells_apart && index % 4 == 1);
        apart
    }
}

impl Directory for Store {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let from = From::Cursor(from.position());
        self.walked_from.set(Some(from));
        let mut order = self.order(from).into_iter();
        order.any(|(index, address)| visit(Cursor::new(Self::position(index)), address).is_break());
    }

    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let number = chance % self.addresses.len() as u64;
        let address = self.addresses.get(usize::try_from(number).ok()?);
        address.map(NodeAddress::id)
    }

    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let from = From::Arc(from);
        self.walked_from.set(Some(from));
        let mut order = self.order(from).into_iter();
        order.any(|(_, address)| visit(address).is_break());
    }

    fn walk_apart(
        &self,
        from: Cursor,
        visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>,
    ) {
        self.walked_apart_from.set(Some(from.position()));
        let mut apart = self.apart(from.position()).into_iter();
        apart.any(|(index, address)| visit(Cursor::new(Self::position(index)), address).is_break());
    }

    fn learned(&self) -> u64 {
        self.addresses.len() as u64
    }

    fn walk_news(&self, since: u64, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let since = usize::try_from(since).unwrap_or(usize::MAX);
        let mut news = self.addresses.iter().skip(since).rev();
        news.any(|address| visit(address).is_break());
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        self.addresses.contains(address)
    }

    fn fill_percent(&self) -> u8 {
        if self.full { 95 } else { 94 }
    }
}

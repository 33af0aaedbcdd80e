//! How an entry is found: by its node, by its place, by both.

use core::net::IpAddr;

use smallvec::SmallVec;

use super::{Slots, Store, in_order, name_of};
use crate::peers::arena::Slot;
use crate::peers::entry::{Entry, Form};
use crate::{NodeAddress, NodeId};

impl Store {
    /// The entries of a node.
    pub(crate) fn of_node(&self, id: NodeId) -> Slots {
        let is_it = |&&slot: &&Slot| self.get(slot).is_some_and(|entry| entry.id == id);
        let found = self.by_node.iter_hash(self.keys.of_node(id));
        in_order(found.filter(is_it))
    }

    /// The entries with the IP address or name of this address, whatever their node and port.
    pub(crate) fn at_place(&self, address: &NodeAddress) -> Slots {
        let found = self.by_place.iter_hash(self.keys.of_place(address));
        let is_it = |&&slot: &&Slot| {
            self.get(slot)
                .is_some_and(|entry| self.is_at(entry, address))
        };
        in_order(found.filter(is_it))
    }

    fn is_at(&self, entry: &Entry, address: &NodeAddress) -> bool {
        if let (Form::V4, Some(IpAddr::V4(ip))) = (entry.form, address.ip()) {
            return entry.place.first_chunk() == Some(&ip.octets());
        }
        match (address.ip(), self.ip(entry)) {
            (Some(ip), Some(other)) => ip.to_canonical() == other,
            (None, None) => self
                .address(entry)
                .is_some_and(|other| name_of(&other) == name_of(address)),
            _ => false,
        }
    }

    /// The entry of this address. Node, place and port make an address; protocol and path do not.
    pub(crate) fn find(&self, address: &NodeAddress) -> Option<Slot> {
        self.find_hashed(address, self.keys.of_node(address.id()))
    }

    /// No two entries are of one address, so the first that is found is the only one.
    fn find_hashed(&self, address: &NodeAddress, hash: u64) -> Option<Slot> {
        let is_it = |&slot: &Slot| self.is_of(slot, address);
        self.by_node.find(hash, is_it).copied()
    }

    /// The entry of each of these. A step is done for all of them before the next one: a processor
    /// fetches many things at once where none of them has to wait for another.
    pub(crate) fn find_all(&self, addresses: &[NodeAddress]) -> SmallVec<[Option<Slot>; 128]> {
        let hashes = addresses.iter().map(|it| self.keys.of_node(it.id()));
        let hashes: SmallVec<[u64; 128]> = hashes.collect();
        let first = |&hash: &u64| self.by_node.iter_hash(hash).next().copied();
        let firsts: SmallVec<[Option<Slot>; 128]> = hashes.iter().map(first).collect();
        let each = addresses.iter().zip(hashes.iter().zip(firsts));
        each.map(|(address, (&hash, first))| first.and_then(|_| self.find_hashed(address, hash)))
            .collect()
    }

    /// Whether this is the entry of this address.
    pub(crate) fn is_of(&self, slot: Slot, address: &NodeAddress) -> bool {
        self.get(slot).is_some_and(|entry| {
            entry.id == address.id() && entry.port == address.port() && self.is_at(entry, address)
        })
    }
}

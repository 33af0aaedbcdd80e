//! What a driver asks of a store of addresses.

use pex::{Directory, NodeAddress, NodeId, Roster};

/// A [`Directory`] that also learns.
pub trait Store: Directory {
    /// Somebody told us this address; keep it or not.
    fn add(&mut self, address: &NodeAddress, from: NodeId);
}

impl Store for Roster {
    fn add(&mut self, address: &NodeAddress, from: NodeId) {
        // A roster that has no room says so; the address will be told again.
        let _kept = Self::add(self, address.clone(), from);
    }
}

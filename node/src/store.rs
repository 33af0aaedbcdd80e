//! What a driver asks of a store of addresses.

use pex::{Directory, NodeAddress, NodeId, Roster};

/// A [`Directory`] that also learns.
pub trait Store: Directory {
    /// Somebody told us this address; keep it or not. The owner of the driver hears of it if this
    /// returns true; a store that is full can so keep a liar's inventions from its owner as well.
    fn add(&mut self, address: &NodeAddress, from: NodeId) -> bool;
}

impl Store for Roster {
    fn add(&mut self, address: &NodeAddress, from: NodeId) -> bool {
        Self::add(self, address.clone(), from)
    }
}

#[cfg(test)]
mod tests {
    use pex::Seed;

    use super::*;

    #[test]
    fn a_liar_whose_share_is_used_up_is_heard_of_no_more() {
        let mut roster = Roster::new(Seed::new([1; 32]), 100);
        let liar = NodeId::new([9; 20]);
        let heard = (0..100).filter(|&n| {
            let invention = NodeAddress::mconn(NodeId::new([n; 20]), [192, 0, 2, n].into(), 1);
            Store::add(&mut roster, &invention, liar)
        });
        assert_eq!(heard.count(), 10);
    }
}

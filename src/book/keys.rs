//! What the indices go by: hashed once for an address, and passed on to all that look for it.

use super::GroupKey;
use crate::index_key::{IndexKey, halves};
use crate::peers::lanes::Sought;
use crate::{Group, NetAddress};

/// All that places an address on the shelf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// Its own group, which decides its buckets.
    pub(crate) group: GroupKey,
    /// The hash of its node.
    pub(crate) node: u64,
    pub(crate) place: Place,
    pub(crate) lane: Sought,
    /// The group of who told it.
    pub(crate) told_by: GroupKey,
}

/// An IP address; with the port, where the IP address is not of the world and so may be that of any
/// number of nodes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    ip: u128,
    port: Option<u16>,
    pub(crate) hash: u64,
}

impl Place {
    /// The place of an address, of whose IP address this is the group.
    pub(crate) fn new(key: &IndexKey, address: &NetAddress, group: Group) -> Self {
        let ip = address.ip_bits();
        let port = (!group.is_of_world()).then(|| address.port());
        let hash = match port {
            None => key.of_ip(ip),
            Some(port) => {
                let [low, high] = halves(ip);
                key.hash([low, high, port.into()])
            }
        };
        Self { ip, port, hash }
    }

    pub(crate) fn of(key: &IndexKey, address: &NetAddress) -> Self {
        Self::new(key, address, Group::of(address.ip()))
    }

    /// Whether another address is there too.
    pub(crate) fn is_of(&self, address: &NetAddress) -> bool {
        address.ip_bits() == self.ip && self.port.is_none_or(|port| port == address.port())
    }
}

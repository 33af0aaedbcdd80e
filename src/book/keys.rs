//! What the indices go by: hashed once for an address, and passed on to all that look for it.

use core::net::IpAddr;

use super::GroupKey;
use crate::peers::lanes::Sought;
use crate::seed::HashKey;
use crate::{Group, NetAddress};

/// All that places an address on the shelf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
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
    ip: IpAddr,
    port: Option<u16>,
    pub(crate) hash: u64,
}

impl Place {
    /// The place of an address, of whose IP address this is the group.
    pub(crate) fn new(key: HashKey, address: &NetAddress, group: Group) -> Self {
        let port = (!group.is_of_world()).then(|| address.port());
        let hash = match address.ip() {
            IpAddr::V4(ip) => key.hash(&ip.octets()),
            IpAddr::V6(ip) => key.hash(&ip.octets()),
        };
        let spread = u64::from(port.unwrap_or_default()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self {
            ip: address.ip(),
            port,
            hash: hash ^ spread,
        }
    }

    pub(crate) fn of(key: HashKey, address: &NetAddress) -> Self {
        Self::new(key, address, Group::of(address.ip()))
    }

    /// Whether another address is there too.
    pub(crate) fn is_of(&self, address: &NetAddress) -> bool {
        address.ip() == self.ip && self.port.is_none_or(|port| port == address.port())
    }
}

//! What the indices go by.

use core::net::IpAddr;

use super::name_of;
use crate::index_key::IndexKey;
use crate::seed::HashKey;
use crate::{NodeAddress, NodeId};

/// Hashes what entries are found by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    index: IndexKey,
    names: HashKey,
}

impl Keys {
    /// Those that follow from this key.
    pub(super) fn new(key: HashKey) -> Self {
        Self {
            index: IndexKey::new(key),
            names: key,
        }
    }

    pub(super) fn of_node(&self, id: NodeId) -> u64 {
        self.index.of(id)
    }

    pub(super) fn of_ip(&self, ip: IpAddr) -> u64 {
        let bits = match ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        self.index.of_ip(bits.to_bits())
    }

    /// The hash of where an address is: of its IP address or its name, whatever its port.
    pub(super) fn of_place(&self, address: &NodeAddress) -> u64 {
        match address.ip() {
            Some(ip) => self.of_ip(ip),
            None => self.names.hash(name_of(address).as_bytes()),
        }
    }
}

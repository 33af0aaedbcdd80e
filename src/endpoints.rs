//! A set of places: hosts with their ports, whoever is said to live there.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::NodeAddress;

/// Places by IP address or name, and port. An IPv4 address inside an IPv6 one counts as itself, and
/// a name with the root's dot at its end as the name without.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints {
    /// In ascending order.
    ips: Vec<(u128, u16)>,
    names: BTreeMap<String, BTreeSet<u16>>,
}

impl Endpoints {
    #[inline]
    pub(crate) fn contains(&self, address: &NodeAddress) -> bool {
        // Most nodes keep no place private, and are asked this of every address.
        !(self.ips.is_empty() && self.names.is_empty()) && self.holds(address)
    }

    fn holds(&self, address: &NodeAddress) -> bool {
        let port = address.port();
        if let Some(ip) = address.ip() {
            return self.ips.binary_search(&(number_of(ip), port)).is_ok();
        }
        address
            .name()
            .and_then(|name| self.names.get(without_root(name)))
            .is_some_and(|ports| ports.contains(&port))
    }
}

impl<'a> FromIterator<&'a NodeAddress> for Endpoints {
    fn from_iter<I: IntoIterator<Item = &'a NodeAddress>>(addresses: I) -> Self {
        let mut places = Self::default();
        for address in addresses {
            if let Some(ip) = address.ip() {
                places.ips.push((number_of(ip), address.port()));
            } else if let Some(name) = address.name() {
                places
                    .names
                    .entry(without_root(name).to_string())
                    .or_default()
                    .insert(address.port());
            }
        }
        places.ips.sort_unstable();
        places.ips.dedup();
        places
    }
}

/// An IP address as a number, an IPv4 address as the IPv6 one that it is in.
const fn number_of(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().to_bits(),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

//! Where somebody comes from.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pex::Reach;

/// Where somebody comes from, as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// What one stranger holds at least: an IPv4 address, or a /64 of IPv6.
    pub(crate) ip: IpAddr,
    /// What one hoster or office holds: a /24 of IPv4, or a /48 of IPv6.
    pub(crate) network: IpAddr,
    /// Whether the whole world can reach it.
    pub(crate) is_far: bool,
}

impl Place {
    pub(crate) fn of(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        let is_far = Reach::of(ip) == Reach::World;
        match ip {
            IpAddr::V4(v4) => Self {
                ip,
                network: Ipv4Addr::from_bits(v4.to_bits() & (u32::MAX << 8)).into(),
                is_far,
            },
            IpAddr::V6(v6) => Self {
                ip: masked(v6, 64),
                network: masked(v6, 48),
                is_far,
            },
        }
    }
}

fn masked(ip: Ipv6Addr, bits: u32) -> IpAddr {
    Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - bits))).into()
}

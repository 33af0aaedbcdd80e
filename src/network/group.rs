//! Which network an address belongs to, coarse and fine.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Reach;
use super::embedded::innermost;

/// The network that an address belongs to, as far as one owner may hold all of it: a store bounds
/// what one group fills.
///
/// The /16 of an IPv4 address, the /32 of an IPv6 address, as `groupKeyFor` of the reference has it
/// (`p2p/pex/addrbook.go`, CometBFT v0.38). In `2001:470::/32`, of which Hurricane Electric gives
/// anyone a tunnel, it is the /36. An IPv4 address inside an IPv6 one counts as itself, so a tunnel
/// does not make one network many.
///
/// It is total. All addresses on this machine or site are one group, which [`Group::is_local`]
/// tells apart: how they are spread says nothing, so bounds are not for it. All that no node can
/// have ([`Reach::Nowhere`]) are another, which is bounded like any.
///
/// The reference's Tor group, of OnionCat's `fd87:d87e:eb43::/48`, is not made: the range is unique
/// local, so it is of the site.
///
/// ```
/// use pex::Group;
///
/// let group = |ip: &str| Ok::<_, core::net::AddrParseError>(Group::of(ip.parse()?).to_string());
/// assert_eq!(group("12.1.2.3")?, "12.1.0.0/16");
/// assert_eq!(group("2002:c01:203::1")?, "12.1.0.0/16");
/// assert_eq!(group("2a00:1450:4001:80b::200e")?, "2a00:1450::/32");
/// assert_eq!(group("192.168.1.1")?, "local");
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(Network);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Network {
    Nowhere,
    Local,
    V4([u8; 2]),
    /// The third segment holds the last four bits of a /36, or nothing.
    V6([u16; 3]),
}

impl Group {
    /// The group of an IP address.
    #[must_use]
    pub const fn of(ip: IpAddr) -> Self {
        Self(match (Reach::of(ip), innermost(ip)) {
            (Reach::Nowhere, _) => Network::Nowhere,
            (Reach::Host | Reach::Site, _) => Network::Local,
            (Reach::World, IpAddr::V4(ip)) => {
                let [a, b, ..] = ip.octets();
                Network::V4([a, b])
            }
            (Reach::World, IpAddr::V6(ip)) => {
                let [a, b, c, ..] = ip.segments();
                let rest = if is_of_tunnels([a, b]) { c & 0xf000 } else { 0 };
                Network::V6([a, b, rest])
            }
        })
    }

    /// The group as a number of 56 bits, each with its own. It is written down, so it stays.
    pub(crate) fn number(self) -> u64 {
        let (tag, [a, b, c]) = match self.0 {
            Network::Local => (0, [0; 3]),
            Network::Nowhere => (1, [0; 3]),
            Network::V4([a, b]) => (2, [0, a.into(), b.into()]),
            Network::V6(segments) => (3, segments),
        };
        tag << 48 | u64::from(a) << 32 | u64::from(b) << 16 | u64::from(c)
    }

    /// Whether it is one of those that everybody can reach: [`Reach::World`].
    pub(crate) const fn is_of_world(self) -> bool {
        matches!(self.0, Network::V4(_) | Network::V6(_))
    }

    /// Whether it is the group of this machine and site.
    #[must_use]
    pub const fn is_local(self) -> bool {
        matches!(self.0, Network::Local)
    }
}

/// Whether a /32 is that of Hurricane Electric, `2001:470::/32`.
const fn is_of_tunnels(prefix: [u16; 2]) -> bool {
    matches!(prefix, [0x2001, 0x470])
}

/// The prefix, as `12.1.0.0/16` or `2a00:1450::/32`; `local` and `nowhere` for the two that have
/// none. Ignores width and fill.
impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Network::Nowhere => f.write_str("nowhere"),
            Network::Local => f.write_str("local"),
            Network::V4([a, b]) => write!(f, "{}/16", Ipv4Addr::new(a, b, 0, 0)),
            Network::V6([a, b, rest]) => {
                let bits = if is_of_tunnels([a, b]) { 36 } else { 32 };
                write!(f, "{}/{bits}", Ipv6Addr::new(a, b, rest, 0, 0, 0, 0, 0))
            }
        }
    }
}

/// What one machine or one local network may hold all of: the /24 of an IPv4 address, the /64 of
/// an IPv6 address.
///
/// An IPv4 address inside an IPv6 one counts as itself. It goes by the numbers alone, so it tells
/// the subnets of a site apart too; what it says of an address that is [`Reach::Nowhere`] has no
/// meaning.
///
/// ```
/// use pex::Subnet;
///
/// let subnet = Subnet::of("10.1.2.3".parse()?);
/// assert_eq!(subnet.to_string(), "10.1.2.0/24");
/// assert_eq!(subnet, Subnet::of("::ffff:10.1.2.99".parse()?));
/// assert_eq!(Subnet::of("2a00:1450:4001:80b::200e".parse()?).to_string(), "2a00:1450:4001:80b::/64");
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subnet(Lan);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Lan {
    V4([u8; 3]),
    V6([u16; 4]),
}

impl Subnet {
    /// The subnet of an IP address.
    #[must_use]
    pub const fn of(ip: IpAddr) -> Self {
        Self(match innermost(ip) {
            IpAddr::V4(ip) => {
                let [a, b, c, _] = ip.octets();
                Lan::V4([a, b, c])
            }
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                Lan::V6([a, b, c, d])
            }
        })
    }
}

/// What stands for the machine at an IP address: whoever has one address of a /64 of IPv6 has them all.
pub(crate) const fn machine_at(ip: IpAddr) -> IpAddr {
    match innermost(ip) {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// The prefix, as `10.1.2.0/24` or `2a00:1450:4001:80b::/64`. Ignores width and fill.
impl fmt::Display for Subnet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Lan::V4([a, b, c]) => write!(out, "{}/24", Ipv4Addr::new(a, b, c, 0)),
            Lan::V6([a, b, c, d]) => {
                write!(out, "{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        }
    }
}

// A store keeps one of each with every address.
const _: () = assert!(size_of::<Group>() <= 8 && size_of::<Subnet>() <= 10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_group_stays_what_it_is() {
        for (ip, number) in [
            ("10.1.2.3", 0),
            ("0.0.0.0", 1 << 48),
            ("12.1.2.3", 2 << 48 | 12 << 16 | 1),
            ("2a00:1450::1", 3 << 48 | 0x2a00 << 32 | 0x1450 << 16),
            (
                "2001:470:1f10::2",
                3 << 48 | 0x2001 << 32 | 0x470 << 16 | 0x1000,
            ),
        ] {
            assert_eq!(Group::of(ip.parse().unwrap()).number(), number, "{ip}");
        }
    }
}

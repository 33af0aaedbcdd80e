//! Which group an address belongs to: what decides its bucket.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::NetAddress;

/// The group of an address: `groupKeyFor` of the reference, whose texts it prints.
///
/// The /16 of an IPv4 address, and of one inside an IPv6 address (RFC 6145, 6052, 3964, 4380); the
/// four bits that OnionCat leaves of a Tor key; the /36 in `2001:470::/32`; the /32 of any other
/// IPv6 address. Where routability is strict, all local addresses are one group, and all that
/// can't be routed another.
///
/// [`Group`](crate::Group) is what the rest of the crate goes by. It knows more special ranges and
/// more tunnels; this one has to place an address where the reference places it.
///
/// ```
/// use pex::book::GroupKey;
///
/// let id = "00112233445566778899aabbccddeeff00112233";
/// let group = |place: &str| {
///     Ok::<_, pex::NetAddressError>(GroupKey::of(&format!("{id}@{place}").parse()?, true).to_string())
/// };
/// assert_eq!(group("12.1.2.3:26656")?, "12.1.0.0");
/// assert_eq!(group("[2002:c01:203::1]:26656")?, "12.1.0.0");
/// assert_eq!(group("[2001:470:abcd::1]:26656")?, "2001:470:a000::");
/// assert_eq!(group("127.0.0.1:26656")?, "local");
/// # Ok::<(), pex::NetAddressError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey(Key);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Local,
    Unroutable,
    V4([u8; 2]),
    Tor(u8),
    V6([u16; 3]),
}

impl GroupKey {
    /// The group of an address; `strict` as the option of that name.
    #[must_use]
    pub const fn of(address: &NetAddress, strict: bool) -> Self {
        Self(if strict && address.is_local() {
            Key::Local
        } else if strict && !address.is_routable() {
            Key::Unroutable
        } else {
            match address.ip() {
                IpAddr::V4(ip) => of_v4(ip),
                IpAddr::V6(ip) => of_v6(ip),
            }
        })
    }

    /// The first half of an IPv4 address, if the group is one of those.
    pub(crate) const fn v4(self) -> Option<[u8; 2]> {
        match self.0 {
            Key::V4(half) => Some(half),
            Key::Local | Key::Unroutable | Key::Tor(_) | Key::V6(_) => None,
        }
    }

    /// The group as a number, each with its own.
    pub(crate) fn number(self) -> u64 {
        let (tag, [a, b, c]) = match self.0 {
            Key::Local => (1, [0; 3]),
            Key::Unroutable => (2, [0; 3]),
            Key::V4([a, b]) => (3, [0, a.into(), b.into()]),
            Key::Tor(bits) => (4, [0, 0, bits.into()]),
            Key::V6(segments) => (5, segments),
        };
        tag << 48 | u64::from(a) << 32 | u64::from(b) << 16 | u64::from(c)
    }
}

const fn of_v4(ip: Ipv4Addr) -> Key {
    let [a, b, ..] = ip.octets();
    Key::V4([a, b])
}

#[expect(clippy::match_same_arms, reason = "an arm is a rule of the reference")]
const fn of_v6(ip: Ipv6Addr) -> Key {
    match ip.segments() {
        // Translated, RFC 6145, and NAT64, RFC 6052.
        [0, 0, 0, 0, 0xffff, 0, high, _] => v4(high),
        [0x64, 0xff9b, 0, 0, 0, 0, high, _] => v4(high),
        // 6to4, RFC 3964.
        [0x2002, high, ..] => v4(high),
        // Teredo, RFC 4380, which inverts it.
        [0x2001, 0, .., high, _] => v4(!high),
        // OnionCat.
        [0xfd87, 0xd87e, 0xeb43, onion, ..] => {
            let [first, _] = onion.to_be_bytes();
            Key::Tor(first & 0xf)
        }
        // Hurricane Electric, which gives anyone a tunnel.
        [0x2001, 0x470, c, ..] => Key::V6([0x2001, 0x470, c & 0xf000]),
        [a, b, ..] => Key::V6([a, b, 0]),
    }
}

const fn v4(high: u16) -> Key {
    Key::V4(high.to_be_bytes())
}

/// The reference's text of it. Ignores width and fill.
impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Key::Local => f.write_str("local"),
            Key::Unroutable => f.write_str("unroutable"),
            Key::V4([a, b]) => write!(f, "{}", Ipv4Addr::new(a, b, 0, 0)),
            Key::Tor(bits) => write!(f, "tor:{bits}"),
            Key::V6([a, b, c]) => write!(f, "{}", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)),
        }
    }
}

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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupKey(
    /// A tag in the upper 16 bits, and below it what the tag says: three numbers of 16 bits. As one
    /// number it is compared and looked up in one step.
    u64,
);

const LOCAL: GroupKey = GroupKey::tagged(1, [0; 3]);
const UNROUTABLE: GroupKey = GroupKey::tagged(2, [0; 3]);
/// The first half of an IPv4 address, in the lowest two bytes.
const V4: u64 = 3;
const TOR: u64 = 4;
const V6: u64 = 5;

impl GroupKey {
    /// The group of an address; `strict` as the option of that name.
    #[must_use]
    pub const fn of(address: &NetAddress, strict: bool) -> Self {
        if strict && address.is_local() {
            LOCAL
        } else if strict && !address.is_routable() {
            UNROUTABLE
        } else {
            match address.ip() {
                IpAddr::V4(ip) => of_v4(ip),
                IpAddr::V6(ip) => of_v6(ip),
            }
        }
    }

    const fn tagged(tag: u64, [a, b, c]: [u16; 3]) -> Self {
        Self(tag << 48 | (a as u64) << 32 | (b as u64) << 16 | c as u64)
    }

    /// The first half of an IPv4 address, if the group is one of those.
    pub(crate) const fn v4(self) -> Option<[u8; 2]> {
        let [.., a, b] = self.0.to_be_bytes();
        if self.tag() == V4 { Some([a, b]) } else { None }
    }

    const fn tag(self) -> u64 {
        self.0 >> 48
    }

    /// The group as a number, each with its own; none is 0.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }
}

const fn of_v4(ip: Ipv4Addr) -> GroupKey {
    let [a, b, ..] = ip.octets();
    v4(u16::from_be_bytes([a, b]))
}

#[expect(clippy::match_same_arms, reason = "an arm is a rule of the reference")]
const fn of_v6(ip: Ipv6Addr) -> GroupKey {
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
            GroupKey::tagged(TOR, [0, 0, u16::from_be_bytes([0, first & 0xf])])
        }
        // Hurricane Electric, which gives anyone a tunnel.
        [0x2001, 0x470, c, ..] => GroupKey::tagged(V6, [0x2001, 0x470, c & 0xf000]),
        [a, b, ..] => GroupKey::tagged(V6, [a, b, 0]),
    }
}

const fn v4(high: u16) -> GroupKey {
    GroupKey::tagged(V4, [0, 0, high])
}

/// The reference's text of it. Ignores width and fill.
impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, _, a0, a1, b0, b1, high, low] = self.0.to_be_bytes();
        match (self.tag(), *self) {
            (_, LOCAL) => f.write_str("local"),
            (_, UNROUTABLE) => f.write_str("unroutable"),
            (V4, _) => write!(f, "{}", Ipv4Addr::new(high, low, 0, 0)),
            (TOR, _) => write!(f, "tor:{low}"),
            _ => {
                let [a, b, c] = [[a0, a1], [b0, b1], [high, low]].map(u16::from_be_bytes);
                write!(f, "{}", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        }
    }
}

impl fmt::Debug for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GroupKey({self})")
    }
}

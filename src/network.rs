//! What an IP address, or the text of an address, says of a place: from where it can be reached,
//! and which network it belongs to.
//!
//! Anyone may tell any address, so each is judged before it is kept or dialed: an address inside our
//! own site is a door for strangers to knock at by our hand, and an attacker's addresses lie in few
//! networks, however many they are. [`Reach`] answers the first, [`Group`] and [`Subnet`] the
//! second. Nothing here allocates or looks anything up.
//!
//! # An IPv4 address inside an IPv6 one
//!
//! The IPv4 address decides, whatever carries it: mapped (`::ffff:0:0/96`, RFC 4291), translated
//! (`::ffff:0:0:0/96`, RFC 2765 and 6145), NAT64 (`64:ff9b::/96`, RFC 6052), compatible (`::/96`,
//! RFC 4291), 6to4 (`2002::/16`, RFC 3056: bytes 2 to 5) and Teredo (`2001::/32`, RFC 4380: the last
//! four bytes, inverted). So no spelling makes a near place look far, and no tunnel makes one
//! network look like many.
//!
//! # The special ranges
//!
//! All rows of the IANA special-purpose registries (RFC 6890) as of 2025, and the ranges that stand
//! in other registries. A row covers those within it.
//!
//! | range | what it is | [`Reach`] |
//! |---|---|---|
//! | 127.0.0.0/8, `::1` | loopback | `Host` |
//! | 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, `fc00::/7` | private use, unique local | `Site` |
//! | 100.64.0.0/10 | shared by the customers of a provider | `Site` |
//! | 169.254.0.0/16, `fe80::/10` | link-local | `Site` |
//! | `64:ff9b:1::/48` | a site's own NAT64 (RFC 8215) | `Site` |
//! | 0.0.0.0/8, `::` | "this network", unspecified: no destination | `Nowhere` |
//! | 192.0.0.0/24 | protocol assignments: DS-Lite, dummy, PCP and TURN anycast, NAT64 discovery | `Nowhere` |
//! | 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, `2001:db8::/32`, `3fff::/20` | documentation | `Nowhere` |
//! | 192.31.196.0/24, 192.175.48.0/24, `2620:4f:8000::/48` | AS112, a sink for queries by anycast | `Nowhere` |
//! | 192.52.193.0/24 | AMT, multicast relays by anycast | `Nowhere` |
//! | 192.88.99.0/24 | 6to4 and 6a44 relays by anycast, given up | `Nowhere` |
//! | 198.18.0.0/15 | benchmarks | `Nowhere` |
//! | 224.0.0.0/4, `ff00::/8` | multicast | `Nowhere` |
//! | 240.0.0.0/4 with 255.255.255.255 | reserved, broadcast | `Nowhere` |
//! | `2001::/23` but for Teredo | protocol assignments: PCP, TURN and DNS-SD anycast, benchmarks (`2001:2::/48`), AMT (`2001:3::/32`), AS112 (`2001:4:112::/48`), ORCHID (`2001:10::/28`, `2001:20::/28`), drones (`2001:30::/28`) | `Nowhere` |
//! | `100::/64`, `100:0:0:1::/64` | discard-only, dummy | `Nowhere` |
//! | `5f00::/16` | segment routing | `Nowhere` |
//! | `fec0::/10` | site-local, given up (RFC 3879) | `Nowhere` |
//! | all else outside `2000::/3` | never given out | `Nowhere` |
//!
//! Some of these are reachable from everywhere, such as AS112; but whoever answers there is the
//! service that the range is for, by anycast, and no node.

mod embedded;
mod group;
mod name;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::NodeAddress;

pub(crate) use embedded::innermost;
pub(crate) use group::machine_at;
pub use group::{Group, Subnet};
pub use name::ClaimError;

/// How far a place is visible. The order is from near to far.
///
/// A place that is nearer than who told of it was told in error, or by somebody who wants us to
/// knock at our own doors: `Reach::of(ip) < teller` is the whole test, and keeps out what is
/// [`Reach::Nowhere`] as well.
///
/// ```
/// use pex::Reach;
///
/// assert_eq!(Reach::of("8.8.8.8".parse()?), Reach::World);
/// assert_eq!(Reach::of("::ffff:10.0.0.1".parse()?), Reach::Site);
/// assert_eq!(Reach::of("64:ff9b::7f00:1".parse()?), Reach::Host);
/// assert_eq!(Reach::of("224.0.0.1".parse()?), Reach::Nowhere);
/// assert!(Reach::Nowhere < Reach::Host && Reach::Host < Reach::Site && Reach::Site < Reach::World);
/// # Ok::<(), core::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reach {
    /// No node can be there: the range is reserved, unspecified, multicast, a documentation's, or a
    /// service's by anycast.
    Nowhere,
    /// This machine only: loopback addresses.
    Host,
    /// This site: private ranges (RFC 1918, 4193, 6598) and link-local addresses.
    Site,
    /// Everywhere.
    World,
}

impl Reach {
    /// The reach of an IP address. An IPv4 address inside an IPv6 one counts as itself.
    #[must_use]
    pub const fn of(ip: IpAddr) -> Self {
        match innermost(ip) {
            IpAddr::V4(ip) => of_v4(ip),
            IpAddr::V6(ip) => of_v6(ip),
        }
    }

    /// What the text of an address promises, before anybody looked a name up.
    ///
    /// An IP address promises its reach; a zone, as in `fe80::1%eth0`, does not count. A name
    /// promises the world, unless it is one that only a machine (`localhost`), a site (`db`,
    /// `printer.local`, `metadata.google.internal`) or nobody (`example.invalid`) gives a meaning.
    ///
    /// # Errors
    ///
    /// [`ClaimError`] if the text promises nothing: it has no host, or one that no resolver should
    /// be asked for.
    ///
    /// # Security
    ///
    /// A name may lead anywhere: judge what it resolves to with [`Reach::of`] as well, each time.
    ///
    /// ```
    /// use pex::{ClaimError, NodeAddress, Reach};
    ///
    /// let claim = |host: &str| {
    ///     let text = format!("00112233445566778899aabbccddeeff00112233@{host}:26656");
    ///     Ok::<_, pex::AddressError>(Reach::claimed_by(&NodeAddress::parse(&text)?))
    /// };
    /// assert_eq!(claim("seed.cosmos.network")?, Ok(Reach::World));
    /// assert_eq!(claim("[::1]")?, Ok(Reach::Host));
    /// assert_eq!(claim("db.internal")?, Ok(Reach::Site));
    /// assert_eq!(claim("127.1")?, Err(ClaimError::Number));
    /// # Ok::<(), pex::AddressError>(())
    /// ```
    pub fn claimed_by(address: &NodeAddress) -> Result<Self, ClaimError> {
        match (address.ip(), address.name()) {
            (Some(ip), _) => Ok(Self::of(ip)),
            (None, Some(name)) => name::promise(name),
            (None, None) => Err(ClaimError::NoHost),
        }
    }
}

#[expect(clippy::match_same_arms, reason = "an arm is a row of the registry")]
const fn of_v4(ip: Ipv4Addr) -> Reach {
    use Reach::{Host, Nowhere, Site, World};
    match ip.octets() {
        [0, ..] => Nowhere,                                     // "this network", RFC 791
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Site, // private, RFC 1918
        [100, 64..=127, ..] => Site,                            // shared, RFC 6598
        [127, ..] => Host,                                      // loopback, RFC 1122
        [169, 254, ..] => Site,                                 // link-local, RFC 3927
        [192, 0, 0, _] => Nowhere,                              // protocol assignments, RFC 6890
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Nowhere, // documentation, RFC 5737
        [192, 31, 196, _] | [192, 175, 48, _] => Nowhere,       // AS112, RFC 7534 and 7535
        [192, 52, 193, _] => Nowhere,                           // AMT, RFC 7450
        [192, 88, 99, _] => Nowhere,                            // 6to4 relays, RFC 7526
        [198, 18 | 19, ..] => Nowhere,                          // benchmarks, RFC 2544
        [224..=239, ..] => Nowhere,                             // multicast, RFC 5771
        [240..=255, ..] => Nowhere, // reserved, RFC 1112, and broadcast, RFC 919
        _ => World,
    }
}

#[expect(clippy::match_same_arms, reason = "an arm is a row of the registry")]
const fn of_v6(ip: Ipv6Addr) -> Reach {
    use Reach::{Host, Nowhere, Site, World};
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Host,      // loopback, RFC 4291
        [0x64, 0xff9b, 1, ..] => Site,         // local NAT64, RFC 8215
        [0xfc00..=0xfdff, ..] => Site,         // unique local, RFC 4193
        [0xfe80..=0xfebf, ..] => Site,         // link-local, RFC 4291
        [0x2001, 0..=0x1ff, ..] => Nowhere,    // protocol assignments, RFC 2928
        [0x2001, 0xdb8, ..] => Nowhere,        // documentation, RFC 3849
        [0x2620, 0x4f, 0x8000, ..] => Nowhere, // AS112, RFC 7534
        [0x3fff, 0..=0xfff, ..] => Nowhere,    // documentation, RFC 9637
        [0x2000..=0x3fff, ..] => World,        // global unicast, RFC 4291
        _ => Nowhere,
    }
}

//! The ranges of the IANA registries, written down a second time, as first and last address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pex::Reach::{self, Host, Nowhere, Site, World};
use quickcheck::quickcheck;

type Row = (&'static str, &'static str, Reach);

/// The IPv4 ranges that are not of the world.
pub(crate) const V4: [Row; 20] = [
    ("0.0.0.0", "0.255.255.255", Nowhere),
    ("10.0.0.0", "10.255.255.255", Site),
    ("100.64.0.0", "100.127.255.255", Site),
    ("127.0.0.0", "127.255.255.255", Host),
    ("169.254.0.0", "169.254.255.255", Site),
    ("172.16.0.0", "172.31.255.255", Site),
    ("192.0.0.0", "192.0.0.255", Nowhere),
    ("192.0.2.0", "192.0.2.255", Nowhere),
    ("192.31.196.0", "192.31.196.255", Nowhere),
    ("192.52.193.0", "192.52.193.255", Nowhere),
    ("192.88.99.0", "192.88.99.255", Nowhere),
    ("192.168.0.0", "192.168.255.255", Site),
    ("192.175.48.0", "192.175.48.255", Nowhere),
    ("198.18.0.0", "198.19.255.255", Nowhere),
    ("198.51.100.0", "198.51.100.255", Nowhere),
    ("203.0.113.0", "203.0.113.255", Nowhere),
    ("224.0.0.0", "239.255.255.255", Nowhere),
    ("240.0.0.0", "255.255.255.254", Nowhere),
    ("255.255.255.255", "255.255.255.255", Nowhere),
    // Anycast services within 192.0.0.0/24, which the registry lists apart.
    ("192.0.0.9", "192.0.0.10", Nowhere),
];

/// The IPv6 ranges that are not of the world, carry no IPv4 address, and stand in a registry.
pub(crate) const V6: [Row; 25] = [
    ("::", "::", Nowhere),
    ("::1", "::1", Host),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Site),
    ("100::", "100::ffff:ffff:ffff:ffff", Nowhere),
    ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", Nowhere),
    (
        "2001:1::",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    ("2001:1::1", "2001:1::3", Nowhere),
    ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", Nowhere),
    ("2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
    (
        "2001:4:112::",
        "2001:4:112:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    (
        "2001:10::",
        "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    (
        "2001:20::",
        "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    (
        "2001:30::",
        "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    (
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    (
        "2620:4f:8000::",
        "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Site),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Site),
    ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
    // Never given out: what lies on both sides of 2000::/3.
    (
        "64:ff9b::1:0:0",
        "64:ff9b:0:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    (
        "64:ff9b:2::",
        "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        Nowhere,
    ),
    ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
    ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Nowhere),
];

/// The prefixes behind which an IPv4 address stands last, as it is.
const CARRIERS: [&str; 4] = ["::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::"];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

pub(crate) fn v4_of_table(at: Ipv4Addr) -> Reach {
    let row = V4
        .iter()
        .find(|(first, last, _)| (v4(first)..=v4(last)).contains(&at));
    row.map_or(World, |row| row.2)
}

/// By the table. It knows the unspecified and the loopback address before what carries IPv4.
fn v6_of_table(at: Ipv6Addr) -> Reach {
    let row = V6
        .iter()
        .find(|(first, last, _)| (v6(first)..=v6(last)).contains(&at));
    if let Some((_, _, reach)) = row {
        return *reach;
    }
    let bits = at.to_bits();
    let low = |bits: u128| Ipv4Addr::from_bits(u32::try_from(bits & 0xffff_ffff).unwrap());
    if CARRIERS
        .iter()
        .any(|carrier| bits >> 32 == v6(carrier).to_bits() >> 32)
    {
        return v4_of_table(low(bits));
    }
    match bits >> 96 {
        0x2001_0000 => v4_of_table(low(!bits)),
        0x2002_0000..=0x2002_ffff => v4_of_table(low(bits >> 80)),
        0x2000_0000..=0x3fff_ffff => World,
        _ => Nowhere,
    }
}

/// First and last address of each IPv4 range, and their neighbours outside.
pub(crate) fn v4_borders() -> impl Iterator<Item = Ipv4Addr> {
    V4.iter().flat_map(|(first, last, _)| {
        let (first, last) = (v4(first).to_bits(), v4(last).to_bits());
        [first.saturating_sub(1), first, last, last.saturating_add(1)].map(Ipv4Addr::from_bits)
    })
}

/// First and last address of each IPv6 range, and their neighbours outside.
pub(crate) fn v6_borders() -> impl Iterator<Item = Ipv6Addr> {
    let carried = CARRIERS.map(|carrier| {
        let first = v6(carrier).to_bits();
        (first, first | 0xffff_ffff)
    });
    let tunnelled = [
        ("2001::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ];
    let rows = V6
        .iter()
        .map(|(first, last, _)| (*first, *last))
        .chain(tunnelled);
    let rows = rows.map(|(first, last)| (v6(first).to_bits(), v6(last).to_bits()));
    rows.chain(carried).flat_map(|(first, last)| {
        [first.saturating_sub(1), first, last, last.saturating_add(1)].map(Ipv6Addr::from_bits)
    })
}

#[test]
fn no_special_range_is_of_the_world_and_each_ends_where_it_ends() {
    for (first, last, reach) in V4.into_iter().chain(V6) {
        assert_ne!(reach, World);
        assert_eq!(Reach::of(ip(first)), reach, "{first}");
        assert_eq!(Reach::of(ip(last)), reach, "{last}");
    }
    for at in v4_borders() {
        assert_eq!(Reach::of(at.into()), v4_of_table(at), "{at}");
    }
    for at in v6_borders() {
        assert_eq!(Reach::of(at.into()), v6_of_table(at), "{at}");
    }
}

#[test]
fn the_addresses_next_to_a_special_range_are_of_the_world() {
    for world in [
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.1.255",
        "192.0.3.0",
        "192.31.195.255",
        "192.31.197.0",
        "192.52.192.255",
        "192.52.194.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "192.175.47.255",
        "192.175.49.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2000::",
        "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:200::",
        "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
        "2001:db9::",
        "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "2003::",
        "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
        "2620:4f:8001::",
        "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "3fff:1000::",
        "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    ] {
        assert_eq!(Reach::of(ip(world)), World, "{world}");
    }
}

#[test]
fn the_metadata_services_of_clouds_are_not_of_the_world() {
    for near in [
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "192.0.0.192",
        "::ffff:a9fe:a9fe",
    ] {
        assert!(Reach::of(ip(near)) < World, "{near}");
    }
}

/// An address near a border of the table, or anywhere: `far` says how many low bits are chance.
fn near_a_border(border: usize, chance: u128, far: u8) -> Ipv6Addr {
    let borders: Vec<_> = v6_borders().collect();
    let mask = u128::MAX.unbounded_shr(u32::from(far));
    Ipv6Addr::from_bits(borders[border % borders.len()].to_bits() ^ (chance & mask))
}

quickcheck! {
    fn any_ipv4_address_is_judged_as_the_table_judges_it(at: u32) -> bool {
        let at = Ipv4Addr::from_bits(at);
        Reach::of(at.into()) == v4_of_table(at)
    }

    fn any_ipv6_address_is_judged_as_the_table_judges_it(border: usize, chance: u128, far: u8) -> bool {
        let at = near_a_border(border, chance, far);
        Reach::of(IpAddr::V6(at)) == v6_of_table(at)
    }
}

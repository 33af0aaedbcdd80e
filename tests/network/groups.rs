//! Groups and subnets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use pex::{Group, Reach, Subnet};
use quickcheck::quickcheck;

fn group(ip: &str) -> String {
    Group::of(ip.parse().unwrap()).to_string()
}

fn subnet(ip: &str) -> String {
    Subnet::of(ip.parse().unwrap()).to_string()
}

/// `TestAddrBookGroupKey` of CometBFT v0.38.9. Its keys lack the length of the prefix.
#[test]
fn groups_are_those_of_the_references_own_table() {
    for (ip, prefix) in [
        ("12.1.2.3", "12.1.0.0/16"),
        ("173.1.2.3", "173.1.0.0/16"),
        ("196.1.2.3", "196.1.0.0/16"),
        ("2002:0c01:0203::", "12.1.0.0/16"),
        ("2001:0:1234::f3fe:fdfc", "12.1.0.0/16"),
        ("64:ff9b::0c01:0203", "12.1.0.0/16"),
        ("::ffff:0:0c01:0203", "12.1.0.0/16"),
        ("2602:100::1", "2602:100::/32"),
        ("2602:0100::1234", "2602:100::/32"),
        ("2001:470:1f10:a1::2", "2001:470:1000::/36"),
        ("2001:0470:1f10:a1::2", "2001:470:1000::/36"),
    ] {
        assert_eq!(group(ip), prefix, "{ip}");
    }
}

/// The rest of that table: the reference's word for each, and ours. The two agree on what is not
/// of the world. Ours has the site with the machine, not with what no node can have, and knows
/// nothing of Tor.
#[test]
fn what_is_not_of_the_world_has_one_group_if_it_is_near_and_one_if_it_is_nowhere() {
    for (ip, theirs, ours) in [
        ("127.0.0.1", "local", "local"),
        ("::1", "local", "local"),
        ("0.0.0.0", "local", "nowhere"),
        ("0.1.2.3", "local", "nowhere"),
        ("255.255.255.255", "unroutable", "nowhere"),
        ("10.1.2.3", "unroutable", "local"),
        ("172.16.1.2", "unroutable", "local"),
        ("192.168.1.2", "unroutable", "local"),
        ("2001:db8::1234", "unroutable", "nowhere"),
        ("169.254.1.2", "unroutable", "local"),
        ("fc00::1234", "unroutable", "local"),
        ("2001:10::1234", "unroutable", "nowhere"),
        ("fe80::1234", "unroutable", "local"),
        ("fd87:d87e:eb43:1234::5678", "tor:2", "local"),
        ("fd87:d87e:eb43:1245::6789", "tor:2", "local"),
        ("fd87:d87e:eb43:1345::6789", "tor:3", "local"),
    ] {
        assert_eq!(group(ip), ours, "{ip}, there {theirs}");
        assert!(
            Reach::of(ip.parse().unwrap()) < Reach::World,
            "{ip}, there {theirs}"
        );
        let is_local = Group::of(ip.parse().unwrap()).is_local();
        assert_eq!(is_local, ours == "local", "{ip}");
    }
}

#[test]
fn a_group_ends_where_its_prefix_ends() {
    let pairs_of_one = [
        ("95.217.0.0", "95.217.255.255"),
        ("2a00:1450::", "2a00:1450:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:470:f000::", "2001:470:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:471::", "2001:471:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("95.217.1.1", "2002:5fd9:ffff::1"),
    ];
    for (one, other) in pairs_of_one {
        assert_eq!(group(one), group(other), "{one} {other}");
    }
    let pairs_of_two = [
        ("95.217.255.255", "95.218.0.0"),
        ("2a00:1450:ffff::", "2a00:1451::"),
        ("2001:470:efff::", "2001:470:f000::"),
        ("95.217.1.1", "2a00:95d9::1"),
    ];
    for (one, other) in pairs_of_two {
        assert_ne!(group(one), group(other), "{one} {other}");
        let group = |ip: &str| Group::of(ip.parse().unwrap());
        assert_ne!(group(one), group(other), "{one} {other}");
    }
}

#[test]
fn a_subnet_is_a_24_or_a_64_of_any_range() {
    for (ip, prefix) in [
        ("95.217.1.2", "95.217.1.0/24"),
        ("95.217.1.255", "95.217.1.0/24"),
        ("95.217.2.0", "95.217.2.0/24"),
        ("10.1.2.3", "10.1.2.0/24"),
        ("127.0.0.1", "127.0.0.0/24"),
        ("::ffff:95.217.1.2", "95.217.1.0/24"),
        ("2002:5fd9:0102:ffff::1", "95.217.1.0/24"),
        ("2001:0:1234::f3fe:fdfc", "12.1.2.0/24"),
        ("::1", "::/64"),
        ("fe80::1:2:3:4", "fe80::/64"),
        ("2a00:1450:4001:80b::200e", "2a00:1450:4001:80b::/64"),
        (
            "2a00:1450:4001:80b:ffff:ffff:ffff:ffff",
            "2a00:1450:4001:80b::/64",
        ),
        ("2a00:1450:4001:80c::", "2a00:1450:4001:80c::/64"),
        ("2001:470:1f10:a1::2", "2001:470:1f10:a1::/64"),
    ] {
        assert_eq!(subnet(ip), prefix, "{ip}");
    }
}

quickcheck! {
    fn addresses_of_one_subnet_are_of_one_group(ip: u32, other: u8, v6: u128, low: u64) -> bool {
        let v4 = [ip, ip & !0xff | u32::from(other)].map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
        // Inside 2000::/3, so that it is of the world and carries nothing, but for a few.
        let v6 = (v6 >> 3) | (1 << 125);
        let two = [v6, v6 >> 64 << 64 | u128::from(low)];
        let two = two.map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)));
        [v4, two].iter().all(|[one, other]| {
            Subnet::of(*one) != Subnet::of(*other) || Group::of(*one) == Group::of(*other)
        })
    }

    fn groups_and_subnets_print_alike_only_if_they_are_equal(one: u128, other: u128, near: u8) -> bool {
        let other = one ^ other.unbounded_shr(u32::from(near));
        let [one, other] = [one, other].map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)));
        let alike = Group::of(one) == Group::of(other);
        let lans_alike = Subnet::of(one) == Subnet::of(other);
        alike == (Group::of(one).to_string() == Group::of(other).to_string())
            && lans_alike == (Subnet::of(one).to_string() == Subnet::of(other).to_string())
    }
}

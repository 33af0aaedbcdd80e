//! The spellings in which a peer may tell an address, each through the parser.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use allocation_counter::measure;
use pex::{Group, NodeAddress, Reach, Subnet};

use crate::ranges::{v4_borders, v4_of_table, v6_borders};

const ID: &str = "00112233445566778899aabbccddeeff00112233";

fn address(host: &str) -> NodeAddress {
    NodeAddress::parse(&format!("{ID}@{host}:26656"))
        .unwrap_or_else(|error| panic!("{host}: {error}"))
}

/// The hosts that lead to an IPv4 address, some by way of a translator or a tunnel.
fn spellings_of_v4(ip: Ipv4Addr) -> Vec<String> {
    let bits = ip.to_bits();
    let (high, low) = (bits >> 16, bits & 0xffff);
    let (not_high, not_low) = (!bits >> 16, !bits & 0xffff);
    vec![
        format!("{ip}"),
        format!("[{ip}]"),
        format!("[::ffff:{ip}]"),
        format!("[::FFFF:{ip}]"),
        format!("[::ffff:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:04X}:{low:04X}]"),
        format!("::ffff:{ip}"),
        format!("[::ffff:{ip}%25eth0]"),
        format!("[::ffff:0:{ip}]"),
        format!("[::ffff:0:{high:x}:{low:x}]"),
        format!("[64:ff9b::{ip}]"),
        format!("[64:FF9B::{high:x}:{low:x}]"),
        format!("[::{ip}]"),
        format!("[2002:{high:x}:{low:x}::]"),
        format!("[2002:{high:x}:{low:x}:1:2:3:4:5]"),
        format!("[2001::{not_high:x}:{not_low:x}]"),
        format!("[2001:0:5ef5:79fb:8000:f227:{not_high:x}:{not_low:x}]"),
    ]
}

/// The hosts that are one IPv6 address.
fn spellings_of_v6(ip: Ipv6Addr) -> Vec<String> {
    let groups = ip.segments();
    let whole = groups.map(|group| format!("{group:x}")).join(":");
    let padded = groups.map(|group| format!("{group:04x}")).join(":");
    let [.., e, f] = groups;
    let tail = Ipv4Addr::from_bits(u32::from(e) << 16 | u32::from(f));
    let head: Vec<_> = groups[..6]
        .iter()
        .map(|group| format!("{group:x}"))
        .collect();
    let head = head.join(":");
    vec![
        format!("[{ip}]"),
        format!("{ip}"),
        format!("[{}]", ip.to_string().to_uppercase()),
        format!("[{whole}]"),
        format!("[{padded}]"),
        format!("[{head}:{tail}]"),
        format!("[{ip}%25eth0]"),
    ]
}

#[test]
fn an_ipv4_address_is_judged_alike_in_every_spelling() {
    let world = [Ipv4Addr::new(8, 8, 8, 8), Ipv4Addr::new(95, 217, 1, 2)];
    for ip in v4_borders().chain(world) {
        let (group, subnet) = (Group::of(ip.into()), Subnet::of(ip.into()));
        for host in spellings_of_v4(ip) {
            let address = address(&host);
            assert_eq!(Reach::claimed_by(&address), Ok(v4_of_table(ip)), "{host}");
            let found = address.ip().unwrap();
            assert_eq!(Group::of(found), group, "{host}");
            if !found.is_unspecified() {
                assert_eq!(Subnet::of(found), subnet, "{host}");
            }
        }
    }
}

#[test]
fn an_ipv6_address_is_judged_alike_in_every_spelling() {
    let world = ["2a00:1450:4001:80b::200e", "2001:470:1f10:a1::2"];
    for ip in v6_borders().chain(world.map(|ip| ip.parse().unwrap())) {
        for host in spellings_of_v6(ip) {
            let address = address(&host);
            assert_eq!(address.ip(), Some(IpAddr::V6(ip)), "{host}");
            assert_eq!(
                Reach::claimed_by(&address),
                Ok(Reach::of(ip.into())),
                "{host}"
            );
        }
    }
}

#[test]
fn neither_protocol_nor_path_nor_escapes_change_the_judgement() {
    for text in [
        "mconn://ID@127.0.0.1:26656",
        "TCP://ID@127.0.0.1:26656",
        "ID@127.0.0.1",
        "ID@127.0.0.1:0",
        "ID@127.0.0.1:26656/path?query#fragment",
        "tcp://ID:password@[::ffff:7f00:1]:22",
        "MCONN://ID@[::1]:26656",
    ] {
        let address = NodeAddress::parse(&text.replace("ID", ID)).unwrap();
        assert_eq!(Reach::claimed_by(&address), Ok(Reach::Host), "{text}");
    }
    for ip in ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"] {
        let told = NodeAddress::from_v1(ID, ip, 26_656).unwrap();
        assert_eq!(Reach::claimed_by(&told), Ok(Reach::Host), "{ip}");
    }
}

#[test]
fn judging_an_address_allocates_nothing() {
    for host in [
        "8.8.8.8",
        "[2a00::1]",
        "[::FFFF:127.0.0.1]",
        "seed.example.com",
        "0x7f.1",
        "é.com",
    ] {
        let address = address(host);
        let allocations = measure(|| {
            let _judged = Reach::claimed_by(&address);
            let _networks = address.ip().map(|ip| (Group::of(ip), Subnet::of(ip)));
        });
        assert_eq!(allocations.count_total, 0, "{host}");
    }
}

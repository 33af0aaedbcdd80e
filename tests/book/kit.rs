//! Nodes, places and books for the tests of the address book.

#[path = "../support/split_mix.rs"]
mod split_mix;

use core::time::Duration;
use std::net::IpAddr;

use pex::book::{Added, AddrBook, KnownAddress};
use pex::{NetAddress, NodeId, Reach, Seed, Time};

/// When a test begins: in November 2023.
pub(crate) const NOW: Time = Time::from_secs(1_700_000_000);

pub(crate) const PORT: u16 = 26_656;

pub(crate) const MINUTE: Duration = secs(60);
pub(crate) const DAY: Duration = secs(86_400);

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn seed() -> Seed {
    Seed::new([7; 32])
}

/// The id of the node with this number.
pub(crate) fn id(n: u32) -> NodeId {
    let mut bytes = [0x11; 20];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

/// A host of the network with this number, a /16 of its own, none of which is special.
pub(crate) fn host(network: u32, host: u32) -> IpAddr {
    let ([_, _, a, b], [_, _, c, d]) = (network.to_be_bytes(), host.to_be_bytes());
    assert!(network < 16_384 && host < 65_536, "{network} {host}");
    IpAddr::from([32 + a, b, c, d])
}

pub(crate) fn at(n: u32, ip: IpAddr) -> NetAddress {
    NetAddress::new(id(n), ip, PORT)
}

/// The node with this number, in the network with this number.
pub(crate) fn node(n: u32) -> NetAddress {
    at(n, host(n, 257))
}

/// Somebody who tells, from a network where no node of a test is.
pub(crate) fn teller(n: u32) -> NetAddress {
    at(1_000_000 + n, host(16_383 - n, 1))
}

/// The node with this number on the site of the operator, all of which is one group in one book that
/// is not strict: only the bounds of buckets hold there.
pub(crate) fn on_site(n: u32) -> NetAddress {
    let [_, _, high, low] = n.to_be_bytes();
    at(n, [10, 0, high, low].into())
}

pub(crate) fn parse(text: &str) -> NetAddress {
    text.parse().unwrap()
}

pub(crate) fn strict() -> AddrBook {
    AddrBook::new(true, seed())
}

pub(crate) fn lax() -> AddrBook {
    AddrBook::new(false, seed())
}

/// Takes in an address that is not known yet.
pub(crate) fn learn(book: &mut AddrBook, address: &NetAddress, teller: &NetAddress) {
    assert_eq!(book.add_address(NOW, address, teller), Ok(Added::New));
}

/// A strict book of so many that have proved good, and so many that have not.
pub(crate) fn of(old: u32, new: u32) -> AddrBook {
    let mut book = strict();
    for n in 0..old {
        learn(&mut book, &node(n), &teller(n % 100));
        assert!(book.mark_good(NOW, &node(n)));
    }
    for n in old..old + new {
        learn(&mut book, &node(n), &teller(n % 100));
    }
    sound(&book);
    book
}

pub(crate) fn known(book: &AddrBook, address: &NetAddress) -> KnownAddress {
    let mut all = book.addresses_of(address.id()).into_iter();
    all.find(|known| known.address == *address).unwrap()
}

pub(crate) fn sound(book: &AddrBook) {
    assert_eq!(book.check(), Ok(()));
}

/// Numbers that look random, and are the same each time.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        split_mix::next(&mut self.0)
    }

    /// An address in IPv4 to which everybody can route.
    pub(crate) fn address(&mut self) -> NetAddress {
        loop {
            let [a, b, c, d, port, high, ..] = self.next().to_be_bytes();
            let mut bytes = [0; 20];
            bytes[..8].copy_from_slice(&self.next().to_be_bytes());
            let port = u16::from_be_bytes([high, port]).max(1);
            let address = NetAddress::new(NodeId::new(bytes), [a, b, c, d].into(), port);
            if address.is_routable() && Reach::of(address.ip()) == Reach::World {
                return address;
            }
        }
    }

    /// So many addresses, each with somebody who tells it.
    pub(crate) fn pairs(&mut self, count: usize) -> Vec<(NetAddress, NetAddress)> {
        let pairs = (0..count).map(|_| (self.address(), self.address()));
        pairs.collect()
    }
}

//! The nodes of a test: their ids, where they live, and numbers that follow from a seed.

#[path = "split_mix.rs"]
mod split_mix;

use core::time::Duration;
use std::net::IpAddr;

use pex::{NodeAddress, NodeId, Time};

/// The numbers of nobody.
pub(crate) const NOBODY: [u32; 0] = [];

/// The node under test.
pub(crate) const ME: NodeId = NodeId::new([0xee; 20]);

/// When a world begins: in November 2023.
pub(crate) const START: Time = Time::from_secs(1_700_000_000);

/// Every node listens on this port, unless a test says otherwise.
pub(crate) const PORT: u16 = 26_656;

/// The latest time that a machine reckons with.
pub(crate) const LATEST: Time = Time::from_nanos(u64::MAX >> 1);

pub(crate) const HOUR: Duration = secs(3_600);
pub(crate) const DAY: Duration = secs(86_400);

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// The id of the node with this number.
pub(crate) fn id(n: u32) -> NodeId {
    let mut bytes = [0x11; 20];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

/// The number of the node with this id.
pub(crate) fn number(id: NodeId) -> u32 {
    let [a, b, c, d, ..] = *id.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// A host of the network with this number, a /16 of its own.
pub(crate) fn host(network: u32, host: u32) -> IpAddr {
    let ([_, _, a, b], [_, _, c, d]) = (network.to_be_bytes(), host.to_be_bytes());
    assert!(network < 16_384 && host < 65_536, "{network} {host}");
    // None of the special ranges lies between 32.0.0.0 and 95.255.255.255.
    IpAddr::from([32 + a, b, c, d])
}

/// A node at this place.
pub(crate) fn at(n: u32, ip: IpAddr) -> NodeAddress {
    NodeAddress::mconn(id(n), ip, PORT)
}

/// A node at this place, on a port that is not the usual one.
pub(crate) fn at_port(n: u32, ip: IpAddr, port: u32) -> NodeAddress {
    NodeAddress::mconn(id(n), ip, u16::try_from(port).unwrap())
}

/// The node with this number, in the network with this number.
pub(crate) fn node(n: u32) -> NodeAddress {
    at(n, host(n, 257))
}

/// An address in text behind the id of a node.
pub(crate) fn text(n: u32, host: &str) -> NodeAddress {
    NodeAddress::parse(&format!("{}@{host}", id(n))).unwrap()
}

/// Numbers that follow from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let upper = split_mix::next(&mut self.0) >> 32;
        u32::try_from((upper * u64::from(bound)) >> 32).unwrap()
    }

    pub(crate) fn of<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        let at = self.below(u32::try_from(list.len()).unwrap()) as usize;
        list.get(at).cloned()
    }
}

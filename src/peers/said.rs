//! What is said of which place, and by whom: as keyed hashes, by which it is remembered what of it was
//! false.

use core::net::IpAddr;

use super::lanes::LaneKey;
use crate::NodeId;
use crate::network::innermost;
use crate::seed::HashKey;

/// The keyed hash of a place: an IP address or name, and a port, whoever is said to live there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(u64);

impl Place {
    /// All ways to write an IPv4 address in an IPv6 one are one place, as one host is dialed by them.
    /// But they are another than the address itself: where nobody answers by NAT64 or 6to4, somebody
    /// may.
    pub(crate) fn at(key: HashKey, ip: IpAddr, port: u16) -> Self {
        let ip = ip.to_canonical();
        let hash = match innermost(ip) {
            IpAddr::V4(ip) => key.hash(&ip.octets()),
            IpAddr::V6(ip) => key.hash(&ip.octets()),
        };
        let is_carried = innermost(ip) != ip;
        Self::with(if is_carried { !hash } else { hash }, port)
    }

    pub(super) fn named(key: HashKey, name: &str, port: u16) -> Self {
        Self::with(key.hash(name.as_bytes()), port)
    }

    pub(crate) const fn hash(self) -> u64 {
        self.0
    }

    #[cfg(test)]
    pub(super) const fn from_hash(hash: u64) -> Self {
        Self(hash)
    }

    const fn with(hash: u64, port: u16) -> Self {
        Self(hash ^ (port as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
}

/// What is said: that a node lives at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    place: Place,
    claim: u64,
}

impl Said {
    pub(crate) fn of(key: HashKey, place: Place, id: NodeId) -> Self {
        let claim = place.0 ^ key.hash(id.as_bytes());
        Self { place, claim }
    }

    pub(crate) const fn place(self) -> Place {
        self.place
    }

    /// The keyed hash of both.
    pub(super) const fn claim(self) -> u64 {
        self.claim
    }
}

/// The keyed hash of who says it: a network, since ids are for free; of those whose network says
/// nothing, the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Voice(u64);

impl Voice {
    pub(crate) fn at(key: HashKey, network: Option<LaneKey>, id: NodeId) -> Self {
        Self(match network.filter(|it| *it != LaneKey::LOCAL) {
            Some(network) => key.hash(&network.0.to_be_bytes()),
            None => key.hash(id.as_bytes()),
        })
    }

    /// What it says of a place, whatever that is.
    pub(super) const fn about(self, place: Place) -> u64 {
        place.0.rotate_left(32) ^ self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_carry_an_address_in_another_are_one_place_and_it_is_not_the_address_itself() {
        let key = HashKey::fixed(7, 18);
        let place = |ip: &str| Place::at(key, ip.parse().unwrap(), 26_656);
        let itself = place("12.1.2.3");
        assert_eq!(itself, place("::ffff:12.1.2.3"));
        let nat64 = place("64:ff9b::c01:203");
        assert_eq!(nat64, place("2002:c01:203::1"));
        assert_eq!(nat64, place("2002:c01:203:9::7"));
        assert_eq!(nat64, place("2001:0:1:2:3:4:f3fe:fdfc"));
        assert_ne!(nat64, itself);
        assert_ne!(nat64, place("64:ff9b::c01:204"));
        assert_ne!(place("2a00::1"), place("2a00::2"));
    }

    #[test]
    fn of_any_place_two_voices_say_two_things_two_nodes_are_two_claims_and_two_ports_two_places() {
        let key = HashKey::fixed(7, 18);
        let [one, two] = [1, 2].map(|n| Voice::at(key, None, NodeId::new([n; 20])));
        for place in [0, 1 << 40, u64::MAX].map(Place::from_hash) {
            assert_ne!(one.about(place), two.about(place));
            assert_ne!(Place::with(place.hash(), 1), Place::with(place.hash(), 2));
            let [one, two] = [1, 2].map(|n| Said::of(key, place, NodeId::new([n; 20])));
            assert_ne!(one.claim(), two.claim());
        }
    }
}

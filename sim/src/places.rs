//! Who the nodes are, and where they live.

use core::net::{IpAddr, Ipv4Addr};
use std::collections::BTreeMap;

use pex::{NodeAddress, NodeId, Reach};

use crate::chance::{Chance, Use};

/// Every node listens here.
pub(crate) const PORT: u16 = 26_656;

/// Who is at a place that is kept free.
const NOBODY: u32 = u32::MAX;

/// From one candidate to the next: odd, so that each of the 2^32 comes once, and near the golden
/// section of them, so that they are spread over all networks.
const STEP: u32 = 0x9e37_79b1;

#[derive(Clone, Copy, Debug)]
struct Place {
    id: NodeId,
    ip: u32,
    port: u16,
}

/// The id and the address of every node there ever was, by its number.
#[derive(Debug)]
pub(crate) struct Places {
    chance: Chance,
    all: Vec<Place>,
    by_ip: BTreeMap<(u32, u16), u32>,
    next_ip: u32,
}

impl Places {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed, Use::Places);
        let next_ip = chance.below(u32::MAX);
        Self {
            chance,
            all: Vec::new(),
            by_ip: BTreeMap::new(),
            next_ip,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.all.len()
    }

    /// A new node, at an address of the world that nobody has; returns its number.
    pub(crate) fn add(&mut self) -> u32 {
        let ip = self.free_ip();
        self.add_at(ip, PORT)
    }

    /// A new node in the /16 of another one, or anywhere if that is full.
    pub(crate) fn add_beside(&mut self, other: u32) -> u32 {
        let network = self.ip_bits(other) & 0xffff_0000;
        let nth = (self.len() as u32).wrapping_mul(STEP);
        let all = (0..=u16::MAX).map(|host| network | (nth.wrapping_add(host.into()) & 0xffff));
        let free = all.into_iter().find(|ip| self.is_free(*ip));
        let ip = free.unwrap_or_else(|| self.free_ip());
        self.add_at(ip, PORT)
    }

    /// Whether it is an address of the world that nobody has.
    fn is_free(&self, ip: u32) -> bool {
        let is_of_world = Reach::of(IpAddr::V4(Ipv4Addr::from_bits(ip))) == Reach::World;
        is_of_world && !self.by_ip.contains_key(&(ip, PORT))
    }

    fn free_ip(&mut self) -> u32 {
        loop {
            self.next_ip = self.next_ip.wrapping_add(STEP);
            if self.is_free(self.next_ip) {
                break self.next_ip;
            }
        }
    }

    /// A new node at this place, where nobody is yet.
    pub(crate) fn add_at(&mut self, ip: u32, port: u16) -> u32 {
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let mut id = [0; NodeId::LENGTH];
        self.chance.fill(&mut id);
        // The end of an id is its node's number: finding a node by its id takes no table.
        id[16..].copy_from_slice(&number.to_be_bytes());
        let id = NodeId::new(id);
        self.all.push(Place { id, ip, port });
        self.by_ip.insert((ip, port), number);
        number
    }

    /// Gives a node another id, near this place on the ring of all ids.
    pub(crate) fn grind(&mut self, node: u32, near: u64) {
        let place = &mut self.all[node as usize];
        let mut id = *place.id.as_bytes();
        id[..8].copy_from_slice(&near.to_be_bytes());
        place.id = NodeId::new(id);
    }

    /// A place where nobody will ever live.
    pub(crate) fn reserve(&mut self) -> IpAddr {
        let ip = self.free_ip();
        self.by_ip.insert((ip, PORT), NOBODY);
        IpAddr::V4(Ipv4Addr::from_bits(ip))
    }

    pub(crate) fn ip_bits(&self, node: u32) -> u32 {
        self.all[node as usize].ip
    }

    pub(crate) fn id(&self, node: u32) -> NodeId {
        self.all[node as usize].id
    }

    pub(crate) fn ip(&self, node: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(self.all[node as usize].ip))
    }

    pub(crate) fn address(&self, node: u32) -> NodeAddress {
        NodeAddress::mconn(self.id(node), self.ip(node), self.all[node as usize].port)
    }

    /// The node with this id.
    pub(crate) fn number(&self, id: NodeId) -> Option<u32> {
        let [.., a, b, c, d] = *id.as_bytes();
        let number = u32::from_be_bytes([a, b, c, d]);
        let place = self.all.get(number as usize)?;
        (place.id == id).then_some(number)
    }

    /// The node that lives where this address leads, whatever its id is.
    pub(crate) fn at(&self, address: &NodeAddress) -> Option<u32> {
        match address.ip()?.to_canonical() {
            IpAddr::V4(ip) => {
                let node = self.by_ip.get(&(ip.to_bits(), address.port()));
                node.copied().filter(|node| *node != NOBODY)
            }
            IpAddr::V6(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nodes_live_all_over_the_world_and_are_found_by_id_and_by_place() {
        let mut places = Places::new(1);
        let mut networks = BTreeSet::new();
        for number in 0..1_000 {
            assert_eq!(places.add(), number);
            let address = places.address(number);
            assert_eq!(places.number(address.id()), Some(number));
            assert_eq!(places.at(&address), Some(number));
            networks.insert(places.all[number as usize].ip >> 16);
        }
        assert!(networks.len() > 990, "{}", networks.len());
        assert_eq!(places.number(NodeId::new([7; 20])), None);
    }

    #[test]
    fn neighbours_live_in_one_network_as_long_as_it_has_room() {
        let mut places = Places::new(1);
        let first = places.add();
        let network = places.ip_bits(first) >> 16;
        let all: BTreeSet<u32> = (0..70_000).map(|_| places.add_beside(first)).collect();
        let ips: BTreeSet<u32> = all.iter().map(|it| places.ip_bits(*it)).collect();
        assert_eq!(ips.len(), 70_000);
        let near = ips.iter().filter(|ip| **ip >> 16 == network);
        assert!(near.count() > 65_000);
    }
}

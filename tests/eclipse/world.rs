//! Who there is: honest nodes, of which some are alive, and the attacker's.

use std::net::{IpAddr, Ipv4Addr};

use pex::{NodeAddress, NodeId};

use crate::chance::Chance;

/// A node by its number: the honest come first, and of these the living.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node(u32);

impl Node {
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0).expect("a node's number is an index")
    }
}

/// The honest network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Population {
    /// Addresses of honest nodes, dead or alive.
    pub(crate) honest: u32,
    /// The /16 groups over which they are strewn at random.
    pub(crate) groups: usize,
    /// How many of them answer a dial.
    pub(crate) alive: u32,
}

/// So many nodes in so many /16 groups, none of which has an honest node, at addresses of their own as
/// far as there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attacker {
    pub(crate) addresses: u32,
    pub(crate) groups: usize,
}

#[derive(Debug)]
pub(crate) struct World {
    population: Population,
    ids: Vec<NodeId>,
    ips: Vec<Ipv4Addr>,
}

impl World {
    pub(crate) fn new(population: Population, attacker: Attacker, seed: u64) -> Self {
        let mut chance = Chance::new(seed, 0);
        let mut prefixes: Vec<_> = (0..=u16::MAX).filter(|prefix| public(*prefix)).collect();
        let prefixes = chance.draw(population.groups + attacker.groups, &mut prefixes);
        let mut members = vec![0; prefixes.len()];
        let (mut ids, mut ips) = (Vec::new(), Vec::new());
        for n in 0..population.honest + attacker.addresses {
            let group = match n.checked_sub(population.honest) {
                None => chance.below(population.groups),
                Some(n) => population.groups + Node(n).index() % attacker.groups,
            };
            ids.push(id(n, &mut chance));
            ips.push(ip(prefixes[group], members[group]));
            members[group] += 1;
        }
        Self {
            population,
            ids,
            ips,
        }
    }

    pub(crate) fn honest(&self) -> impl Iterator<Item = Node> {
        (0..self.population.honest).map(Node)
    }

    pub(crate) fn attackers(&self) -> impl Iterator<Item = Node> {
        let all = u32::try_from(self.ids.len()).expect("nodes have numbers");
        (self.population.honest..all).map(Node)
    }

    /// What the victim's operator has written down: a few honest nodes that are alive.
    pub(crate) fn bootstrap(&self) -> impl Iterator<Item = Node> {
        self.honest().take(4)
    }

    pub(crate) const fn is_attacker(&self, node: Node) -> bool {
        node.0 >= self.population.honest
    }

    /// Whether it answers a dial.
    pub(crate) const fn is_alive(&self, node: Node) -> bool {
        node.0 < self.population.alive || self.is_attacker(node)
    }

    pub(crate) fn address(&self, node: Node) -> NodeAddress {
        let (id, ip) = (self.ids[node.index()], self.ips[node.index()]);
        NodeAddress::mconn(id, IpAddr::V4(ip), 26_656)
    }

    /// The /16 of a node's address.
    pub(crate) fn group(&self, node: Node) -> u16 {
        let [a, b, _, _] = self.ips[node.index()].octets();
        u16::from_be_bytes([a, b])
    }

    /// The node with this id; `None` if nobody has it.
    pub(crate) fn node(&self, id: NodeId) -> Option<Node> {
        let number = *id.as_bytes().last_chunk()?;
        let node = Node(u32::from_be_bytes(number));
        (self.ids.get(node.index()) == Some(&id)).then_some(node)
    }
}

/// An id whose order among others says nothing, and which ends in the number of its node.
fn id(n: u32, chance: &mut Chance) -> NodeId {
    let random = u128::from(chance.next()) << 64 | u128::from(chance.next());
    let mut bytes = [0; NodeId::LENGTH];
    bytes[..16].copy_from_slice(&random.to_be_bytes());
    bytes[16..].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

/// IP addresses of a /16 at which there may be a node.
const IPS: u32 = 256 * 255;

/// The address of the n-th node of a /16. Up to 256 of them share no /24, and as long as there are
/// others no IP address, which is the best that an attacker can do against bounds on such.
fn ip(prefix: u16, nth: u32) -> Ipv4Addr {
    let [a, b] = prefix.to_be_bytes();
    let [_, _, row, column] = (nth % IPS).to_be_bytes();
    Ipv4Addr::new(a, b, column, row + 1)
}

/// Whether all of this /16 may be dialed by a node on the public Internet.
const fn public(prefix: u16) -> bool {
    let [a, b] = prefix.to_be_bytes();
    match a {
        0 | 10 | 127 | 224.. => false,
        100 => b < 64 || b >= 128,
        169 => b != 254,
        172 => b < 16 || b >= 32,
        192 => b != 0 && b != 88 && b != 168,
        198 => b != 18 && b != 19 && b != 51,
        203 => b != 0,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::experiment::NETWORK;

    #[test]
    fn an_attacker_has_its_groups_to_itself_and_no_two_nodes_share_an_ip() {
        let attacker = Attacker {
            addresses: 8_192,
            groups: 32,
        };
        let world = World::new(NETWORK, attacker, 1);
        let groups = |nodes: &mut dyn Iterator<Item = Node>| -> BTreeSet<_> {
            nodes.map(|node| world.group(node)).collect()
        };
        let attackers = groups(&mut world.attackers());
        assert_eq!(attackers.len(), 32);
        assert!(attackers.is_disjoint(&groups(&mut world.honest())));
        let ips: BTreeSet<_> = world.ips.iter().collect();
        assert_eq!(ips.len(), 9_192);
    }

    #[test]
    fn every_address_leads_back_to_its_node() {
        let attacker = Attacker {
            addresses: 256,
            groups: 1,
        };
        let world = World::new(NETWORK, attacker, 1);
        for node in world.honest().chain(world.attackers()) {
            assert_eq!(world.node(world.address(node).id()), Some(node));
        }
        assert_eq!(world.node(NodeId::new([0; 20])), None);
    }

    #[test]
    fn the_living_reach_as_many_groups_as_the_closed_form_says() {
        let (seeds, attacker) = (
            200,
            Attacker {
                addresses: 0,
                groups: 0,
            },
        );
        let mut reached = 0;
        for seed in 0..seeds {
            let world = World::new(NETWORK, attacker, seed);
            let alive = world.honest().filter(|node| world.is_alive(*node));
            let groups: BTreeSet<_> = alive.map(|node| world.group(node)).collect();
            reached += u32::try_from(groups.len()).unwrap();
        }
        let mean = f64::from(reached) / 200.0;
        // Buckets reached: B (1 - (1 - 1/B)^n).
        let expected = 300.0 * (1.0 - (1.0 - 1.0 / 300.0_f64).powi(500));
        assert!((mean / expected - 1.0).abs() < 0.02, "{mean} {expected}");
    }
}

//! A crawler's machine, and the nodes that it meets.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::BTreeMap;

use pex::peers::{DialFailure, Options};
use pex::wire::{Dialect, Message, ResponseBuilder};
use pex::{
    Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Reach, Seed, Time,
};

const ME: NodeId = NodeId::new([0xee; 20]);

pub(crate) fn id(n: u32) -> NodeId {
    let mut bytes = [0x11; 20];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

/// An address of a node, in text behind its id.
pub(crate) fn address(n: u32, place: &str) -> NodeAddress {
    NodeAddress::parse(&format!("{}@{place}", id(n))).unwrap()
}

/// Where a node lives that has a network to itself.
pub(crate) fn home(n: u32) -> NodeAddress {
    let [.., a, b] = n.to_be_bytes();
    NodeAddress::mconn(id(n), IpAddr::from([32 + a, b, 1, 1]), 26_656)
}

pub(crate) struct Crawler {
    pub(crate) node: Node,
    now: Time,
    /// The dials under way, with how near each may lead.
    pub(crate) dialing: BTreeMap<NodeId, (NodeAddress, Reach)>,
    links: BTreeMap<NodeId, Epoch>,
    /// What it has told others.
    pub(crate) answers: Vec<Message<'static>>,
}

impl Crawler {
    pub(crate) fn new() -> Self {
        Self::with_seed(7)
    }

    pub(crate) fn with_seed(seed: u8) -> Self {
        let config = Config::builder()
            .outstanding_max(1_000)
            .asked_first(10_000)
            .build()
            .unwrap();
        let (now, seed) = (Time::from_secs(1_700_000_000), Seed::new([seed; 32]));
        Self {
            node: Node::new(config, Options::crawler(), ME, seed, now).hearing_all(),
            now,
            dialing: BTreeMap::new(),
            links: BTreeMap::new(),
            answers: Vec::new(),
        }
    }

    /// Hands an event to the machine, and returns the nodes that it dials for it.
    pub(crate) fn event(&mut self, event: NodeEvent<'_>) -> Vec<NodeAddress> {
        let mut dialed = Vec::new();
        for action in self.node.handle(self.now, event) {
            match action {
                NodeAction::Dial { address, nearest } => {
                    let of_node = (address.clone(), nearest);
                    let before = self.dialing.insert(address.id(), of_node);
                    assert_eq!(before, None, "one address of a node at a time");
                    dialed.push(address);
                }
                NodeAction::HangUp { peer, epoch, .. } => {
                    assert_eq!(self.links.remove(&peer), Some(epoch));
                    dialed.extend(self.event(NodeEvent::Down { peer, epoch }));
                }
                NodeAction::Send { message, .. } => {
                    if let Message::Response(_) = message {
                        self.answers.push(message);
                    }
                }
                _ => {}
            }
        }
        // It takes time linear in what is stored.
        if self.node.peers().addresses() < 100 {
            assert_eq!(self.node.check(), Ok(()));
        }
        dialed
    }

    pub(crate) fn name(&mut self, address: NodeAddress) -> Vec<NodeAddress> {
        self.event(NodeEvent::Named { address })
    }

    /// The dial of a node leads to this IP address, and it is there.
    pub(crate) fn reach(&mut self, n: u32, ip: &str) -> Vec<NodeAddress> {
        let (address, _) = self.dialing.remove(&id(n)).unwrap();
        let epoch = Epoch::new(u64::from(n));
        self.links.insert(address.id(), epoch);
        self.event(NodeEvent::Dialed {
            address,
            epoch,
            kind: Kind::Kin,
            ip: Some(ip.parse().unwrap()),
        })
    }

    pub(crate) fn fails(&mut self, n: u32, why: DialFailure) -> Vec<NodeAddress> {
        let (address, _) = self.dialing.remove(&id(n)).unwrap();
        self.event(NodeEvent::DialFailed { address, why })
    }

    /// A node that the operator names is met at this IP address.
    pub(crate) fn meet(&mut self, n: u32, ip: &str) {
        self.name(home(n));
        self.reach(n, ip);
    }

    /// A node answers our questions with these addresses.
    pub(crate) fn tells(&mut self, n: u32, addresses: &[NodeAddress]) -> Vec<NodeAddress> {
        let mut dialed = Vec::new();
        for addresses in addresses.chunks(100) {
            while !self.node.pex().is_awaiting(id(n)) {
                self.now = self.now.max(self.node.deadline().unwrap());
                dialed.extend(self.event(NodeEvent::Tick));
            }
            let mut answer = ResponseBuilder::new(Dialect::V2);
            for address in addresses {
                answer.push_address(address).unwrap();
            }
            let message = Message::Response(answer.finish());
            dialed.extend(self.message(n, message));
        }
        dialed
    }

    pub(crate) fn message(&mut self, n: u32, message: Message<'_>) -> Vec<NodeAddress> {
        let (from, epoch) = (id(n), self.links[&id(n)]);
        self.event(NodeEvent::Message {
            from,
            epoch,
            message,
        })
    }

    /// The visit with a node is over.
    pub(crate) fn leave(&mut self, n: u32) -> Vec<NodeAddress> {
        self.event(NodeEvent::Release { peer: id(n) })
    }

    pub(crate) fn is_up(&self, n: u32) -> bool {
        self.node.peers().ready().any(|peer| peer == id(n))
    }

    /// Every address is dialed whose turn comes within a day, and nobody is ever there.
    pub(crate) fn all_fail(&mut self) -> Vec<NodeAddress> {
        let end = self.now + Duration::from_secs(86_400);
        let mut dialed: Vec<_> = self.dialing.values().map(|(it, _)| it.clone()).collect();
        loop {
            if let Some((_, (address, _))) = self.dialing.pop_first() {
                let why = DialFailure::Unreachable;
                dialed.extend(self.event(NodeEvent::DialFailed { address, why }));
            } else if let Some(at) = self.node.deadline().filter(|at| *at <= end) {
                self.now = at;
                dialed.extend(self.event(NodeEvent::Tick));
            } else {
                return dialed;
            }
        }
    }
}

//! What an operator can see and do at one of his nodes.

use core::net::{IpAddr, Ipv4Addr};

use pex::wire::{Dialect, MAX_MESSAGE_BYTES, Message, ResponseBuilder};
use pex::{Epoch, NodeAddress, NodeId, Reach};

use crate::chance::Chance;
use crate::member::Member;
use crate::places::{PORT, Places};
use crate::scenario::Claim;
use crate::simulation::{Crowd, Load, Simulation};

pub(super) const SECOND: u64 = 1_000_000_000;

/// The most entries that fit into a message.
const ALL: usize = 4_096;

/// What an operator wants done.
#[derive(Debug)]
pub(crate) enum Order {
    Send {
        epoch: Epoch,
        load: Load,
    },
    Dial(NodeAddress),
    HangUp(Epoch),
    /// It replaces the time before it.
    WakeAt(u64),
}

/// One node of an operator's, at one moment.
#[derive(Debug)]
pub(crate) struct Hand<'a> {
    pub(super) node: u32,
    pub(super) now: u64,
    pub(super) chance: &'a mut Chance,
    /// Its connections, by the number of the peer.
    pub(super) open: &'a [(u32, Epoch)],
    places: &'a Places,
    living: &'a [u32],
    members: &'a [Member],
    crowds: &'a [Crowd],
    orders: Vec<Order>,
}

impl<'a> Hand<'a> {
    pub(super) fn new(world: &'a mut Simulation, node: u32) -> Self {
        Self {
            node,
            now: world.now,
            chance: &mut world.mischief,
            open: &world.members[node as usize].open,
            places: &world.places,
            living: &world.living,
            members: &world.members,
            crowds: &world.crowds,
            orders: Vec::new(),
        }
    }

    pub(super) fn into_orders(self) -> Vec<Order> {
        self.orders
    }

    /// Where this node lives.
    pub(super) fn own(&self) -> NodeAddress {
        self.places.address(self.node)
    }

    pub(super) fn address(&self, node: u32) -> NodeAddress {
        self.places.address(node)
    }

    pub(super) fn number(&self, id: NodeId) -> Option<u32> {
        self.places.number(id)
    }

    fn group(&self, node: u32) -> usize {
        usize::from(self.members[node as usize].group)
    }

    /// Whether somebody is not one of the hostile.
    pub(super) fn is_honest(&self, node: u32) -> bool {
        !self.crowds[self.group(node)].is_hostile()
    }

    /// Somebody honest who lives, if chance finds one.
    pub(super) fn honest(&mut self) -> Option<u32> {
        self.find(Self::is_honest)
    }

    /// One of the operator's own nodes.
    pub(super) fn accomplice(&mut self) -> Option<u32> {
        let group = self.group(self.node);
        self.find(|hand, node| hand.group(node) == group)
    }

    fn find(&mut self, fits: impl Fn(&Self, u32) -> bool) -> Option<u32> {
        for _ in 0..100 {
            let node = *self.living.get(self.chance.index(self.living.len()))?;
            if fits(self, node) {
                return Some(node);
            }
        }
        None
    }

    /// An id that nobody has.
    pub(super) fn made_up_id(&mut self) -> NodeId {
        let mut id = [0; NodeId::LENGTH];
        self.chance.fill(&mut id);
        NodeId::new(id)
    }

    /// Somewhere in the world where, as a rule, nobody lives.
    pub(super) fn made_up_ip(&mut self) -> IpAddr {
        loop {
            let ip = IpAddr::V4(Ipv4Addr::from_bits(self.chance.below(u32::MAX)));
            if Reach::of(ip) == Reach::World {
                return ip;
            }
        }
    }

    /// A node that does not exist.
    pub(super) fn made_up(&mut self) -> NodeAddress {
        NodeAddress::mconn(self.made_up_id(), self.made_up_ip(), PORT)
    }

    pub(super) fn made_up_many(&mut self, count: usize) -> Vec<NodeAddress> {
        (0..count).map(|_| self.made_up()).collect()
    }

    /// The addresses of so many honest nodes; fewer if there are not as many.
    pub(super) fn some_honest(&mut self, count: usize) -> Vec<NodeAddress> {
        let mut some: Vec<_> = (0..count).filter_map(|_| self.honest()).collect();
        some.sort_unstable();
        some.dedup();
        some.into_iter().map(|node| self.address(node)).collect()
    }

    /// Asks in the words of what the node says that it is, or of an honest one that has no other.
    pub(super) fn ask(&mut self, epoch: Epoch) {
        let is_v1 = |node: u32| self.crowds[self.group(node)].group.claims == Claim::V1;
        let peer = self.open.iter().find(|(_, its)| *its == epoch);
        let asks_v1 = peer
            .is_some_and(|(peer, _)| !self.crowds[self.group(*peer)].is_hostile() && is_v1(*peer));
        let dialect = if asks_v1 || is_v1(self.node) {
            Dialect::V1
        } else {
            Dialect::V2
        };
        self.say(epoch, Message::Request(dialect));
    }

    /// Answers with these, all of them if one message can hold them.
    pub(super) fn answer(&mut self, epoch: Epoch, dialect: Dialect, told: &[NodeAddress]) {
        let mut builder = ResponseBuilder::with_limits(dialect, ALL, MAX_MESSAGE_BYTES);
        for address in told {
            let _left_out = builder.push_address(address);
        }
        self.say(epoch, Message::Response(builder.finish()));
    }

    pub(super) fn say(&mut self, epoch: Epoch, message: Message<'static>) {
        let load = Load::Message(message);
        self.orders.push(Order::Send { epoch, load });
    }

    pub(super) fn throw(&mut self, epoch: Epoch, bytes: Vec<u8>) {
        let load = Load::Bytes(bytes);
        self.orders.push(Order::Send { epoch, load });
    }

    pub(super) fn dial(&mut self, address: NodeAddress) {
        self.orders.push(Order::Dial(address));
    }

    pub(super) fn hang_up(&mut self, epoch: Epoch) {
        self.orders.push(Order::HangUp(epoch));
    }

    pub(super) fn wake_in(&mut self, nanos: u64) {
        self.orders.push(Order::WakeAt(self.now + nanos));
    }

    /// Sees to it that this node has so many peers, and looks again in a second: dials somebody honest
    /// if it has not. Whoever is dialed by honest nodes needs fewer.
    pub(super) fn keep_company(&mut self, peers: usize) {
        if self.open.len() < peers
            && let Some(node) = self.honest()
        {
            self.dial(self.address(node));
        }
        self.wake_in(SECOND);
    }
}

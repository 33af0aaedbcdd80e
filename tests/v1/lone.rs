//! One whole node, and whoever a test has talk to it.

use pex::peers::{DialFailure, Misconduct};
use pex::v1::{Options, OptionsBuilder, Switch};
use pex::wire::{self, Dialect, MAX_MESSAGE_BYTES, Message, ResponseBuilder};
use pex::{
    Config, Epoch, HangUp, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time,
};

use core::time::Duration;
use std::collections::BTreeMap;

use crate::nodes::{ME, START, id, node, number};
use crate::world::book;

pub(crate) struct Lone {
    pub(crate) node: Node<Switch>,
    pub(crate) now: Time,
    epochs: u64,
    links: BTreeMap<NodeId, Epoch>,
    /// What it sent, with whom it hung up, whom it dialed: all but timers, with its time.
    pub(crate) log: Vec<(Time, NodeAction)>,
}

impl Lone {
    pub(crate) fn with(set: impl FnOnce(OptionsBuilder) -> OptionsBuilder) -> Self {
        Self::of(set(Options::builder().feeler_every(None)))
    }

    pub(crate) fn of(options: OptionsBuilder) -> Self {
        let (seed, now) = (Seed::new([7; 32]), START);
        let switch = Switch::new(options.build().unwrap(), book(true), ME, seed, now);
        Self {
            node: Node::v1(Config::default(), switch, seed, now),
            now,
            epochs: 0,
            links: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    pub(crate) fn event(&mut self, event: NodeEvent<'_>) -> Vec<NodeAction> {
        let is_tick = matches!(event, NodeEvent::Tick);
        let actions = self.node.handle(self.now, event);
        assert_eq!(self.node.check(), Ok(()));
        let deadline = self.node.deadline();
        let ahead = deadline.is_none_or(|at| at > self.now || at == self.now && !is_tick);
        assert!(ahead, "I5: {deadline:?}");
        let told = actions
            .into_iter()
            .filter(|it| !matches!(it, NodeAction::SetTimer(_)));
        let told: Vec<NodeAction> = told.collect();
        self.log
            .extend(told.iter().map(|it| (self.now, it.clone())));
        told
    }

    /// A node comes to us, and says where it can be dialed.
    pub(crate) fn comes(&mut self, n: u32) -> Vec<NodeAction> {
        self.epochs += 1;
        let epoch = Epoch::new(self.epochs);
        self.links.insert(id(n), epoch);
        self.event(NodeEvent::Accepted {
            peer: id(n),
            epoch,
            kind: Kind::V1,
            ip: node(n).ip(),
            listen: Some(node(n)),
        })
    }

    /// A node that we dialed is there.
    pub(crate) fn reached(&mut self, address: &NodeAddress) -> Vec<NodeAction> {
        self.epochs += 1;
        let epoch = Epoch::new(self.epochs);
        self.links.insert(address.id(), epoch);
        self.event(NodeEvent::Dialed {
            address: address.clone(),
            epoch,
            kind: Kind::V1,
            ip: address.ip(),
        })
    }

    pub(crate) fn dies(&mut self, address: &NodeAddress) -> Vec<NodeAction> {
        self.event(NodeEvent::DialFailed {
            address: address.clone(),
            why: DialFailure::Unreachable,
        })
    }

    pub(crate) fn leaves(&mut self, n: u32) -> Vec<NodeAction> {
        let (peer, epoch) = (id(n), self.links.remove(&id(n)).unwrap());
        self.event(NodeEvent::Down { peer, epoch })
    }

    /// Bytes arrive from a peer.
    pub(crate) fn bytes(&mut self, n: u32, bytes: &[u8]) -> Vec<NodeAction> {
        let (from, epoch) = (id(n), self.links[&id(n)]);
        match wire::decode(bytes) {
            Ok(Some(message)) => self.event(NodeEvent::Message {
                from,
                epoch,
                message,
            }),
            Ok(None) => Vec::new(),
            Err(error) => self.event(NodeEvent::Garbage { from, epoch, error }),
        }
    }

    pub(crate) fn asks(&mut self, n: u32) -> Vec<NodeAction> {
        self.bytes(n, &Message::Request(Dialect::V1).to_bytes())
    }

    pub(crate) fn answers(&mut self, n: u32, addresses: &[NodeAddress]) -> Vec<NodeAction> {
        self.bytes(n, &answer(addresses))
    }

    pub(crate) fn misbehaves(&mut self, n: u32, how: Misconduct) -> Vec<NodeAction> {
        self.event(NodeEvent::Misbehaved { peer: id(n), how })
    }

    /// Lets time pass, with a tick whenever the machine has asked for one.
    pub(crate) fn pass(&mut self, span: Duration) -> Vec<NodeAction> {
        let end = self.now + span;
        let mut done = Vec::new();
        while let Some(at) = self.node.deadline().filter(|&at| at <= end) {
            self.now = at;
            done.extend(self.event(NodeEvent::Tick));
        }
        self.now = end;
        done
    }

    /// Who is connected and need not go.
    pub(crate) fn up(&self) -> Vec<u32> {
        self.node.peers().ready().map(number).collect()
    }
}

/// An answer of V1, however many addresses it has.
pub(crate) fn answer(addresses: &[NodeAddress]) -> Vec<u8> {
    let mut answer = ResponseBuilder::with_limits(Dialect::V1, usize::MAX, MAX_MESSAGE_BYTES);
    for address in addresses {
        answer.push_address(address).unwrap();
    }
    Message::Response(answer.finish()).to_bytes()
}

/// Whom these actions ask for addresses.
pub(crate) fn asked(actions: &[NodeAction]) -> Vec<u32> {
    let to = |action: &NodeAction| match action {
        NodeAction::Send {
            to,
            message: Message::Request(_),
            ..
        } => Some(number(*to)),
        _ => None,
    };
    actions.iter().filter_map(to).collect()
}

/// What these actions tell, if they answer somebody.
pub(crate) fn told(actions: &[NodeAction]) -> Option<Vec<NodeAddress>> {
    actions.iter().find_map(|action| match action {
        NodeAction::Send {
            message: Message::Response(answer),
            ..
        } => Some(answer.entries().map(|it| it.parse().unwrap()).collect()),
        _ => None,
    })
}

/// With whom these actions hang up, and why.
pub(crate) fn hung_up(actions: &[NodeAction]) -> Vec<(u32, HangUp)> {
    let end = |action: &NodeAction| match action {
        NodeAction::HangUp { peer, why, .. } => Some((number(*peer), *why)),
        _ => None,
    };
    actions.iter().filter_map(end).collect()
}

/// Whom these actions dial.
pub(crate) fn dialed(actions: &[NodeAction]) -> Vec<u32> {
    let dial = |action: &NodeAction| match action {
        NodeAction::Dial { address, .. } => Some(number(address.id())),
        _ => None,
    };
    actions.iter().filter_map(dial).collect()
}

//! What can be seen of a node's exchange from outside: who was asked when, what was told to whom.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::wire::{
    MAX_ANSWER_ADDRESSES, MAX_ANSWER_ADDRESSES_V1, MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES, Message,
    Response,
};
use pex::{Epoch, HangUp, Kind, NodeAction, NodeId, Time};

use super::program::Exchange;
use crate::nodes::ME;

/// One connection that may be used.
#[derive(Clone, Debug)]
struct Line {
    epoch: Epoch,
    kind: Kind,
    cut: bool,
    awaits: bool,
}

/// A witness that knows the rules and nothing of how they are kept.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    exchange: Exchange,
    /// Nobody may be told of these.
    pub(crate) private: BTreeSet<NodeId>,
    pub(crate) now: Time,
    /// What the handshake told of each connection.
    kinds: BTreeMap<(NodeId, Epoch), Kind>,
    /// The connection of which this event tells.
    pub(crate) coming: Option<(NodeId, Epoch, Kind)>,
    lines: BTreeMap<NodeId, Line>,
    ever: BTreeSet<NodeId>,
    asked: BTreeMap<NodeId, (Time, Kind)>,
    /// Connections that are to be ended.
    pub(crate) going: BTreeSet<(NodeId, Epoch)>,
}

impl Audit {
    pub(crate) fn new(exchange: Exchange, private: BTreeSet<NodeId>, now: Time) -> Self {
        Self {
            exchange,
            private,
            now,
            kinds: BTreeMap::new(),
            coming: None,
            lines: BTreeMap::new(),
            ever: BTreeSet::new(),
            asked: BTreeMap::new(),
            going: BTreeSet::new(),
        }
    }

    /// Who awaits an answer of whom, on which connection and in which kind.
    pub(crate) fn asked(&self) -> Vec<(NodeId, Epoch, Kind)> {
        let lines = self.lines.iter().filter(|(_, line)| line.awaits);
        lines.map(|(id, it)| (*id, it.epoch, it.kind)).collect()
    }

    /// The driver tells of a connection. If it tells of the same number twice, the machine takes it for
    /// the one there was or for another: which of them comes up is the one that counts.
    pub(crate) fn comes(&mut self, peer: NodeId, epoch: Epoch, kind: Kind) {
        self.kinds.entry((peer, epoch)).or_insert(kind);
        self.coming = Some((peer, epoch, kind));
    }

    /// A connection is over, whatever the machine thinks of it.
    pub(crate) fn over(&mut self, peer: NodeId, epoch: Epoch) {
        self.going.remove(&(peer, epoch));
        self.kinds.remove(&(peer, epoch));
    }

    /// The process has ended, and the clock may have been set back.
    pub(crate) fn forget(&mut self, now: Time) {
        self.now = now;
        self.kinds.clear();
        self.lines.clear();
        self.asked.clear();
        self.going.clear();
    }

    /// The clock is set back.
    pub(crate) fn rewind(&mut self, to: Time) {
        let back = self.now - to;
        self.now = self.now.min(to);
        for (at, _) in self.asked.values_mut() {
            *at = Time::EPOCH + (*at - (Time::EPOCH + back));
        }
    }

    pub(crate) fn action(&mut self, action: &NodeAction) {
        match action {
            NodeAction::Up { peer, epoch } => {
                let coming = self.coming.filter(|it| (it.0, it.1) == (*peer, *epoch));
                if let Some((.., kind)) = coming {
                    self.kinds.insert((*peer, *epoch), kind);
                }
                let Some(kind) = self.kinds.get(&(*peer, *epoch)) else {
                    unreachable!("a connection is up of which nobody has heard");
                };
                let line = Line {
                    epoch: *epoch,
                    kind: *kind,
                    cut: false,
                    awaits: false,
                };
                self.ever.insert(*peer);
                let before = self.lines.insert(*peer, line);
                assert!(before.is_none(), "{peer} is up twice");
            }
            NodeAction::Down { peer, epoch } => {
                let line = self.lines.remove(peer);
                assert!(line.is_some_and(|line| line.epoch == *epoch), "{peer}");
            }
            NodeAction::Send { to, epoch, message } => self.sent(*to, *epoch, message),
            NodeAction::HangUp { peer, epoch, why } => self.hung_up(*peer, *epoch, *why),
            NodeAction::Answered { peer, .. } => {
                let line = self.lines.get_mut(peer);
                assert!(line.is_some(), "nobody answered");
                if let Some(line) = line {
                    line.awaits = false;
                }
            }
            NodeAction::Heard { address, from } => {
                assert_ne!(address.id(), ME, "we are told of ourselves");
                assert!(self.lines.contains_key(from), "nobody told it");
            }
            NodeAction::Fault { peer, .. } => {
                assert!(self.ever.contains(peer), "a stranger is reported");
            }
            NodeAction::Resolve { deadline, .. } => {
                assert!(*deadline <= self.now + Duration::from_secs(60));
            }
            _ => {}
        }
    }

    fn hung_up(&mut self, peer: NodeId, epoch: Epoch, why: HangUp) {
        let known = self.kinds.contains_key(&(peer, epoch));
        assert!(known, "{peer} is sent away and was not here: {why}");
        let line = self.lines.get_mut(&peer).filter(|it| it.epoch == epoch);
        let cut = line.is_some_and(|line| core::mem::replace(&mut line.cut, true));
        // The manager may have a reason of its own to end what the exchange has ended.
        let again = matches!(why, HangUp::Evicted(_));
        assert!(again || !cut, "{peer} is sent away twice: {why}");
        self.going.insert((peer, epoch));
    }

    fn sent(&mut self, to: NodeId, epoch: Epoch, message: &Message<'_>) {
        let line = self.lines.get_mut(&to).filter(|line| line.epoch == epoch);
        let Some(line) = line else {
            unreachable!("a message to a connection that is not up");
        };
        assert!(!line.cut, "a message to a peer that is cut");
        match message {
            Message::Request(dialect) => {
                assert_eq!(*dialect, line.kind.dialect());
                line.awaits = true;
                let kind = line.kind;
                let last = self.asked.insert(to, (self.now, kind));
                // Also where the table of the gone is too small for all of them.
                if let Some((at, kind)) = last {
                    let gap = self.exchange.gap(kind);
                    assert!(self.now - at >= gap, "asked after {:?}", self.now - at);
                }
            }
            Message::Response(response) => {
                let kind = line.kind;
                self.told(to, kind, response);
            }
            _ => unreachable!("a message that the audit does not know"),
        }
    }

    fn told(&self, asker: NodeId, kind: Kind, response: &Response<'_>) {
        let (addresses, bytes) = if kind == Kind::V1 {
            (MAX_ANSWER_ADDRESSES_V1, MAX_MESSAGE_BYTES)
        } else {
            (MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES)
        };
        assert!(response.len() <= addresses);
        let message = Message::Response(response.clone());
        assert!(message.encoded_len() <= bytes);
        let mut told = BTreeSet::new();
        for entry in response.entries() {
            let Ok(address) = entry.parse() else {
                unreachable!("an entry that no peer can read: {entry:?}");
            };
            assert!(told.insert(address.clone()), "told twice: {address}");
            assert_ne!(address.id(), asker, "told to itself");
            let private = self.private.contains(&address.id());
            assert!(!private, "told what is private: {address}");
        }
    }
}

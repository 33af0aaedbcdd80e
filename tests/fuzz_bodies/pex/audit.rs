//! What can be seen from outside: who is up, who was asked when, what was told to whom.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::wire::{MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES, Message, Response};
use pex::{
    Action, Actions, Directory as _, Epoch, Estimate, Event, Fault, Kind, NodeId, Pex, Roster, Time,
};

use super::program::{ME, Rules};

/// One connection.
struct Line {
    epoch: Epoch,
    kind: Kind,
    cut: bool,
}

/// A witness that knows the rules and nothing of how they are kept.
pub(crate) struct Audit {
    rules: Rules,
    now: Time,
    lines: BTreeMap<NodeId, Line>,
    asked: BTreeMap<NodeId, (Time, Kind)>,
    timer: Option<Time>,
}

impl Audit {
    pub(crate) const fn new(rules: Rules, now: Time) -> Self {
        Self {
            rules,
            now,
            lines: BTreeMap::new(),
            asked: BTreeMap::new(),
            timer: None,
        }
    }

    /// Follows who is up. Whether there was room for a new peer is read from the actions.
    pub(crate) fn event(&mut self, now: Time, event: &Event<'_>) {
        self.now = self.now.max(now);
        match event {
            // A node is no peer of its own.
            Event::PeerUp { peer, .. } if *peer == ME => {}
            Event::PeerUp { peer, epoch, kind } => {
                let known = self.lines.get(peer);
                if known.is_none_or(|line| line.epoch != *epoch) {
                    let line = Line {
                        epoch: *epoch,
                        kind: *kind,
                        cut: false,
                    };
                    self.lines.insert(*peer, line);
                }
            }
            Event::PeerDown { peer, epoch } => {
                let ended = |id: &NodeId, line: &Line| id == peer && line.epoch == *epoch;
                self.lines.retain(|id, line| !ended(id, line));
            }
            _ => {}
        }
    }

    pub(crate) fn actions(&mut self, actions: &Actions, roster: &Roster) {
        for action in actions {
            match action {
                Action::Send { to, epoch, message } => self.sent(*to, *epoch, message),
                Action::AddPeer { address, from } => {
                    assert_ne!(address.id(), ME, "we are told to ourselves");
                    assert!(!roster.knows(address), "what is known is added");
                    assert!(self.lines.contains_key(from), "nobody told it");
                }
                Action::SetTimer(at) => {
                    self.timer = Some(*at);
                }
                Action::Disconnect {
                    peer,
                    reason: Fault::TooManyPeers { max },
                    ..
                } => {
                    self.lines.remove(peer);
                    assert!(self.lines.len() >= *max, "there was room for the peer");
                }
                Action::Disconnect { peer, epoch, .. } => self.cut(*peer, *epoch),
                Action::Report { peer, .. } => {
                    assert!(self.lines.contains_key(peer), "a stranger is reported");
                }
                Action::Resolve { deadline, .. } => {
                    assert!(*deadline <= self.now + Duration::from_secs(60));
                }
                _ => unreachable!("an action that the audit does not know: {action:?}"),
            }
        }
    }

    pub(crate) fn machine(&self, machine: &Pex) {
        let up: Vec<(NodeId, Epoch)> = self
            .lines
            .iter()
            .map(|(id, line)| (*id, line.epoch))
            .collect();
        assert_eq!(
            machine.peers(),
            up,
            "the machine has other peers than there are"
        );
        assert!(
            machine.deadline().is_none_or(|at| Some(at) == self.timer),
            "there is a deadline, and no timer is set to it"
        );
        if let Estimate::Known { nodes, low, high } = machine.estimate() {
            assert!(low <= nodes && nodes <= high, "{low} {nodes} {high}");
        }
    }

    fn cut(&mut self, peer: NodeId, epoch: Epoch) {
        let Some(line) = self.lines.get_mut(&peer) else {
            unreachable!("a stranger is disconnected");
        };
        assert_eq!(line.epoch, epoch, "another connection is meant");
        assert!(!line.cut, "disconnected twice");
        line.cut = true;
    }

    fn sent(&mut self, to: NodeId, epoch: Epoch, message: &Message<'_>) {
        let line = self.lines.get(&to).filter(|line| line.epoch == epoch);
        let Some(line) = line else {
            unreachable!("a message to a connection that is not up");
        };
        assert!(!line.cut, "a message to a peer that is cut");
        match message {
            Message::Request(dialect) => {
                assert_eq!(*dialect, line.kind.dialect());
                let kind = line.kind;
                self.asked(to, kind);
            }
            Message::Response(response) => self.told(to, response),
            _ => unreachable!("a message that the audit does not know"),
        }
    }

    fn asked(&mut self, to: NodeId, kind: Kind) {
        let last = self.asked.insert(to, (self.now, kind));
        // Also where the table of the gone is too small for all of them.
        if let Some((at, kind)) = last {
            let gap = self.rules.gap(kind);
            assert!(self.now - at >= gap, "asked after {:?}", self.now - at);
        }
    }

    fn told(&self, asker: NodeId, response: &Response<'_>) {
        assert!(response.len() <= MAX_ANSWER_ADDRESSES);
        let message = Message::Response(response.clone());
        assert!(message.encoded_len() <= MAX_ANSWER_BYTES);
        let mut told = BTreeSet::new();
        for entry in response.entries() {
            let Ok(address) = entry.parse() else {
                unreachable!("an entry that no peer can read: {entry:?}");
            };
            assert!(told.insert(address.clone()), "told twice: {address}");
            // Who connects to itself is told of itself; the handshake refuses it.
            assert_ne!(address.id(), asker, "told to itself");
            let place = address.ip().map(|ip| (ip.to_canonical(), address.port()));
            if address.id() == ME {
                assert!(
                    self.rules.own,
                    "we tell of ourselves without knowing where we are"
                );
            } else if let Some((ip, port)) = place {
                let hidden = self.rules.is_hidden(address.id(), ip, port);
                assert!(!hidden, "told what is private or our own: {address}");
            }
        }
    }
}

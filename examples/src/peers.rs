//! Who is connected: one connection a peer, and the way to send on it.

use std::collections::BTreeMap;

use pex::peers::DialFailure;
use pex::wire::Message;
use pex::{Epoch, NodeId};
use pex_node::Report;

/// Who is connected. `S` is the way to send on a connection.
#[derive(Debug)]
pub struct Peers<S> {
    me: NodeId,
    open: BTreeMap<NodeId, Open<S>>,
}

#[derive(Debug)]
struct Open<S> {
    epoch: Epoch,
    ours: bool,
    /// Gone once we have hung up.
    sender: Option<S>,
}

impl<S> Peers<S> {
    /// Nobody, to the node `me`.
    #[must_use]
    pub const fn new(me: NodeId) -> Self {
        Self {
            me,
            open: BTreeMap::new(),
        }
    }

    /// Takes note of what a report says of a connection; `sender` comes with a new one. Returns what
    /// the machine is to hear of it.
    ///
    /// When two nodes dial each other at once there are two connections, and both sides must keep the
    /// same one: that which the node of lower id has dialed.
    pub fn note(&mut self, report: Report, sender: Option<S>) -> Option<Report> {
        let (peer, epoch, ours) = match &report {
            Report::Dialed { address, epoch, .. } => (address.id(), *epoch, true),
            Report::Accepted { peer, epoch, .. } => (*peer, *epoch, false),
            Report::Down { peer, epoch } => {
                if self.open.get(peer).is_some_and(|open| open.epoch == *epoch) {
                    self.open.remove(peer);
                }
                return Some(report);
            }
            _ => return Some(report),
        };
        let keeps_old = self.open.get(&peer).is_some_and(|old| {
            old.sender.is_some() && old.ours != ours && ours != (self.me < peer)
        });
        if !keeps_old {
            let open = Open {
                epoch,
                ours,
                sender,
            };
            self.open.insert(peer, open);
            return Some(report);
        }
        match report {
            // Every dial has an answer.
            Report::Dialed { address, .. } => Some(Report::DialFailed {
                address,
                why: DialFailure::NotTried,
            }),
            _ => None,
        }
    }

    /// Sends a message with `try_send`, which says whether the connection takes it. Returns what the
    /// machine is to hear of a request that could not be sent; an answer is simply lost.
    pub fn send(
        &self,
        to: NodeId,
        epoch: Epoch,
        message: &Message<'_>,
        try_send: impl FnOnce(&S, Vec<u8>) -> bool,
    ) -> Option<Report> {
        let open = self.open.get(&to).filter(|open| open.epoch == epoch);
        let sender = open.and_then(|open| open.sender.as_ref());
        let sent = sender.is_some_and(|sender| try_send(sender, message.to_bytes()));
        let lost = !sent && matches!(message, Message::Request(_));
        lost.then_some(Report::Unsent { to, epoch })
    }

    /// Hangs up with `close`: nothing more can be queued, so the connection ends once what is queued
    /// is sent.
    pub fn hang_up(&mut self, peer: NodeId, epoch: Epoch, close: impl FnOnce(S)) {
        let open = self.open.get_mut(&peer).filter(|open| open.epoch == epoch);
        if let Some(sender) = open.and_then(|open| open.sender.take()) {
            close(sender);
        }
    }
}

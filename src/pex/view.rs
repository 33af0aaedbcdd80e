//! What can be asked of a machine, which changes nothing.

use alloc::vec::Vec;

use super::peers::Phase;
use super::{Pex, ask};
use crate::{Config, Epoch, Estimate, Fault, NodeId, Stats};

impl Pex {
    /// How many nodes peers tell of, with a 95 % interval, or that this can't be known yet.
    ///
    /// As a rule that is how large the network is. Who has gone is told of until a dial fails, though, and
    /// made-up nodes that have come into honest stores are told on as any others: where much of what is told
    /// is not there, the network is smaller than this.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.census.estimate()
    }

    /// The configuration as it is in force: what [`Pex::restore`] needs to take a dump of this machine in. In
    /// a [`Node`](crate::Node) it may say more than the one that the node was made of.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// What has been counted so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    /// The connected peers, in ascending order, with the epochs of their connections.
    #[must_use]
    pub fn peers(&self) -> Vec<(NodeId, Epoch)> {
        self.peers
            .sorted()
            .map(|peer| (peer.id, peer.epoch))
            .collect()
    }

    /// Whether this connection is up.
    pub(crate) fn is_up(&self, peer: NodeId, epoch: Epoch) -> bool {
        self.peers.connected(self.key.of(peer), epoch).is_some()
    }

    /// Whether a fault that was reported costs a peer nothing of what it has earned: one that has faded
    /// before the next comes, and the same silence once more. Else an honest peer whose clock is a little
    /// fast, or that has nothing to say, would be banned in the end.
    pub(crate) fn excuses(&self, peer: NodeId, fault: Fault) -> bool {
        if let Fault::NoAnswer { in_a_row } = fault {
            return in_a_row > ask::SILENCE_REPORTED;
        }
        let peer = self.peers.find(self.key.of(peer));
        let peer = peer.and_then(|slot| self.peers.get(slot));
        peer.is_some_and(|it| it.standing.has_one_strike_at_most(self.now, &self.config))
    }

    /// Whether a request to this peer is unanswered, and its time not over.
    #[must_use]
    pub fn is_awaiting(&self, peer: NodeId) -> bool {
        self.peers
            .find(self.key.of(peer))
            .and_then(|slot| self.peers.get(slot))
            .is_some_and(|peer| matches!(peer.phase, Phase::Awaiting { .. }))
    }

    /// Whether a peer stands in a line, to be asked when it is its turn: it is not left alone, and no
    /// request to it is unanswered.
    #[must_use]
    pub fn is_in_line(&self, peer: NodeId) -> bool {
        self.peers
            .find(self.key.of(peer))
            .and_then(|slot| self.peers.get(slot))
            .is_some_and(|peer| matches!(peer.phase, Phase::Ready))
    }

    /// Node ids that the machine remembers having heard of.
    #[must_use]
    pub fn nodes_seen(&self) -> usize {
        self.seen.len()
    }
}

//! Everything that may go into a peer manager, and everything that may come out.

use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use super::record::{PeerRecord, RecordKey};
use crate::{Epoch, NodeAddress, NodeId, Reach, Time};

/// Something that happened, in the words of the driver.
///
/// Every order of events is legal. What makes no sense where it stands is absorbed, and counted in
/// [`Counts::stray_events`](super::Counts::stray_events).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Somebody told us an address. What the operator says comes from the node itself: then `from`
    /// is our own id, and no bound on tellers holds.
    Learned {
        /// Where a node may be reached.
        address: NodeAddress,
        /// Who told us.
        from: NodeId,
    },
    /// A dial came to nothing.
    DialFailed {
        /// What was dialed.
        address: NodeAddress,
        /// Why it failed.
        why: DialFailure,
    },
    /// A connection of ours is made, and its node has proved to have the id of the address.
    Dialed {
        /// What was dialed.
        address: NodeAddress,
        /// The number of this connection.
        epoch: Epoch,
        /// Where the connection leads, if that is known.
        ip: Option<IpAddr>,
    },
    /// A node has connected to us, and has proved its id.
    Accepted {
        /// Who it is.
        peer: NodeId,
        /// The number of this connection.
        epoch: Epoch,
        /// Where the connection comes from, if that is known.
        ip: Option<IpAddr>,
        /// Where it says that it can be dialed, if it says so.
        listen: Option<NodeAddress>,
    },
    /// The connection can be used: whatever had to be set up for it is.
    Ready {
        /// With whom.
        peer: NodeId,
        /// The number of the connection.
        epoch: Epoch,
    },
    /// A connection has ended.
    Disconnected {
        /// With whom.
        peer: NodeId,
        /// The number of the connection.
        epoch: Epoch,
    },
    /// A node, connected or not, has broken a rule.
    Misbehaved {
        /// Who.
        peer: NodeId,
        /// How bad it is.
        how: Misconduct,
    },
    /// A node has been of use: a block, a vote, a good answer.
    Behaved {
        /// Who.
        peer: NodeId,
    },
    /// The owner has no more use for a connection. It is evicted, without blame, and its node is
    /// left alone for the cool-down.
    Release {
        /// With whom.
        peer: NodeId,
    },
    /// The owner has use for a connection, or no more: one that is in use is not rotated out.
    InUse {
        /// With whom.
        peer: NodeId,
        /// Whether it is in use.
        in_use: bool,
    },
    /// The time has come that the last [`Action::SetTimer`] named. An early, late or doubled tick is
    /// harmless.
    Tick,
}

/// Why a dial failed, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialFailure {
    /// Nobody answered there, or whoever did hung up before the handshake was over. Tried again
    /// later, and forgotten after a few times.
    Unreachable,
    /// Somebody with another id answered there, or a node of another network or with another
    /// protocol. What was told of the node is false: forgotten, unless it was true before.
    NotThisNode,
    /// The transport can't dial such an address, or may not: no port, an unknown protocol or name,
    /// or a place nearer than allowed. Forgotten.
    Unusable,
    /// It is not the address's fault: we are out of descriptors, or connected with the node by
    /// now. Tried again later, and not held against it.
    NotTried,
}

/// How bad something is that a node did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misconduct {
    /// May happen to honest nodes. Costs a point of the score; at the lowest score the node is
    /// banned.
    Minor,
    /// No honest node does this often. Costs ten points, and the connection.
    Major,
    /// No honest node does this, or it is of no use to us. Banned, and disconnected.
    Fatal,
}

/// Something that the manager wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Dial this address. Answer with [`Event::Dialed`] or [`Event::DialFailed`]. A dial without an
    /// answer is given up after [`DIAL_PATIENCE`](super::DIAL_PATIENCE).
    Dial {
        /// What to dial.
        address: NodeAddress,
        /// How near it may turn out to lie when its name is looked up. What lies nearer must not be
        /// dialed: report [`DialFailure::Unusable`].
        nearest: Reach,
    },
    /// End this connection, once what is queued for it is sent, and report it disconnected.
    Evict {
        /// With whom.
        peer: NodeId,
        /// Which connection.
        epoch: Epoch,
        /// Why.
        why: Eviction,
    },
    /// A peer may be used from now on.
    Up {
        /// Who.
        peer: NodeId,
        /// On which connection.
        epoch: Epoch,
    },
    /// A peer may not be used any more: it is gone, or about to be evicted.
    Down {
        /// Who.
        peer: NodeId,
        /// On which connection.
        epoch: Epoch,
    },
    /// Send an [`Event::Tick`] at this time or soon after. It replaces the timer before it.
    SetTimer(Time),
    /// Write these changes down, all or none of them, before the process may end.
    Persist(Vec<Change>),
    /// Write the book down: [`Switch::book`](crate::v1::Switch::book). Only V1 has one.
    SaveBook,
}

/// One record that is to be written or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a key and a value, as in any store"
)]
pub struct Change {
    /// The key: [`PeerRecord::key`](super::PeerRecord::key) of the node.
    pub key: RecordKey,
    /// The record, as [`PeerRecord::decode`](super::PeerRecord::decode) reads it; none if it is to
    /// be deleted.
    pub value: Option<Vec<u8>>,
}

impl Change {
    /// Keep this record, in place of what was kept of its node.
    #[must_use]
    pub fn put(record: &PeerRecord) -> Self {
        Self {
            key: PeerRecord::key(record.id),
            value: Some(record.encode()),
        }
    }

    /// Keep no record of this node.
    #[must_use]
    pub fn remove(id: NodeId) -> Self {
        Self {
            key: PeerRecord::key(id),
            value: None,
        }
    }
}

/// Why a connection has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Eviction {
    /// There is no place for one more peer.
    Full,
    /// There are as many connections with its IP address or network as may be.
    NetworkFull,
    /// It is connected with us already, or a connection of ours is the better one.
    Duplicate,
    /// It is ourselves.
    Ourselves,
    /// It is banned.
    Banned,
    /// It was dialed to see whether it is there, and it is.
    Feeler,
    /// Its place goes to a peer of higher score.
    Upgraded,
    /// Its time is over: places that nothing needs change hands, lest somebody collect them.
    Rotated,
    /// It broke a rule.
    Misconduct,
    /// The owner has no more use for it.
    Released,
    /// We are a seed node, and it has been told what it asked for.
    Served,
    /// We are a seed node, and it has stayed as long as it may.
    Stayed,
}

impl fmt::Display for Eviction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "no place for one more peer",
            Self::NetworkFull => "no place for one more peer of its network",
            Self::Duplicate => "connected already",
            Self::Ourselves => "this is ourselves",
            Self::Banned => "it is banned",
            Self::Feeler => "it was dialed to see whether it is there",
            Self::Upgraded => "its place goes to a peer of higher score",
            Self::Rotated => "its time is over",
            Self::Misconduct => "it broke a rule",
            Self::Released => "no more use for it",
            Self::Served => "it has been told what it asked for",
            Self::Stayed => "it has stayed as long as it may",
        })
    }
}

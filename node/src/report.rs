//! What an embedder reports of its connections.

use core::fmt;
use core::net::IpAddr;

use pex::peers::DialFailure;
use pex::{Epoch, Kind, NodeAddress, NodeEvent, NodeId, QueryId, wire};

/// Something that has happened to a connection or to a dial. These are the [`NodeEvent`]s that come
/// from a transport, in a form that can wait in a queue.
///
/// [`NodeEvent`]: pex::NodeEvent
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Report {
    /// A connection of ours is ready: the handshake has proved the id of the address, and channel 0
    /// is open.
    Dialed {
        /// What was dialed.
        address: NodeAddress,
        /// The number of this connection: [`Reporter::epoch`](crate::Reporter::epoch).
        epoch: Epoch,
        /// What the handshake told of the node: [`kind_of_version`](crate::kind_of_version).
        kind: Kind,
        /// Where the connection leads, if that is known.
        ip: Option<IpAddr>,
    },
    /// A dial came to nothing.
    DialFailed {
        /// What was dialed.
        address: NodeAddress,
        /// Why it failed.
        why: DialFailure,
    },
    /// A connection of somebody else's is ready: the handshake has proved his id, and channel 0 is
    /// open.
    Accepted {
        /// Who it is.
        peer: NodeId,
        /// The number of this connection: [`Reporter::epoch`](crate::Reporter::epoch).
        epoch: Epoch,
        /// What the handshake told of the node: [`kind_of_version`](crate::kind_of_version).
        kind: Kind,
        /// Where the connection comes from, if that is known.
        ip: Option<IpAddr>,
        /// Where it says that it can be dialed, if it says so.
        listen: Option<NodeAddress>,
    },
    /// A connection has ended, by whomever.
    Down {
        /// With whom.
        peer: NodeId,
        /// The number of the connection.
        epoch: Epoch,
    },
    /// A whole message came on channel 0. It is decoded, and what is none is a fault of the peer's.
    /// The transport bounds its length: 64,000 bytes, as the reference does.
    Bytes {
        /// Who sent it.
        from: NodeId,
        /// The connection on which it came.
        epoch: Epoch,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A request could not be sent: it is made again later, and the peer is not blamed. An answer
    /// that can't be sent needs no report.
    Unsent {
        /// To whom it should have gone.
        to: NodeId,
        /// The connection on which it should have gone.
        epoch: Epoch,
    },
    /// The answer to a [`Resolve`](pex::NodeAction::Resolve); empty if the name is unknown.
    Resolved {
        /// Which question this answers.
        query: QueryId,
        /// The addresses of the name.
        ips: Vec<IpAddr>,
    },
}

impl Report {
    /// The event that tells the machine of it; none for a message of a version to come, which is
    /// no fault and has no meaning.
    #[must_use]
    pub fn event(&self) -> Option<NodeEvent<'_>> {
        Some(match self {
            Self::Dialed {
                address,
                epoch,
                kind,
                ip,
            } => NodeEvent::Dialed {
                address: address.clone(),
                epoch: *epoch,
                kind: *kind,
                ip: *ip,
            },
            Self::DialFailed { address, why } => NodeEvent::DialFailed {
                address: address.clone(),
                why: *why,
            },
            Self::Accepted {
                peer,
                epoch,
                kind,
                ip,
                listen,
            } => NodeEvent::Accepted {
                peer: *peer,
                epoch: *epoch,
                kind: *kind,
                ip: *ip,
                listen: listen.clone(),
            },
            Self::Down { peer, epoch } => NodeEvent::Down {
                peer: *peer,
                epoch: *epoch,
            },
            Self::Bytes { from, epoch, bytes } => return message(*from, *epoch, bytes),
            Self::Unsent { to, epoch } => NodeEvent::Unsent {
                to: *to,
                epoch: *epoch,
            },
            Self::Resolved { query, ips } => NodeEvent::Resolved { query: *query, ips },
        })
    }
}

/// What a message on a connection is to the machine.
pub(crate) fn message(from: NodeId, epoch: Epoch, bytes: &[u8]) -> Option<NodeEvent<'_>> {
    match wire::decode(bytes) {
        Ok(Some(message)) => Some(NodeEvent::Message {
            from,
            epoch,
            message,
        }),
        Ok(None) => None,
        Err(error) => Some(NodeEvent::Garbage { from, epoch, error }),
    }
}

/// Nobody takes reports any more: the [`Discovery`](crate::Discovery) is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "there is nothing more to say of it"
)]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("discovery has ended; close the connection")
    }
}

impl core::error::Error for Gone {}

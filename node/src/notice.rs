//! What a driver tells its owner.

use core::fmt;

use pex::{Action, Fault, NodeAddress, NodeId};

use crate::transport::{RemoteInfo, TransportError};

/// What the owner of a driver is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A connection is ready. If there was one with the same node, it takes its place, and no
    /// [`Notice::Down`] tells of that one's end.
    Up(Box<RemoteInfo>),
    /// A connection has ended.
    Down {
        /// With whom.
        peer: NodeId,
        /// Why.
        why: TransportError,
    },
    /// A dial came to nothing.
    DialFailed {
        /// What was dialed.
        address: NodeAddress,
        /// Why it failed.
        why: DialError,
    },
    /// A handshake with somebody who dialed us came to nothing.
    AcceptFailed(TransportError),
    /// Somebody told us an address that the store did not know, and that it takes in.
    Heard {
        /// The address.
        address: NodeAddress,
        /// Who told us.
        from: NodeId,
    },
    /// A peer answered a request.
    Answered {
        /// Who.
        peer: NodeId,
        /// Addresses in the answer.
        told: usize,
        /// Those of nodes not heard of before.
        fresh: u64,
    },
    /// A peer broke a rule; `cut` if the connection is ended for it.
    Fault {
        /// Who.
        peer: NodeId,
        /// What it did.
        fault: Fault,
        /// Whether the connection is ended for it.
        cut: bool,
    },
}

impl Notice {
    /// What the owner should know of something that the machine wants done.
    pub(crate) const fn of(action: &Action) -> Option<Self> {
        let (peer, fault, cut) = match action {
            Action::Disconnect { peer, reason, .. } => (*peer, *reason, true),
            Action::Report { peer, fault } => (*peer, *fault, false),
            _ => return None,
        };
        Some(Self::Fault { peer, fault, cut })
    }
}

/// Why an address could not be dialed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DialError {
    /// The address can't be reached by this transport: it has no host or port, or its protocol is
    /// neither `mconn` nor `tcp`.
    Unsupported,
    /// The name has no IP address.
    UnknownName,
    /// The address lies on our own machine or site, and somebody outside told us of it.
    TooNear,
    /// The address is one that no node can have, and somebody told us of it.
    Nowhere,
    /// There is a connection with the node already, and it is the one to keep.
    Connected,
    /// No connection came to be.
    Transport(TransportError),
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported => f.write_str("the address needs a host and a port, as id@host:port"),
            Self::UnknownName => f.write_str("the name has no IP address; check its spelling"),
            Self::TooNear => f.write_str(
                "not dialed: a private address, told by a node outside; dial it as a seed if it is meant",
            ),
            Self::Nowhere => {
                f.write_str("not dialed: no node can have this address, such as multicast or 0.0.0.0")
            }
            Self::Connected => f.write_str("connected with this node already; keep that connection"),
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DialError {}

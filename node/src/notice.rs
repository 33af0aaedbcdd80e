//! What a driver tells its owner.

use core::fmt;
use core::net::SocketAddr;

use pex::peers::{DialFailure, Eviction};
use pex::{Fault, HangUp, NodeAction, NodeAddress, NodeId};

use crate::transport::{RemoteInfo, SendError, TransportError};

/// What the owner of a driver is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A connection is ready. If there was one with the same node, it takes its place, and no
    /// [`Notice::Down`] tells of that one's end.
    Up(Box<RemoteInfo>),
    /// The connection with a peer that was up has ended.
    Down {
        /// With whom.
        peer: NodeId,
        /// Why.
        why: TransportError,
    },
    /// A dial came through: the node of this address has proved its id. Told before
    /// [`Notice::Up`], and also where the machine does not keep the connection.
    Reached {
        /// What was dialed.
        address: NodeAddress,
        /// Where the connection leads.
        at: SocketAddr,
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
    /// Somebody told us an address that is taken in; or any, where the machine was made to
    /// [hear all](pex::Node::hearing_all).
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
        told: u64,
        /// Those of nodes not heard of before.
        fresh: u64,
    },
    /// An answer could not be queued, so who asked does not get it.
    Unanswered {
        /// Who asked.
        peer: NodeId,
        /// Why it could not.
        why: SendError,
    },
    /// A connection has to end, or is not let in, and not for a fault. One that was up is down soon.
    Evicted {
        /// With whom.
        peer: NodeId,
        /// Why.
        why: Eviction,
    },
    /// The address book of a V1 node has changed, and is to be saved: take it from
    /// [`Driver::node`](crate::Driver::node),.
    SaveBook,
    /// What the machine knows can't be written down, and why; it is tried again and again. Told once
    /// until it works.
    NotWritten(String),
    /// What the machine knows is written down again, after [`Notice::NotWritten`].
    WrittenAgain,
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
    /// What the owner should know of something that the machine wants done or tells.
    pub(crate) fn of(action: &NodeAction) -> Option<Self> {
        match action {
            NodeAction::HangUp { peer, why, .. } => Some(match why {
                HangUp::Evicted(why) => Self::Evicted {
                    peer: *peer,
                    why: *why,
                },
                HangUp::Fault(fault) => Self::fault(*peer, *fault, true),
                _ => return None,
            }),
            NodeAction::Fault { peer, fault } => Some(Self::fault(*peer, *fault, false)),
            NodeAction::Answered { peer, told, fresh } => Some(Self::Answered {
                peer: *peer,
                told: *told,
                fresh: *fresh,
            }),
            NodeAction::SaveBook => Some(Self::SaveBook),
            NodeAction::Heard { address, from } => Some(Self::Heard {
                address: address.clone(),
                from: *from,
            }),
            _ => None,
        }
    }

    const fn fault(peer: NodeId, fault: Fault, cut: bool) -> Self {
        Self::Fault { peer, fault, cut }
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
    /// As many names of other domains are looked up as may be at once.
    NameBusy,
    /// The address lies on our own machine or site, and somebody outside told us of it.
    TooNear,
    /// The address is one that no node can have, and somebody told us of it.
    Nowhere,
    /// There is a connection with the node already, and it is the one to keep.
    Connected,
    /// The host has as many dials and connections of ours as it may have at once.
    HostBusy,
    /// No connection came to be.
    Transport(TransportError),
}

impl DialError {
    /// What the failure says of the address, as the machine wants to know it.
    #[must_use]
    pub const fn verdict(&self) -> DialFailure {
        match self {
            Self::Unsupported | Self::TooNear | Self::Nowhere => DialFailure::Unusable,
            Self::Connected
            | Self::HostBusy
            | Self::NameBusy
            | Self::Transport(TransportError::OutOfDescriptors | TransportError::Stopped) => {
                DialFailure::NotTried
            }
            Self::Transport(
                TransportError::WrongId { .. }
                | TransportError::SelfConnection
                | TransportError::NodeInfo(_),
            ) => DialFailure::NotThisNode,
            // Whoever looks names up may be out of order for a while.
            Self::UnknownName | Self::Transport(_) => DialFailure::Unreachable,
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported => f.write_str("the address needs a host and a port, as id@host:port"),
            Self::UnknownName => f.write_str(
                "the name has no IP address, or nobody said it in time; check its spelling, and DNS",
            ),
            Self::TooNear => f.write_str(
                "not dialed: a private address, told by a node outside; dial it as a seed if it is meant",
            ),
            Self::Nowhere => {
                f.write_str("not dialed: no node can have this address, such as multicast or 0.0.0.0")
            }
            Self::HostBusy => {
                f.write_str("not dialed yet: this host has as many connections as it may have at once")
            }
            Self::NameBusy => {
                f.write_str("not dialed yet: as many names are looked up as may be at once")
            }
            Self::Connected => f.write_str("connected with this node already; keep that connection"),
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for DialError {}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;
    use crate::transport::{NodeInfoError, Step};

    #[test]
    fn what_a_failed_dial_says_of_the_address_is_no_more_than_what_was_seen() {
        use DialFailure::{NotThisNode, NotTried, Unreachable, Unusable};
        let (expected, actual) = (NodeId::new([1; 20]), NodeId::new([2; 20]));
        let transport = DialError::Transport;
        for (error, verdict) in [
            (DialError::Unsupported, Unusable),
            (DialError::TooNear, Unusable),
            (DialError::Nowhere, Unusable),
            // Whoever looks names up may be out of order.
            (DialError::UnknownName, Unreachable),
            (DialError::NameBusy, NotTried),
            // None of these is the address's fault.
            (DialError::Connected, NotTried),
            (DialError::HostBusy, NotTried),
            (transport(TransportError::OutOfDescriptors), NotTried),
            (transport(TransportError::Stopped), NotTried),
            // Somebody else lives there.
            (
                transport(TransportError::WrongId { expected, actual }),
                NotThisNode,
            ),
            (transport(TransportError::SelfConnection), NotThisNode),
            (
                transport(TransportError::NodeInfo(NodeInfoError::NoCommonChannel)),
                NotThisNode,
            ),
            // Nobody does, as far as one can see.
            (
                transport(TransportError::Dial {
                    kind: ErrorKind::ConnectionRefused,
                }),
                Unreachable,
            ),
            (
                transport(TransportError::HungUp {
                    step: Step::NodeInfo,
                }),
                Unreachable,
            ),
            (transport(TransportError::NotTendermint), Unreachable),
        ] {
            assert_eq!(error.verdict(), verdict, "{error}");
        }
    }
}

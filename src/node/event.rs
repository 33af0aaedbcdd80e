//! Everything that may go into a node, and everything that may come out.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use crate::peers::{Change, DialFailure, Eviction, Misconduct};
use crate::wire::{Message, WireError};
use crate::{Epoch, Fault, Kind, NodeAddress, NodeId, QueryId, Reach, Time};

/// Something that happened, in the words of the driver.
///
/// Every order of events is legal. What makes no sense where it stands is absorbed, and counted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum NodeEvent<'a> {
    /// The operator names an address, such as a seed.
    Named {
        /// Where a node may be reached.
        address: NodeAddress,
    },
    /// A dial came to nothing.
    DialFailed {
        /// What was dialed.
        address: NodeAddress,
        /// Why it failed.
        why: DialFailure,
    },
    /// A connection of ours is ready: the handshake has proved the id of the address, and channel 0
    /// is open.
    Dialed {
        /// What was dialed.
        address: NodeAddress,
        /// The number of this connection.
        epoch: Epoch,
        /// What the handshake told of the node.
        kind: Kind,
        /// Where the connection leads, if that is known.
        ip: Option<IpAddr>,
    },
    /// A connection of somebody else's is ready: the handshake has proved his id, and channel 0 is
    /// open.
    Accepted {
        /// Who it is.
        peer: NodeId,
        /// The number of this connection.
        epoch: Epoch,
        /// What the handshake told of the node.
        kind: Kind,
        /// Where the connection comes from, if that is known.
        ip: Option<IpAddr>,
        /// Where it says that it can be dialed, if it says so: its own port at the IP address that
        /// it comes from, as a rule.
        listen: Option<NodeAddress>,
    },
    /// A connection has ended.
    Down {
        /// With whom.
        peer: NodeId,
        /// The number of the connection.
        epoch: Epoch,
    },
    /// A message arrived.
    Message {
        /// Who sent it.
        from: NodeId,
        /// The connection on which it came.
        epoch: Epoch,
        /// What [`wire::decode`](crate::wire::decode) made of the bytes.
        message: Message<'a>,
    },
    /// Bytes arrived that are no message.
    Garbage {
        /// Who sent them.
        from: NodeId,
        /// The connection on which they came.
        epoch: Epoch,
        /// Why [`wire::decode`](crate::wire::decode) refused them.
        error: WireError,
    },
    /// A request of ours could not be sent.
    Unsent {
        /// To whom it should have gone.
        to: NodeId,
        /// The connection on which it should have gone.
        epoch: Epoch,
    },
    /// The answer to a [`NodeAction::Resolve`]; empty if the name is unknown.
    Resolved {
        /// Which question this answers.
        query: QueryId,
        /// The addresses of the name.
        ips: &'a [IpAddr],
    },
    /// Another part of the program has something against a node.
    Misbehaved {
        /// Which.
        peer: NodeId,
        /// How bad it is.
        how: Misconduct,
    },
    /// Another part of the program has found a node useful.
    Behaved {
        /// Which.
        peer: NodeId,
    },
    /// The owner has no more use for a connection.
    Release {
        /// With whom.
        peer: NodeId,
    },
    /// The owner has use for a connection, or no more: one in use is not rotated out.
    InUse {
        /// With whom.
        peer: NodeId,
        /// Whether it is in use.
        in_use: bool,
    },
    /// The time has come that the last [`NodeAction::SetTimer`] named. An early, late or doubled
    /// tick is harmless.
    Tick,
}

/// Something that the node wants done, or tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeAction {
    /// Dial this address, and answer with [`NodeEvent::Dialed`] or [`NodeEvent::DialFailed`].
    Dial {
        /// What to dial.
        address: NodeAddress,
        /// How near it may turn out to lie when its name is looked up.
        nearest: Reach,
    },
    /// Send this message on this connection. If that is impossible and it is a request, answer with
    /// [`NodeEvent::Unsent`].
    Send {
        /// To whom.
        to: NodeId,
        /// On which connection.
        epoch: Epoch,
        /// What.
        message: Message<'static>,
    },
    /// End this connection, once what is queued for it is sent, and report it down.
    HangUp {
        /// With whom.
        peer: NodeId,
        /// Which connection.
        epoch: Epoch,
        /// Why.
        why: HangUp,
    },
    /// Look up the IP addresses of this name, and answer with [`NodeEvent::Resolved`].
    Resolve {
        /// The number to answer with.
        query: QueryId,
        /// The name.
        name: String,
        /// When the machine stops waiting.
        deadline: Time,
    },
    /// Send a [`NodeEvent::Tick`] at this time or soon after. It replaces the timer before it.
    SetTimer(Time),
    /// Write these changes down, all or none of them.
    Persist(Vec<Change>),
    /// Write the address book down, [`Switch::book`](crate::v1::Switch::book), before the process may
    /// end. Only a node of V1 has one.
    SaveBook,
    /// A peer may be used from now on. Nothing needs to be done.
    Up {
        /// Who.
        peer: NodeId,
        /// On which connection.
        epoch: Epoch,
    },
    /// A peer may not be used any more. Nothing needs to be done.
    Down {
        /// Who.
        peer: NodeId,
        /// On which connection.
        epoch: Epoch,
    },
    /// A peer answered a request. Nothing needs to be done.
    Answered {
        /// Who.
        peer: NodeId,
        /// Addresses in the answer, bad ones included.
        told: u64,
        /// Those of nodes not heard of before.
        fresh: u64,
    },
    /// A peer told this address, and it was not known and is taken in. Where the node was made
    /// [`hearing_all`](crate::Node::hearing_all), whether it is or not. Nothing needs to be done.
    Heard {
        /// The address.
        address: NodeAddress,
        /// Who told it.
        from: NodeId,
    },
    /// A peer did something that does not end the connection. It has cost it a point of its score.
    Fault {
        /// Who.
        peer: NodeId,
        /// What.
        fault: Fault,
    },
}

/// Why a connection has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HangUp {
    /// The peer broke a rule of the exchange.
    Fault(Fault),
    /// The peer manager has no place for it, or no more use.
    Evicted(Eviction),
}

impl fmt::Display for HangUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Evicted(why) => why.fmt(f),
        }
    }
}

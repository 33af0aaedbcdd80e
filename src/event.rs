//! Everything that may go in.

use core::net::IpAddr;

use crate::NodeId;
use crate::wire::{Dialect, Message, WireError};

/// The number that the driver gives to a connection.
///
/// It tells the messages of one connection from those of the next with the same peer: an answer
/// that was under way when a peer went down and came up again is then neither accepted nor
/// punished. Any scheme will do that never gives two connections of one peer the same number while
/// messages of the first may still arrive, such as a counter.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// What a peer is known to be, from the handshake.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[non_exhaustive]
pub enum Kind {
    /// Speaks V1: Tendermint up to 0.34, every CometBFT. Asks for patience: 12 s between requests.
    V1,
    /// Speaks V2: Tendermint 0.35 and 0.36. 300 ms between requests suit every release of it.
    V2,
    /// Speaks V2 and runs this library, so it grants a request every 100 ms.
    Kin,
}

impl Kind {
    /// The dialect in which to ask such a peer.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::V1 => Dialect::V1,
            Self::V2 | Self::Kin => Dialect::V2,
        }
    }
}

/// The number of a question about a name, in [`Action::Resolve`](crate::Action::Resolve).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct QueryId(pub(crate) u64);

/// Something that happened, in the words of the driver.
///
/// Every order of events is legal. An event that makes no sense where it stands (a peer that goes
/// down without having been up, a message of a connection that is over) is absorbed and counted in
/// [`Stats::stray_events`](crate::Stats::stray_events).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A connection is ready: the handshake has proved the peer's id, and channel 0 is open.
    /// If the peer was up in another epoch, that connection counts as down. A node is no peer of
    /// its own: a connection with ourselves is absorbed.
    PeerUp {
        /// Who it is.
        peer: NodeId,
        /// The number of this connection.
        epoch: Epoch,
        /// What the handshake told of it.
        kind: Kind,
    },
    /// A connection has ended.
    PeerDown {
        /// Who it was.
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
    /// A request of ours could not be sent: the queue was full, say. The peer is asked again later,
    /// and is not blamed. An answer that can't be sent needs no event: whoever wants it asks again.
    Unsent {
        /// To whom it should have gone.
        to: NodeId,
        /// The connection on which it should have gone.
        epoch: Epoch,
    },
    /// The answer to an [`Action::Resolve`](crate::Action::Resolve); empty if the name is unknown.
    Resolved {
        /// Which question this answers.
        query: QueryId,
        /// The addresses of the name. The first sixteen count.
        ips: &'a [IpAddr],
    },
    /// The time has come that the last [`Action::SetTimer`](crate::Action::SetTimer) named. An
    /// early, late or doubled tick is harmless.
    Tick,
}

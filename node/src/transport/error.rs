//! Why a connection did not come to be, or ended.

use core::fmt;
use core::time::Duration;
use std::io;

use pex::NodeId;

use super::node_info_error::NodeInfoError;
use super::packet::{MESSAGE_BYTES_MAX, PacketError};
use super::secret::SecretError;
use crate::crowd::Crowd;

/// How far a connection had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Opening the TCP connection.
    Dial,
    /// Exchanging ephemeral keys, the first flight.
    KeyExchange,
    /// Proving who is who, the second flight.
    Authentication,
    /// Exchanging node infos.
    NodeInfo,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dial => "dialing",
            Self::KeyExchange => "exchanging keys",
            Self::Authentication => "proving identities",
            Self::NodeInfo => "exchanging node infos",
        })
    }
}

/// Why a connection did not come to be, or ended. Texts that the other side chose are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportError {
    /// The TCP connection did not open.
    Dial {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// The other side did not do its part in time.
    TimedOut {
        /// What it was about.
        step: Step,
    },
    /// The other side hung up during the handshake. It does not say why: it may be full, may have
    /// banned us, or may be of another chain.
    HungUp {
        /// What it was about.
        step: Step,
    },
    /// What the other side sends is not the start of a secret connection.
    NotTendermint,
    /// The secret connection failed: the other side's fault, or of somebody on the way.
    Secret(SecretError),
    /// The node at the address is another one than expected. Its key is proved.
    WrongId {
        /// Who was expected.
        expected: NodeId,
        /// Who is there.
        actual: NodeId,
    },
    /// The other side is this node itself: the address is our own.
    SelfConnection,
    /// The node info of the other side is not valid, or not compatible with ours.
    NodeInfo(NodeInfoError),
    /// The other side broke a rule of the packets.
    Packet(PacketError),
    /// A ping was not answered.
    PongMissing {
        /// How long we waited.
        after: Duration,
    },
    /// The other side did not take what we sent.
    WriteStalled {
        /// How long we waited.
        after: Duration,
    },
    /// The other side began a message and did not end it.
    MessageStalled {
        /// How long we waited.
        after: Duration,
    },
    /// All connections together hold as many bytes of unfinished messages as they may, and the other
    /// side began its own the longest ago.
    Overloaded,
    /// The other side closed the connection.
    ClosedByPeer,
    /// We closed the connection, or dropped one of its halves.
    ClosedByUs,
    /// The socket failed.
    Io {
        /// What the operating system said.
        kind: io::ErrorKind,
    },
    /// This process has as many files and sockets open as it may.
    OutOfDescriptors,
    /// Somebody who dialed us was turned away before a word, or in the middle of a handshake for
    /// another's: see [`InboundLimits`](super::InboundLimits).
    Crowded {
        /// Which limit it was.
        limit: Crowd,
        /// How often, since that was last told.
        times: u64,
    },
    /// The runtime that carried the connection has stopped.
    Stopped,
}

/// What to do when there are no file descriptors left, as a sentence.
pub const OUT_OF_DESCRIPTORS: &str =
    "too many open files and sockets; raise the limit with ulimit -n";

/// Whether the operating system says that this process, or the whole machine, has no file
/// descriptors left: `EMFILE` or `ENFILE`.
#[must_use]
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    // The standard library has no stable kind for them. The numbers are the same on every Unix.
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    matches!(error.raw_os_error(), Some(ENFILE | EMFILE))
}

impl TransportError {
    /// A TCP connection that did not open.
    pub(super) fn dial(error: &io::Error) -> Self {
        if is_out_of_descriptors(error) {
            return Self::OutOfDescriptors;
        }
        let kind = error.kind();
        Self::Dial { kind }
    }

    /// A failure of the socket during the handshake.
    pub(super) fn at(step: Step, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Self::HungUp { step },
            kind => Self::Io { kind },
        }
    }

    /// A failure of the socket after the handshake.
    pub(super) fn after_handshake(error: &io::Error) -> Self {
        match Self::at(Step::NodeInfo, error) {
            Self::HungUp { .. } => Self::ClosedByPeer,
            other => other,
        }
    }
}

impl From<SecretError> for TransportError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::NotAHandshake => Self::NotTendermint,
            error => Self::Secret(error),
        }
    }
}

impl From<NodeInfoError> for TransportError {
    fn from(error: NodeInfoError) -> Self {
        Self::NodeInfo(error)
    }
}

impl From<PacketError> for TransportError {
    fn from(error: PacketError) -> Self {
        Self::Packet(error)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial { kind } => {
                write!(
                    f,
                    "cannot connect ({kind}); check that a node listens at the address"
                )
            }
            Self::TimedOut { step } => write!(
                f,
                "timed out while {step}; check the address and firewalls, or try again later"
            ),
            Self::HungUp { step } => write!(
                f,
                "the peer hung up while {step}; it may be full, of another chain, or have banned us"
            ),
            Self::NotTendermint => {
                f.write_str("not a Tendermint node: the first bytes are garbage; check the port")
            }
            Self::Secret(error) => write!(f, "the secret connection failed: {error}"),
            Self::WrongId { expected, actual } => write!(
                f,
                "wrong node id: expected {expected}, found {actual}; correct the address"
            ),
            Self::SelfConnection => {
                f.write_str("connected to ourselves; remove our own address from the peers")
            }
            Self::NodeInfo(error) => error.fmt(f),
            Self::Packet(error) => error.fmt(f),
            Self::PongMissing { after } => {
                write!(
                    f,
                    "no answer to a ping within {after:?}; the peer is gone, dial it later"
                )
            }
            Self::WriteStalled { after } => {
                write!(f, "the peer took no data for {after:?}; dial it later")
            }
            Self::MessageStalled { after } => {
                write!(
                    f,
                    "the peer did not end its message within {after:?}; dial it later"
                )
            }
            Self::Overloaded => f.write_str(
                "too many long messages at once, and this one took longest; connect again later",
            ),
            Self::ClosedByPeer => f.write_str("the peer closed the connection; dial it later"),
            Self::ClosedByUs => f.write_str("the connection was closed by this node"),
            Self::Io { kind } => write!(f, "the socket failed ({kind}); connect again"),
            Self::OutOfDescriptors => f.write_str(OUT_OF_DESCRIPTORS),
            Self::Crowded { limit, times: 1 } => write!(f, "turned away: {limit}"),
            Self::Crowded { limit, times } => write!(f, "turned away, {times} times: {limit}"),
            Self::Stopped => f.write_str("the runtime has stopped; start it before connecting"),
        }
    }
}

impl core::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Secret(error) => Some(error),
            Self::NodeInfo(error) => Some(error),
            Self::Packet(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a message was not queued. Nothing else has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The peer takes messages more slowly than they come, or all peers together do.
    Full,
    /// The connection has ended.
    Closed,
    /// The message is longer than any peer accepts.
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str(
                "the queue to the peer, or to all of them together, is full; drop the message",
            ),
            Self::Closed => f.write_str("the connection has ended; its receiver says why"),
            Self::TooLong { bytes } => {
                write!(
                    f,
                    "the message has {bytes} bytes, {MESSAGE_BYTES_MAX} are allowed; split it"
                )
            }
        }
    }
}

impl core::error::Error for SendError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_without_descriptors_is_told_from_one_that_nobody_answers() {
        let dial = |code| TransportError::dial(&io::Error::from_raw_os_error(code));
        for code in [23, 24] {
            assert_eq!(dial(code), TransportError::OutOfDescriptors);
        }
        let refused = TransportError::dial(&io::ErrorKind::ConnectionRefused.into());
        let kind = io::ErrorKind::ConnectionRefused;
        assert_eq!(refused, TransportError::Dial { kind });
        assert!(
            dial(24)
                .to_string()
                .contains("raise the limit with ulimit -n")
        );
    }
}

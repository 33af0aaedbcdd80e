//! What a peer did wrong: data, not strings.

use core::fmt;
use core::time::Duration;

use crate::wire::WireError;

/// What a peer did that the protocol forbids, or failed to do.
///
/// A fault reaches the driver in [`Action::Report`](crate::Action::Report), where it may lower the
/// peer's standing, or in [`Action::Disconnect`](crate::Action::Disconnect), where the connection
/// must end. Each variant says which, and what happened to the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The peer asked again sooner than we grant. The request was dropped. Reported; a peer that
    /// goes on is disconnected. Honest peers do this when their clock or the network bunches two
    /// requests, so three in a row are free, and a little excess costs nothing but the answer.
    RequestTooSoon {
        /// How long it should have waited.
        wait: Duration,
    },
    /// The peer answered a question that we did not ask. The answer was dropped. Disconnected: no
    /// honest peer does this. An answer that comes after its time, or after a reconnect, is none.
    UnsolicitedResponse,
    /// The answer holds more addresses than the protocol allows: 100 in V2, 250 in V1. None was
    /// taken. Disconnected.
    TooManyAddresses {
        /// Addresses in the answer.
        found: usize,
        /// Addresses it may hold.
        max: usize,
    },
    /// More than half of an answer's addresses are none: they do not parse, or are too long. The
    /// others were taken. Reported; a peer that goes on is disconnected.
    BadAddresses {
        /// Addresses that are none.
        bad: usize,
        /// Addresses in the answer.
        of: usize,
    },
    /// The bytes are no message. Disconnected.
    Garbage(WireError),
    /// The peer left a request unanswered for the request timeout. Reported from the third in a
    /// row; it is asked less and less often, and never forgotten while it is connected.
    NoAnswer {
        /// Requests in a row that it left unanswered.
        in_a_row: u32,
    },
    /// More peers are connected than the configuration allows. Not the peer's fault. Disconnected.
    TooManyPeers {
        /// The most that may be connected.
        max: usize,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequestTooSoon { wait } => {
                write!(f, "asked for addresses {} ms too soon", wait.as_millis())
            }
            Self::UnsolicitedResponse => f.write_str("sent addresses that were not asked for"),
            Self::TooManyAddresses { found, max } => {
                write!(
                    f,
                    "sent {found} addresses in one answer, of which {max} are allowed"
                )
            }
            Self::BadAddresses { bad, of } => {
                write!(f, "sent {bad} texts that are no addresses among {of}")
            }
            Self::Garbage(error) => write!(f, "sent bytes that are no message: {error}"),
            Self::NoAnswer { in_a_row } => {
                write!(f, "left {in_a_row} requests in a row unanswered")
            }
            Self::TooManyPeers { max } => {
                write!(f, "is one peer more than the {max} that may be connected")
            }
        }
    }
}

impl core::error::Error for Fault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Garbage(error) => Some(error),
            Self::RequestTooSoon { .. }
            | Self::UnsolicitedResponse
            | Self::TooManyAddresses { .. }
            | Self::BadAddresses { .. }
            | Self::NoAnswer { .. }
            | Self::TooManyPeers { .. } => None,
        }
    }
}

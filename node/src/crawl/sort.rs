//! Sorts of failures, in a few words that are the same for all of a sort.

use std::borrow::Cow;
use std::io::ErrorKind;

use crate::notice::DialError;
use crate::transport::{NodeInfoError, TransportError};

/// For whom there was no file descriptor, and for whom no room: they were not dialed.
pub(super) const NO_DESCRIPTORS: &str = "too many open files here";
pub(super) const NO_ROOM: &str = "not dialed";

/// What sort of failure this is, to count it among its like.
pub(super) fn of(error: &DialError) -> Cow<'static, str> {
    Cow::Borrowed(match error {
        DialError::Unsupported => "no host and port",
        DialError::UnknownName => "unknown name",
        DialError::TooNear => "private address told from outside",
        DialError::Nowhere => "address of no node",
        DialError::Connected => "connected already",
        DialError::HostBusy => "host busy",
        DialError::NameBusy => "names busy",
        DialError::Transport(error) => return of_transport(error),
    })
}

fn of_transport(error: &TransportError) -> Cow<'static, str> {
    match error {
        TransportError::Dial { kind } => Cow::Borrowed(of_dial(*kind)),
        TransportError::TimedOut { step } => format!("timed out while {step}").into(),
        TransportError::HungUp { step } => format!("hung up while {step}").into(),
        TransportError::NotTendermint => Cow::Borrowed("not a Tendermint node"),
        TransportError::Secret(_) => Cow::Borrowed("secret connection failed"),
        TransportError::WrongId { .. } => Cow::Borrowed("another node lives there"),
        TransportError::SelfConnection => Cow::Borrowed("our own address"),
        TransportError::NodeInfo(error) => Cow::Borrowed(match error {
            NodeInfoError::WrongNetwork { .. } => "of another network",
            NodeInfoError::WrongBlockVersion { .. } => "of another block version",
            NodeInfoError::NoCommonChannel => "no channel in common",
            _ => "bad node info",
        }),
        TransportError::OutOfDescriptors => Cow::Borrowed(NO_DESCRIPTORS),
        _ => Cow::Borrowed("connection failed"),
    }
}

const fn of_dial(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::TimedOut => "timed out while dialing",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => "connection reset",
        ErrorKind::HostUnreachable => "host unreachable",
        ErrorKind::NetworkUnreachable => "network unreachable",
        _ => "cannot connect",
    }
}

#[cfg(test)]
mod tests {
    use pex::NodeId;

    use super::*;
    use crate::transport::Step;

    #[test]
    fn failures_of_one_sort_have_one_name() {
        let wrong = |n| TransportError::WrongId {
            expected: NodeId::new([1; 20]),
            actual: NodeId::new([n; 20]),
        };
        let name = |error| of(&DialError::Transport(error)).into_owned();
        assert_eq!(name(wrong(2)), name(wrong(3)));
        let refused = TransportError::Dial {
            kind: ErrorKind::ConnectionRefused,
        };
        assert_eq!(name(refused), "connection refused");
        let silent = TransportError::TimedOut {
            step: Step::KeyExchange,
        };
        assert_eq!(name(silent), "timed out while exchanging keys");
    }
}

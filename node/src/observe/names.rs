//! Short names of what can happen, one for each kind. They are labels of metrics, so there are few
//! of them, and they stay as they are.

use std::io::ErrorKind;

use pex::peers::Eviction;
use pex::{Fault, Kind};

use crate::notice::DialError;
use crate::transport::{Direction, NodeInfoError, Step, TransportError};

/// The dialect of a peer, as a label.
pub(super) const fn of_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::V1 => "v1",
        Kind::V2 => "v2",
        Kind::Kin => "kin",
        _ => "other",
    }
}

pub(super) const DIALECTS: [&str; 3] = ["v1", "v2", "kin"];

pub(super) const fn of_direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

pub(super) const DIRECTIONS: [&str; 2] = ["inbound", "outbound"];

pub(super) const fn of_fault(fault: &Fault) -> &'static str {
    match fault {
        Fault::RequestTooSoon { .. } => "request_too_soon",
        Fault::UnsolicitedResponse => "unsolicited_response",
        Fault::TooManyAddresses { .. } => "too_many_addresses",
        Fault::BadAddresses { .. } => "bad_addresses",
        Fault::Garbage(_) => "garbage",
        Fault::NoAnswer { .. } => "no_answer",
        Fault::TooManyPeers { .. } => "too_many_peers",
        _ => "other",
    }
}

pub(super) const FAULTS: [&str; 7] = [
    "bad_addresses",
    "garbage",
    "no_answer",
    "request_too_soon",
    "too_many_addresses",
    "too_many_peers",
    "unsolicited_response",
];

pub(super) const fn of_eviction(why: Eviction) -> &'static str {
    match why {
        Eviction::Full => "full",
        Eviction::NetworkFull => "network_full",
        Eviction::Duplicate => "duplicate",
        Eviction::Ourselves => "ourselves",
        Eviction::Banned => "banned",
        Eviction::Feeler => "feeler",
        Eviction::Upgraded => "upgraded",
        Eviction::Rotated => "rotated",
        Eviction::Misconduct => "misconduct",
        Eviction::Released => "released",
        Eviction::Served => "served",
        Eviction::Stayed => "stayed",
        _ => "other",
    }
}

/// Why there is no connection, or no longer.
pub(super) const fn of_error(why: &TransportError) -> &'static str {
    match why {
        TransportError::Dial { kind } => match kind {
            ErrorKind::ConnectionRefused => "connection_refused",
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => "no_route",
            _ => "dial_failed",
        },
        TransportError::TimedOut { step: Step::Dial } => "dial_timeout",
        TransportError::TimedOut { .. } => "handshake_timeout",
        TransportError::HungUp { .. } => "hung_up",
        TransportError::NotTendermint => "not_tendermint",
        TransportError::Secret(_) => "secret_connection",
        TransportError::WrongId { .. } => "wrong_id",
        TransportError::SelfConnection => "self_connection",
        TransportError::NodeInfo(NodeInfoError::WrongNetwork { .. }) => "wrong_network",
        TransportError::NodeInfo(_) => "node_info",
        TransportError::Packet(_) => "packet",
        TransportError::PongMissing { .. } => "pong_missing",
        TransportError::WriteStalled { .. } => "write_stalled",
        TransportError::MessageStalled { .. } => "message_stalled",
        TransportError::Overloaded => "overloaded",
        TransportError::ClosedByPeer => "closed_by_peer",
        TransportError::ClosedByUs => "closed_by_us",
        TransportError::Io { .. } => "socket",
        TransportError::OutOfDescriptors => "out_of_descriptors",
        TransportError::Crowded { .. } => "crowded",
        TransportError::Stopped => "stopped",
    }
}

/// How often it happened: some are told of together.
pub(super) const fn times(why: &TransportError) -> u64 {
    match why {
        TransportError::Crowded { times, .. } => *times,
        _ => 1,
    }
}

pub(super) const fn of_dial(why: &DialError) -> &'static str {
    match why {
        DialError::Unsupported => "unsupported",
        DialError::UnknownName => "unknown_name",
        DialError::TooNear => "too_near",
        DialError::Nowhere => "nowhere",
        DialError::Connected => "connected",
        DialError::HostBusy => "host_busy",
        DialError::NameBusy => "name_busy",
        DialError::Transport(error) => of_error(error),
    }
}

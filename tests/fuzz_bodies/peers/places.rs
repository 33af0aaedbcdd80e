//! Nodes, addresses and times, as a fuzzer can make them up.

use arbitrary::Arbitrary;
use pex::peers::{DialFailure, Misconduct};
use pex::{NodeAddress, NodeId, Time};

use crate::nodes::{ME, at, at_port, host, id, ms, node, secs, text};

/// Nodes of a program, so few that events meet.
pub(crate) const NODES: u32 = 24;

/// Somebody; now and then ourselves.
pub(crate) fn somebody(number: u8) -> NodeId {
    if number == u8::MAX {
        ME
    } else {
        id(u32::from(number) % NODES)
    }
}

/// How long after the last event the next comes.
#[derive(Arbitrary, Debug)]
pub(crate) enum Span {
    None,
    Millis(u16),
    Seconds(u16),
    /// So many nanoseconds before or after the machine's deadline.
    Deadline(i8),
    /// The clock is wrong, in either direction.
    Nanos(i64),
}

#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Place {
    pub(crate) node: u8,
    kind: u8,
    more: u8,
}

impl Place {
    pub(crate) fn address(&self) -> NodeAddress {
        let n = u32::from(self.node) % NODES;
        let more = u32::from(self.more);
        match self.kind % 12 {
            0 => text(n, &format!("n{}.example{}.org:1", more % 3, more / 128)),
            1 => at(n, [10, 0, 0, self.more % 3].into()),
            2 => at(n, [127, 0, 0, 1].into()),
            3 => text(n, &format!("[::ffff:32.{n}.1.1]:26656/{}", more % 3)),
            4 => at(n, host(7, 7)),
            5 => NodeAddress::mconn(ME, host(n, 1), 1),
            6 | 7 => at_port(n, host(more % 3, more / 64), 1 + more % 2),
            8 => text(n, &format!("[2a0{}::{}]:26656", more % 3, more / 64)),
            9 => text(n, ""),
            _ => node(n),
        }
    }
}

/// Which connection is meant.
#[derive(Arbitrary, Debug)]
pub(crate) enum Which {
    /// The one that there is; a new one if there is none.
    Present,
    New,
    Number(u8),
}

pub(crate) const fn failure(why: u8) -> DialFailure {
    match why % 6 {
        0 => DialFailure::NotThisNode,
        1 => DialFailure::Unusable,
        2 => DialFailure::NotTried,
        _ => DialFailure::Unreachable,
    }
}

pub(crate) const fn misconduct(how: u8) -> Misconduct {
    match how % 6 {
        0 => Misconduct::Fatal,
        1 | 2 => Misconduct::Major,
        _ => Misconduct::Minor,
    }
}

impl Span {
    /// The time so long after `now`, for a machine with this deadline.
    pub(crate) fn after(&self, now: Time, deadline: Option<Time>) -> Time {
        let add =
            |at: Time, nanos: i64| Time::from_nanos(at.as_nanos().saturating_add_signed(nanos));
        match self {
            Self::None => now,
            Self::Millis(span) => now + ms((*span).into()),
            Self::Seconds(span) => now + secs((*span).into()),
            Self::Deadline(off) => deadline.map_or(now, |at| add(at, (*off).into())),
            Self::Nanos(span) => add(now, *span),
        }
    }
}

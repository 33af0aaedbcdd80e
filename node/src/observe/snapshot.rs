//! All that is shown of one network, as it was at one moment.

use std::sync::Arc;

use pex::v1::Counts;
use pex::{Estimate, NodeId, Stats, Time};

use super::history::History;
use super::tally::{Share, Tally};
use crate::transport::Moved;

/// What is read from a node, a second or more after the last time.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) is_seed: bool,
    pub(super) is_listening: bool,
    pub(super) book: BookSize,
    pub(super) outbound: usize,
    pub(super) inbound: usize,
    pub(super) dialing: usize,
    /// How many to dial and how many to let in at most.
    pub(super) slots: (usize, usize),
    pub(super) stats: Stats,
    pub(super) counts: Counts,
    pub(super) received: Moved,
    pub(super) sent: Moved,
}

/// Addresses in the book.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BookSize {
    pub(super) new: usize,
    pub(super) old: usize,
    pub(super) banned: usize,
}

impl BookSize {
    pub(super) const fn all(self) -> usize {
        self.new.saturating_add(self.old)
    }
}

/// What the notices of a node came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies {
    /// Who is connected, by direction and dialect.
    pub(super) peers: Tally<(&'static str, &'static str)>,
    pub(super) faults: Tally<&'static str>,
    pub(super) evictions: Tally<&'static str>,
    pub(super) failed_dials: Tally<&'static str>,
    /// Handshakes of those who dialed us that came to nothing.
    pub(super) refusals: Tally<&'static str>,
    /// Connections that have ended.
    pub(super) ends: Tally<&'static str>,
    /// Handshakes of those who dialed us that came through, and were let in.
    pub(super) accepted: u64,
    /// Times that the book, or a seed's peer store, began not to be written.
    pub(super) unwritten: u64,
    /// Whether one of them can't be.
    pub(super) is_unwritten: bool,
}

/// Somebody who has come not long ago.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) at: Time,
    pub(super) left: Option<Time>,
    pub(super) peer: NodeId,
    pub(super) moniker: Arc<str>,
    pub(super) version: Arc<str>,
    pub(super) dialect: &'static str,
    pub(super) direction: &'static str,
}

/// A rule that was broken not long ago.
#[derive(Clone, Debug)]
pub(super) struct Mishap {
    pub(super) at: Time,
    pub(super) peer: NodeId,
    pub(super) kind: &'static str,
    pub(super) text: String,
    /// Whether the connection was ended for it.
    pub(super) cut: bool,
}

/// The commonest of a kind, and how many others there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Commonest {
    pub(super) shares: Vec<Share>,
    pub(super) others: u64,
}

/// All that is shown of one network.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) at: Time,
    pub(super) reading: Reading,
    pub(super) estimate: Estimate,
    pub(super) tallies: Tallies,
    pub(super) versions: Commonest,
    pub(super) groups: Commonest,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) mishaps: Vec<Mishap>,
    /// Requests that were answered within the last minute.
    pub(super) answered_in_a_minute: u64,
    pub(super) history: Arc<History>,
}

//! What a peer manager counts.

/// What a [`PeerManager`](super::PeerManager) has counted since it was made. Numbers only grow, and
/// stop at the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Addresses taken in.
    pub learned: u64,
    /// Addresses that were known already.
    pub known: u64,
    /// Addresses that are our own.
    pub own: u64,
    /// Addresses refused since no node that we may dial can live there, or since it lies nearer
    /// than who told of it.
    pub unfit: u64,
    /// Addresses refused since their node is banned.
    pub banned: u64,
    /// Addresses refused since nobody answered there not long ago.
    pub forgotten: u64,
    /// Addresses refused since their node or their IP address has enough of them.
    pub crowded: u64,
    /// Addresses refused since who told of them, or those in its network, told of enough.
    pub teller_full: u64,
    /// Addresses refused since their network has enough.
    pub network_full: u64,
    /// Addresses refused since the store is full.
    pub full: u64,
    /// Dials that were asked for.
    pub dials: u64,
    /// Those of them that were feelers.
    pub feelers: u64,
    /// Dials that came through.
    pub reached: u64,
    /// Dials that failed.
    pub failed: u64,
    /// Addresses that were forgotten.
    pub dropped: u64,
    /// Connections that were let in.
    pub admitted: u64,
    /// Connections that were not let in.
    pub refused: u64,
    /// Connections that were let in and had to go.
    pub evicted: u64,
    /// Bans.
    pub bans: u64,
    /// Events that make no sense where they stand: absorbed.
    pub stray_events: u64,
    /// Times that the clock went backwards: the latest time was used instead.
    pub clock_stalls: u64,
}

impl Counts {
    /// Addresses that were not taken in though they were not known, whatever the reason.
    pub(crate) fn not_taken(&self) -> u64 {
        let reasons = [
            self.unfit,
            self.banned,
            self.forgotten,
            self.crowded,
            self.teller_full,
            self.network_full,
            self.full,
        ];
        reasons.into_iter().fold(0, u64::saturating_add)
    }
}

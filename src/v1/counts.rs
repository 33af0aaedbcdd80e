//! What a switch counts.

/// What a [`Switch`](super::Switch) has counted since it was made. Numbers only grow, and stop at
/// the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Addresses taken in.
    pub learned: u64,
    /// Addresses that were known already.
    pub known: u64,
    /// Addresses refused since they are no IP address with a port, such as names.
    pub unfit: u64,
    /// Addresses refused since not everybody can route to them, and the book is strict.
    pub not_routable: u64,
    /// Addresses refused since their node is private or banned, or is ourselves.
    pub unwanted: u64,
    /// Addresses refused since nobody answered there not long ago.
    pub forgotten: u64,
    /// Addresses refused since there are enough of their node, their place, their network or their
    /// teller.
    pub crowded: u64,
    /// Dials that were asked for.
    pub dials: u64,
    /// Those of them that only see whether somebody is there: feelers, and a seed node's checks.
    pub checks: u64,
    /// Dials that came through.
    pub reached: u64,
    /// Dials that failed.
    pub failed: u64,
    /// Addresses that were given up.
    pub given_up: u64,
    /// Connections that were let in.
    pub admitted: u64,
    /// Connections that were not let in.
    pub refused: u64,
    /// Peers that were told to go.
    pub evicted: u64,
    /// Newcomers that a seed node has answered, and hung up on.
    pub served: u64,
    /// Nodes that were banned.
    pub bans: u64,
    /// Events that made no sense where they stood: absorbed.
    pub stray_events: u64,
    /// Times that the clock went backwards: the latest time was used instead.
    pub clock_stalls: u64,
}

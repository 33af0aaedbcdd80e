//! How many files and sockets this process may have open, and what they are kept for.

use std::io;

use crate::observe::Pages;
use crate::transport::InboundLimits;

/// Descriptors that no connection takes: for the book and its journal, the log, the runtime, and the
/// resolver of names.
const KEPT: usize = 64;

/// The part of all that those who look through one window may take.
const VISITORS_PART: usize = 16;

/// How many files and sockets this process may have open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors(usize);

impl Descriptors {
    /// Raises the limit of this process as far as the system lets it, and says how far that is.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn raise() -> io::Result<Self> {
        let limit = rlimit::increase_nofile_limit(u64::MAX)?;
        Ok(Self::of(limit))
    }

    /// So many.
    #[must_use]
    pub fn of(limit: u64) -> Self {
        Self(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// How many may be open.
    #[must_use]
    pub const fn limit(self) -> usize {
        self.0
    }

    /// How many may look at once through one window, such as a status page: a small part of all, as
    /// the peers are what a node is for.
    #[must_use]
    pub const fn for_visitors(self) -> usize {
        let part = self.0 / VISITORS_PART;
        if part == 0 {
            1
        } else if part < Pages::VISITORS {
            part
        } else {
            Pages::VISITORS
        }
    }

    /// What is left beside so many that are for something else.
    #[must_use]
    pub const fn without(self, taken: usize) -> Self {
        Self(self.0.saturating_sub(taken))
    }

    /// The part of each of so many.
    #[must_use]
    pub fn shared_by(self, many: usize) -> Self {
        Self(self.0.checked_div(many).unwrap_or(self.0))
    }

    /// How many sockets of others there may be, beside so many dials and connections of ours.
    #[must_use]
    pub const fn for_inbound(self, outbound: usize) -> usize {
        // Never none: with so few the listener says what is wrong.
        let rest = self.0.saturating_sub(KEPT).saturating_sub(outbound);
        if rest == 0 { 1 } else { rest }
    }

    /// Fits the limits on inbound connections, so that descriptors are left for everything else; and
    /// says how many peers may stay, where `wanted` would. A quarter is left to those who come and go.
    #[must_use]
    pub fn fit(self, limits: &mut InboundLimits, outbound: usize, wanted: usize) -> usize {
        let sockets = self.for_inbound(outbound);
        limits.sockets = limits.sockets.min(sockets);
        limits.handshakes = limits.handshakes.min((sockets / 8).max(1));
        wanted.min((sockets - sockets / 4).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_limit_leaves_room_for_the_book_and_a_high_one_is_not_felt() {
        let mut limits = InboundLimits::default();
        assert_eq!(
            Descriptors::of(u64::MAX).fit(&mut limits, 100, 10_000),
            10_000
        );
        assert_eq!(limits.handshakes, InboundLimits::default().handshakes);

        assert_eq!(Descriptors::of(1_024).fit(&mut limits, 74, 10_000), 665);
        assert_eq!((limits.sockets, limits.handshakes), (886, 110));
        // Those who stay, and those who shake hands, fit beside each other.
        assert!(665 + limits.handshakes < limits.sockets);

        // Those who look on take what peers do not.
        let files = Descriptors::of(1_024);
        let visitors = files.for_visitors();
        let mut limits = InboundLimits::default();
        let _peers = files.without(visitors).fit(&mut limits, 74, 10_000);
        assert_eq!((visitors, limits.sockets), (64, 822));

        let mut limits = InboundLimits::default();
        assert_eq!(Descriptors::of(10).fit(&mut limits, 100, 10_000), 1);
        assert_eq!((limits.sockets, limits.handshakes), (1, 1));
    }

    #[test]
    fn however_few_there_are_some_may_look_on_and_however_many_no_more_than_a_crowd() {
        let visitors = |limit| Descriptors::of(limit).for_visitors();
        assert_eq!(
            [0, 10, 256, 1_536, u64::MAX].map(visitors),
            [1, 1, 16, 96, 96]
        );
    }
}

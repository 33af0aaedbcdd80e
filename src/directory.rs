//! What the core asks of a store.

use core::ops::ControlFlow;

use crate::{NodeAddress, NodeId};

/// A position in a store's secret order of addresses. See [`Directory::walk`].
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
pub struct Cursor(u64);

impl Cursor {
    /// The cursor at this position.
    #[must_use]
    pub const fn new(position: u64) -> Self {
        Self(position)
    }

    /// The position.
    #[must_use]
    pub const fn position(self) -> u64 {
        self.0
    }
}

/// The store of addresses, as the core sees it: it reads, and never writes. What the core learns
/// goes to the store by way of [`Action::AddPeer`](crate::Action::AddPeer).
///
/// For the same machine to do the same things again, a directory must answer the same questions
/// the same way: no clock, no random numbers but from a seed, no order of a hash table.
pub trait Directory {
    /// Visits the addresses that may be told to others, each once, in an order that is secret and
    /// stays the same while the store does: first those after `from`, then, from the beginning,
    /// those up to it. Each comes with its own position, from which a later walk goes on. Ends
    /// early when the visitor breaks.
    ///
    /// The order must not follow from what peers can see or choose, such as ids or who is
    /// connected: an answer would then tell more than addresses.
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>);

    /// Where a walk begins for somebody who has been told nothing yet; `chance` is drawn anew for
    /// each. A store whose positions have a meaning of their own makes one of it.
    fn start(&self, chance: u64) -> Cursor {
        Cursor::new(chance)
    }

    /// Where an arc begins for somebody who is told in the order of ids; `chance` is drawn anew for
    /// each arc. It is the id of any node that may be told of, whose id has no part in its chance: so
    /// nobody who floods a store with ids of one corner has the arcs begin there. None, if the store has no
    /// order of ids, or holds nobody: then a [`Directory::walk`] is told instead.
    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let _ = chance;
        None
    }

    /// Visits the addresses that may be told, each once, by ascending ids of their nodes: first those
    /// above `from`, then, from the lowest, those up to it. Several addresses of one node come one
    /// after the other. Ends early when the visitor breaks. Whoever gives an
    /// [`arc_start`](Directory::arc_start) has this order too.
    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let _ = (from, visit);
    }

    /// How many addresses the store has ever learned: the mark from which
    /// [`Directory::walk_news`] goes on. Zero for ever, if it does not note what is new.
    fn learned(&self) -> u64 {
        0
    }

    /// Visits addresses that may be told and that the store has learned since it had learned so
    /// many, the latest first; it may have forgotten which these were, but for the latest. Ends early
    /// when the visitor breaks.
    fn walk_news(&self, since: u64, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let _ = (since, visit);
    }

    /// Visits those of the addresses that kin is to be told apart, so that they are not lost among the
    /// rest of an arc; none, if the rest is as good. A store does so with whom it has reached, as
    /// long as most of what it only heard of turns out to be wrong. The order, and where it begins, are
    /// those of a [`walk`](Directory::walk) of its own: nothing is told twice before all is told.
    fn walk_apart(
        &self,
        from: Cursor,
        visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>,
    ) {
        let _ = (from, visit);
    }

    /// How many addresses one answer may hold, beside what the protocol allows. V1's book tells a
    /// share of itself at most.
    fn answer_max(&self) -> usize {
        usize::MAX
    }

    /// Whether the store holds this address already.
    fn knows(&self, address: &NodeAddress) -> bool;

    /// How full the store is, in hundredths of what it can hold; 0 for a store without bound.
    fn fill_percent(&self) -> u8;
}

/// A store that knows nobody.
#[expect(
    clippy::exhaustive_structs,
    reason = "there is nothing to add to nobody, and callers write it as a value"
)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Directory for Nobody {
    fn walk(&self, _: Cursor, _: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {}

    fn knows(&self, _: &NodeAddress) -> bool {
        false
    }

    fn fill_percent(&self) -> u8 {
        0
    }
}

/// Whether a store is as good as full: `fullCapacityInterval`'s threshold in the reference.
pub(crate) fn nearly_full(directory: &(impl Directory + ?Sized)) -> bool {
    directory.fill_percent() >= 95
}

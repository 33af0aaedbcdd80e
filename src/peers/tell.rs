//! What others may be told, and what can be asked about a node.

use core::ops::ControlFlow;
use core::time::Duration;

use smallvec::SmallVec;

use super::entry::NOWHERE;
use super::life::Life;
use super::told::Told;
use super::{PeerManager, arena::Slot};
use crate::{Cursor, Directory, NodeAddress, NodeId};

/// Addresses that are fetched from the store at once.
const AT_ONCE: usize = 16;

/// Where a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// Nobody has told us of it.
    Unknown,
    /// Known by an address at least.
    Known,
    /// Being dialed.
    Dialing,
    /// Connected, and not to be used yet.
    Connected,
    /// Connected, and to be used.
    Ready,
    /// Connected or ready; its place is promised to another that is being dialed.
    Claimed,
    /// Told to go, and not gone yet.
    Evicting,
    /// Not let in, and not gone yet.
    Refused,
}

impl Standing {
    /// Whether such a node may be used.
    pub(crate) const fn may_be_used(self) -> bool {
        matches!(self, Self::Ready | Self::Claimed)
    }
}

impl PeerManager {
    /// Has the order of ids kept from now on, in which [kin](crate::Kind::Kin) is told. Without, kin is
    /// told as others are. A [`Node`](crate::Node) does so when the first of them is there.
    pub fn tell_arcs(&mut self) {
        self.store.keep_ring();
    }

    /// Where a node stands.
    #[must_use]
    pub fn standing(&self, id: NodeId) -> Standing {
        match self.live.get(id) {
            Some(Life::Dialing(_)) => Standing::Dialing,
            Some(Life::Connected(_)) => Standing::Connected,
            Some(Life::Ready(_)) => Standing::Ready,
            Some(Life::Claimed { .. }) => Standing::Claimed,
            Some(Life::Evicting(_)) => Standing::Evicting,
            Some(Life::Refused(_)) => Standing::Refused,
            None if self.store.of_node(id).is_empty() => Standing::Unknown,
            None => Standing::Known,
        }
    }

    /// The address at which a node was dialed that is connected with us, if we dialed it.
    #[must_use]
    pub fn dialed_at(&self, id: NodeId) -> Option<NodeAddress> {
        let slot = self.live.get(id)?.link()?.slot?;
        self.store.address(self.store.get(slot)?)
    }

    /// Dials that are under way.
    #[must_use]
    pub const fn dialing(&self) -> usize {
        self.live.tally().dialing
    }

    /// Whether somebody is being dialed, or will be within so long if nothing else happens.
    #[must_use]
    pub fn will_dial_within(&self, span: Duration) -> bool {
        let waits = self.store.first_waiting().filter(|_| self.wants_more());
        let waits = waits.is_some_and(|(at, _)| at - self.now <= span);
        self.dialing() > 0 || self.dial_at.is_some() || waits
    }

    /// Whether a node is banned, or was at the last event.
    #[must_use]
    pub fn is_banned(&self, id: NodeId) -> bool {
        self.conduct.banned_until(id, self.now).is_some()
    }

    /// Visits the addresses of these until one has had enough. Some are fetched at once, before the
    /// first of them is visited: a processor waits for memory only once for all of them.
    fn visit(
        &self,
        mut slots: impl Iterator<Item = Slot>,
        visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>,
    ) {
        let mut some: SmallVec<[Slot; AT_ONCE]> = SmallVec::new();
        let mut visit_some = |some: &mut SmallVec<[Slot; AT_ONCE]>| {
            let entries = some.drain(..).filter_map(|slot| self.store.get(slot));
            let told = entries.filter(|entry| entry.told != NOWHERE);
            let addresses = told.filter_map(|entry| self.store.address(entry));
            let addresses: SmallVec<[NodeAddress; AT_ONCE]> = addresses.collect();
            addresses.iter().try_for_each(&mut *visit)
        };
        let end = slots.try_for_each(|slot| {
            some.push(slot);
            if some.len() < AT_ONCE {
                ControlFlow::Continue(())
            } else {
                visit_some(&mut some)
            }
        });
        if end.is_continue() {
            let _enough = visit_some(&mut some);
        }
    }

    /// Visits the addresses of these until one has had enough.
    fn visit_each(
        &self,
        mut slots: impl Iterator<Item = (Cursor, Slot)>,
        visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>,
    ) {
        slots.any(|(cursor, slot)| {
            let entry = self.store.get(slot);
            let address = entry.and_then(|entry| self.store.address(entry));
            address.is_some_and(|address| visit(cursor, &address).is_break())
        });
    }

    /// Puts an entry among what is told, or takes it out, as it now is.
    pub(super) fn retell(&mut self, slot: Slot) {
        let Some(entry) = self.store.get(slot) else {
            return;
        };
        let wanted = self.options.tells
            && entry.may_be_told()
            && !self.is_private(slot)
            && self.conduct.banned_until(entry.id, self.now).is_none();
        self.store.tell(slot, wanted, Some(&mut self.chance));
    }

    /// Whether an entry is of a private node, or of a place that is known to be a private node's,
    /// whatever id it was told with.
    fn is_private(&self, slot: Slot) -> bool {
        let is_private = |id| self.options.private.contains(&id);
        let Some(entry) = self
            .store
            .get(slot)
            .filter(|_| !self.options.private.is_empty())
        else {
            return false;
        };
        let at_place = |address: &NodeAddress| {
            let others = self.store.at_place(address).into_iter();
            let mut others = others.filter_map(|other| self.store.get(other));
            others.any(|other| other.port == entry.port && is_private(other.id))
        };
        is_private(entry.id) || self.store.address(entry).is_some_and(|it| at_place(&it))
    }

    /// Tells nobody any more of the place of a private node, of which we have just heard.
    pub(super) fn hide(&mut self, address: &NodeAddress) {
        if self.options.private.contains(&address.id()) {
            for other in self.store.at_place(address) {
                self.retell(other);
            }
        }
    }
}

/// What may be told: addresses that were reached and are not known to have died, and after them
/// those that nobody has tried yet. Private and banned nodes are left out. The order is shuffled,
/// and says nothing about who is connected.
impl Directory for PeerManager {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        self.visit_each(self.store.told().walk(from), visit);
    }

    fn start(&self, chance: u64) -> Cursor {
        Told::start(chance)
    }

    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let told = self.store.told();
        let slot = told.ring().and_then(|_| told.any(chance))?;
        self.store.get(slot).map(|entry| entry.id)
    }

    /// Those reached before and those only heard of alike: arcs of several nodes meet only where
    /// all of them tell of the same nodes, and which of them one has reached is its own affair. By
    /// its share of a store nobody is told more often than by the other walk, which tells all of it
    /// too.
    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        self.visit(self.store.ring_from(from), visit);
    }

    fn learned(&self) -> u64 {
        self.store.told().learned()
    }

    fn walk_news(&self, since: u64, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        self.visit(self.store.news_since(since), visit);
    }

    fn walk_apart(
        &self,
        from: Cursor,
        visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>,
    ) {
        if self.doubt.is_most() {
            self.visit_each(self.store.told().walk_tested(from), visit);
        }
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        self.store.find(address).is_some()
    }

    fn fill_percent(&self) -> u8 {
        let percent = self.store.len().saturating_mul(100);
        let percent = percent.checked_div(self.options.addresses_max);
        u8::try_from(percent.unwrap_or(100)).unwrap_or(100)
    }
}

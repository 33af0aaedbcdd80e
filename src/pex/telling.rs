//! How far each peer has been told, and where its next answer goes on.
//!
//! Most are told in the store's secret order, from where the last answer on the same connection ended
//! (*cursor* answers): nothing is told twice before all has been told. The reference tells the same
//! best hundred again and again, so that whoever asks it can never learn more than those.
//!
//! Kin are told in the order of ids, from a node that is drawn by chance (*arc* answers). The arcs of
//! many peers tile the ring of all ids, so whoever asks them all need hear nothing twice; he sees that
//! an arc has run into what he knows already, and stops. A pause then says that he wants another arc:
//! the next answer after it begins one, at a node that is drawn anew. Nobody can choose where, and no
//! two arcs of a node have more in common than those of two nodes.
//!
//! What was learned since the last answer to the same peer comes first, in either. Before that, kin is
//! told whom the store wants told apart ([`Directory::walk_apart`]): those it has reached, as long as most
//! of the rest turns out to be wrong. They are a quarter of an answer at most, so that an arc is left.

use alloc::vec::Vec;
use core::ops::ControlFlow;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::Pex;
use super::rotation::Slot;
use crate::wire::MAX_ANSWER_ADDRESSES;
use crate::{Cursor, Directory, Kind, NodeAddress, NodeId, Time};

/// Addresses looked at for one answer, told or not: bounds the work in a store full of addresses
/// that may not be told.
const LOOK_MAX: usize = 10 * MAX_ANSWER_ADDRESSES;

/// How long kin has to stay silent after an answer to be told another arc. Kin that wants more of the
/// same asks again as soon as it may, after a tenth of that; the rest is for the delays on the way.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// How far a peer has been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Telling {
    place: Place,
    /// What the store had learned by then.
    learned: u64,
    /// When.
    at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    /// In the secret order.
    Cursor(Cursor),
    /// In the order of ids, behind this node; those who are told apart, in the secret order.
    Arc(NodeId, Cursor),
}

impl Telling {
    pub(crate) fn rewind(&mut self, back: Duration) {
        self.at = self.at.back(back);
    }
}

/// What was told first, and is left out of the rest.
#[derive(Default)]
struct First {
    /// In ascending order.
    addresses: Vec<NodeAddress>,
    /// How many were looked at for it.
    looks: usize,
    /// One bit of 256 for each, by its id: most of the rest is seen not to be among them at a glance.
    marks: [u64; 4],
}

impl First {
    fn mark(address: &NodeAddress) -> (usize, u64) {
        let [.., last] = *address.id().as_bytes();
        (usize::from(last >> 6), 1 << (last & 63))
    }

    fn contains(&self, address: &NodeAddress) -> bool {
        if self.addresses.is_empty() {
            return false;
        }
        let (word, bit) = Self::mark(address);
        let marked = self.marks.get(word).is_some_and(|marks| marks & bit != 0);
        marked && self.addresses.binary_search(address).is_ok()
    }

    fn insert(&mut self, address: &NodeAddress) {
        let (word, bit) = Self::mark(address);
        if let Some(marks) = self.marks.get_mut(word) {
            *marks |= bit;
        }
        if let Err(place) = self.addresses.binary_search(address) {
            self.addresses.insert(place, address.clone());
        }
    }
}

impl Pex {
    /// Offers the next addresses for this peer until one finds no room; with that one the next
    /// answer begins. At most a quarter of an answer of `max` addresses is told apart, and half of it
    /// with the news.
    pub(super) fn choose(
        &mut self,
        slot: Slot,
        directory: &(impl Directory + ?Sized),
        max: usize,
        mut take: impl FnMut(&NodeAddress) -> bool,
    ) {
        let Some(peer) = self.peers.get(slot) else {
            return;
        };
        let (asker, before, is_kin) = (peer.id, peer.telling, peer.kind == Kind::Kin);
        let begin = self.begin(before, is_kin, directory);
        let own = self.config.own_addresses.first();
        if let Some(own) = own.filter(|_| before.is_none()) {
            take(own);
        }
        let mut first = First::default();
        let mut take_first = |max: usize, address: &NodeAddress| {
            self.take_first(asker, max, address, &mut first, &mut take)
        };
        let begin = match begin {
            Place::Arc(from, apart) => {
                let mut next = apart;
                directory.walk_apart(apart, &mut |position, address| {
                    take_first(max / 4, address)?;
                    next = position;
                    ControlFlow::Continue(())
                });
                Place::Arc(from, next)
            }
            begin @ Place::Cursor(_) => begin,
        };
        if let Some(before) = before {
            directory.walk_news(before.learned, &mut |address| take_first(max / 2, address));
        }
        let may_tell =
            |address: &NodeAddress| self.may_tell(asker, address) && !first.contains(address);
        let place = match begin {
            Place::Cursor(from) => Place::Cursor(tell_on(directory, from, may_tell, take)),
            Place::Arc(from, apart) => Place::Arc(tell_arc(directory, from, may_tell, take), apart),
        };
        let telling = Telling {
            place,
            learned: directory.learned(),
            at: self.now,
        };
        if let Some(peer) = self.peers.get_mut(slot) {
            peer.telling = Some(telling);
        }
    }

    /// Where an answer begins.
    fn begin(
        &mut self,
        before: Option<Telling>,
        is_kin: bool,
        directory: &(impl Directory + ?Sized),
    ) -> Place {
        if is_kin {
            let arc = before.and_then(|before| match before.place {
                Place::Arc(_, apart) => Some((before, apart)),
                Place::Cursor(_) => None,
            });
            if let Some((before, _)) = arc.filter(|(it, _)| self.now - it.at < PAUSE) {
                return before.place;
            }
            let chance = self.chance.next_u64();
            if let Some(start) = directory.arc_start(chance) {
                // The other half of the number, so that neither beginning tells of the other.
                let anew = || directory.start(chance.rotate_left(32));
                return Place::Arc(start, arc.map_or_else(anew, |(_, apart)| apart));
            }
        }
        match before.map(|before| before.place) {
            Some(Place::Cursor(cursor)) => Place::Cursor(cursor),
            _ => Place::Cursor(directory.start(self.chance.next_u64())),
        }
    }

    /// Offers an address that comes before the rest, unless so many have come already.
    fn take_first(
        &self,
        asker: NodeId,
        max: usize,
        address: &NodeAddress,
        first: &mut First,
        take: &mut impl FnMut(&NodeAddress) -> bool,
    ) -> ControlFlow<()> {
        if first.looks == LOOK_MAX || first.addresses.len() >= max {
            return ControlFlow::Break(());
        }
        first.looks = first.looks.saturating_add(1);
        if self.may_tell(asker, address) && !first.contains(address) {
            if !take(address) {
                return ControlFlow::Break(());
            }
            first.insert(address);
        }
        ControlFlow::Continue(())
    }

    fn may_tell(&self, asker: NodeId, address: &NodeAddress) -> bool {
        address.id() != asker
            && address.id() != self.me
            && !self.config.private_ids.contains(&address.id())
            && !self.private_places.contains(address)
            && !self.own_places.contains(address)
    }
}

/// Tells on in the secret order; returns where the next answer begins.
fn tell_on(
    directory: &(impl Directory + ?Sized),
    from: Cursor,
    may_tell: impl Fn(&NodeAddress) -> bool,
    mut take: impl FnMut(&NodeAddress) -> bool,
) -> Cursor {
    let (mut cursor, mut looks) = (from, 0);
    directory.walk(from, &mut |position, address| {
        if looks == LOOK_MAX || (may_tell(address) && !take(address)) {
            return ControlFlow::Break(());
        }
        looks = looks.saturating_add(1);
        cursor = position;
        ControlFlow::Continue(())
    });
    cursor
}

/// Tells on in the order of ids; returns the node behind which the next answer begins. With a node
/// that finds no room for all its addresses the next answer begins again, unless it began with it.
fn tell_arc(
    directory: &(impl Directory + ?Sized),
    from: NodeId,
    may_tell: impl Fn(&NodeAddress) -> bool,
    mut take: impl FnMut(&NodeAddress) -> bool,
) -> NodeId {
    let (mut whole, mut part, mut looks, mut is_full) = (None, None, 0, false);
    directory.walk_arc(from, &mut |address| {
        if part != Some(address.id()) {
            whole = part;
        }
        if looks == LOOK_MAX || (may_tell(address) && !take(address)) {
            is_full = true;
            return ControlFlow::Break(());
        }
        part = Some(address.id());
        looks = looks.saturating_add(1);
        ControlFlow::Continue(())
    });
    let last = if is_full { whole.or(part) } else { part };
    last.unwrap_or(from)
}

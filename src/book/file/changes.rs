//! What has changed between two states of a book.

use alloc::vec::Vec;

use crate::book::entry::Entry;
use crate::book::{AddrBook, Ban, KnownAddress};
use crate::{NetAddress, NodeId};

/// How a book differs from an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// An address is in the book, and this is known of it now.
    Put(KnownAddress),
    /// An address is not in the book any more.
    Gone(NetAddress),
    /// A node is banned, like this.
    Ban(NodeId, Ban),
    /// A node is not banned any more.
    Unban(NodeId),
    /// Those with whom the owner was connected for longest.
    Anchors(Vec<NodeId>),
}

impl AddrBook {
    /// What has changed since an earlier state of this book: what goes first, then what comes.
    ///
    /// It is quick if that one is a clone of this book from before; any other book will do too.
    #[must_use]
    pub fn changes_since(&self, earlier: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (slot, was) in earlier.shelf.iter() {
            let here = self.shelf.get(slot);
            let same = here.is_some_and(|it| it.address == was.address);
            if !same && self.shelf.find(&was.address).is_none() {
                changes.push(Change::Gone(was.address));
            }
        }
        for (slot, is) in self.shelf.iter() {
            let at_slot = earlier.shelf.get(slot);
            let was = at_slot.filter(|it| it.address == is.address).or_else(|| {
                let slot = earlier.shelf.find(&is.address)?;
                earlier.shelf.get(slot)
            });
            if was.is_none_or(|was| !is_written_alike(is, was)) {
                changes.push(Change::Put(KnownAddress::of(is)));
            }
        }
        if self.bans != earlier.bans {
            let over = earlier.bans.keys();
            let over = over.filter(|id| !self.bans.contains_key(id));
            changes.extend(over.map(|id| Change::Unban(*id)));
            let new = self.bans.iter();
            let new = new.filter(|(id, ban)| earlier.bans.get(id) != Some(ban));
            changes.extend(new.map(|(id, ban)| Change::Ban(*id, ban.clone())));
        }
        if self.anchors != earlier.anchors {
            changes.push(Change::Anchors(self.anchors.clone()));
        }
        changes
    }
}

/// Whether two entries of one address would be written with the same words.
fn is_written_alike(one: &Entry, other: &Entry) -> bool {
    let said = |it: &Entry| {
        (
            (it.source, it.attempts, it.old, it.buckets),
            (it.last_attempt, it.last_success(), it.first_success()),
        )
    };
    said(one) == said(other)
}

//! What experience says of an address: attempts, successes, bans.

use alloc::vec::Vec;
use core::time::Duration;

use super::add::OF_NODE;
use super::entry::Entry;
use super::shelf::Slots;
use super::{AddError, AddrBook};
use crate::peers::arena::Slot;
use crate::{NetAddress, NodeId, Time};

/// Bans that are kept at once. When there are more, the one that ends first ends now.
pub(super) const BANS_MAX: usize = 8_192;

/// Entries whose place is in question at once, as many as Bitcoin Core's collisions.
pub(super) const CHALLENGES_MAX: usize = 10;

/// A node that is banned, and what was known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ban {
    /// When it ends.
    pub until: Time,
    /// The addresses that were in the book, each with who told it.
    pub addresses: Vec<(NetAddress, NetAddress)>,
}

impl AddrBook {
    /// A dial of this address has failed: `MarkAttempt` of the reference. Whether it is in the book.
    ///
    /// If its place in a full old bucket was in question, it goes to who waits for it.
    pub fn mark_attempt(&mut self, now: Time, address: &NetAddress) -> bool {
        let Some(slot) = self.shelf.find(address) else {
            return false;
        };
        if let Some(entry) = self.shelf.get_mut(slot) {
            entry.attempts = entry.attempts.saturating_add(1);
            entry.last_attempt = now;
        }
        self.touch();
        self.lose_place(now, slot, address);
        true
    }

    /// A node was reached at this address, and proved its id: `MarkGood` of the reference. Moves it
    /// to an old bucket; where that is full, it waits until the one there that was not reached for
    /// longest has been tested: see [`AddrBook::challenged`].
    ///
    /// An address that is not in the book is taken in, if it may be. Where its node has as many
    /// addresses as it may, one that was never reached makes room.
    pub fn mark_good(&mut self, now: Time, address: &NetAddress) -> bool {
        let Some(slot) = self.find_or_take_in(now, address) else {
            return false;
        };
        let Some(entry) = self.shelf.get_mut(slot) else {
            return false;
        };
        entry.attempts = 0;
        entry.last_attempt = now;
        entry.set_successes(entry.first_success(), Some(now));
        let old = entry.old;
        self.touch();
        // Whoever is reached keeps his place.
        self.challenges.retain(|(_, holder)| holder != address);
        if !old {
            self.promote(now, slot);
        }
        true
    }

    fn find_or_take_in(&mut self, now: Time, address: &NetAddress) -> Option<Slot> {
        if let Some(slot) = self.shelf.find(address) {
            return Some(slot);
        }
        self.judge(now, address, address).ok()?;
        let mut entry = Entry::new(*address, *address, now);
        entry.set_successes(None, Some(now));
        if !self.make_room_for(address) {
            return None;
        }
        let keys = self.shelf.keys_of(address, self.placer.group(address));
        self.put_new(now, entry, &keys).ok()
    }

    /// Makes room for an address that was reached, at its node and at its IP address: what was proved
    /// takes the place of what was only said.
    pub(super) fn make_room_for(&mut self, address: &NetAddress) -> bool {
        let (of_node, at_ip) = self.crowds(address);
        let mut gone = Slots::new();
        for slots in [of_node, at_ip].into_iter().flatten() {
            let is_hearsay = |&slot: &Slot| {
                let its = self.shelf.get(slot);
                its.is_some_and(|it| it.last_success().is_none())
            };
            match slots.iter().copied().find(is_hearsay) {
                Some(slot) => gone.push(slot),
                None => return false,
            }
        }
        for slot in gone {
            self.drop_entry(slot);
        }
        true
    }

    /// `moveToOld` of the reference, with a test before anybody goes.
    pub(super) fn promote(&mut self, now: Time, slot: Slot) {
        let Some(entry) = self.shelf.get(slot) else {
            return;
        };
        let address = entry.address;
        let bucket = self.placer.old_bucket(&address);
        if self.shelf.old.is_full(bucket) {
            let holder = self.longest_not_reached(bucket);
            let Some((holder, its)) = holder.and_then(|it| Some((it, self.shelf.get(it)?))) else {
                return;
            };
            if !its.is_dead(now) {
                let its = its.address;
                self.challenge(address, its);
                return;
            }
            self.demote(now, holder);
        }
        let Some(source) = self.shelf.get(slot).map(|it| it.source) else {
            return;
        };
        let told_by = self.placer.group(&source);
        self.shelf
            .set_old(slot, true, bucket, told_by, &mut self.chance);
        self.settle(&address);
    }

    fn longest_not_reached(&self, bucket: u16) -> Option<Slot> {
        let slots = self.shelf.old.of(bucket).iter();
        let ages = slots.filter_map(|&slot| Some((self.shelf.get(slot)?.last_success(), slot)));
        ages.min().map(|(_, slot)| slot)
    }

    fn challenge(&mut self, newcomer: NetAddress, holder: NetAddress) {
        let known = |(one, other): &(NetAddress, NetAddress)| *one == newcomer || *other == holder;
        if self.challenges.len() < CHALLENGES_MAX && !self.challenges.iter().any(known) {
            self.challenges.push((newcomer, holder));
        }
    }

    /// An old address whose place another would take, to be dialed: if that fails, it loses its
    /// place; if it succeeds, it keeps it.
    #[must_use]
    pub fn challenged(&self) -> Option<NetAddress> {
        self.challenged_of(|_| true)
    }

    /// The same, of those that can be dialed now.
    pub(crate) fn challenged_of(
        &self,
        can_be_dialed: impl Fn(&NetAddress) -> bool,
    ) -> Option<NetAddress> {
        let mut holders = self.challenges.iter().map(|(_, holder)| holder);
        holders.find(|it| can_be_dialed(it)).copied()
    }

    /// If the place of this entry was in question, it goes to who waits for it.
    fn lose_place(&mut self, now: Time, slot: Slot, address: &NetAddress) {
        let found = self.challenges.iter().position(|(_, its)| its == address);
        let Some(found) = found else {
            return;
        };
        let (newcomer, _) = self.challenges.remove(found);
        let Some(waiting) = self.shelf.find(&newcomer) else {
            return;
        };
        self.demote(now, slot);
        // Making room for the one may have cost the other.
        if self.shelf.find(&newcomer) == Some(waiting) {
            self.promote(now, waiting);
        }
    }

    /// Back to a new bucket. Where that is full, somebody else goes from it.
    fn demote(&mut self, now: Time, slot: Slot) {
        let Some(entry) = self.shelf.get(slot) else {
            return;
        };
        let address = entry.address;
        let bucket = self.placer.new_bucket(&address, &entry.source);
        let told_by = self.placer.group(&entry.source);
        if self.make_room(now, bucket, true) {
            self.shelf
                .set_old(slot, false, bucket, told_by, &mut self.chance);
            self.settle(&address);
        } else {
            self.drop_entry(slot);
        }
    }

    /// Nobody waits any more for the place of this address, nor this one for another's.
    pub(super) fn settle(&mut self, address: &NetAddress) {
        self.challenges
            .retain(|(newcomer, holder)| newcomer != address && holder != address);
    }

    /// Bans a node for so long: `MarkBad` of the reference. Its addresses leave the book, and come
    /// back with [`AddrBook::reinstate_bad_peers`]. Unlike there, who is not in the book can be
    /// banned too; a ban is lengthened, never shortened.
    pub fn mark_bad(&mut self, now: Time, id: NodeId, ban: Duration) {
        let mut addresses = Vec::new();
        for slot in self.shelf.of_node(id) {
            if let Some(entry) = self.shelf.get(slot) {
                addresses.push((entry.address, entry.source));
                self.drop_entry(slot);
            }
        }
        self.ban(id, now + ban, addresses);
    }

    pub(super) fn ban(
        &mut self,
        id: NodeId,
        until: Time,
        addresses: Vec<(NetAddress, NetAddress)>,
    ) {
        self.touch();
        let known = self.bans.entry(id).or_insert(Ban {
            until,
            addresses: Vec::new(),
        });
        known.until = known.until.max(until);
        for told in addresses {
            // The latest stay: a node that is banned again and again leaves no more than it may have.
            known.addresses.retain(|(its, _)| *its != told.0);
            known.addresses.push(told);
        }
        let over = known.addresses.len().saturating_sub(OF_NODE);
        known.addresses.drain(..over);
        if self.bans.len() > BANS_MAX {
            let first = self.bans.iter().map(|(id, ban)| (ban.until, *id)).min();
            if let Some((_, id)) = first {
                self.bans.remove(&id);
            }
        }
    }

    /// Until when a node is banned, if it is.
    #[must_use]
    pub fn banned_until(&self, now: Time, id: NodeId) -> Option<Time> {
        let until = self.bans.get(&id)?.until;
        (until > now).then_some(until)
    }

    /// Those who are banned, or were and are not reinstated yet, by id.
    pub fn bans(&self) -> impl Iterator<Item = (NodeId, &Ban)> {
        self.bans.iter().map(|(id, ban)| (*id, ban))
    }

    /// Ends the bans that are over: `ReinstateBadPeers` of the reference. What was known of those
    /// nodes is new again. Returns how many nodes those are.
    pub fn reinstate_bad_peers(&mut self, now: Time) -> usize {
        let over = self.bans.iter().filter(|(_, ban)| ban.until <= now);
        let over: Vec<NodeId> = over.map(|(id, _)| *id).collect();
        for &id in &over {
            self.lift_ban(now, id);
        }
        over.len()
    }

    /// Ends a ban, whether it is over or not; whether there was one. What was known of the node is
    /// new again.
    pub fn lift_ban(&mut self, now: Time, id: NodeId) -> bool {
        let Some(ban) = self.bans.remove(&id) else {
            return false;
        };
        self.touch();
        for (address, source) in ban.addresses {
            // Where there is no room any more, somebody will tell of it again.
            let _room: Result<_, AddError> = self.add_address(now, &address, &source);
        }
        true
    }

    /// When the first ban ends.
    #[must_use]
    pub fn first_ban_ends(&self) -> Option<Time> {
        self.bans.values().map(|ban| ban.until).min()
    }

    /// Whether this address is worthless: `isBad` of the reference. It is the first to go from a
    /// full bucket.
    #[must_use]
    pub fn is_bad(&self, now: Time, address: &NetAddress) -> bool {
        let slot = self.shelf.find(address);
        slot.and_then(|slot| self.shelf.get(slot))
            .is_some_and(|entry| entry.is_bad(now))
    }

    /// For a clock that was wrong, and is set `back` by so much to `now`: no success and no attempt lies
    /// after `now`, and bans end so much earlier, so that they last as long as they would have.
    pub fn rewind(&mut self, now: Time, back: Duration) {
        let slots: Vec<Slot> = self.shelf.iter().map(|(slot, _)| slot).collect();
        for slot in slots {
            if let Some(entry) = self.shelf.get_mut(slot) {
                entry.last_attempt = entry.last_attempt.min(now);
                let last = entry.last_success().map(|at| at.min(now));
                entry.set_successes(entry.first_success(), last);
            }
        }
        for ban in self.bans.values_mut() {
            ban.until = ban.until.back(back);
        }
        self.touch();
    }
}

//! What is taken in, and where it goes.

use core::fmt;

use super::buckets::BUCKET_SIZE;
use super::entry::{BUCKETS_OF_NEW, BucketNumber, Entry};
use super::keys::Keys;
use super::shelf::Slots;
use super::{AddrBook, place};
use crate::peers::arena::Slot;
use crate::{Group, NetAddress, Time};

/// Addresses of one node.
pub(super) const OF_NODE: usize = 4;

/// Addresses at one IP address of the world.
pub(super) const AT_IP: usize = 4;

/// New addresses in one network of the world: half a bucket's worth, which leaves one hoster a tenth
/// of what is heard of in a network of a thousand.
pub(super) const NEW_IN_NETWORK: u32 = 32;

/// New addresses that one group of tellers may have told: a tenth of the new table.
const TOLD_BY_GROUP: usize = place::NEW_BUCKETS * BUCKET_SIZE / 10;

/// What became of an address that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Added {
    /// It is new, and in the book now.
    New,
    /// It was known, and there is more of it now: one bucket, so that it is more likely to stay, or
    /// what another book knew.
    Again,
    /// It was known, and nothing has changed.
    Known,
}

/// What there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Crowd {
    /// Addresses of this node.
    Node,
    /// Addresses at this IP address.
    Ip,
    /// Addresses in this network that were only heard of.
    Network,
    /// Addresses told by this group of tellers.
    Tellers,
}

/// Why an address was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddError {
    /// No node can be there.
    Invalid,
    /// The node is banned until then.
    Banned(Time),
    /// The node is private.
    Private,
    /// Who told it is private.
    PrivateSource,
    /// It is ourselves.
    Ours,
    /// Not everybody can route to it, and the book is strict.
    NotRoutable,
    /// There are as many such addresses as may be.
    Crowded(Crowd),
    /// Its bucket is full of addresses that were reached.
    Full,
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "no node can have this address",
            Self::Banned(_) => "the node is banned",
            Self::Private => "the node is private",
            Self::PrivateSource => "who told it is a private node",
            Self::Ours => "this is our own address",
            Self::NotRoutable => {
                "not everybody can route to it; a book that is not strict takes it in \
                 (addr_book_strict = false)"
            }
            Self::Crowded(Crowd::Node) => "the node has as many addresses as it may",
            Self::Crowded(Crowd::Ip) => "as many nodes are known at this IP address as may be",
            Self::Crowded(Crowd::Network) => "as many are known in this network as may be",
            Self::Crowded(Crowd::Tellers) => {
                "the network of who told it has told as many as it may"
            }
            Self::Full => "its bucket is full of addresses that were reached",
        })
    }
}

impl core::error::Error for AddError {}

impl AddrBook {
    /// Takes in an address that somebody has told: `AddAddress` of the reference.
    ///
    /// One that is known comes into one bucket more with a chance of 1 in `2 * buckets`, up to four
    /// buckets, so that what many tell is more likely to stay.
    ///
    /// # Errors
    ///
    /// [`AddError`], in the order of its variants.
    pub fn add_address(
        &mut self,
        now: Time,
        address: &NetAddress,
        source: &NetAddress,
    ) -> Result<Added, AddError> {
        let group = self.judge(now, address, source)?;
        let node = self.shelf.hash_of(address.id());
        match self.shelf.find_among(node, address) {
            Ok(slot) => return Ok(self.add_again(now, slot, source)),
            Err(others) if others >= OF_NODE => return Err(AddError::Crowded(Crowd::Node)),
            Err(_) => {}
        }
        let told_by = self.placer.group(source);
        let keys = self.shelf.keys(node, address, group, told_by);
        self.judge_crowd(group, &keys)?;
        self.put_new(now, Entry::new(*address, *source, now), &keys)?;
        Ok(Added::New)
    }

    /// Whether an address may be in the book at all. Returns the group of its IP address.
    pub(super) fn judge(
        &self,
        now: Time,
        address: &NetAddress,
        source: &NetAddress,
    ) -> Result<Group, AddError> {
        if !address.is_valid() {
            return Err(AddError::Invalid);
        }
        if let Some(ban) = self.banned_until(now, address.id()) {
            return Err(AddError::Banned(ban));
        }
        if self.private.contains(&address.id()) {
            return Err(AddError::Private);
        }
        if self.private.contains(&source.id()) {
            return Err(AddError::PrivateSource);
        }
        if self.is_our_address(address) {
            return Err(AddError::Ours);
        }
        let group = Group::of(address.ip());
        if self.strict && !(address.is_routable() && group.is_of_world()) {
            return Err(AddError::NotRoutable);
        }
        Ok(group)
    }

    /// Whether there are as many such addresses as may be already.
    pub(super) fn judge_crowd(&self, group: Group, keys: &Keys) -> Result<(), AddError> {
        // What is not of the world is the operator's own matter.
        if !group.is_of_world() {
            return Ok(());
        }
        if self.shelf.count_at(&keys.place) >= AT_IP {
            return Err(AddError::Crowded(Crowd::Ip));
        }
        if self.shelf.news_in(keys.lane.found) >= NEW_IN_NETWORK {
            return Err(AddError::Crowded(Crowd::Network));
        }
        if self.shelf.tellers.count(keys.told_by) as usize >= TOLD_BY_GROUP {
            return Err(AddError::Crowded(Crowd::Tellers));
        }
        Ok(())
    }

    /// The addresses of this node, and those at this IP address, where they are as many as may be.
    pub(super) fn crowds(&self, address: &NetAddress) -> (Option<Slots>, Option<Slots>) {
        let of_node = self.shelf.of_node(address.id());
        let at_ip = if Group::of(address.ip()).is_of_world() {
            self.shelf.at_place(address)
        } else {
            Slots::new()
        };
        let full = |slots: Slots, max| (slots.len() >= max).then_some(slots);
        (full(of_node, OF_NODE), full(at_ip, AT_IP))
    }

    /// One more bucket for an address that is known, perhaps.
    fn add_again(&mut self, now: Time, slot: Slot, source: &NetAddress) -> Added {
        let Some(entry) = self.shelf.get(slot) else {
            return Added::Known;
        };
        let buckets = entry.buckets.len();
        let factor = u32::try_from(buckets.saturating_mul(2)).unwrap_or(u32::MAX);
        if entry.old || buckets >= BUCKETS_OF_NEW || self.chance.below(factor) != 0 {
            return Added::Known;
        }
        // Only now, for the hash is most of the work.
        let bucket = self.placer.new_bucket(&entry.address, source);
        let reached = entry.last_success().is_some();
        if entry.buckets.contains(&bucket) || !self.make_room(now, bucket, reached) {
            return Added::Known;
        }
        self.shelf.put(slot, bucket);
        self.touch();
        Added::Again
    }

    /// Puts an entry into the new bucket where it belongs.
    pub(super) fn put_new(
        &mut self,
        now: Time,
        entry: Entry,
        keys: &Keys,
    ) -> Result<Slot, AddError> {
        let bucket = self.placer.bucket_of(keys.group, keys.told_by);
        if !self.make_room(now, bucket, entry.last_success().is_some()) {
            return Err(AddError::Full);
        }
        self.touch();
        Ok(self.shelf.insert(entry, bucket, keys, &mut self.chance))
    }

    /// Makes room in a new bucket, if it is full: `expireNew` of the reference. For hearsay nobody
    /// goes who was reached, unless he has failed for long: that we did not try is not his fault.
    pub(super) fn make_room(&mut self, now: Time, bucket: BucketNumber, reached: bool) -> bool {
        if !self.shelf.new.is_full(bucket) {
            return true;
        }
        let entries = self.shelf.new.of(bucket).iter();
        let entries = entries.filter_map(|&slot| Some((slot, self.shelf.get(slot)?)));
        let rank = |(slot, entry): (Slot, &Entry)| {
            let was_reached = entry.last_success().is_some();
            let worthless = entry.is_bad(now) && (!was_reached || entry.is_dead(now));
            let last = entry.last_success().max(Some(entry.last_attempt));
            (!worthless, was_reached, last, slot)
        };
        let first = entries.map(rank).min();
        match first {
            Some((true, true, ..)) if !reached => return false,
            Some((.., slot)) => self.expire(slot, bucket),
            None => return false,
        }
        true
    }

    fn expire(&mut self, slot: Slot, bucket: BucketNumber) {
        if let Some(entry) = self.shelf.get(slot) {
            let (address, told_by) = (entry.address, self.placer.group(&entry.source));
            self.shelf.take(slot, bucket, told_by);
            if self.shelf.get(slot).is_none() {
                self.settle(&address);
            }
        }
    }
}

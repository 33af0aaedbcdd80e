//! V1's address book: who is known, of whom it is known that he is good, and whom to try next.
//!
//! [`AddrBook`] is pure: it has no file, no clock, and no source of chance but its seed. What it
//! says on disk is [`AddrBook::to_json`] and [`AddrBook::read`], in the form of CometBFT's
//! `addrbook.json`.
//!
//! # What it does, and what the reference does
//!
//! The rules are those of `p2p/pex/addrbook.go` of CometBFT v0.38, under their names. An address
//! comes into a *new* bucket, which its group and the group of who told it decide with a secret, so
//! that a network can reach few of them. Once it has proved good it moves to an *old* bucket, of
//! which its group can reach four. What differs:
//!
//! | | the reference | here |
//! |---|---|---|
//! | an id | one address; the first that anybody tells stays | up to four, each with its own record; one that was reached takes the place of hearsay |
//! | a full old bucket | the longest not attempted goes out, and is lost | stays until it was tested and failed; then it is *new* again |
//! | a full new bucket | the first bad one goes, else the longest not attempted; 65 fit | the same, but nobody who was ever reached goes for hearsay, unless he has failed ten times in seven days without a success; 64 fit |
//! | who told | any number of addresses | a group of tellers at most a tenth of the new entries; in a network at most 32 new ones; at an IP address at most four |
//! | a ban | of those in the book only, lost at a restart | of any id, and kept |
//! | when a ban ends | an old one is lost | it is *new* again |
//! | picking | a bucket, then an entry; none, if the side that was drawn is empty | a network, then an entry of it, so that many addresses in one network are no advantage; else the other side |
//! | selecting | shuffles all | takes time in proportion to the selection |
//! | the hash's key | drawn anew at each start | follows from the file's |
//! | a damaged file | a panic | an error, or a repair that is reported |

mod add;
mod adopt;
mod buckets;
mod check;
mod entry;
mod file;
mod group;
mod keys;
mod known;
mod mark;
mod pick;
mod place;
mod sample;
pub(crate) mod shelf;
mod tellers;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::net::IpAddr;

use place::{BookKey, Placer};
use shelf::Shelf;

use crate::seed::{Chance, HashKey};
use crate::{NetAddress, NodeId, Seed};

pub use add::{AddError, Added, Crowd};
pub use file::{BookError, Change, JournalWriter, Loaded, Repair, RepairKind, Replayed};
pub use group::GroupKey;
pub use known::KnownAddress;
pub use mark::Ban;

/// `needAddressThreshold`: a book that holds fewer wants more.
pub const NEEDED: usize = 1_000;

/// Addresses that a book can hold: 256 new and 64 old buckets of 64.
pub const CAPACITY: usize = (place::NEW_BUCKETS + place::OLD_BUCKETS) * buckets::BUCKET_SIZE;

/// V1's address book. See the [module](self).
///
/// ```
/// use pex::book::AddrBook;
/// use pex::{NetAddress, Seed, Time};
///
/// let (now, strict) = (Time::from_secs(1_700_000_000), true);
/// let mut book = AddrBook::new(strict, Seed::new([7; 32]));
/// let address: NetAddress = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656".parse()?;
/// let teller: NetAddress = "ffeeddccbbaa99887766554433221100ffeeddcc@9.9.9.9:26656".parse()?;
///
/// book.add_address(now, &address, &teller)?;
/// assert_eq!(book.pick_address(50), Some(address));
/// book.mark_good(now, &address);
/// assert!(book.is_good(address.id()));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AddrBook {
    strict: bool,
    placer: Placer,
    chance: Chance,
    pub(crate) shelf: Shelf,
    private: BTreeSet<NodeId>,
    own_ids: BTreeSet<NodeId>,
    own_places: BTreeSet<(IpAddr, u16)>,
    bans: BTreeMap<NodeId, Ban>,
    revision: u64,
    /// With whom the owner was connected for longest. The book only keeps them.
    anchors: Vec<NodeId>,
    /// Who would have whose place in a full old bucket, if that one turns out to be gone.
    challenges: Vec<(NetAddress, NetAddress)>,
}

impl AddrBook {
    /// An empty book. Where `strict`, it takes in only what can be routed to from everywhere:
    /// `addr_book_strict` of the reference, off for a network within a site.
    #[must_use]
    pub fn new(strict: bool, seed: Seed) -> Self {
        let mut chance = Chance::new(&seed);
        let key = BookKey::draw(&mut chance);
        Self::with_key(strict, key, chance)
    }

    fn with_key(strict: bool, key: BookKey, mut chance: Chance) -> Self {
        let hash_key = HashKey::draw(&mut chance);
        Self {
            strict,
            placer: Placer::new(key, strict),
            shelf: Shelf::new(hash_key, 1),
            private: BTreeSet::new(),
            own_ids: BTreeSet::new(),
            own_places: BTreeSet::new(),
            bans: BTreeMap::new(),
            revision: 0,
            anchors: Vec::new(),
            challenges: Vec::new(),
            chance,
        }
    }

    /// An address of our own, which is not taken in: neither its id nor its place, whoever is said
    /// to live there. What of it is in the book already goes.
    pub fn add_our_address(&mut self, address: &NetAddress) {
        self.own_ids.insert(address.id());
        self.own_places.insert((address.ip(), address.port()));
        let mut gone = self.shelf.of_node(address.id());
        let others = self.shelf.at_place(address).into_iter();
        gone.extend(others.filter(|&slot| {
            let its = self.shelf.get(slot).map(|it| it.address.port());
            its == Some(address.port())
        }));
        for slot in gone {
            self.drop_entry(slot);
        }
    }

    /// Our own id, under whatever address.
    pub fn add_our_id(&mut self, id: NodeId) {
        self.own_ids.insert(id);
        self.remove_node(id);
    }

    /// Whether this is an address of our own.
    #[must_use]
    pub fn is_our_address(&self, address: &NetAddress) -> bool {
        self.own_ids.contains(&address.id())
            || !self.own_places.is_empty()
                && self.own_places.contains(&(address.ip(), address.port()))
    }

    /// Nodes of which nobody may hear from us: they are not taken in, nor is what they tell. What
    /// of them is in the book already goes.
    pub fn add_private_ids(&mut self, ids: impl IntoIterator<Item = NodeId>) {
        for id in ids {
            self.private.insert(id);
            self.remove_node(id);
        }
    }

    /// The same, and whoever was private before and is not among these is so no longer.
    pub fn set_private_ids(&mut self, ids: impl IntoIterator<Item = NodeId>) {
        self.private.clear();
        self.add_private_ids(ids);
    }

    /// Takes an address out of the book; whether it was in it.
    pub fn remove_address(&mut self, address: &NetAddress) -> bool {
        let slot = self.shelf.find(address);
        slot.is_some_and(|slot| self.drop_entry(slot))
    }

    /// Takes all addresses of a node out of the book; whether there were any.
    pub fn remove_node(&mut self, id: NodeId) -> bool {
        let slots = self.shelf.of_node(id);
        let any = !slots.is_empty();
        for slot in slots {
            self.drop_entry(slot);
        }
        any
    }

    pub(super) const fn touch(&mut self) {
        self.revision = self.revision.saturating_add(1);
    }

    pub(super) fn drop_entry(&mut self, slot: u32) -> bool {
        self.touch();
        let Some(source) = self.shelf.get(slot).map(|it| it.source) else {
            return false;
        };
        let told_by = self.placer.group(&source);
        let entry = self.shelf.remove(slot, told_by);
        if let Some(entry) = &entry {
            self.settle(&entry.address);
        }
        entry.is_some()
    }

    /// Whether this address is in the book.
    #[must_use]
    pub fn has_address(&self, address: &NetAddress) -> bool {
        self.shelf.find(address).is_some()
    }

    /// Whether an address of this node is in the book: `HasAddress` of the reference.
    #[must_use]
    pub fn has_node(&self, id: NodeId) -> bool {
        !self.shelf.of_node(id).is_empty()
    }

    /// Whether an address of this node has proved good, and has not failed since then in a way that
    /// cost it its place.
    #[must_use]
    pub fn is_good(&self, id: NodeId) -> bool {
        let slots = self.shelf.of_node(id);
        let mut entries = slots.iter().filter_map(|&slot| self.shelf.get(slot));
        entries.any(|entry| entry.old)
    }

    /// Addresses in the book.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.shelf.len()
    }

    /// Addresses that have proved good.
    #[must_use]
    pub const fn old(&self) -> usize {
        self.shelf.olds()
    }

    /// Addresses that we have only heard of.
    #[must_use]
    pub const fn new_ones(&self) -> usize {
        self.shelf.news()
    }

    /// Whether the book is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.size() == 0
    }

    /// Whether the book wants more addresses: `NeedMoreAddrs` of the reference.
    #[must_use]
    pub const fn needs_more(&self) -> bool {
        self.size() < NEEDED
    }

    /// A number that grows with every change. It says nothing about another book.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether only what can be routed to is taken in.
    #[must_use]
    pub const fn is_strict(&self) -> bool {
        self.strict
    }

    /// What is known of each address, in the order in which they came, as far as it is still known.
    pub fn addresses(&self) -> impl Iterator<Item = KnownAddress> {
        self.shelf.iter().map(|(_, entry)| KnownAddress::of(entry))
    }

    /// With whom the owner of the book was connected for longest, to be dialed first after a
    /// restart. The book keeps them, and does nothing with them.
    #[must_use]
    pub fn anchors(&self) -> &[NodeId] {
        &self.anchors
    }

    /// Keeps those with whom the owner of the book has been connected for longest.
    pub fn set_anchors(&mut self, anchors: Vec<NodeId>) {
        self.anchors = anchors;
        self.touch();
    }

    /// What is known of an address.
    #[must_use]
    pub fn known(&self, address: &NetAddress) -> Option<KnownAddress> {
        let entry = self.shelf.get(self.shelf.find(address)?)?;
        Some(KnownAddress::of(entry))
    }

    /// What is known of the addresses of a node.
    #[must_use]
    pub fn addresses_of(&self, id: NodeId) -> Vec<KnownAddress> {
        let slots = self.shelf.of_node(id);
        let entries = slots.iter().filter_map(|&slot| self.shelf.get(slot));
        entries.map(KnownAddress::of).collect()
    }
}

//! The peer store of a seed: whom it has reached, and where.
//!
//! The address book holds what V1 can say of addresses, those too that were only heard of. The store
//! holds what experience says of nodes, as V2's records: everybody whom a dial of this seed has
//! reached, in whichever dialect, with each address at which it was, names included, for which a book
//! has no place. What is to be thought of an address is for the book to judge: one that fails and is in
//! the book no more is in the store no more.

#[cfg(test)]
mod tests;

use core::net::SocketAddr;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pex::book::AddrBook;
use pex::peers::{AddressRecord, Change, DialFailure, PeerRecord};
use pex::{NetAddress, NodeAddress, NodeId, Time};

use crate::archive::Archive;
use crate::book_file::{from_records, to_records};
use crate::notice::Notice;
use crate::vault::{Damaged, DiskVault, Vault as _, VaultError};
use crate::whole_file::{keep_as, remove_if_there};

/// Nodes that are kept: some times as many as a book has places for the good ones. Of more, whoever
/// was reached longest ago goes.
const NODES_MAX: usize = 16_384;

/// Addresses that are kept of a node, as many as in a book and a few names. Of more, the one that was
/// reached longest ago goes.
const ADDRESSES_MAX: usize = 8;

/// How often a name may fail in a row, which no book judges.
const FAILURES_MAX: u32 = 16;

/// How a store was found at the start.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Opened {
    /// What it was, and where it is now, if it was damaged and a new one was begun.
    pub set_aside: Option<(VaultError, PathBuf)>,
    /// Entries that can't be read. They stay where they are.
    pub damaged: Vec<Damaged>,
    /// Addresses that the book has from the store, as there was no book.
    pub told_book: usize,
    /// Nodes that the store has from the book, as there was no store.
    pub told_by_book: usize,
}

/// Whom a seed has reached, on the disk a second later.
#[derive(Debug)]
pub struct PeerStore {
    path: PathBuf,
    records: BTreeMap<NodeId, PeerRecord>,
    nodes_max: usize,
    /// Of whom nothing is kept.
    private: BTreeSet<NodeId>,
    /// Whose record is to be written.
    changed: BTreeSet<NodeId>,
    archive: Archive,
}

impl PeerStore {
    /// Opens the store at a path, or begins one. One that is damaged is kept under another name. A
    /// book that is lost is filled from it, and a store that is lost from the book.
    pub(super) fn open(
        path: &Path,
        private: &[NodeId],
        book: &mut AddrBook,
        is_book_lost: bool,
        now: Time,
    ) -> Result<(Self, Opened), VaultError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(VaultError::Io)?;
        }
        let mut opened = Opened::default();
        let (mut vault, loaded) = match load(path) {
            Err(why @ VaultError::Damaged { .. }) => {
                let kept = keep_as(path, ".damaged").map_err(VaultError::Io)?;
                remove_if_there(path).map_err(VaultError::Io)?;
                opened.set_aside = Some((why, kept));
                load(path)?
            }
            loaded => loaded?,
        };
        let (kept, unwanted): (Vec<_>, Vec<_>) = loaded
            .records
            .into_iter()
            .partition(|record| !private.contains(&record.id));
        let unwanted: Vec<Change> = unwanted.iter().map(|it| Change::remove(it.id)).collect();
        vault.apply(&unwanted)?;
        let mut store = Self {
            path: path.to_owned(),
            records: BTreeMap::new(),
            nodes_max: NODES_MAX,
            private: private.iter().copied().collect(),
            changed: BTreeSet::new(),
            archive: Archive::new(vault).map_err(VaultError::Io)?,
        };
        opened.damaged = loaded.damaged;
        for mut record in kept {
            not_after(now, &mut record);
            store.records.insert(record.id, record);
        }
        if is_book_lost && !store.is_empty() {
            opened.told_book = store.tell(book, now);
        } else if store.is_empty() {
            // Not only where it is made: who made it may have been killed before it was filled.
            opened.told_by_book = store.begin_from(book);
        }
        store.keep_to_bound();
        Ok((store, opened))
    }

    /// Fills a book with what is known. Returns how many addresses are in it.
    fn tell(&self, book: &mut AddrBook, now: Time) -> usize {
        let records: Vec<PeerRecord> = self.records.values().cloned().collect();
        // What is left out are the names, and what the book's owner does not want in it.
        let _left_out = from_records(book, &records, now);
        book.size()
    }

    /// Takes over from a book who was reached. Returns how many nodes those are.
    fn begin_from(&mut self, book: &AddrBook) -> usize {
        for mut record in to_records(book) {
            record.addresses.retain(|it| it.last_success.is_some());
            if !record.addresses.is_empty() && !self.private.contains(&record.id) {
                self.changed.insert(record.id);
                self.records.insert(record.id, record);
            }
        }
        self.len()
    }

    /// A dial of this address has reached its node, and led there.
    pub(super) fn reached(&mut self, now: Time, address: &NodeAddress, at: SocketAddr) {
        let id = address.id();
        if self.private.contains(&id) {
            return;
        }
        let record = self.records.entry(id);
        let record = record.or_insert_with(|| PeerRecord::new(id));
        record.last_connected = Some(now);
        let place = NodeAddress::mconn(id, at.ip().to_canonical(), at.port());
        succeed(record, address, now);
        if place != *address {
            succeed(record, &place, now);
        }
        while record.addresses.len() > ADDRESSES_MAX {
            let oldest = (0..record.addresses.len())
                .min_by_key(|&n| record.addresses.get(n).and_then(|it| it.last_success));
            record.addresses.swap_remove(oldest.unwrap_or_default());
        }
        self.changed.insert(id);
        self.keep_to_bound();
    }

    /// A dial of this address has come to nothing, and the book has been told.
    pub(super) fn failed(
        &mut self,
        now: Time,
        address: &NodeAddress,
        why: DialFailure,
        book: &AddrBook,
    ) {
        let id = address.id();
        let Some(record) = self.records.get_mut(&id) else {
            return;
        };
        let mut known = record.addresses.iter_mut();
        let known = known.find(|it| it.address == *address);
        let Some(known) = known.filter(|_| why != DialFailure::NotTried) else {
            return;
        };
        known.failures = known.failures.saturating_add(1);
        known.last_failure = Some(now);
        let is_over = match NetAddress::try_from(address) {
            Ok(place) => !book.has_address(&place),
            Err(_) => known.failures >= FAILURES_MAX,
        };
        if is_over {
            record.addresses.retain(|it| it.address != *address);
        }
        if record.addresses.is_empty() {
            self.records.remove(&id);
        }
        self.changed.insert(id);
    }

    /// Something else is known of a node that the record may tell, such as a ban.
    pub(super) fn changed(&mut self, id: NodeId) {
        if self.records.contains_key(&id) {
            self.changed.insert(id);
        }
    }

    /// Has what has changed written down, with the bans of the book.
    pub(super) fn flush(&mut self, now: Time, book: &AddrBook) {
        if self.changed.is_empty() {
            return;
        }
        let mut changes = Vec::new();
        for id in core::mem::take(&mut self.changed) {
            changes.push(match self.records.get_mut(&id) {
                Some(record) => {
                    record.banned_until = book.banned_until(now, id);
                    Change::put(record)
                }
                None => Change::remove(id),
            });
        }
        self.archive.write(changes);
    }

    /// As [`Archive::notice`].
    pub(super) async fn notice(&mut self) -> Notice {
        match self.archive.notice().await {
            Notice::NotWritten(why) => {
                Notice::NotWritten(format!("{}: {why}", self.path.display()))
            }
            notice => notice,
        }
    }

    /// Writes what has changed, and ends. Blocks.
    pub(super) fn close(mut self, now: Time, book: &AddrBook) -> io::Result<()> {
        self.flush(now, book);
        self.archive.close()
    }

    /// Others are private from now on: nothing is kept of them.
    pub(super) fn take_over_private(&mut self, ids: &[NodeId]) {
        self.private = ids.iter().copied().collect();
        for id in ids {
            if self.records.remove(id).is_some() {
                self.changed.insert(*id);
            }
        }
    }

    fn keep_to_bound(&mut self) {
        while self.records.len() > self.nodes_max {
            let oldest = self.records.values().min_by_key(|it| it.last_connected);
            let Some(id) = oldest.map(|it| it.id) else {
                return;
            };
            self.records.remove(&id);
            self.changed.insert(id);
        }
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many nodes are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether nobody has been reached yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// What is known of the nodes, by id.
    pub fn records(&self) -> impl Iterator<Item = &PeerRecord> {
        self.records.values()
    }
}

fn load(path: &Path) -> Result<(DiskVault, crate::vault::Loaded), VaultError> {
    let mut vault = DiskVault::open_or_create(path)?;
    let loaded = vault.load()?;
    Ok((vault, loaded))
}

fn succeed(record: &mut PeerRecord, address: &NodeAddress, now: Time) {
    let known = &mut record.addresses;
    let place = known.iter().position(|it| it.address == *address);
    let mut it = match place {
        Some(place) => known.swap_remove(place),
        None => AddressRecord::new(address.clone()),
    };
    it.failures = 0;
    it.last_success = Some(now);
    it.first_success.get_or_insert(now);
    known.push(it);
}

/// Whatever a clock said that was wrong, nothing has happened that is still to come.
fn not_after(now: Time, record: &mut PeerRecord) {
    let past = |time: &mut Option<Time>| *time = time.map(|at| at.min(now));
    past(&mut record.last_connected);
    for known in &mut record.addresses {
        past(&mut known.last_success);
        past(&mut known.first_success);
        past(&mut known.last_failure);
    }
}

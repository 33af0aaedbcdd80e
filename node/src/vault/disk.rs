//! A vault in one file.
//!
//! # Why redb
//!
//! The pure Rust stores that are published and kept up today:
//!
//! | | licence | rustc | crates it brings | form |
//! |---|---|---|---|---|
//! | redb 4.6 | MIT or Apache-2.0 | 1.90, as ours | 1 (`libc`) | one file, format stable |
//! | fjall 3.1 | MIT or Apache-2.0 | 1.90 | 46 | a folder of logs and tables |
//! | sled 1.0-alpha | MIT or Apache-2.0 | not said | 49 | alpha, format not settled |
//! | canopydb 0.2 | MIT | 1.87 | 70 | a folder |
//! | persy 1.8 | MPL-2.0 | 1.85 | 23 | one file |
//! | rusty-leveldb 4.0 | MIT | not said | 15 | a folder of logs and tables |
//!
//! A vault is read whole at the start, and is written a few records at a time. What counts is that
//! a commit is atomic and that damage is noticed. redb writes copies and then turns a pointer, and
//! every pointer has the checksum of what it points at. It can look at all of them when it opens a
//! file, which [`DiskVault`] makes it do, and it promises that damage is then an error and no panic.
//! Its unsafe code is calls of the operating system, vector instructions of a hash, and casts
//! between bytes and a wrapper of bytes. Logs and tables, as in fjall, are for stores that take
//! more writes than reads; ours does not.
//!
//! Commits are in two phases, with an `fsync` after each. It is what redb advises where strangers
//! choose what is written, since its one-phase commit trusts a hash that is not cryptographic.

use std::fs::{self, OpenOptions};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{
    Builder, Database, ReadableDatabase, ReadableTable as _, TableDefinition, WriteTransaction,
};

use super::create::create;
use super::rehearsal::Rehearsal;
use super::{Change, Loaded, Vault, VaultError};

/// The records, by their keys.
const PEERS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("pex.peers");

/// The blobs, by their names.
const BLOBS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("pex.blobs");

/// One row, which tells that the file is a vault, and of which format.
pub(super) const FORMAT: TableDefinition<'_, (), u64> = TableDefinition::new("pex.format");

/// The version of what is in the tables.
pub(super) const FORMAT_VERSION: u64 = 1;

/// Bytes that redb keeps of what it read. A vault is read once, from end to end.
const CACHE_BYTES: usize = 16 << 20;

/// A [`Vault`] in one file, open to one process at a time.
///
/// The file is readable by its owner alone, since a blob may be a secret.
#[derive(Debug)]
pub struct DiskVault {
    path: PathBuf,
    /// None after an error: the next call opens the file again.
    database: Option<Database>,
}

impl DiskVault {
    /// Opens the vault at `path`, after a look at every byte that is in use. If the process that
    /// had it open last was killed, what it had been told is kept is there.
    ///
    /// # Errors
    ///
    /// [`VaultError`]. The file is left as it is.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        let database = Some(open(path)?);
        let path = path.to_owned();
        Ok(Self { path, database })
    }

    /// Opens the vault at `path`, or makes an empty one if there is no file.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open); [`VaultError::Io`] if the file can't be made.
    pub fn open_or_create(path: &Path) -> Result<Self, VaultError> {
        match Self::open(path) {
            Err(VaultError::Missing) => {
                create(path)?;
                Self::open(path)
            }
            opened => opened,
        }
    }

    /// Does something with the database, and opens it again first if the last thing failed.
    fn with<T>(
        &mut self,
        work: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, VaultError> {
        let database = match self.database.take() {
            Some(database) => database,
            None => open(&self.path)?,
        };
        let done = guarded(|| Ok(work(&database)?));
        if done.is_ok() {
            self.database = Some(database);
        } else {
            // Whatever its end says, the first error counts.
            let _closed = guarded(|| {
                drop(database);
                Ok(())
            });
        }
        done
    }

    /// Makes one commit.
    fn commit(
        &mut self,
        work: impl FnOnce(&WriteTransaction) -> Result<(), redb::Error>,
    ) -> Result<(), VaultError> {
        self.with(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_two_phase_commit(true);
            work(&transaction)?;
            Ok(transaction.commit()?)
        })
    }
}

impl Vault for DiskVault {
    fn load(&mut self) -> Result<Loaded, VaultError> {
        self.with(|database| {
            let mut loaded = Loaded::default();
            for entry in database.begin_read()?.open_table(PEERS)?.iter()? {
                let (key, value) = entry?;
                loaded.take(key.value(), value.value());
            }
            Ok(loaded)
        })
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), VaultError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.commit(|transaction| {
            let mut peers = transaction.open_table(PEERS)?;
            for Change { key, value } in changes {
                match value {
                    Some(value) => peers.insert(key.as_ref(), value.as_slice())?,
                    None => peers.remove(key.as_ref())?,
                };
            }
            Ok(())
        })
    }

    fn blob(&mut self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        self.with(|database| {
            let blobs = database.begin_read()?.open_table(BLOBS)?;
            let blob = blobs.get(name)?;
            Ok(blob.map(|blob| blob.value().to_vec()))
        })
    }

    fn set_blob(&mut self, name: &str, blob: Option<&[u8]>) -> Result<(), VaultError> {
        self.commit(|transaction| {
            let mut blobs = transaction.open_table(BLOBS)?;
            match blob {
                Some(blob) => blobs.insert(name, blob)?,
                None => blobs.remove(name)?,
            };
            Ok(())
        })
    }
}

/// Makes the tables of an empty vault in a database that has none.
pub(super) fn lay_out(database: &Database) -> Result<(), redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    transaction.open_table(PEERS)?;
    transaction.open_table(BLOBS)?;
    transaction.open_table(FORMAT)?.insert((), FORMAT_VERSION)?;
    Ok(transaction.commit()?)
}

fn open(path: &Path) -> Result<Database, VaultError> {
    if fs::metadata(path)?.len() == 0 {
        return Err(VaultError::NotAVault);
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).open(path)?;
    guarded(|| {
        let mut careful = builder();
        careful.set_check_integrity_on_open(true);
        let rehearsal = Rehearsal::new(file).map_err(redb::Error::from)?;
        let database = careful.create_with_backend(rehearsal);
        check_format(&database.map_err(redb::Error::from)?)
    })?;
    guarded(|| Ok(builder().open(path).map_err(redb::Error::from)?))
}

pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

fn check_format(database: &impl ReadableDatabase) -> Result<(), VaultError> {
    let reader = database.begin_read().map_err(redb::Error::from)?;
    let format = reader.open_table(FORMAT).map_err(redb::Error::from)?;
    let found = format.get(()).map_err(redb::Error::from)?;
    match found.map(|found| found.value()) {
        Some(FORMAT_VERSION) => Ok(()),
        Some(found) if found > FORMAT_VERSION => {
            let known = FORMAT_VERSION;
            Err(VaultError::Newer { found, known })
        }
        _ => Err(VaultError::NotAVault),
    }
}

/// Does what may panic if a file is damaged in a way that redb does not expect.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(VaultError::Damaged {
            what: said.unwrap_or("unreadable").to_owned(),
        })
    })
}

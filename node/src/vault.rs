//! Where a node keeps what it knows of others over a restart.
//!
//! A [`Vault`] holds [`PeerRecord`]s by the key that the reference gives them, and a few blobs by
//! name. [`DiskVault`] is a file, [`MemoryVault`] is for tests and for nodes that have no home.
//!
//! All calls block, [`Vault::apply`] until the disk has what it was given: from async code, call
//! them where blocking is allowed.
//!
//! ```
//! use pex::NodeId;
//! use pex::peers::{Change, PeerRecord};
//! use pex_node::vault::{DiskVault, Vault};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("peers.pex");
//! let record = PeerRecord::new(NodeId::new([7; 20]));
//! let mut vault = DiskVault::open_or_create(&path)?;
//! vault.apply(&[Change::put(&record)])?;
//! drop(vault);
//!
//! let loaded = DiskVault::open(&path)?.load()?;
//! assert_eq!(loaded.records, [record]);
//! assert!(loaded.damaged.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod create;
mod disk;
mod error;
pub mod leveldb;
mod memory;
mod rehearsal;

use core::fmt;

use pex::NodeId;
use pex::peers::{Change, PeerRecord, RecordError};

pub use disk::DiskVault;
pub use error::VaultError;
pub use memory::MemoryVault;

/// Keeps records and blobs.
pub trait Vault {
    /// Reads every record, by id. A record that can't be read is told apart and stays where it is.
    ///
    /// Takes memory in proportion to what is kept.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the vault itself can't be read.
    fn load(&mut self) -> Result<Loaded, VaultError>;

    /// Makes these changes, in order: all of them or none, whenever the process or the machine
    /// dies. They are on the disk when this returns.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if they could not be made. None of them has been made then, unless the error
    /// came from the disk at the very end; the next [`load`](Self::load) tells. The vault can be
    /// used on.
    fn apply(&mut self, changes: &[Change]) -> Result<(), VaultError>;

    /// The blob of this name, if there is one.
    ///
    /// # Errors
    ///
    /// [`VaultError`] if the vault can't be read.
    fn blob(&mut self, name: &str) -> Result<Option<Vec<u8>>, VaultError>;

    /// Keeps a blob under this name, or with `None` removes it, as safely as
    /// [`apply`](Self::apply).
    ///
    /// # Errors
    ///
    /// [`VaultError`] as for [`apply`](Self::apply).
    fn set_blob(&mut self, name: &str, blob: Option<&[u8]>) -> Result<(), VaultError>;
}

/// Everything that a vault holds about nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// The records, by id.
    pub records: Vec<PeerRecord>,
    /// The entries that are none, in the order of their keys.
    pub damaged: Vec<Damaged>,
}

impl Loaded {
    /// Sorts an entry in. Entries come in the order of their keys.
    fn take(&mut self, key: &[u8], value: &[u8]) {
        match read(key, value) {
            Ok(record) => self.records.push(record),
            Err(why) => self.damaged.push(Damaged {
                key: key.to_vec(),
                why,
            }),
        }
    }
}

fn read(key: &[u8], value: &[u8]) -> Result<PeerRecord, Damage> {
    let id = PeerRecord::id_of_key(key).ok_or(Damage::Key)?;
    let record = PeerRecord::decode(value).map_err(Damage::Record)?;
    if record.id != id {
        return Err(Damage::OtherId { id: record.id });
    }
    Ok(record)
}

/// An entry of a vault that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Damaged {
    /// The key that it is kept under.
    pub key: Vec<u8>,
    /// What is wrong with it.
    pub why: Damage,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match PeerRecord::id_of_key(&self.key) {
            Some(id) => write!(f, "node {id}: {}", self.why),
            None => write!(f, "key {}: {}", self.key.escape_ascii(), self.why),
        }
    }
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The key is not that of a record.
    Key,
    /// The value is no record.
    Record(RecordError),
    /// The record is of another node than its key.
    OtherId {
        /// The id in the record.
        id: NodeId,
    },
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("not the key of a peer record, leave the entry out"),
            Self::Record(error) => error.fmt(f),
            Self::OtherId { id } => write!(f, "the record under it is that of {id}, leave it out"),
        }
    }
}

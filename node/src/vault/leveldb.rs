//! The peer store of a Tendermint node: a LevelDB database, which Tendermint calls `peerstore.db`.
//!
//! It is read into memory and opened there, so that nothing of it is changed: a database that is
//! opened in its place is mended and compacted, and its owner may still be running.

use std::fs;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use pex::peers::{PeerRecord, RecordError, RecordKey, Salvaged};
use rusty_leveldb::{DB, LdbIterator as _, Options, in_memory};

use super::VaultError;

/// The largest database that is read, in bytes: a store of a million nodes.
const BYTES_MAX: u64 = 256 << 20;

/// Where the database lies in memory.
const PLACE: &str = "peerstore.db";

/// What a peer store of Tendermint holds.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Imported {
    /// The records, with what could be read of each.
    pub records: Vec<Salvaged>,
    /// Records that could not be read at all, and why.
    pub refused: Vec<RecordError>,
}

/// Reads the peer store of a Tendermint node, a folder that is usually `data/peerstore.db` under the
/// home of the node. Nothing in it is changed.
///
/// # Errors
///
/// [`VaultError::Missing`] if there is no folder, [`VaultError::NotAVault`] if it is no LevelDB
/// database, [`VaultError::Damaged`] if it can't be read or is larger than 256 MiB.
pub fn import(folder: &Path) -> Result<Imported, VaultError> {
    if !folder.is_dir() {
        return Err(VaultError::Missing);
    }
    if !folder.join("CURRENT").is_file() {
        return Err(VaultError::NotAVault);
    }
    // The library indexes without looking where a file is damaged.
    let read = catch_unwind(AssertUnwindSafe(|| read(folder)));
    read.unwrap_or_else(|_| Err(damaged("it does not read as a database")))
}

fn damaged<E: ToString + ?Sized>(what: &E) -> VaultError {
    VaultError::Damaged {
        what: what.to_string(),
    }
}

fn read(folder: &Path) -> Result<Imported, VaultError> {
    let options = in_memory();
    load(folder, &options)?;
    let mut database = DB::open(PLACE, options).map_err(|error| damaged(&error))?;
    let mut entries = database.new_iter().map_err(|error| damaged(&error))?;
    let mut imported = Imported::default();
    let (first, past) = (RecordKey::FIRST.as_slice(), RecordKey::PAST.as_slice());
    while let Some((key, value)) = entries.next() {
        if key.as_slice() < first || key.as_slice() >= past {
            continue;
        }
        match PeerRecord::salvage(&value) {
            Ok(salvaged) => imported.records.push(salvaged),
            Err(why) => imported.refused.push(why),
        }
    }
    Ok(imported)
}

/// Puts the files of a database into memory.
fn load(folder: &Path, options: &Options) -> Result<(), VaultError> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder).map_err(VaultError::Io)? {
        let entry = entry.map_err(VaultError::Io)?;
        let file = entry.metadata().map_err(VaultError::Io)?;
        if !file.is_file() {
            continue;
        }
        bytes += file.len();
        if bytes > BYTES_MAX {
            return Err(damaged("it is larger than any peer store, 256 MiB"));
        }
        let content = fs::read(entry.path()).map_err(VaultError::Io)?;
        let place = Path::new(PLACE).join(entry.file_name());
        let mut copy = options
            .env
            .open_writable_file(&place)
            .map_err(|error| damaged(&error))?;
        copy.write_all(&content).map_err(VaultError::Io)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use pex::NodeId;

    use super::*;

    fn record(n: u8) -> PeerRecord {
        let mut record = PeerRecord::new(NodeId::new([n; 20]));
        record.last_connected = Some(pex::Time::from_secs(n.into()));
        record
    }

    /// A database with these records, and a key of somebody else's.
    fn database(records: impl Iterator<Item = PeerRecord>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            create_if_missing: true,
            ..Options::default()
        };
        let mut database = DB::open(folder.path(), options).unwrap();
        database.put(b"other", b"value").unwrap();
        for record in records {
            let key = PeerRecord::key(record.id);
            database.put(key.as_bytes(), &record.encode()).unwrap();
        }
        database.flush().unwrap();
        drop(database);
        folder
    }

    #[test]
    fn every_record_of_a_database_is_read_and_no_file_is_changed() {
        let folder = database((1..=200).map(record));
        let files = || {
            let files = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
            let mut files: Vec<_> = files
                .map(|file| (file.file_name(), fs::read(file.path()).unwrap()))
                .collect();
            files.sort();
            files
        };
        let before = files();
        let imported = import(folder.path()).unwrap();
        let records: Vec<_> = imported.records.into_iter().map(|it| it.record).collect();
        assert_eq!(records, (1..=200).map(record).collect::<Vec<_>>());
        assert!(imported.refused.is_empty());
        assert_eq!(files(), before);
    }

    #[test]
    fn a_record_that_is_none_is_told_apart() {
        let folder = database((1..=3).map(record));
        let options = Options {
            create_if_missing: false,
            ..Options::default()
        };
        let mut database = DB::open(folder.path(), options).unwrap();
        let key = PeerRecord::key(record(2).id);
        database.put(key.as_bytes(), b"garbage").unwrap();
        database.flush().unwrap();
        drop(database);
        let imported = import(folder.path()).unwrap();
        assert_eq!((imported.records.len(), imported.refused.len()), (2, 1));
    }

    #[test]
    fn what_is_no_database_or_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let import = |path: &Path| import(path).map(|it| it.records.len());
        assert!(matches!(
            import(&folder.path().join("none")),
            Err(VaultError::Missing)
        ));
        assert!(matches!(import(folder.path()), Err(VaultError::NotAVault)));
        let folder = database((1..=50).map(record));
        for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            let content = fs::read(file.path()).unwrap();
            for at in (0..content.len()).step_by(1 + content.len() / 40) {
                let mut bent = content.clone();
                bent[at] ^= 0x10;
                fs::write(file.path(), &bent).unwrap();
                // Whatever it says, it comes back.
                let _read = import(folder.path());
                fs::write(file.path(), &content[..at]).unwrap();
                let _read = import(folder.path());
            }
            fs::write(file.path(), &content).unwrap();
        }
        assert_eq!(import(folder.path()).unwrap(), 50);
    }
}

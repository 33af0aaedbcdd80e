//! A vault whose file is not what was written.

use std::fs;
use std::path::{Path, PathBuf};

use pex::peers::{Change, PeerRecord};
use pex_node::vault::{DiskVault, Vault, VaultError};
use tempfile::TempDir;

use crate::record;

const NODES: u32 = 60;

/// A vault after a few commits, as bytes, and what it holds.
struct Original {
    _folder: TempDir,
    path: PathBuf,
    bytes: Vec<u8>,
    records: Vec<PeerRecord>,
}

impl Original {
    /// One that was closed, or one whose user was killed.
    fn new(closed: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peers.pex");
        let mut vault = DiskVault::open_or_create(&path).unwrap();
        for version in 1..=4 {
            let put = |n| Change::put(&record(n, version));
            vault
                .apply(&(0..NODES).map(put).collect::<Vec<_>>())
                .unwrap();
        }
        let open = fs::read(&path).unwrap();
        drop(vault);
        let bytes = if closed {
            fs::read(&path).unwrap()
        } else {
            open
        };
        Self {
            path: folder.path().join("damaged.pex"),
            _folder: folder,
            bytes,
            records: (0..NODES).map(|n| record(n, 4)).collect(),
        }
    }

    /// What becomes of the vault if its file is this. True if it is whole, false if it is refused.
    fn survives(&self, bytes: &[u8], what: &str) -> bool {
        fs::write(&self.path, bytes).unwrap();
        match read(&self.path) {
            Ok(records) => {
                assert!(records == self.records, "{what}: {} records", records.len());
                true
            }
            Err(error) => {
                let refused = matches!(error, VaultError::NotAVault | VaultError::Damaged { .. });
                assert!(refused, "{what}: {error}");
                let left = fs::read(&self.path).unwrap();
                assert!(left == bytes, "{what}: the file was written to: {error}");
                false
            }
        }
    }
}

fn read(path: &Path) -> Result<Vec<PeerRecord>, VaultError> {
    let loaded = DiskVault::open(path)?.load()?;
    assert!(loaded.damaged.is_empty());
    Ok(loaded.records)
}

fn flipped(closed: bool) {
    let original = Original::new(closed);
    let (mut whole, mut refused) = (0, 0);
    // The header closely, the rest here and there.
    let places = (0..320).chain((320..original.bytes.len()).step_by(151));
    for (n, place) in places.enumerate() {
        let mut bytes = original.bytes.clone();
        bytes[place] ^= 1 << (n % 8);
        if original.survives(&bytes, &format!("byte {place} of {}", bytes.len())) {
            whole += 1;
        } else {
            refused += 1;
        }
    }
    assert!(whole > 100 && refused > 100, "{whole} {refused}");
}

#[test]
fn a_flipped_bit_in_a_closed_vault_is_noticed_or_does_no_harm() {
    flipped(true);
}

#[test]
fn a_flipped_bit_after_a_kill_is_noticed_or_does_no_harm() {
    flipped(false);
}

#[test]
fn a_vault_that_is_cut_short_is_refused() {
    for original in [true, false].map(Original::new) {
        let last = original.bytes.len() - 1;
        for end in (0..last).step_by(401).chain([last]) {
            let whole = original.survives(&original.bytes[..end], &format!("cut at {end}"));
            assert!(!whole, "cut at {end}");
        }
    }
}

#[test]
fn sectors_of_zeros_are_noticed_or_do_no_harm() {
    let original = Original::new(true);
    let mut refused = 0;
    for start in (0..original.bytes.len()).step_by(512) {
        let mut bytes = original.bytes.clone();
        bytes[start..][..512].fill(0);
        refused += usize::from(!original.survives(&bytes, &format!("zeros at {start}")));
    }
    assert!(refused > 10, "{refused}");
}

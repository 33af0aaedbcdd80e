//! A vault that is gone when it is dropped.

use std::collections::BTreeMap;

use pex::peers::RecordKey;

use super::{Change, Loaded, Vault, VaultError};

/// A [`Vault`] in memory: for tests, and for nodes that have no home.
#[derive(Clone, Debug, Default)]
pub struct MemoryVault {
    records: BTreeMap<RecordKey, Vec<u8>>,
    blobs: BTreeMap<String, Vec<u8>>,
}

impl MemoryVault {
    /// An empty vault.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            records: BTreeMap::new(),
            blobs: BTreeMap::new(),
        }
    }
}

impl Vault for MemoryVault {
    fn load(&mut self) -> Result<Loaded, VaultError> {
        let mut loaded = Loaded::default();
        for (key, value) in &self.records {
            loaded.take(key.as_ref(), value);
        }
        Ok(loaded)
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), VaultError> {
        for Change { key, value } in changes {
            match value {
                Some(value) => self.records.insert(*key, value.clone()),
                None => self.records.remove(key),
            };
        }
        Ok(())
    }

    fn blob(&mut self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(self.blobs.get(name).cloned())
    }

    fn set_blob(&mut self, name: &str, blob: Option<&[u8]>) -> Result<(), VaultError> {
        match blob {
            Some(blob) => self.blobs.insert(name.to_owned(), blob.to_vec()),
            None => self.blobs.remove(name),
        };
        Ok(())
    }
}

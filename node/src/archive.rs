//! Writes what a machine wants written down, on a thread of its own.
//!
//! A commit waits for the disk, and the driver's loop must not. What comes while a commit is under
//! way waits in a table by key, where the latest value of a record takes the place of the one
//! before: so it is bounded by what there is to keep, however slow the disk.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use pex::peers::{Change, RecordKey};
use tokio::sync::mpsc;

use crate::vault::Vault;

/// How long we wait before a commit that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
struct Waiting {
    changes: BTreeMap<RecordKey, Option<Vec<u8>>>,
    is_closed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    woken: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A table of bytes is as good after a panic as before.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A vault that is written to in the background.
#[derive(Debug)]
pub struct Archive {
    shared: Arc<Shared>,
    failures: mpsc::Receiver<String>,
    thread: Option<JoinHandle<()>>,
}

impl Archive {
    /// An archive in this vault.
    ///
    /// # Errors
    ///
    /// What the operating system says if it has no thread to give.
    pub fn new(vault: impl Vault + Send + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (told, failures) = mpsc::channel(1);
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("archive".into());
        let thread = thread.spawn(move || write(vault, &theirs, &told))?;
        Ok(Self {
            shared,
            failures,
            thread: Some(thread),
        })
    }

    /// Takes changes in; they are on the disk soon.
    pub fn write(&self, changes: Vec<Change>) {
        let mut waiting = self.shared.lock();
        for Change { key, value } in changes {
            waiting.changes.insert(key, value);
        }
        self.shared.woken.notify_one();
    }

    /// Why writing fails, each time that it begins to. Safe to cancel: nothing is lost.
    pub async fn failure(&mut self) -> String {
        match self.failures.recv().await {
            Some(why) => why,
            None => core::future::pending().await,
        }
    }

    /// Writes what waits, and closes the vault. Blocks. What the disk does not take is tried once
    /// more, and lost.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.woken.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.end();
    }
}

fn write(mut vault: impl Vault, shared: &Shared, told: &mpsc::Sender<String>) {
    let mut fails = false;
    loop {
        let mut waiting = shared.lock();
        while waiting.changes.is_empty() && !waiting.is_closed {
            let woken = shared.woken.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
        let (changes, is_closed) = (core::mem::take(&mut waiting.changes), waiting.is_closed);
        drop(waiting);
        let batch: Vec<Change> = changes
            .into_iter()
            .map(|(key, value)| Change { key, value })
            .collect();
        match vault.apply(&batch) {
            Ok(()) => fails = false,
            Err(error) => {
                if !core::mem::replace(&mut fails, true) {
                    let _nobody_listens = told.try_send(error.to_string());
                }
                put_back(shared, batch);
                if !is_closed {
                    let (waiting, _) = shared
                        .woken
                        .wait_timeout_while(shared.lock(), AGAIN, |it| !it.is_closed)
                        .unwrap_or_else(PoisonError::into_inner);
                    drop(waiting);
                    continue;
                }
            }
        }
        if is_closed {
            return;
        }
    }
}

/// What could not be written waits again, unless something newer of the same record does.
fn put_back(shared: &Shared, batch: Vec<Change>) {
    let mut waiting = shared.lock();
    for Change { key, value } in batch {
        waiting.changes.entry(key).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use pex::NodeId;
    use pex::peers::PeerRecord;

    use super::*;
    use crate::vault::{Loaded, MemoryVault, VaultError};

    /// A disk that can be full, and that others can look at.
    #[derive(Clone, Debug, Default)]
    struct Disk {
        vault: Arc<Mutex<MemoryVault>>,
        is_full: Arc<AtomicBool>,
        commits: Arc<AtomicUsize>,
    }

    impl Vault for Disk {
        fn load(&mut self) -> Result<Loaded, VaultError> {
            self.vault.lock().unwrap().load()
        }

        fn apply(&mut self, changes: &[Change]) -> Result<(), VaultError> {
            self.commits.fetch_add(1, Ordering::SeqCst);
            if self.is_full.load(Ordering::SeqCst) {
                return Err(VaultError::Io(std::io::ErrorKind::StorageFull.into()));
            }
            self.vault.lock().unwrap().apply(changes)
        }

        fn blob(&mut self, _: &str) -> Result<Option<Vec<u8>>, VaultError> {
            Ok(None)
        }

        fn set_blob(&mut self, _: &str, _: Option<&[u8]>) -> Result<(), VaultError> {
            Ok(())
        }
    }

    fn record(n: u8, score: i32) -> PeerRecord {
        let mut record = PeerRecord::new(NodeId::new([n; 20]));
        record.score = score;
        record
    }

    #[test]
    fn what_was_taken_in_is_in_the_vault_once_the_archive_is_closed() {
        let disk = Disk::default();
        let archive = Archive::new(disk.clone()).unwrap();
        for n in 0..100 {
            archive.write(vec![
                Change::put(&record(n, 1)),
                Change::put(&record(0, n.into())),
            ]);
        }
        archive.write(vec![Change::remove(record(7, 0).id)]);
        archive.close();
        let kept = disk.clone().load().unwrap().records;
        assert_eq!(kept.len(), 99);
        assert_eq!(kept[0], record(0, 99));
        assert!(disk.commits.load(Ordering::SeqCst) <= 101);
    }

    #[tokio::test]
    async fn a_disk_that_is_full_is_told_of_once_and_written_to_when_it_has_room_again() {
        let disk = Disk::default();
        disk.is_full.store(true, Ordering::SeqCst);
        let mut archive = Archive::new(disk.clone()).unwrap();
        archive.write(vec![Change::put(&record(1, 1)), Change::put(&record(2, 1))]);
        assert!(archive.failure().await.contains("disk"));
        archive.write(vec![Change::put(&record(1, 2))]);
        disk.is_full.store(false, Ordering::SeqCst);
        archive.close();
        let kept = disk.clone().load().unwrap().records;
        assert_eq!(kept, [record(1, 2), record(2, 1)]);
    }
}

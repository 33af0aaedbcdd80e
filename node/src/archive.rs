//! Writes what a machine wants written down, on a thread of its own.
//!
//! A commit waits for the disk, and the driver's loop must not. What comes while a commit is under
//! way waits in a table by key, where the latest value of a record takes the place of the one
//! before. A disk that hangs is not waited for with more than a bound: beyond it, changes of other
//! records are left out, and that is told.

use core::mem::replace;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use pex::peers::{Change, RecordKey};
use tokio::sync::mpsc;

use crate::notice::Notice;
use crate::vault::Vault;

/// How long we wait before a commit that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Bytes of changes that wait at most; as many may be under way to the disk. It is some times what a
/// whole store of a node has.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// Notices that wait for whoever owns the archive; what comes beyond them is not told.
const NOTICES_MAX: usize = 16;

/// What a change costs beside its value.
const CHANGE_BYTES: usize = 128;

#[derive(Debug, Default)]
struct Waiting {
    changes: BTreeMap<RecordKey, Option<Vec<u8>>>,
    /// What they cost.
    bytes: usize,
    /// Whether something has been left out since the disk last took what waits.
    is_full: bool,
    is_closed: bool,
}

impl Waiting {
    /// Takes a change in, in place of an older one of its record; false if there is no room.
    fn put(&mut self, key: RecordKey, value: Option<Vec<u8>>, bytes_max: usize) -> bool {
        let before = self.changes.get(&key);
        let before = before.map_or(0, |value| cost(value.as_ref()));
        let bytes = self.bytes - before + cost(value.as_ref());
        if bytes > bytes_max {
            return false;
        }
        self.bytes = bytes;
        self.changes.insert(key, value);
        true
    }
}

fn cost(value: Option<&Vec<u8>>) -> usize {
    CHANGE_BYTES + value.map_or(0, Vec::len)
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
    bytes_max: usize,
    tell: mpsc::Sender<Notice>,
    told: mpsc::Receiver<Notice>,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Archive {
    /// An archive in this vault.
    ///
    /// # Errors
    ///
    /// What the operating system says if it has no thread to give.
    pub fn new(vault: impl Vault + Send + 'static) -> std::io::Result<Self> {
        Self::bounded(vault, WAITING_BYTES_MAX)
    }

    fn bounded(vault: impl Vault + Send + 'static, bytes_max: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (tell, told) = mpsc::channel(NOTICES_MAX);
        let (theirs, tells) = (Arc::clone(&shared), tell.clone());
        let thread = std::thread::Builder::new().name("archive".into());
        let thread = thread.spawn(move || write(vault, &theirs, &tells, bytes_max))?;
        Ok(Self {
            shared,
            bytes_max,
            tell,
            told,
            thread: Some(thread),
        })
    }

    /// Takes changes in; they are on the disk soon. While the disk takes nothing and 64 MiB wait for it,
    /// changes of other records are left out, and their values on the disk stay as they were until
    /// they change again.
    pub fn write(&self, changes: Vec<Change>) {
        let mut waiting = self.shared.lock();
        let mut left_out = 0_usize;
        for Change { key, value } in changes {
            left_out += usize::from(!waiting.put(key, value, self.bytes_max));
        }
        if left_out > 0 && !replace(&mut waiting.is_full, true) {
            let why = format!(
                "the disk takes nothing, and no more can wait for it: {left_out} changes are left out"
            );
            let _nobody_listens = self.tell.try_send(Notice::NotWritten(why));
        }
        self.shared.woken.notify_one();
    }

    /// That writing fails, each time that it begins to, and that it works again:
    /// [`Notice::NotWritten`] and [`Notice::WrittenAgain`]. Safe to cancel: nothing is lost.
    pub async fn notice(&mut self) -> Notice {
        match self.told.recv().await {
            Some(notice) => notice,
            None => core::future::pending().await,
        }
    }

    /// Writes what waits, and closes the vault. Blocks. What the disk does not take is tried once
    /// more, and lost.
    ///
    /// # Errors
    ///
    /// Why the disk has not taken it.
    pub fn close(mut self) -> std::io::Result<()> {
        self.end().map_err(std::io::Error::other)
    }

    fn end(&mut self) -> Result<(), String> {
        self.shared.lock().is_closed = true;
        self.shared.woken.notify_one();
        let ended = self.thread.take().map(JoinHandle::join);
        ended
            .unwrap_or(Ok(Ok(())))
            .unwrap_or_else(|_| Err("what writes has panicked".to_owned()))
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        let _nobody_listens = self.end();
    }
}

/// Writes until the archive is closed; then says whether the disk has all that was to be written last.
fn write(
    mut vault: impl Vault,
    shared: &Shared,
    tell: &mpsc::Sender<Notice>,
    bytes_max: usize,
) -> Result<(), String> {
    let mut fails = false;
    loop {
        let mut waiting = shared.lock();
        while waiting.changes.is_empty() && !waiting.is_closed {
            let woken = shared.woken.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
        let (changes, is_closed) = (core::mem::take(&mut waiting.changes), waiting.is_closed);
        waiting.bytes = 0;
        drop(waiting);
        let batch: Vec<Change> = changes
            .into_iter()
            .map(|(key, value)| Change { key, value })
            .collect();
        match vault.apply(&batch) {
            Ok(()) => {
                let was_full = replace(&mut shared.lock().is_full, false);
                if replace(&mut fails, false) || was_full {
                    let _nobody_listens = tell.try_send(Notice::WrittenAgain);
                }
            }
            Err(error) if is_closed => return Err(error.to_string()),
            Err(error) => {
                if !replace(&mut fails, true) {
                    let _nobody_listens = tell.try_send(Notice::NotWritten(error.to_string()));
                }
                put_back(shared, batch, bytes_max);
                let (waiting, _) = shared
                    .woken
                    .wait_timeout_while(shared.lock(), AGAIN, |it| !it.is_closed)
                    .unwrap_or_else(PoisonError::into_inner);
                drop(waiting);
            }
        }
        if is_closed {
            return Ok(());
        }
    }
}

/// What could not be written waits again, unless something newer of the same record does, or there is
/// no room any more.
fn put_back(shared: &Shared, batch: Vec<Change>, bytes_max: usize) {
    let mut waiting = shared.lock();
    for Change { key, value } in batch {
        if !waiting.changes.contains_key(&key) {
            let _is_left_out = !waiting.put(key, value, bytes_max);
        }
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
        /// Whoever holds this makes it hang.
        hangs: Arc<Mutex<()>>,
        commits: Arc<AtomicUsize>,
    }

    impl Vault for Disk {
        fn load(&mut self) -> Result<Loaded, VaultError> {
            self.vault.lock().unwrap().load()
        }

        fn apply(&mut self, changes: &[Change]) -> Result<(), VaultError> {
            self.commits.fetch_add(1, Ordering::SeqCst);
            let _until_it_goes_on = self.hangs.lock().unwrap();
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
        archive.close().unwrap();
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
        let notice = archive.notice().await;
        assert!(
            matches!(&notice, Notice::NotWritten(why) if why.contains("disk")),
            "{notice:?}"
        );
        archive.write(vec![Change::put(&record(1, 2))]);
        disk.is_full.store(false, Ordering::SeqCst);
        assert!(matches!(archive.notice().await, Notice::WrittenAgain));
        archive.close().unwrap();
        let kept = disk.clone().load().unwrap().records;
        assert_eq!(kept, [record(1, 2), record(2, 1)]);
        // What it does not take in the end is told by the end itself.
        let archive = Archive::new(disk.clone()).unwrap();
        disk.is_full.store(true, Ordering::SeqCst);
        archive.write(vec![Change::put(&record(3, 1))]);
        assert!(archive.close().is_err());
    }

    #[test]
    fn while_the_disk_hangs_a_bounded_part_waits_the_newest_of_each_record_and_that_is_told() {
        const ROOM: usize = 100;
        let (disk, bytes) = (
            Disk::default(),
            cost(Change::put(&record(0, 1)).value.as_ref()),
        );
        let hangs = Arc::clone(&disk.hangs);
        let held = hangs.lock().unwrap();
        let mut archive = Archive::bounded(disk.clone(), ROOM * bytes).unwrap();
        // The first is on its way to the disk for ever.
        archive.write(vec![Change::put(&record(255, 1))]);
        while disk.commits.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        for score in 1..=50 {
            for n in 0..200 {
                archive.write(vec![Change::put(&record(n, score))]);
            }
            assert!(archive.shared.lock().bytes <= ROOM * bytes);
        }
        let notice = archive.told.blocking_recv().unwrap();
        let is_told = |why: &str| why.contains("no more can wait");
        assert!(
            matches!(&notice, Notice::NotWritten(why) if is_told(why)),
            "{notice:?}"
        );
        drop(held);
        let notice = archive.told.blocking_recv().unwrap();
        assert!(matches!(notice, Notice::WrittenAgain), "{notice:?}");
        archive.close().unwrap();
        let kept = disk.clone().load().unwrap().records;
        let expected = (0..100).map(|n| record(n, 50)).chain([record(255, 1)]);
        assert_eq!(kept, expected.collect::<Vec<_>>());
    }
}

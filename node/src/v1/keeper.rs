//! Writes the book of a node as it changes, where nobody has to wait for the disk.

use core::mem;
use core::time::Duration;
use std::io;
use std::path::Path;

use pex::book::AddrBook;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use crate::book_file::BookFileError;
use crate::book_store::BookStore;
use crate::notice::Notice;

/// How often it is looked whether the book has changed: what a crash may cost.
const EVERY: Duration = Duration::from_secs(1);

/// How long nothing is written after a failure, at most. It doubles from a second.
const PAUSE_MAX: Duration = Duration::from_secs(60);

type Written = (BookStore, Result<(), BookFileError>);

/// The writes of a book: one at a time, the whole file when the core says so and what has changed
/// every second.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Not here while it writes.
    store: Option<BookStore>,
    with_journal: bool,
    job: Option<Job>,
    /// The whole file is to be written.
    whole_due: bool,
    /// The book's revision that the disk has.
    written: u64,
    look_at: Instant,
    pause: Duration,
}

#[derive(Debug)]
struct Job {
    handle: JoinHandle<Written>,
    whole: bool,
    revision: u64,
}

/// What is to be done next.
#[derive(Debug)]
pub(super) enum Turn {
    /// Look whether something is to be written.
    Look,
    /// A write has ended; whether that is to be told.
    Done(Option<Notice>),
}

impl Keeper {
    /// Keeps a book that is as the disk has it.
    pub(super) fn new(path: &Path, book: &AddrBook) -> Self {
        Self {
            store: Some(BookStore::new(path, true)),
            with_journal: true,
            job: None,
            whole_due: false,
            written: book.revision(),
            look_at: Instant::now() + EVERY,
            pause: Duration::ZERO,
        }
    }

    /// Whether there is a journal.
    pub(super) fn set_journal(&mut self, path: &Path, with: bool) {
        self.with_journal = with;
        self.store = Some(BookStore::new(path, with));
    }

    /// The whole file is to be written, as soon as the disk takes it.
    pub(super) fn write_whole(&mut self) {
        self.whole_due = true;
        if self.pause.is_zero() {
            self.look_at = Instant::now();
        }
    }

    /// Waits for what comes next. Safe to cancel.
    pub(super) async fn turn(&mut self, path: &Path) -> Turn {
        let Some(job) = &mut self.job else {
            sleep_until(self.look_at).await;
            return Turn::Look;
        };
        let ended = (&mut job.handle).await;
        Turn::Done(self.on_written(path, ended))
    }

    fn on_written(&mut self, path: &Path, ended: Result<Written, JoinError>) -> Option<Notice> {
        let job = self.job.take()?;
        let (store, result) = ended.unwrap_or_else(|why| {
            // A write that panicked has not written.
            let store = BookStore::new(path, self.with_journal);
            (store, Err(BookFileError::Write(io::Error::other(why))))
        });
        self.store = Some(store);
        let was_failing = !self.pause.is_zero();
        let told = match result {
            Ok(()) => {
                self.written = job.revision;
                self.pause = Duration::ZERO;
                was_failing.then_some(Notice::WrittenAgain)
            }
            Err(why) => {
                self.whole_due |= job.whole;
                self.pause = self.pause.saturating_mul(2).clamp(EVERY, PAUSE_MAX);
                // Told once until it works.
                (!was_failing).then(|| Notice::NotWritten(why.to_string()))
            }
        };
        self.look_at = Instant::now() + self.pause.max(EVERY);
        told
    }

    /// Begins a write, if one is due.
    pub(super) fn look(&mut self, book: &AddrBook) {
        let changed = self.with_journal && book.revision() != self.written;
        if let Some(mut store) = self.store.take_if(|_| self.whole_due || changed) {
            let (book, whole) = (book.clone(), mem::take(&mut self.whole_due));
            let revision = book.revision();
            let write = move || {
                let result = if whole {
                    store.write(book)
                } else {
                    store.append(book)
                };
                (store, result)
            };
            let handle = spawn_blocking(write);
            self.job = Some(Job {
                handle,
                whole,
                revision,
            });
        } else {
            self.look_at = Instant::now() + EVERY;
        }
    }

    /// Writes everything, and ends.
    pub(super) async fn close(mut self, path: &Path, book: AddrBook) -> Result<(), BookFileError> {
        if let Some(job) = self.job.take() {
            // What matters is that the last one succeeds.
            self.store = job.handle.await.ok().map(|(store, _)| store);
        }
        let store = self.store.take();
        let store = store.unwrap_or_else(|| BookStore::new(path, self.with_journal));
        let written = spawn_blocking(move || store.close(book)).await;
        written.unwrap_or_else(|why| Err(BookFileError::Write(io::Error::other(why))))
    }
}

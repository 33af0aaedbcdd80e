//! An address book on disk: CometBFT's `addrbook.json`.
//!
//! [`read`] takes what CometBFT wrote, [`write()`] is atomic: whoever reads at any moment, and whoever
//! comes after a crash, has the old book or the new one. [`Edit`] is both together, for programs that
//! change a book which others may change at the same time.
//!
//! All calls block: from async code, call them where blocking is allowed.
//!
//! ```
//! use pex::book::AddrBook;
//! use pex::{NetAddress, Seed, Time};
//! use pex_node::book_file::{self, BookFileError};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("addrbook.json");
//! let (now, strict, seed) = (Time::from_secs(1_700_000_000), true, pex_node::fresh_seed()?);
//! let mut book = match book_file::read(&path, strict, seed, now) {
//!     Ok(loaded) => loaded.book,
//!     Err(BookFileError::Missing) => AddrBook::new(strict, seed),
//!     Err(error) => return Err(error.into()),
//! };
//! let address: NetAddress = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656".parse()?;
//! book.add_address(now, &address, &address)?;
//! book_file::write(&path, &book)?;
//!
//! assert!(book_file::read(&path, strict, seed, now)?.book.has_address(&address));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # While a book is written
//!
//! The new book is written to a file beside the old one, with `.new` at the end of its name, which is
//! locked, made as durable as the disk is, and renamed. Whoever is killed leaves at most that one
//! file behind, and the next to write uses it. A link is followed: the file that it leads to is
//! written. A file that is there keeps its owner and its mode, a new one has mode 0644.
//!
//! A running node keeps a journal beside its book, with `.journal` at the end of its name: what has
//! changed since the file was written. Whoever reads a book here has both together, and what became
//! of the journal in [`Loaded::journal`]; whoever writes one removes the journal.
//!
//! Whoever keeps a book for long, as a running node does, opens it with [`open()`], and holds a lock
//! on a file beside it, with `.lock` at the end of its name. Meanwhile nobody else opens or changes
//! the book: that fails with [`BookFileError::InUse`]. A file that is left of a process that was
//! killed keeps nobody out.

mod convert;
mod error;
mod lock;
mod open;
mod print;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use pex::book::{AddrBook, BookError, Loaded};
use pex::{Seed, Time};

use crate::book_store::remove_journal_of;
use crate::whole_file::{self, Draft, keep_as, keep_at, not_a_file, with_ending};

pub use convert::{LeftOut, from_records, to_records};
pub use error::BookFileError;
pub use lock::BookLock;
pub use open::{Opened, losses, open, repairs};
pub use print::{Which, write_json, write_table};

/// Most bytes of a book that is read, 64 MiB: twice as many as the largest that is ever written.
pub const FILE_BYTES_MAX: u64 = 64 << 20;

/// Reads the book at `path`, as [`AddrBook::read`] does.
///
/// # Errors
///
/// [`BookFileError`]: there is no file, or no book in it, or it can't be read.
pub fn read(path: &Path, strict: bool, seed: Seed, now: Time) -> Result<Loaded, BookFileError> {
    let bytes = read_bytes(path)?;
    let loaded = AddrBook::read(&bytes, strict, seed, now).map_err(BookFileError::Book)?;
    with_journal(loaded, path, &bytes, now)
}

/// Takes in the journal beside the file, if there is one.
fn with_journal(
    loaded: Loaded,
    path: &Path,
    bytes: &[u8],
    now: Time,
) -> Result<Loaded, BookFileError> {
    let path = whole_file::follow(path)?;
    match read_bytes(&journal_of(&path)) {
        Ok(journal) => Ok(loaded.with_journal(bytes, &journal, now)),
        Err(BookFileError::Missing) => Ok(loaded),
        // A journal of another size or kind than one has is of no book.
        Err(BookFileError::TooLarge { .. }) => Ok(loaded.with_journal(bytes, &[], now)),
        Err(error) => Err(error),
    }
}

/// Where the journal of the book at this path is.
#[must_use]
pub fn journal_of(path: &Path) -> PathBuf {
    with_ending(path, ".journal")
}

/// Reads what there is of the book at `path`, as [`AddrBook::salvage`] does, and what is wrong with
/// the rest.
///
/// # Errors
///
/// [`BookFileError`] if the file itself can't be read.
pub fn salvage(
    path: &Path,
    strict: bool,
    seed: Seed,
    now: Time,
) -> Result<(Loaded, Option<BookError>), BookFileError> {
    let bytes = read_bytes(path)?;
    let (loaded, error) = AddrBook::salvage(&bytes, strict, seed, now);
    Ok((with_journal(loaded, path, &bytes, now)?, error))
}

/// Whether there is a file at `path` that could be a book. It is not read.
///
/// # Errors
///
/// [`BookFileError`], as [`read`] would have it.
pub fn look(path: &Path) -> Result<(), BookFileError> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(BookFileError::from_read(not_a_file(&found)));
    }
    match found.len() {
        bytes if bytes > FILE_BYTES_MAX => Err(BookFileError::TooLarge { bytes }),
        _ => Ok(()),
    }
}

/// Reads the bytes of a book, however large the file says it is.
fn read_bytes(path: &Path) -> Result<Vec<u8>, BookFileError> {
    // A pipe is not opened, as that would wait for somebody to write.
    look(path)?;
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > FILE_BYTES_MAX {
        return Err(BookFileError::TooLarge { bytes: size });
    }
    Ok(bytes)
}

/// Writes a book to `path`, whole or not at all; it is on the disk when this returns.
///
/// Whoever else writes the same file is waited for.
///
/// # Errors
///
/// [`BookFileError::Write`], or [`BookFileError::InUse`] if a running node has the book. What was at
/// `path` is still there.
pub fn write(path: &Path, book: &AddrBook) -> Result<(), BookFileError> {
    Edit::begin(path)?.write(book)
}

/// Writes any text as safely as [`write()`] writes a book.
///
/// # Errors
///
/// As for [`write()`].
pub fn write_text(path: &Path, text: &[u8]) -> Result<(), BookFileError> {
    let draft = Draft::begin(path).map_err(BookFileError::Write)?;
    draft.finish(text).map_err(BookFileError::Write)
}

/// A book that is being changed. From [`Edit::begin`] on, others who would write it wait.
///
/// That of a running node can't be changed. A node of CometBFT's has its book in memory, and writes
/// over what was changed on disk: stop it first.
#[derive(Debug)]
pub struct Edit {
    draft: Draft,
}

impl Edit {
    /// Begins to change the book at `path`, whether there is one or not. Waits for others who are
    /// changing it. Nothing is changed if this is dropped.
    ///
    /// # Errors
    ///
    /// [`BookFileError::Write`] if nothing could be written there, [`BookFileError::InUse`] if a
    /// running node has the book.
    pub fn begin(path: &Path) -> Result<Self, BookFileError> {
        let draft = Draft::begin(path).map_err(BookFileError::Write)?;
        BookLock::must_be_free(draft.target())?;
        Ok(Self { draft })
    }

    /// The same, and takes the lock of the book.
    fn begin_to_keep(path: &Path) -> Result<(Self, BookLock), BookFileError> {
        let draft = Draft::begin(path).map_err(BookFileError::Write)?;
        let lock = BookLock::take(draft.target())?;
        Ok((Self { draft }, lock))
    }

    /// Reads the book.
    ///
    /// # Errors
    ///
    /// As for [`read`].
    pub fn read(&self, strict: bool, seed: Seed, now: Time) -> Result<Loaded, BookFileError> {
        read(self.draft.target(), strict, seed, now)
    }

    /// Reads what there is of the book.
    ///
    /// # Errors
    ///
    /// As for [`salvage`].
    pub fn salvage(
        &self,
        strict: bool,
        seed: Seed,
        now: Time,
    ) -> Result<(Loaded, Option<BookError>), BookFileError> {
        salvage(self.draft.target(), strict, seed, now)
    }

    /// Writes the book, and is done.
    ///
    /// # Errors
    ///
    /// As for [`write()`].
    pub fn write(self, book: &AddrBook) -> Result<(), BookFileError> {
        let (text, target) = (book.to_json(), self.draft.target().to_path_buf());
        self.draft
            .finish(text.as_bytes())
            .map_err(BookFileError::Write)?;
        remove_journal_of(&target);
        Ok(())
    }

    /// As [`Edit::write`], and keeps what was there before beside it, with `.damaged` at the end of
    /// its name, and a number if there is one already; its journal too. Returns the path of that.
    ///
    /// # Errors
    ///
    /// As for [`Edit::write`].
    pub fn replace_damaged(self, book: &AddrBook) -> Result<PathBuf, BookFileError> {
        let kept = self.keep_damaged().map_err(BookFileError::Write)?;
        self.write(book).inspect_err(|_| {
            // It is what is still at its own name.
            let _left = fs::remove_file(&kept);
            remove_journal_of(&kept);
        })?;
        Ok(kept)
    }

    /// Gives what is there a second name, as [`Edit::replace_damaged`] does, and its journal one
    /// that belongs to it. One that has such a name from the last time keeps that.
    fn keep_damaged(&self) -> io::Result<PathBuf> {
        let target = self.draft.target();
        let kept = keep_as(target, ".damaged")?;
        keep_at(&journal_of(target), &journal_of(&kept))?;
        Ok(kept)
    }
}

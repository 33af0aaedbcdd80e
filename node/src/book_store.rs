//! A book on disk that loses no more than the last second: its file, and a journal beside it.
//!
//! The file is that of CometBFT, and is written whole, now and then. What changes meanwhile goes to
//! the journal, a line a change: see [`pex::book::JournalWriter`]. When the file has been written
//! anew, so is the journal.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use pex::book::{AddrBook, JournalWriter};

use crate::book_file::{BookFileError, journal_of};
use crate::whole_file::Draft;

/// A journal never grows beyond this, or twice its book: the file is written instead.
const JOURNAL_BYTES_MIN: u64 = 1 << 20;

/// A book on disk, as far as this process has written it. All calls block.
#[derive(Debug)]
pub struct BookStore {
    path: PathBuf,
    with_journal: bool,
    journal: Option<OpenJournal>,
}

#[derive(Debug)]
struct OpenJournal {
    file: File,
    writer: JournalWriter,
    bytes: u64,
    bytes_max: u64,
    /// The book as the file and the journal have it.
    written: AddrBook,
}

impl BookStore {
    /// A store at `path`. Nothing is written yet; with a journal, if that is wanted.
    #[must_use]
    pub fn new(path: &Path, with_journal: bool) -> Self {
        Self {
            path: path.to_path_buf(),
            with_journal,
            journal: None,
        }
    }

    /// Whether changes can go to the journal: it has been begun, and is not too large.
    #[must_use]
    pub fn has_journal(&self) -> bool {
        let fits = |journal: &OpenJournal| journal.bytes < journal.bytes_max;
        self.journal.as_ref().is_some_and(fits)
    }

    /// Writes what has changed: to the journal, or where there is none the whole file, with which a
    /// journal begins. It is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// [`BookFileError::Write`]. What was written before is still there.
    pub fn append(&mut self, book: AddrBook) -> Result<(), BookFileError> {
        match self.journal.take().filter(|it| it.bytes < it.bytes_max) {
            Some(mut journal) => {
                let appended = journal.append(book);
                // One that can't be cut back to what is whole is not used again.
                if appended.is_ok() || journal.cut_back().is_ok() {
                    self.journal = Some(journal);
                }
                appended.map_err(BookFileError::Write)
            }
            None => self.write(book),
        }
    }

    /// Writes the whole file, and begins a new journal.
    ///
    /// # Errors
    ///
    /// [`BookFileError::Write`]. What was written before is still there.
    pub fn write(&mut self, book: AddrBook) -> Result<(), BookFileError> {
        let text = book.to_json();
        let draft = Draft::begin(&self.path).map_err(BookFileError::Write)?;
        let target = draft.target().to_path_buf();
        draft
            .finish(text.as_bytes())
            .map_err(BookFileError::Write)?;
        // From here on the old journal is of an older file, and means nothing.
        self.journal = None;
        if self.with_journal {
            let begun = OpenJournal::begin(&target, &text, book);
            self.journal = Some(begun.map_err(BookFileError::Write)?);
        } else {
            remove_journal_of(&target);
        }
        Ok(())
    }

    /// Writes the whole file, and removes the journal, as whoever ends in peace does.
    ///
    /// # Errors
    ///
    /// [`BookFileError::Write`]. What was written before is still there.
    pub fn close(mut self, book: AddrBook) -> Result<(), BookFileError> {
        self.with_journal = false;
        self.write(book)
    }
}

impl OpenJournal {
    fn begin(book_path: &Path, text: &str, written: AddrBook) -> io::Result<Self> {
        let path = journal_of(book_path);
        let (writer, head) = JournalWriter::begin(text.as_bytes());
        Draft::begin(&path)?.finish(head.as_bytes())?;
        let file = OpenOptions::new().append(true).open(&path)?;
        let size = u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(Self {
            file,
            writer,
            bytes: u64::try_from(head.len()).unwrap_or(u64::MAX),
            bytes_max: size.saturating_mul(2).max(JOURNAL_BYTES_MIN),
            written,
        })
    }

    fn append(&mut self, book: AddrBook) -> io::Result<()> {
        let changes = book.changes_since(&self.written);
        if changes.is_empty() {
            self.written = book;
            return Ok(());
        }
        let mut writer = self.writer;
        let lines = writer.lines(&changes);
        self.file.write_all(lines.as_bytes())?;
        self.file.sync_data()?;
        self.bytes = self
            .bytes
            .saturating_add(u64::try_from(lines.len()).unwrap_or(u64::MAX));
        (self.writer, self.written) = (writer, book);
        Ok(())
    }

    /// Takes back what was written of lines that did not come to their end.
    fn cut_back(&self) -> io::Result<()> {
        self.file.set_len(self.bytes)?;
        self.file.sync_data()
    }
}

/// Removes the journal of a book that has just been written whole. One that stays does no harm: it is
/// of another file.
pub(crate) fn remove_journal_of(book_path: &Path) {
    let _left = fs::remove_file(journal_of(book_path));
}

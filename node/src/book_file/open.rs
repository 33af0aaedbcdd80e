//! A book that is opened by whoever keeps it for long, as a node does.
//!
//! Such a one writes the book again and again, and what it has not taken in is then gone from the
//! file. So where anything would be, the file as it was is kept beside before.

use std::path::{Path, PathBuf};

use pex::book::{AddrBook, Loaded, Repair, RepairKind, Replayed};
use pex::{Seed, Time};

use super::{BookFileError, BookLock, Edit};

/// A book that was opened to be kept for long.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The book; an empty one if there was none.
    pub book: AddrBook,
    /// Whether there was none.
    pub is_new: bool,
    /// What in the file was not right.
    pub repairs: Vec<Repair>,
    /// What the journal beside the file came to; none if there was none.
    pub journal: Option<Replayed>,
    /// How many entries are left out, those of the journal with them, and where the file as it was
    /// is kept; none if all are taken in.
    pub kept: Option<(usize, PathBuf)>,
    /// That nobody else has it: to be held until the book has been written for the last time.
    pub lock: BookLock,
}

/// Opens the book at `path` to keep it for long, whether there is one or not. Where entries are left
/// out, the file as it was is kept beside it, with `.damaged` at the end of its name, and a number if
/// there is one already. The book itself is left as it is. Nobody else can open or change it until the
/// lock is dropped.
///
/// # Errors
///
/// [`BookFileError`]: somebody else has the book, there is a file and no book in it, it can't be read
/// or written, or it would lose entries and can't be kept.
pub fn open(path: &Path, strict: bool, seed: Seed, now: Time) -> Result<Opened, BookFileError> {
    let (edit, lock) = Edit::begin_to_keep(path)?;
    match edit.read(strict, seed, now) {
        Ok(loaded) => {
            let lost = losses(&loaded);
            let kept = (lost > 0).then(|| edit.keep_damaged());
            let kept = kept
                .transpose()
                .map_err(|why| BookFileError::Keep { lost, why })?;
            Ok(Opened {
                book: loaded.book,
                is_new: false,
                repairs: loaded.repairs,
                journal: loaded.journal,
                kept: kept.map(|kept| (lost, kept)),
                lock,
            })
        }
        Err(BookFileError::Missing) => Ok(Opened {
            book: AddrBook::new(strict, seed),
            is_new: true,
            repairs: Vec::new(),
            journal: None,
            kept: None,
            lock,
        }),
        Err(why) => Err(why),
    }
}

/// What of a file and of the journal beside it would not be there any more if the file were written
/// again: addresses and bans, and lines of the journal that can't be read. A journal that is not of this
/// book counts for nothing.
#[must_use]
pub fn losses(loaded: &Loaded) -> usize {
    let loses = |repair: &&Repair| repair.kind.loses() || repair.kind == RepairKind::Ours;
    let damaged = loaded.journal.as_ref().map_or(0, |it| it.damaged);
    damaged.saturating_add(repairs(loaded).filter(loses).count())
}

/// What was not right, of the file and then of the journal beside it.
pub fn repairs(loaded: &Loaded) -> impl Iterator<Item = &Repair> {
    let of_journal = loaded.journal.iter().flat_map(|it| &it.repairs);
    loaded.repairs.iter().chain(of_journal)
}

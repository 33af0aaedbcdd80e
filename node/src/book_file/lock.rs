//! Who has a book: whoever keeps one for long has it alone.
//!
//! What is locked is a file beside the book, as the book itself is replaced at every write. The
//! system lets go of it when the process ends, in whatever way; who ends in peace removes the file.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::BookFileError;
use crate::whole_file::{
    give_to_owner_of_folder, is_at, open_as_it_is, remove_if_there, with_ending,
};

/// That nobody else may keep or change a book, until this is dropped.
#[derive(Debug)]
pub struct BookLock {
    file: File,
    path: PathBuf,
}

impl BookLock {
    /// Takes the lock of a book. Nobody is waited for.
    pub(super) fn take(book_path: &Path) -> Result<Self, BookFileError> {
        let path = lock_of(book_path);
        loop {
            let Some(file) = open_as_it_is(&path).map_err(BookFileError::Write)? else {
                continue;
            };
            lock(&file)?;
            // Else whoever had it has removed it since.
            if is_at(&file, &path).map_err(BookFileError::Write)? {
                give_to_owner_of_folder(&file, &path);
                return Ok(Self { file, path });
            }
        }
    }

    /// Fails if somebody has the lock of a book. Nobody takes it as long as the draft of the book is
    /// held.
    pub(super) fn must_be_free(book_path: &Path) -> Result<(), BookFileError> {
        match OpenOptions::new().write(true).open(lock_of(book_path)) {
            Ok(file) => lock(&file),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(why) => Err(BookFileError::Write(why)),
        }
    }
}

impl Drop for BookLock {
    fn drop(&mut self) {
        // One that stays keeps nobody out.
        if is_at(&self.file, &self.path).unwrap_or(false) {
            let _left = remove_if_there(&self.path);
        }
    }
}

fn lock_of(book_path: &Path) -> PathBuf {
    with_ending(book_path, ".lock")
}

fn lock(file: &File) -> Result<(), BookFileError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(BookFileError::InUse),
        // There are no locks on such a disk.
        Err(TryLockError::Error(why)) if why.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(why)) => Err(BookFileError::Write(why)),
    }
}

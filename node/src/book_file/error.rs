//! Why an address book can't be read or written.

use core::fmt;
use std::io;

use pex::book::BookError;

use super::FILE_BYTES_MAX;

/// Why an address book can't be read or written. The file is left as it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum BookFileError {
    /// There is no file at the path.
    Missing,
    /// The file is larger than any book. It was not read.
    TooLarge {
        /// How large it is.
        bytes: u64,
    },
    /// What is in the file is no book, or is one only up to some point.
    Book(BookError),
    /// The operating system refused to read.
    Read(io::Error),
    /// The operating system refused to write.
    Write(io::Error),
    /// Another process has the book, as a running node does.
    InUse,
    /// Entries would be left out, and the file as it is can't be kept beside.
    Keep {
        /// How many.
        lost: usize,
        /// What the operating system said.
        why: io::Error,
    },
}

impl BookFileError {
    /// What reading came to.
    pub(super) fn from_read(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Read(error),
        }
    }
}

impl From<io::Error> for BookFileError {
    /// From reading; what writing comes to is [`BookFileError::Write`].
    fn from(error: io::Error) -> Self {
        Self::from_read(error)
    }
}

/// What to do about what the operating system said.
fn advice(error: &io::Error, reads: bool) -> &'static str {
    use io::ErrorKind as E;
    match error.kind() {
        E::PermissionDenied if reads => "choose a file that this user may read",
        E::PermissionDenied => {
            "run it as the user of the node, who may write to the file's folder, or choose another \
             path"
        }
        E::ReadOnlyFilesystem => "choose a path that can be written",
        E::StorageFull | E::QuotaExceeded | E::FileTooLarge => {
            "make room on the disk, and try again; the old book is still there"
        }
        E::ResourceBusy => "find it with fuser or lsof, and stop it",
        E::NotFound => "make its folder first, or check the path",
        E::NotADirectory => "check the path",
        E::IsADirectory => "name the file in it, such as addrbook.json",
        E::InvalidInput => "choose the path of a file",
        _ => "check its path, permissions and disk",
    }
}

impl fmt::Display for BookFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no address book here; check the path"),
            Self::TooLarge { bytes } => write!(
                f,
                "{bytes} bytes are more than any address book has (at most {FILE_BYTES_MAX}); check \
                 the path"
            ),
            Self::Book(error @ BookError::Damaged { whole: 1.., .. }) => write!(
                f,
                "the address book is {error}; pex book repair saves what stands before that"
            ),
            Self::Book(error @ BookError::Damaged { .. }) => write!(
                f,
                "the address book is {error}; restore it from a copy, or move it away and start \
                 with an empty one"
            ),
            Self::Book(error) => write!(f, "{error}; check the path"),
            Self::Read(error) => write!(
                f,
                "the address book cannot be read: {error}; {}",
                advice(error, true)
            ),
            Self::Write(error) => write!(
                f,
                "the address book cannot be written: {error}; {}",
                advice(error, false)
            ),
            Self::InUse => f.write_str(
                "another process has the address book open; stop it, or choose another path",
            ),
            Self::Keep { lost, why } => write!(
                f,
                "{lost} entries of the address book would be lost, and it cannot be kept beside as it \
                 is: {why}; {}; or see with pex book check which they are",
                advice(why, false)
            ),
        }
    }
}

impl core::error::Error for BookFileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Book(error) => Some(error),
            Self::Read(error) | Self::Write(error) | Self::Keep { why: error, .. } => Some(error),
            Self::Missing | Self::TooLarge { .. } | Self::InUse => None,
        }
    }
}

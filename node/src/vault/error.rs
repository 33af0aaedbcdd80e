//! Why a vault can't be used.

use core::fmt;
use std::io;

/// Why a vault can't be read or written. The file is left as it is, and so is what is in it.
#[derive(Debug)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no file at the path.
    Missing,
    /// The file is not a vault of this program.
    NotAVault,
    /// The file was written by a later version of this program.
    Newer {
        /// The version of its format.
        found: u64,
        /// The version that this program knows.
        known: u64,
    },
    /// Another process has the vault open.
    Locked,
    /// The file is cut short, or bytes in it are not what was written.
    Damaged {
        /// What was found, in the words of the store below.
        what: String,
    },
    /// The operating system refused to read or write.
    Io(io::Error),
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no store here; check the path"),
            Self::NotAVault => {
                f.write_str("the file is not a store of pex; choose another path, or move it away")
            }
            Self::Newer { found, known } => write!(
                f,
                "the store has format {found}, this program knows {known}; use a newer pex"
            ),
            Self::Locked => {
                f.write_str("another process has the store open; stop it, or choose another path")
            }
            Self::Damaged { what } => write!(
                f,
                "the store is damaged ({what}); restore it from a copy, or move it away and start \
                 with an empty one"
            ),
            Self::Io(error) => {
                write!(
                    f,
                    "the store cannot be used: {error}; check its path, permissions and disk"
                )
            }
        }
    }
}

impl core::error::Error for VaultError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Missing
            | Self::NotAVault
            | Self::Newer { .. }
            | Self::Locked
            | Self::Damaged { .. } => None,
        }
    }
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

/// What redb says, in our words.
impl From<redb::Error> for VaultError {
    fn from(error: redb::Error) -> Self {
        use redb::Error as E;
        match error {
            E::DatabaseAlreadyOpen | E::LockProtocolMismatch => Self::Locked,
            // No file of a vault is older than the format that redb has had since its version 3.
            E::UpgradeRequired(_)
            | E::TableTypeMismatch { .. }
            | E::TableIsMultimap(_)
            | E::TableIsNotMultimap(_)
            | E::TypeDefinitionChanged { .. }
            | E::TableDoesNotExist(_) => Self::NotAVault,
            // In this way redb tells that it has not met its magic number.
            E::Io(error) if error.kind() == io::ErrorKind::InvalidData => Self::NotAVault,
            E::Io(error) => error.into(),
            E::Corrupted(what) => Self::Damaged { what },
            other => Self::Damaged {
                what: other.to_string(),
            },
        }
    }
}

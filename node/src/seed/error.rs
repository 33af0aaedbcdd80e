//! Why a seed node does not start.

use core::fmt;
use core::net::SocketAddr;
use std::io;
use std::path::PathBuf;

use pex::ConfigError;

use crate::book_file::BookFileError;
use crate::transport::{NodeInfoError, OUT_OF_DESCRIPTORS, is_out_of_descriptors};
use crate::vault::VaultError;

/// Why a seed node does not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// It can't listen.
    Listen {
        /// Where.
        place: SocketAddr,
        /// What the operating system said.
        why: io::Error,
    },
    /// Others would not take what it says of itself.
    NodeInfo(NodeInfoError),
    /// The options are beyond their bounds.
    Options(ConfigError),
    /// The address book can't be read or written.
    Book {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: BookFileError,
    },
    /// The peer store can't be read or written.
    Store {
        /// Its file.
        path: PathBuf,
        /// Why.
        why: VaultError,
    },
    /// The operating system refused something.
    System(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { place, why } => {
                write!(f, "cannot listen on {place}: ")?;
                if is_out_of_descriptors(why) {
                    return f.write_str(OUT_OF_DESCRIPTORS);
                }
                let instead = match why.kind() {
                    io::ErrorKind::AddrInUse => {
                        "; stop what listens there, or choose another port with laddr or --listen"
                    }
                    io::ErrorKind::AddrNotAvailable => {
                        "; choose an address of this machine with laddr or --listen"
                    }
                    io::ErrorKind::PermissionDenied => "; choose a port above 1023",
                    _ => "",
                };
                write!(f, "{why}{instead}")
            }
            Self::NodeInfo(why) => why.fmt(f),
            Self::Options(why) => why.fmt(f),
            Self::Book {
                path,
                why: why @ BookFileError::Book(_),
            } => {
                let path = path.display();
                write!(
                    f,
                    "{path}: {why}; see what can be saved with: pex book repair {path}"
                )
            }
            Self::Book { path, why } => write!(f, "{}: {why}", path.display()),
            Self::Store { path, why } => write!(f, "{}: {why}", path.display()),
            Self::System(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for StartError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Listen { why, .. } | Self::System(why) => Some(why),
            Self::NodeInfo(why) => Some(why),
            Self::Options(why) => Some(why),
            Self::Book { why, .. } => Some(why),
            Self::Store { why, .. } => Some(why),
        }
    }
}

/// What a seed could not write at its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum CloseError {
    /// The address book.
    Book {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        why: BookFileError,
    },
    /// The peer store.
    Store {
        /// Its file.
        path: PathBuf,
        /// What the disk says.
        why: io::Error,
    },
}

impl fmt::Display for CloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Book { path, why } => write!(f, "{}: {why}", path.display()),
            Self::Store { path, why } => {
                let path = path.display();
                write!(f, "{path}: what has changed last is not written: {why}")
            }
        }
    }
}

impl core::error::Error for CloseError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Book { why, .. } => Some(why),
            Self::Store { why, .. } => Some(why),
        }
    }
}

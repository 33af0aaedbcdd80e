//! The book as text: CometBFT's `addrbook.json`.
//!
//! What is written can be read by the reference, and what the reference writes can be read here.
//! Its reader ignores members that it does not know, so what it has no place for stands in members
//! of our own: `first_success` in an entry, and `pex` beside `addrs`, with further addresses of the
//! same nodes, bans, and those with whom the owner was connected for longest.
//!
//! The reference takes the numbers of buckets as they stand, and panics on those that are none.
//! Here an old address goes where the hash places it, for the numbers in a file of the reference
//! mean nothing: it draws the hash's key anew at each start. A new one keeps its numbers as far as
//! they are right, as who else has told it is not written down.

mod changes;
mod journal;
mod read;
mod shape;
mod stamp;
mod write;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::AddrBook;

pub use changes::Change;
pub use journal::{JournalWriter, Replayed};

/// A book that was read, and what had to be changed for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The book.
    pub book: AddrBook,
    /// What in the file was not right, in the order of the file.
    pub repairs: Vec<Repair>,
    /// What a journal beside the file came to; none if none was taken in.
    pub journal: Option<Replayed>,
}

impl Loaded {
    /// How many addresses of the file are not in the book.
    #[must_use]
    pub fn lost(&self) -> usize {
        let loses = |repair: &&Repair| repair.kind.loses();
        self.repairs.iter().filter(loses).count()
    }
}

/// Something in a file that was not right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// Which of the addresses, counted from 1, those behind `addrs` with them; none if it
    /// is the file as a whole, or one that had to go for another behind it.
    pub entry: Option<usize>,
    /// What was wrong, and what was done.
    pub kind: RepairKind,
}

/// What was wrong in a file, and what was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepairKind {
    /// The key is missing, or is not 24 hexadecimal digits. A new one was drawn.
    Key,
    /// The entry is not made of the members that it should have. Left out.
    Shape,
    /// The address is none: its id, its IP address or its port. Left out.
    Address,
    /// No node can have this address, or not everybody can route to it, and the book is strict.
    /// Left out.
    NotRoutable,
    /// The same address stands there before. Left out.
    Twice,
    /// The node has four addresses before this one. Left out.
    TooMany,
    /// Its buckets are full of others, which stand before it or were reached. Left out.
    Full,
    /// Who told it is missing, or is no address. It counts as having told of itself.
    Source,
    /// The number or the kind of a bucket is none. Placed anew.
    Bucket,
    /// It is said to have proved good, and was never reached. It is a new one.
    NeverReached,
    /// A time is none, or lies in the future. It is now, or never.
    Time,
    /// A number of attempts is below zero, or very large. It is as near as can be.
    Attempts,
    /// A member of our own is not as we write it. Ignored.
    Ours,
}

impl RepairKind {
    /// Whether an address was left out.
    #[must_use]
    pub const fn loses(self) -> bool {
        match self {
            Self::Shape
            | Self::Address
            | Self::NotRoutable
            | Self::Twice
            | Self::TooMany
            | Self::Full => true,
            Self::Key
            | Self::Source
            | Self::Bucket
            | Self::NeverReached
            | Self::Time
            | Self::Attempts
            | Self::Ours => false,
        }
    }
}

impl fmt::Display for RepairKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "the key is no 24 hexadecimal digits; a new one was drawn",
            Self::Shape => "left out: it has not the members of an entry",
            Self::Address => "left out: its id, IP address or port is none",
            Self::NotRoutable => {
                "left out: not everybody can route to it, and the book is strict \
                 (addr_book_strict = false takes it in)"
            }
            Self::Twice => "left out: the same address stands there before",
            Self::TooMany => "left out: its node has four addresses before this one",
            Self::Full => "left out: its buckets are full of others",
            Self::Source => "who told it is no address; it counts as having told of itself",
            Self::Bucket => "the number or the kind of a bucket is none; placed anew",
            Self::NeverReached => "it is said to be good and was never reached; it is a new one",
            Self::Time => "a time is none, or lies in the future; it is now, or never",
            Self::Attempts => "the number of attempts is none; it is as near as can be",
            Self::Ours => "a member of pex is not as pex writes it; ignored",
        })
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "entry {entry}: {}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}

/// Why a text is no book.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BookError {
    /// It is not JSON from some point on, as when a write was cut short.
    Damaged {
        /// The line of that point, counted from 1.
        line: usize,
        /// The column of that point, counted from 1.
        column: usize,
        /// Entries that stand whole before it.
        whole: usize,
        /// What the parser says.
        why: String,
    },
    /// It is JSON, and has no list `addrs`.
    NotABook,
}

impl fmt::Display for BookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged {
                line,
                column,
                whole,
                why,
            } => write!(
                f,
                "damaged at line {line}, column {column}, after {whole} whole entries ({why})"
            ),
            Self::NotABook => f.write_str("no address book: it has no list \"addrs\""),
        }
    }
}

impl core::error::Error for BookError {}

//! Why bytes are no record.

use core::fmt;

use super::PeerRecord;
use crate::wire::WireError;
use crate::{AddressError, NodeId};

/// Why bytes are no [`PeerRecord`], or an address of one was left out. The bytes are damaged, or
/// are another program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// The record is longer than any that is read. It was not looked at.
    TooLong {
        /// Bytes of the record.
        bytes: usize,
        /// The most that is read, in bytes.
        max: usize,
    },
    /// The bytes are no protobuf message with these fields.
    Malformed(WireError),
    /// There is no id, or it is not 40 hexadecimal digits in lower case.
    Id,
    /// An address does not parse.
    Address(AddressError),
    /// An address is that of another node.
    OtherId {
        /// The id in the address.
        id: NodeId,
    },
    /// There are more than [`PeerRecord::MAX_ADDRESSES`] addresses.
    TooManyAddresses,
    /// A time is before the year 1 or after 9999, or has a second of more than 10^9 nanoseconds.
    Timestamp,
    /// The id of who told of an address has not 20 bytes.
    Source {
        /// Bytes of it.
        bytes: usize,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a peer record, leave it out or restore it from a copy: ")?;
        match self {
            Self::TooLong { bytes, max } => {
                write!(f, "it has {bytes} bytes, at most {max} are read")
            }
            Self::Malformed(error) => error.write_fault(f),
            Self::Id => f.write_str("its id is not 40 hexadecimal digits in lower case"),
            Self::Address(error) => write!(f, "an address in it is none: {error}"),
            Self::OtherId { id } => write!(f, "an address in it is that of node {id}"),
            Self::TooManyAddresses => {
                let most = PeerRecord::MAX_ADDRESSES;
                write!(f, "it has more than {most} addresses")
            }
            Self::Timestamp => f.write_str("a time in it does not exist"),
            Self::Source { bytes } => {
                write!(
                    f,
                    "the id of a teller in it has {bytes} bytes in place of 20"
                )
            }
        }
    }
}

// `Malformed` is no source: what it prints is advice for another case.
impl core::error::Error for RecordError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "one cause has a cause of its own"
    )]
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Address(error) => Some(error),
            _ => None,
        }
    }
}

impl From<WireError> for RecordError {
    fn from(error: WireError) -> Self {
        Self::Malformed(error)
    }
}

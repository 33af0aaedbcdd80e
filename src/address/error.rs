//! Why a text is no address.

use core::fmt;

use super::NodeAddress;
use crate::NodeIdError;

/// Why a text, or a set of parts, is not a [`NodeAddress`]. The fault is its author's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// The text has more than [`NodeAddress::MAX_TEXT`] bytes, or would have when printed.
    TextTooLong {
        /// Its bytes.
        length: usize,
    },
    /// The protocol has more than [`NodeAddress::MAX_PROTOCOL`] bytes.
    ProtocolTooLong {
        /// Its bytes.
        length: usize,
    },
    /// The host has more than [`NodeAddress::MAX_HOST`] bytes after unescaping.
    HostTooLong {
        /// Its bytes.
        length: usize,
    },
    /// The text, or its host or path after unescaping, is not UTF-8.
    NotUtf8,
    /// A control character stands before the fragment.
    Control,
    /// The part before `://` is no protocol: a letter, then letters, digits, `+`, `-`, `.`.
    Protocol,
    /// No node id stands before an `@`, or after the colon of `protocol:id`.
    NoId,
    /// What stands in place of the node id is none.
    Id(NodeIdError),
    /// The id of the form `protocol:id` has a capital letter. The reference lowers ids only where
    /// they stand before an `@`.
    IdCase,
    /// A character before the `@` has no place there.
    User,
    /// A `%` is not followed by two hexadecimal digits.
    Escape,
    /// The host holds a byte that it may not hold in this spelling.
    HostCharacter {
        /// The byte after unescaping.
        byte: u8,
    },
    /// The host starts with `[`, and no `]` follows.
    Bracket,
    /// The port is not a decimal number up to 65,535.
    Port,
    /// There is a port, but no host.
    PortWithoutHost,
}

impl AddressError {
    /// Whether the reference takes such a text and passes it on, so that who tells it may be honest:
    /// it knows no longest text, and its strings hold any bytes.
    pub(crate) const fn is_ours_alone(&self) -> bool {
        matches!(
            self,
            Self::TextTooLong { .. }
                | Self::ProtocolTooLong { .. }
                | Self::HostTooLong { .. }
                | Self::NotUtf8
        )
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TextTooLong { length } => {
                let most = NodeAddress::MAX_TEXT;
                write!(f, "an address has at most {most} bytes, this one {length}")
            }
            Self::ProtocolTooLong { length } => {
                let most = NodeAddress::MAX_PROTOCOL;
                write!(f, "a protocol has at most {most} bytes, this one {length}")
            }
            Self::HostTooLong { length } => {
                let most = NodeAddress::MAX_HOST;
                write!(f, "a host has at most {most} bytes, this one {length}")
            }
            Self::NotUtf8 => f.write_str("an address is UTF-8, also where it is escaped"),
            Self::Control => f.write_str("take the control character out of the address"),
            Self::Protocol => f.write_str(
                "a protocol is a letter, then letters, digits, '+', '-' or '.'; \
                 leave it out for mconn",
            ),
            Self::NoId => f.write_str("put the node id and an '@' before the host"),
            Self::Id(_) => f.write_str("what stands before the '@' or after ':' is no node id"),
            Self::IdCase => f.write_str("write the id after 'protocol:' in lower case"),
            Self::User => f.write_str("only a node id may stand before the '@'"),
            Self::Escape => f.write_str("write two hexadecimal digits after each '%'"),
            Self::HostCharacter { byte } => {
                write!(f, "a host may not hold the byte 0x{byte:02x} here")
            }
            Self::Bracket => f.write_str("close the '[' of the host with a ']'"),
            Self::Port => f.write_str("a port is a decimal number from 0 to 65535"),
            Self::PortWithoutHost => f.write_str("give the port a host, or leave it out"),
        }
    }
}

impl core::error::Error for AddressError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "one cause has a cause of its own"
    )]
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Id(error) => Some(error),
            _ => None,
        }
    }
}

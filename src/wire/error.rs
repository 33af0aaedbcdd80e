//! Why bytes are no message.

use core::fmt;

/// Why bytes are no message. Always the fault of whoever sent them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// The message is longer than any version of the protocol allows. It was not read.
    TooLong {
        /// Bytes of the message.
        bytes: usize,
        /// The most that is read, in bytes.
        max: usize,
    },
    /// The bytes end inside a field or a group, or a length points past the end.
    Truncated,
    /// A varint does not end within ten bytes.
    VarintTooLong,
    /// A field number is not between 1 and 2^31 - 1.
    FieldNumber,
    /// A field has wire type 6 or 7, which protobuf does not define.
    UnknownWireType {
        /// The wire type.
        wire_type: u8,
    },
    /// A field that we know has another wire type than it must have.
    WrongWireType {
        /// The number of the field in its message.
        field: u32,
        /// The wire type it has.
        wire_type: u8,
    },
    /// A group ends that did not begin.
    EndGroup,
    /// A text of an entry is not UTF-8.
    NotUtf8 {
        /// The number of the field in its entry.
        field: u32,
    },
}

impl WireError {
    /// What is wrong with the bytes, without a word on who is to blame.
    pub(crate) fn write_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes, max } => {
                write!(f, "it has {bytes} bytes, at most {max} are allowed")
            }
            Self::Truncated => f.write_str("it ends inside a field"),
            Self::VarintTooLong => f.write_str("a number does not end within ten bytes"),
            Self::FieldNumber => f.write_str("a field number is not between 1 and 2147483647"),
            Self::UnknownWireType { wire_type } => {
                write!(f, "wire type {wire_type} does not exist")
            }
            Self::WrongWireType { field, wire_type } => {
                write!(f, "field {field} cannot have wire type {wire_type}")
            }
            Self::EndGroup => f.write_str("a group ends that did not begin"),
            Self::NotUtf8 { field } => {
                write!(f, "the text in field {field} of an address is not UTF-8")
            }
        }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a PEX message, disconnect the peer: ")?;
        self.write_fault(f)
    }
}

impl core::error::Error for WireError {}

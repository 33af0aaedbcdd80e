//! Who a node is: the hash of its public key.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

/// The identity of a node: 20 bytes, the first of the SHA-256 of its ed25519 public key.
///
/// Outside it is 40 lower-case hexadecimal digits, as in `id@host:port`. The core takes it as
/// given: only a transport that has seen the key can say that it is true.
///
/// ```
/// use pex::NodeId;
///
/// let id: NodeId = "00112233445566778899AABBccddeeff00112233".parse()?;
/// assert_eq!(id.to_string(), "00112233445566778899aabbccddeeff00112233");
/// # Ok::<(), pex::NodeIdError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId([u8; Self::LENGTH]);

impl NodeId {
    /// Bytes of an id.
    pub const LENGTH: usize = 20;

    /// Hexadecimal digits of an id in text.
    pub const TEXT_LENGTH: usize = 2 * Self::LENGTH;

    /// The id with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The bytes as numbers, for tables.
    pub(crate) const fn words(self) -> [u64; 3] {
        let [
            a0,
            a1,
            a2,
            a3,
            a4,
            a5,
            a6,
            a7,
            b0,
            b1,
            b2,
            b3,
            b4,
            b5,
            b6,
            b7,
            c0,
            c1,
            c2,
            c3,
        ] = self.0;
        [
            u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]),
            u64::from_le_bytes([b0, b1, b2, b3, b4, b5, b6, b7]),
            u32::from_le_bytes([c0, c1, c2, c3]) as u64,
        ]
    }

    /// Reads an id from 40 hexadecimal digits of either case.
    ///
    /// # Errors
    ///
    /// [`NodeIdError`] if the text has another length or another character.
    #[expect(clippy::indexing_slicing, reason = "a byte indexes 256 values")]
    pub fn parse(text: &str) -> Result<Self, NodeIdError> {
        let digits: &[u8; Self::TEXT_LENGTH] = text
            .as_bytes()
            .try_into()
            .map_err(|_| NodeIdError::Length { found: text.len() })?;
        let mut bytes = [0; Self::LENGTH];
        let mut met = 0;
        for (byte, [high, low]) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
            let (high, low) = (VALUES[usize::from(*high)], VALUES[usize::from(*low)]);
            *byte = high << 4 | low;
            met |= high | low;
        }
        if met & NO_DIGIT == 0 {
            Ok(Self(bytes))
        } else {
            Err(NodeIdError::Digit)
        }
    }

    /// The 40 lower-case digits, as bytes on the stack.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "four bits index sixteen digits")]
    pub fn to_hex(self) -> [u8; Self::TEXT_LENGTH] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; Self::TEXT_LENGTH];
        for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ];
        }
        text
    }
}

/// The value of each byte as a hexadecimal digit, or [`NO_DIGIT`].
#[expect(
    clippy::indexing_slicing,
    reason = "worked out while compiling, which stops if an index is out of bounds"
)]
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

/// Stands for no digit. Above every digit's value in each half, so that one look at the whole
/// tells whether any was met.
const NO_DIGIT: u8 = 0xf0;

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hexadecimal digits are ASCII, so the text is never empty by mistake.
        f.pad(core::str::from_utf8(&self.to_hex()).unwrap_or_default())
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeId {
    type Err = NodeIdError;

    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        Self::parse(text)
    }
}

impl From<NodeId> for String {
    fn from(id: NodeId) -> Self {
        alloc::format!("{id}")
    }
}

/// Why a text is not a node id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeIdError {
    /// An id is 40 characters long; this text is not.
    Length {
        /// Bytes of the text.
        found: usize,
    },
    /// A character is none of `0` to `9`, `a` to `f`, `A` to `F`.
    Digit,
}

impl fmt::Display for NodeIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => {
                write!(
                    f,
                    "a node id has 40 hexadecimal digits, this text has {found} bytes"
                )
            }
            Self::Digit => f.write_str("a node id has hexadecimal digits only, 0 to 9 and a to f"),
        }
    }
}

impl core::error::Error for NodeIdError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    const U: &str = "00112233445566778899aabbccddeeff00112233";

    #[test]
    fn an_id_prints_as_it_was_parsed_in_lower_case() {
        assert_eq!(NodeId::parse(U).unwrap().to_string(), U);
        assert_eq!(NodeId::parse(&U.to_uppercase()).unwrap().to_string(), U);
    }

    #[test]
    fn forty_digits_and_nothing_else_make_an_id() {
        assert_eq!(NodeId::parse(""), Err(NodeIdError::Length { found: 0 }));
        assert_eq!(NodeId::parse("foo"), Err(NodeIdError::Length { found: 3 }));
        assert_eq!(
            NodeId::parse(&U[1..]),
            Err(NodeIdError::Length { found: 39 })
        );
        assert_eq!(NodeId::parse(&U.replace('f', "g")), Err(NodeIdError::Digit));
    }
}

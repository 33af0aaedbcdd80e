//! Who a node is: the hash of its public key.

use alloc::string::String;
use core::cmp::Ordering;
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
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    /// The bytes as numbers that are ordered as the bytes are.
    const fn ordered(self) -> (u128, u32) {
        let [high @ .., a, b, c, d] = self.0;
        (u128::from_be_bytes(high), u32::from_be_bytes([a, b, c, d]))
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
    pub fn parse(text: &str) -> Result<Self, NodeIdError> {
        let digits: &[u8; Self::TEXT_LENGTH] = text
            .as_bytes()
            .try_into()
            .map_err(|_| NodeIdError::Length { found: text.len() })?;
        Self::from_digits(digits).ok_or(NodeIdError::Digit)
    }

    /// The id of these digits; none if one of them is no digit.
    // Each step is the same for all digits, without a branch or a table, and there are as many as fill
    // three vectors of sixteen bytes: so a processor that has such takes each step for sixteen at once.
    pub(crate) fn from_digits(digits: &[u8; Self::TEXT_LENGTH]) -> Option<Self> {
        let mut values = [b'0'; 48];
        *values.first_chunk_mut()? = *digits;
        let mut others = 0;
        for value in &mut values {
            let decimal = value.wrapping_sub(b'0');
            let letter = (*value | 0x20).wrapping_sub(b'a');
            let of_letter = if letter < 6 {
                letter.wrapping_add(10)
            } else {
                0xff
            };
            *value = if decimal < 10 { decimal } else { of_letter };
            others |= *value;
        }
        let mut bytes = [0; 24];
        for (byte, pair) in bytes.iter_mut().zip(values.as_chunks::<2>().0) {
            let pair = u16::from_le_bytes(*pair);
            *byte = (pair << 4 | pair >> 8).to_le_bytes()[0];
        }
        (others < 16).then_some(Self(*bytes.first_chunk()?))
    }

    /// The 40 lower-case digits, as bytes on the stack.
    // As in `from_digits`: the two digits of a byte lie in one word, and both are made at once.
    #[must_use]
    pub fn to_hex(self) -> [u8; Self::TEXT_LENGTH] {
        const TO_LETTERS: u16 = (b'a' - b'0' - 10) as u16;
        let (mut bytes, mut text) = ([0; 24], [0; 48]);
        let (front, _) = bytes.split_at_mut(Self::LENGTH);
        front.copy_from_slice(&self.0);
        for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
            let byte = u16::from(byte);
            let values = (byte >> 4 | byte << 8) & 0x0f0f;
            let are_letters = (values.wrapping_add(0x0606) >> 4) & 0x0101;
            let letters = are_letters.wrapping_mul(TO_LETTERS);
            let digits = values.wrapping_add(0x3030).wrapping_add(letters);
            *pair = digits.to_le_bytes();
        }
        let [digits @ .., _, _, _, _, _, _, _, _] = text;
        digits
    }
}

/// In the order of the bytes, as two numbers and not one by one.
impl Ord for NodeId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ordered().cmp(&other.ordered())
    }
}

impl PartialOrd for NodeId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

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
    use alloc::vec::Vec;

    const U: &str = "00112233445566778899aabbccddeeff00112233";

    #[test]
    fn an_id_prints_as_it_was_parsed_in_lower_case() {
        assert_eq!(NodeId::parse(U).unwrap().to_string(), U);
        assert_eq!(NodeId::parse(&U.to_uppercase()).unwrap().to_string(), U);
    }

    quickcheck::quickcheck! {
        fn ids_are_ordered_as_their_bytes_are(one: Vec<u8>, other: Vec<u8>, same: u8) -> bool {
            let id = |bytes: &[u8]| {
                let mut id = [0; NodeId::LENGTH];
                let start = usize::from(same) % NodeId::LENGTH;
                id[start..].iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
                NodeId::new(id)
            };
            let (one, other) = (id(&one), id(&other));
            one.cmp(&other) == one.as_bytes().cmp(other.as_bytes())
        }
    }

    #[test]
    fn every_byte_is_read_as_a_digit_if_it_is_one_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..NodeId::TEXT_LENGTH {
                let mut digits = [b'5'; NodeId::TEXT_LENGTH];
                digits[place] = byte;
                let value = char::from(byte).to_digit(16);
                let mut bytes = [0x55; NodeId::LENGTH];
                if let Some(value) = value.and_then(|value| u8::try_from(value).ok()) {
                    let half = &mut bytes[place / 2];
                    *half = if place % 2 == 0 {
                        value << 4 | 5
                    } else {
                        0x50 | value
                    };
                }
                let id = value.map(|_| NodeId::new(bytes));
                assert_eq!(NodeId::from_digits(&digits), id, "{byte} at {place}");
            }
        }
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

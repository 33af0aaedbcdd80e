//! Protobuf fields out of bytes, by the rules of the reference's generated decoder.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "at most ten times seven bits"
)]

use super::WireError;

const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
const BYTES: u8 = 2;
const GROUP: u8 = 3;
const END_GROUP: u8 = 4;
const FIXED_32: u8 = 5;

/// The most bytes of a varint: 64 bits, seven in a byte.
const VARINT_BYTES: usize = 10;

/// What stands before a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    /// The number of the field, 1 to 2^31 - 1.
    pub(crate) field: u32,
    wire_type: u8,
}

impl Tag {
    const fn require(self, wire_type: u8) -> Result<(), WireError> {
        if self.wire_type == wire_type {
            return Ok(());
        }
        Err(WireError::WrongWireType {
            field: self.field,
            wire_type: self.wire_type,
        })
    }
}

/// What is left to read of one message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes of the next field, if it has this tag and is shorter than 128 bytes, as nearly all
    /// fields of an answer are.
    #[inline]
    pub(crate) fn short_bytes(&mut self, tag: u8) -> Option<&'a [u8]> {
        let [first, length @ 0..0x80, rest @ ..] = self.rest else {
            return None;
        };
        let (bytes, rest) = rest.split_at_checked(usize::from(*length))?;
        if *first != tag {
            return None;
        }
        self.rest = rest;
        Some(bytes)
    }

    /// The tag of the next field, or `None` at the end.
    #[inline]
    pub(crate) fn tag(&mut self) -> Result<Option<Tag>, WireError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, wire_type) = self.key()?;
        let field = low_32(number);
        if field == 0 || field > i32::MAX.unsigned_abs() {
            return Err(WireError::FieldNumber);
        }
        Ok(Some(Tag { field, wire_type }))
    }

    /// The bytes of the field that `tag` announced.
    #[inline]
    pub(crate) fn bytes(&mut self, tag: Tag) -> Result<&'a [u8], WireError> {
        tag.require(BYTES)?;
        self.delimited()
    }

    /// The text of the field that `tag` announced.
    #[inline]
    pub(crate) fn text(&mut self, tag: Tag) -> Result<&'a str, WireError> {
        let bytes = self.bytes(tag)?;
        core::str::from_utf8(bytes).map_err(|_| WireError::NotUtf8 { field: tag.field })
    }

    /// The number of the field that `tag` announced, without the bits above the 32nd.
    #[inline]
    pub(crate) fn uint32(&mut self, tag: Tag) -> Result<u32, WireError> {
        tag.require(VARINT)?;
        self.varint().map(low_32)
    }

    /// The number of the field that `tag` announced.
    #[inline]
    pub(crate) fn uint64(&mut self, tag: Tag) -> Result<u64, WireError> {
        tag.require(VARINT)?;
        self.varint()
    }

    /// The number of the field that `tag` announced, where small negative numbers are short.
    #[inline]
    pub(crate) fn sint32(&mut self, tag: Tag) -> Result<i32, WireError> {
        let zigzag = self.uint32(tag)?;
        let sign = (zigzag & 1).cast_signed().wrapping_neg();
        Ok((zigzag >> 1).cast_signed() ^ sign)
    }

    /// The truth value of the field that `tag` announced: false only if it is zero.
    #[inline]
    pub(crate) fn boolean(&mut self, tag: Tag) -> Result<bool, WireError> {
        self.uint64(tag).map(|value| value != 0)
    }

    /// Passes over the field that `tag` announced, a group with all it holds.
    // The field numbers inside a group are not looked at, so the end of one group may close
    // another. A count instead of recursion: depth costs a peer a byte and us nothing.
    pub(crate) fn skip(&mut self, tag: Tag) -> Result<(), WireError> {
        let mut wire_type = tag.wire_type;
        let mut depth = 0_usize;
        loop {
            match wire_type {
                VARINT => {
                    self.varint()?;
                }
                FIXED_64 => {
                    self.take(8)?;
                }
                BYTES => {
                    self.delimited()?;
                }
                GROUP => depth = depth.saturating_add(1),
                END_GROUP => depth = depth.checked_sub(1).ok_or(WireError::EndGroup)?,
                FIXED_32 => {
                    self.take(4)?;
                }
                _ => return Err(WireError::UnknownWireType { wire_type }),
            }
            if depth == 0 {
                return Ok(());
            }
            (_, wire_type) = self.key()?;
        }
    }

    /// A field number of any size, and a wire type.
    #[inline]
    fn key(&mut self) -> Result<(u64, u8), WireError> {
        let key = self.varint()?;
        // The mask leaves three bits.
        Ok((key >> 3, low_8(key & 7)))
    }

    #[inline]
    fn delimited(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.varint()?;
        self.take(usize::try_from(length).map_err(|_| WireError::Truncated)?)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    // Nearly all tags and lengths are one byte.
    #[inline]
    fn varint(&mut self) -> Result<u64, WireError> {
        match self.rest {
            [byte @ 0..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0;
        let mut rest = self.rest;
        for shift in (0..VARINT_BYTES).map(|index| 7 * index) {
            let (&byte, tail) = rest.split_first().ok_or(WireError::Truncated)?;
            // The tenth byte has room for one bit; its others are lost, as in the reference.
            value |= u64::from(byte & 0x7f) << shift;
            rest = tail;
            if byte < 0x80 {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(WireError::VarintTooLong)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the reference drops the high bits of field numbers and ports"
)]
const fn low_32(value: u64) -> u32 {
    value as u32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "callers have masked the high bits"
)]
const fn low_8(value: u64) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint(bytes: &[u8]) -> Result<u64, WireError> {
        Reader::new(bytes).varint()
    }

    #[test]
    fn a_varint_may_take_ten_bytes_and_loses_what_is_above_64_bits() {
        let long_one = [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00];
        assert_eq!(varint(&long_one), Ok(1));
        let all = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(varint(&all), Ok(u64::MAX));
        assert_eq!(varint(&[0x80; 10]), Err(WireError::VarintTooLong));
        assert_eq!(varint(&[0x80; 9]), Err(WireError::Truncated));
        assert_eq!(varint(&[]), Err(WireError::Truncated));
    }

    #[test]
    fn a_field_number_is_the_low_32_bits_of_its_varint() {
        // (2^32 + 1) << 3: field 1 once the high bit is gone.
        let mut fields = Reader::new(&[0x88, 0x80, 0x80, 0x80, 0x80, 0x01]);
        let tag = fields.tag().unwrap().unwrap();
        assert_eq!((tag.field, tag.wire_type), (1, VARINT));
        // 2^31 << 3: negative as the reference's int32.
        let mut fields = Reader::new(&[0x80, 0x80, 0x80, 0x80, 0x40]);
        assert_eq!(fields.tag(), Err(WireError::FieldNumber));
    }

    #[test]
    fn any_end_closes_the_innermost_group() {
        // Field 5 begins, 6 begins, 7 ends, 0 ends, then one byte is left.
        let mut fields = Reader::new(&[0x2b, 0x33, 0x3c, 0x04, 0x99]);
        let tag = fields.tag().unwrap().unwrap();
        assert_eq!(fields.skip(tag), Ok(()));
        assert_eq!(fields.rest, [0x99]);
    }

    #[test]
    fn a_group_that_does_not_end_is_truncated() {
        let mut fields = Reader::new(&[0x2b, 0x33, 0x3c]);
        let tag = fields.tag().unwrap().unwrap();
        assert_eq!(fields.skip(tag), Err(WireError::Truncated));
    }

    #[test]
    fn a_length_may_not_point_past_the_end() {
        for length in [&[0x02_u8, 0x00][..], &[0xff; 9], &[0x80, 0x80, 0x80, 0x08]] {
            assert_eq!(Reader::new(length).delimited(), Err(WireError::Truncated));
        }
    }
}

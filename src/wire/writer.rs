//! Protobuf fields into bytes, as the reference orders and shortens them.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of lengths of what lies in memory, and numbers of bits"
)]

use alloc::vec::Vec;

const VARINT: u32 = 0;
const BYTES: u32 = 2;

/// Bytes of a tag: every field whose length is worked out here has a number below 16.
const TAG_LEN: usize = 1;

/// Bytes of a field that holds this many bytes, such as an envelope round its body.
pub(crate) const fn bytes_len(length: usize) -> usize {
    TAG_LEN + varint_len(length as u64) + length
}

/// Bytes of a field that holds this text: none if it is empty.
pub(crate) const fn text_len(text: &str) -> usize {
    if text.is_empty() {
        0
    } else {
        bytes_len(text.len())
    }
}

/// Bytes of a field that holds this number: none if it is zero.
pub(crate) const fn uint32_len(value: u32) -> usize {
    uint64_len(value as u64)
}

/// Bytes of a field that holds this number: none if it is zero.
pub(crate) const fn uint64_len(value: u64) -> usize {
    if value == 0 {
        0
    } else {
        TAG_LEN + varint_len(value)
    }
}

/// Appends a field of bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_header(out, field, bytes.len());
    out.extend_from_slice(bytes);
}

/// The tag of a field of bytes whose number is below 16.
pub(crate) const fn tag_of(field: u32) -> u8 {
    (field << 3 | BYTES).to_le_bytes()[0]
}

/// Appends what stands before the bytes of a field of this length.
pub(crate) fn put_header(out: &mut Vec<u8>, field: u32, length: usize) {
    put_varint(out, u64::from(field << 3 | BYTES));
    put_varint(out, length as u64);
}

/// Appends a field of text, unless it is empty.
pub(crate) fn put_text(out: &mut Vec<u8>, field: u32, text: &str) {
    if !text.is_empty() {
        put_bytes(out, field, text.as_bytes());
    }
}

/// Appends a field of a number, unless it is zero.
pub(crate) fn put_uint32(out: &mut Vec<u8>, field: u32, value: u32) {
    put_uint64(out, field, u64::from(value));
}

/// Appends a field of a number, unless it is zero.
pub(crate) fn put_uint64(out: &mut Vec<u8>, field: u32, value: u64) {
    if value != 0 {
        put_varint(out, u64::from(field << 3 | VARINT));
        put_varint(out, value);
    }
}

/// Appends a field of a number, unless it is zero. Small negative numbers are short.
pub(crate) fn put_sint32(out: &mut Vec<u8>, field: u32, value: i32) {
    put_uint32(out, field, (value << 1 ^ value >> 31).cast_unsigned());
}

/// Appends a field of a truth value, unless it is false.
pub(crate) fn put_bool(out: &mut Vec<u8>, field: u32, value: bool) {
    put_uint64(out, field, u64::from(value));
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Bytes of a number, seven bits in each.
const fn varint_len(value: u64) -> usize {
    let bits = u64::BITS - (value | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_varint_is_known_before_it_is_written() {
        for shift in 0..u64::BITS {
            for value in [(1 << shift) - 1, 1 << shift] {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                assert_eq!(out.len(), varint_len(value), "{value}");
            }
        }
    }
}

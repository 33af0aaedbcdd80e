//! One address of an answer, as the peer wrote it.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of lengths of what lies in memory"
)]

use alloc::vec::Vec;

use super::reader::Reader;
use super::writer::{
    bytes_len, put_bytes, put_header, put_text, put_uint32, tag_of, text_len, uint32_len,
};
use super::{Dialect, WireError};
use crate::address::COMMON;
use crate::{AddressError, NodeAddress};

/// The field of a response that holds one entry, in both dialects.
pub(super) const ENTRY_FIELD: u32 = 1;

pub(super) const ENTRY_TAG: u8 = tag_of(ENTRY_FIELD);

// The fields of an entry.
const V1_ID: u32 = 1;
const V1_IP: u32 = 2;
const V1_PORT: u32 = 3;
const V2_URL: u32 = 1;

const V2_URL_TAG: u8 = tag_of(V2_URL);

/// One address of an answer, as the peer wrote it: well formed as a message, but nobody has looked
/// at what the texts say. An absent field is an empty text or a zero.
#[expect(
    clippy::exhaustive_enums,
    reason = "one variant for each dialect, and the dialects are exhaustive too"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entry<'a> {
    /// An entry of [`Dialect::V1`].
    V1 {
        /// The node's id; 40 hexadecimal digits if the peer is honest.
        id: &'a str,
        /// The IP address, without brackets.
        ip: &'a str,
        /// The TCP port. More than 65,535 can be sent.
        port: u32,
    },
    /// An entry of [`Dialect::V2`].
    V2 {
        /// The address, such as `mconn://id@host:port`.
        url: &'a str,
    },
}

impl<'a> Entry<'a> {
    /// The dialect the entry belongs to.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::V1 { .. } => Dialect::V1,
            Self::V2 { .. } => Dialect::V2,
        }
    }

    /// The address that the entry stands for.
    ///
    /// # Errors
    ///
    /// [`AddressError`] if the texts are no address. The reference skips such an entry and reads
    /// the next one.
    pub fn parse(&self) -> Result<NodeAddress, AddressError> {
        match self {
            Self::V1 { id, ip, port } => NodeAddress::from_v1(id, ip, *port),
            Self::V2 { url } => NodeAddress::parse(url),
        }
    }

    /// The address of an entry whose bytes [`read`](Self::read) has taken: they are not looked at again
    /// as text before they are read as an address.
    pub(super) fn address(dialect: Dialect, bytes: &[u8]) -> Result<NodeAddress, AddressError> {
        match dialect {
            Dialect::V1 => Entry::read_v1(bytes).map_or(Err(AddressError::NoId), |it| it.parse()),
            Dialect::V2 => {
                let url = Self::url(bytes, |_| true).unwrap_or_default();
                NodeAddress::parse_bytes(url)
            }
        }
    }

    /// Whether [`read`](Self::read) takes these bytes.
    pub(super) fn check(dialect: Dialect, bytes: &[u8]) -> Result<(), WireError> {
        // Nearly every text is ASCII, which is seen at a fraction of what UTF-8 takes.
        let is_text = |url: &[u8]| url.is_ascii() || core::str::from_utf8(url).is_ok();
        match dialect {
            Dialect::V1 => Entry::read_v1(bytes).map(drop),
            Dialect::V2 => Self::url(bytes, is_text).map(drop),
        }
    }

    /// The URL of an entry: of several the last, each of them text.
    #[inline]
    fn url(bytes: &[u8], is_text: impl Fn(&[u8]) -> bool) -> Result<&[u8], WireError> {
        let not_text = WireError::NotUtf8 { field: V2_URL };
        let mut fields = Reader::new(bytes);
        if let Some(url) = fields.short_bytes(V2_URL_TAG)
            && fields.is_at_end()
        {
            return is_text(url).then_some(url).ok_or(not_text);
        }
        let (mut fields, mut url) = (Reader::new(bytes), <&[u8]>::default());
        while let Some(tag) = fields.tag()? {
            if tag.field == V2_URL {
                url = fields.bytes(tag)?;
                if !is_text(url) {
                    return Err(not_text);
                }
            } else {
                fields.skip(tag)?;
            }
        }
        Ok(url)
    }

    /// Reads the fields of one entry to their end.
    pub(super) fn read(dialect: Dialect, bytes: &'a [u8]) -> Result<Self, WireError> {
        match dialect {
            Dialect::V1 => Self::read_v1(bytes),
            Dialect::V2 => Self::read_v2(bytes),
        }
    }

    fn read_v1(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut fields = Reader::new(bytes);
        let (mut id, mut ip, mut port) = ("", "", 0);
        while let Some(tag) = fields.tag()? {
            match tag.field {
                V1_ID => id = fields.text(tag)?,
                V1_IP => ip = fields.text(tag)?,
                V1_PORT => port = fields.uint32(tag)?,
                _ => fields.skip(tag)?,
            }
        }
        Ok(Self::V1 { id, ip, port })
    }

    fn read_v2(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut fields = Reader::new(bytes);
        let mut url = "";
        while let Some(tag) = fields.tag()? {
            match tag.field {
                V2_URL => url = fields.text(tag)?,
                _ => fields.skip(tag)?,
            }
        }
        Ok(Self::V2 { url })
    }

    /// Bytes that the entry adds to the body of a response.
    pub(super) const fn encoded_len(&self) -> usize {
        bytes_len(self.content_len())
    }

    /// Appends the entry to the body of a response.
    pub(super) fn put(&self, body: &mut Vec<u8>) {
        put_header(body, ENTRY_FIELD, self.content_len());
        match self {
            Self::V1 { id, ip, port } => {
                put_text(body, V1_ID, id);
                put_text(body, V1_IP, ip);
                put_uint32(body, V1_PORT, *port);
            }
            Self::V2 { url } => put_text(body, V2_URL, url),
        }
    }

    const fn content_len(&self) -> usize {
        match self {
            Self::V1 { id, ip, port } => text_len(id) + text_len(ip) + uint32_len(*port),
            Self::V2 { url } => text_len(url),
        }
    }
}

/// Bytes before the URL of an entry of V2 that is shorter than 128 bytes: two tags, two lengths.
const HEAD: usize = 4;

/// The most bytes of such an entry, and of what is written behind.
pub(super) const COMMON_ENTRY: usize = HEAD + COMMON;

// Both lengths of it take one byte each.
const _: () = assert!(COMMON_ENTRY < 0x80);

/// Writes the entry of an address of the commonest kind; returns how many bytes that is. Those behind
/// may have been written too.
#[inline]
pub(super) fn put_common_entry(
    entry: &mut [u8; COMMON_ENTRY],
    address: &NodeAddress,
) -> Option<usize> {
    let (head, url) = entry.split_first_chunk_mut::<HEAD>()?;
    let url_len = address.put_common(url.first_chunk_mut()?)?;
    let length = u8::try_from(url_len).ok()?;
    *head = [ENTRY_TAG, length + 2, V2_URL_TAG, length];
    Some(HEAD + url_len)
}

/// Bytes of an entry of V2 whose URL has this many.
pub(super) const fn url_entry_len(url: usize) -> usize {
    bytes_len(bytes_len(url))
}

/// Appends an entry of V2 with this URL, which is not empty.
pub(super) fn put_url_entry(body: &mut Vec<u8>, url: &[u8]) {
    put_header(body, ENTRY_FIELD, bytes_len(url.len()));
    put_bytes(body, V2_URL, url);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeId;
    use alloc::vec;
    use quickcheck::quickcheck;

    /// Fields of an entry, one after the other: texts, what is no text, a number, what breaks off.
    fn fields(kinds: &[u8]) -> Vec<u8> {
        let field = |kind: &u8| match kind % 8 {
            0 => vec![V2_URL_TAG, 1, b'a'],
            1 => vec![V2_URL_TAG, 0x81, 0x00, b'b'],
            2 => vec![V2_URL_TAG, 2, 0xc3, 0xa4],
            3 => vec![V2_URL_TAG, 1, 0xff],
            4 => vec![0x18, 7],
            5 => vec![0x2a, 1, 0xff],
            6 => vec![V2_URL_TAG, 3, b'c'],
            _ => vec![],
        };
        kinds.iter().flat_map(field).collect()
    }

    quickcheck! {
        fn what_is_checked_is_what_is_read(kinds: Vec<u8>, v1: bool) -> bool {
            let dialect = if v1 { Dialect::V1 } else { Dialect::V2 };
            let bytes = fields(kinds.get(..4).unwrap_or(&kinds));
            Entry::check(dialect, &bytes) == Entry::read(dialect, &bytes).map(drop)
        }

        fn an_entry_written_at_once_is_the_one_written_field_by_field(id: u8, ip: u32, port: u16) -> bool {
            let address = NodeAddress::mconn(NodeId::new([id; 20]), ip.to_be_bytes().into(), port);
            let mut at_once = [0; COMMON_ENTRY];
            let len = put_common_entry(&mut at_once, &address).unwrap();
            let (mut text, mut body) = (vec![], vec![]);
            address.append_to(&mut text);
            put_url_entry(&mut body, &text);
            at_once[..len] == body && len == url_entry_len(text.len())
        }
    }

    #[test]
    fn only_addresses_of_ipv4_without_a_path_are_written_at_once() {
        const ID: &str = "00112233445566778899aabbccddeeff00112233";
        for place in ["[2001:db8::1]:1", "name:1", "1.2.3.4:1/path"] {
            let address = alloc::format!("{ID}@{place}").parse().unwrap();
            assert_eq!(put_common_entry(&mut [0; COMMON_ENTRY], &address), None);
        }
    }
}

//! One address of an answer, as the peer wrote it.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of lengths of what lies in memory"
)]

use alloc::vec::Vec;

use super::reader::Reader;
use super::writer::{bytes_len, put_bytes, put_header, put_text, put_uint32, text_len, uint32_len};
use super::{Dialect, WireError};
use crate::{AddressError, NodeAddress};

/// The field of a response that holds one entry, in both dialects.
pub(super) const ENTRY_FIELD: u32 = 1;

// The fields of an entry.
const V1_ID: u32 = 1;
const V1_IP: u32 = 2;
const V1_PORT: u32 = 3;
const V2_URL: u32 = 1;

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
            Dialect::V2 => NodeAddress::parse_bytes(Self::url(bytes)),
        }
    }

    fn url(bytes: &[u8]) -> &[u8] {
        let (mut fields, mut url) = (Reader::new(bytes), <&[u8]>::default());
        while let Ok(Some(tag)) = fields.tag() {
            let read = match tag.field {
                V2_URL => fields.bytes(tag).map(|bytes| url = bytes),
                _ => fields.skip(tag),
            };
            if read.is_err() {
                break;
            }
        }
        url
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

/// Bytes of an entry of V2 whose URL has this many.
pub(super) const fn url_entry_len(url: usize) -> usize {
    bytes_len(bytes_len(url))
}

/// Appends an entry of V2 with this URL, which is not empty.
pub(super) fn put_url_entry(body: &mut Vec<u8>, url: &[u8]) {
    put_header(body, ENTRY_FIELD, bytes_len(url.len()));
    put_bytes(body, V2_URL, url);
}

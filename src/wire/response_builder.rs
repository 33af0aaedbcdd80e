//! An answer, written entry by entry into its encoded form.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of lengths of what lies in memory"
)]

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::net::IpAddr;

use super::entry::{COMMON_ENTRY, put_common_entry, put_url_entry, url_entry_len};
use super::writer::bytes_len;
use super::{Dialect, Entry, MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES, Response};
use crate::NodeAddress;
use crate::digits::Digits;

/// Bytes for which room is made first: what a few addresses take.
const USUAL: usize = 1_024;

/// Bytes for which room is made then: what a hundred addresses of the commonest kind take.
const MOST: usize = MAX_ANSWER_ADDRESSES * COMMON_ENTRY;

/// Writes an answer entry by entry, and stops where a peer would stop reading.
///
/// ```
/// use pex::wire::{Dialect, Entry, PushError, ResponseBuilder};
///
/// let mut answer = ResponseBuilder::new(Dialect::V1);
/// let foreign = Entry::V2 { url: "mconn://00112233445566778899aabbccddeeff00112233@host:26656" };
/// assert_eq!(answer.push(&foreign), Err(PushError::Dialect));
/// assert!(answer.finish().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct ResponseBuilder {
    dialect: Dialect,
    max_addresses: usize,
    max_bytes: usize,
    body: Vec<u8>,
    len: usize,
    /// Where an address is printed before its length is known.
    text: Vec<u8>,
}

impl ResponseBuilder {
    /// An answer without entries, of at most [`MAX_ANSWER_ADDRESSES`] and [`MAX_ANSWER_BYTES`]:
    /// what peers of every version accept.
    #[must_use]
    pub const fn new(dialect: Dialect) -> Self {
        Self::with_limits(dialect, MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES)
    }

    /// An answer without entries, of at most `max_addresses` entries and of at most `max_bytes`
    /// bytes as a whole message.
    ///
    /// Tendermint v0.34 and CometBFT accept 250 entries and 64,000 bytes; others cut a peer that
    /// sends so many.
    #[must_use]
    pub const fn with_limits(dialect: Dialect, max_addresses: usize, max_bytes: usize) -> Self {
        Self {
            dialect,
            max_addresses,
            max_bytes,
            body: Vec::new(),
            len: 0,
            text: Vec::new(),
        }
    }

    /// The dialect of the answer.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The number of entries so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends an entry.
    ///
    /// # Errors
    ///
    /// [`PushError`] if the entry has another dialect or does not fit. The answer stays as it was.
    pub fn push(&mut self, entry: &Entry<'_>) -> Result<(), PushError> {
        if entry.dialect() != self.dialect {
            return Err(PushError::Dialect);
        }
        self.fits(self.body.len(), entry.encoded_len())?;
        entry.put(&mut self.body);
        self.len += 1;
        Ok(())
    }

    /// Whether one more entry of this length may stand behind so many bytes.
    const fn fits(&self, end: usize, bytes: usize) -> Result<(), PushError> {
        if self.len >= self.max_addresses {
            return Err(PushError::TooMany {
                max: self.max_addresses,
            });
        }
        if bytes_len(end + bytes) > self.max_bytes {
            return Err(PushError::TooLong {
                max: self.max_bytes,
            });
        }
        Ok(())
    }

    /// Appends an address: in V1 its id, IP and port, in V2 its text.
    ///
    /// # Errors
    ///
    /// [`PushError`] if the address cannot be said in V1 or does not fit. The answer stays as it
    /// was.
    pub fn push_address(&mut self, address: &NodeAddress) -> Result<(), PushError> {
        match self.dialect {
            Dialect::V1 => self.push_v1(address),
            Dialect::V2 => self.push_v2(address),
        }
    }

    fn push_v1(&mut self, address: &NodeAddress) -> Result<(), PushError> {
        match address.ip().ok_or(PushError::NoIp)? {
            IpAddr::V4(ip) => self.push_v1_parts(address, Digits::v4(ip).as_str()),
            IpAddr::V6(ip) => self.push_v1_parts(address, &ip.to_string()),
        }
    }

    fn push_v1_parts(&mut self, address: &NodeAddress, ip: &str) -> Result<(), PushError> {
        let id = address.id().to_hex();
        self.push(&Entry::V1 {
            // Hexadecimal digits are ASCII, so the text is never empty by mistake.
            id: core::str::from_utf8(&id).unwrap_or_default(),
            ip,
            port: u32::from(address.port()),
        })
    }

    fn push_v2(&mut self, address: &NodeAddress) -> Result<(), PushError> {
        let end = self.body.len();
        self.make_usual_room();
        // Written where it belongs, and taken back if it does not fit: a copy would take longer.
        self.body.extend_from_slice(&[0; COMMON_ENTRY]);
        let entry = self.body.last_chunk_mut();
        if let Some(len) = entry.and_then(|entry| put_common_entry(entry, address)) {
            let fits = self.fits(end, len);
            let taken = usize::from(fits.is_ok());
            self.body.truncate(end + taken * len);
            self.len += taken;
            return fits;
        }
        self.body.truncate(end);
        // Taken out, so that it can be read while the answer grows.
        let mut text = mem::take(&mut self.text);
        text.clear();
        address.append_to(&mut text);
        let pushed = self.push_url(&text);
        self.text = text;
        pushed
    }

    fn push_url(&mut self, text: &[u8]) -> Result<(), PushError> {
        self.fits(self.body.len(), url_entry_len(text.len()))?;
        put_url_entry(&mut self.body, text);
        self.len += 1;
        Ok(())
    }

    /// Room for a few addresses, and where those are more, for as many as most answers have: to grow
    /// step by step, all is copied at each.
    fn make_usual_room(&mut self) {
        let (has, wants) = (self.body.capacity(), self.body.len() + COMMON_ENTRY);
        if has < wants && has < MOST {
            self.body.reserve_exact(if has == 0 {
                USUAL
            } else {
                MOST - self.body.len()
            });
        }
    }

    /// The answer.
    #[must_use]
    pub fn finish(self) -> Response<'static> {
        Response::written(self.dialect, self.body, self.len)
    }
}

/// Why an entry was not appended to an answer. The answer stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushError {
    /// The answer has as many entries as it may have. Send it.
    TooMany {
        /// The most entries of the answer.
        max: usize,
    },
    /// The answer would be longer than it may be. A shorter entry may fit still.
    TooLong {
        /// The most bytes of the answer as a whole message.
        max: usize,
    },
    /// The host is a name, and V1 can only say an IP address. Resolve it first, or leave it out.
    NoIp,
    /// The entry belongs to the other dialect. A mistake of the caller.
    Dialect,
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { max } => write!(f, "the answer has its {max} addresses, send it"),
            Self::TooLong { max } => write!(
                f,
                "the answer would exceed {max} bytes, send it or try a shorter address"
            ),
            Self::NoIp => f.write_str("V1 needs an IP address, resolve the host name first"),
            Self::Dialect => f.write_str("an entry must have the dialect of its answer"),
        }
    }
}

impl core::error::Error for PushError {}

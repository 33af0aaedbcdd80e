//! Bytes to messages and back: what one message on the PEX channel says.
//!
//! A message is validated bytes. [`decode`] looks at every byte once and allocates nothing; what it
//! returns borrows from its input and is read through iterators. [`ResponseBuilder`] writes an
//! answer straight into its encoded form and keeps it within what every peer accepts.
//!
//! ```
//! use pex::wire::{self, Dialect, Entry, Message, ResponseBuilder};
//!
//! let mut answer = ResponseBuilder::new(Dialect::V2);
//! let url = "mconn://00112233445566778899aabbccddeeff00112233@192.0.2.1:26656";
//! answer.push(&Entry::V2 { url })?;
//! let bytes = Message::Response(answer.finish()).to_bytes();
//!
//! let Some(Message::Response(response)) = wire::decode(&bytes)? else {
//!     unreachable!("the bytes are a response");
//! };
//! assert_eq!(response.len(), 1);
//! assert_eq!(response.entries().next(), Some(Entry::V2 { url }));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # What is accepted
//!
//! [`decode`] follows the generated decoder of Tendermint v0.35.9, which is more generous than the
//! protobuf specification:
//!
//! - of two messages in one envelope the last counts, and replaces the first even if both are of
//!   the same kind; each of them must be well formed all the same;
//! - of two values of one field of an entry the last counts;
//! - unknown fields are skipped, groups too, and the field numbers inside a group may be anything;
//! - a varint may take ten bytes however small it is, and bits above the 64th are dropped;
//! - field numbers and ports are the low 32 bits of their varints, so a port above 65,535 decodes
//!   and [`Entry::parse`] refuses it;
//! - a known field of another wire type is an error, as are a field number of zero and the end of a
//!   group that did not begin.
//!
//! # Where this decoder differs
//!
//! It refuses two things that the reference accepts:
//!
//! | rule | what happens | why |
//! |---|---|---|
//! | `NotUtf8` | a message with an id, ip or url that is not UTF-8 is refused whole, even if a later text replaces it | protobuf demands UTF-8, and an honest node escapes everything else, so such a peer is not honest |
//! | `TooLong` | more than [`MAX_MESSAGE_BYTES`] are refused unread | the reference has this limit too, but in its connection, below the decoder |

mod entry;
mod error;
pub(crate) mod reader;
mod response;
mod response_builder;
pub(crate) mod writer;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use entry::Entry;
pub use error::WireError;
pub use response::{Entries, Response};
pub use response_builder::{PushError, ResponseBuilder};

use reader::Reader;

/// The longest message that is decoded, in bytes.
///
/// It is what Tendermint and CometBFT take at most in any version: 250 addresses of 256 bytes
/// (`maxMsgSize`). The rule on how many entries an answer may have is not the decoder's:
/// [`Response::len`] tells the number before any entry is parsed.
pub const MAX_MESSAGE_BYTES: usize = 64_000;

/// The most addresses in an answer of ours, but to a peer that is known to be of V1.
///
/// Tendermint v0.35 and later drop a peer that sends more (`maxAddresses`, later
/// `maxGetSelection`).
pub const MAX_ANSWER_ADDRESSES: usize = 100;

/// The most addresses in an answer of ours to a peer of V1: `maxGetSelection` of Tendermint v0.34 and
/// CometBFT.
pub const MAX_ANSWER_ADDRESSES_V1: usize = 250;

/// The most bytes in an answer of ours, envelope included.
///
/// Tendermint v0.35.6 to v0.35.9 take 100 addresses of 256 bytes and no more, the least of all
/// versions.
pub const MAX_ANSWER_BYTES: usize = 25_600;

/// The protocol's two forms of the same conversation.
///
/// Tendermint v0.34 and CometBFT speak V1, Tendermint v0.36 and its heirs V2, and v0.35 both.
#[expect(
    clippy::exhaustive_enums,
    reason = "a third dialect would change every caller, so they must be told by the compiler"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Dialect {
    /// Addresses are an id, an IP and a port.
    V1,
    /// Addresses are URLs.
    V2,
}

impl Dialect {
    /// The field of the envelope that holds a request.
    const fn request_field(self) -> u32 {
        match self {
            Self::V1 => 1,
            Self::V2 => 3,
        }
    }

    /// The field of the envelope that holds a response.
    const fn response_field(self) -> u32 {
        match self {
            Self::V1 => 2,
            Self::V2 => 4,
        }
    }
}

/// What one peer says to another.
///
/// Two messages are equal if they say the same, whatever the bytes they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message<'a> {
    /// Asks for addresses, to be answered in the same dialect.
    Request(Dialect),
    /// Answers a request.
    Response(Response<'a>),
}

impl Message<'_> {
    /// The dialect the message is in.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self {
            Self::Request(dialect) => *dialect,
            Self::Response(response) => response.dialect(),
        }
    }

    /// The number of bytes that [`encode`](Self::encode) appends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        writer::bytes_len(self.body().len())
    }

    /// Appends the message, envelope included, to `out`.
    ///
    /// A response that was decoded is written with the fields that we do not know; use
    /// [`canonical`](Self::canonical) first to leave them behind.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let field = match self {
            Self::Request(dialect) => dialect.request_field(),
            Self::Response(response) => response.dialect().response_field(),
        };
        out.reserve(self.encoded_len());
        writer::put_bytes(out, field, self.body());
    }

    /// The bytes of the message, envelope included.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes
    }

    /// The same message in the one form that the reference would give it: entries only, every
    /// field once, in order, and none that is empty.
    #[must_use]
    pub fn canonical(&self) -> Message<'static> {
        match self {
            Self::Request(dialect) => Message::Request(*dialect),
            Self::Response(response) => Message::Response(response.canonical()),
        }
    }

    /// The same message, with its own copy of what it borrowed.
    #[must_use]
    pub fn into_owned(self) -> Message<'static> {
        match self {
            Self::Request(dialect) => Message::Request(dialect),
            Self::Response(response) => Message::Response(response.into_owned()),
        }
    }

    fn body(&self) -> &[u8] {
        match self {
            Self::Request(_) => &[],
            Self::Response(response) => response.body(),
        }
    }
}

/// Reads one message of the PEX channel.
///
/// `None` is an envelope that holds no message we know: empty, or from a later protocol. The
/// reference drops it without blaming the peer.
///
/// The work is linear in the length, and nothing is allocated.
///
/// # Errors
///
/// [`WireError`] if the bytes are no message, by the rules of the [module](self). The peer is at
/// fault: disconnect it.
pub fn decode(bytes: &[u8]) -> Result<Option<Message<'_>>, WireError> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(WireError::TooLong {
            bytes: bytes.len(),
            max: MAX_MESSAGE_BYTES,
        });
    }
    let mut fields = Reader::new(bytes);
    let mut message = None;
    while let Some(tag) = fields.tag()? {
        message = Some(match tag.field {
            1 => request(Dialect::V1, fields.bytes(tag)?)?,
            2 => Message::Response(Response::validate(Dialect::V1, fields.bytes(tag)?)?),
            3 => request(Dialect::V2, fields.bytes(tag)?)?,
            4 => Message::Response(Response::validate(Dialect::V2, fields.bytes(tag)?)?),
            _ => {
                fields.skip(tag)?;
                continue;
            }
        });
    }
    Ok(message)
}

// A request has no fields that we know; those it has must be well formed all the same.
fn request(dialect: Dialect, body: &[u8]) -> Result<Message<'_>, WireError> {
    let mut fields = Reader::new(body);
    while let Some(tag) = fields.tag()? {
        fields.skip(tag)?;
    }
    Ok(Message::Request(dialect))
}

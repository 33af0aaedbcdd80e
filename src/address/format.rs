//! An address as text: for people, for the wire, for serde.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums of lengths of what lies in memory"
)]

use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::net::IpAddr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::escape::{escape, is_path};
use super::{NodeAddress, Place, host};
use crate::NodeId;
use crate::digits::{Digits, put_v4_port};

/// Most bytes of an IP address in a URL: eight groups of four digits, seven colons, two brackets.
const LONGEST_IP: usize = 41;

impl NodeAddress {
    /// Bytes of the address as text.
    #[must_use]
    pub fn text_len(&self) -> usize {
        count(|out| self.write(out))
    }

    /// Bytes of the text if its host were the longest IP address, or its own if that is longer.
    pub(super) fn roomy_length(&self) -> usize {
        let host = count(|out| host::write(self.parts().1, out));
        self.text_len() + LONGEST_IP.saturating_sub(host)
    }

    /// Appends the text to bytes.
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        let mut text = [0; COMMON];
        match self.put_common(&mut text) {
            Some(len) => out.extend_from_slice(text.get(..len).unwrap_or_default()),
            // A buffer takes everything, so writing to it cannot fail.
            None => drop(self.write(&mut Bytes(out))),
        }
    }

    /// Writes the text if it is of the commonest kind, of an IPv4 address; returns how many bytes that
    /// is. Those behind may have been written too. It is done by hand: most of an answer's work is this.
    #[inline]
    pub(crate) fn put_common(&self, text: &mut [u8; COMMON]) -> Option<usize> {
        let Place::Ip(IpAddr::V4(ip)) = self.place else {
            return None;
        };
        let (front, rest) = text.split_first_chunk_mut()?;
        *front = *COMMON_FRONT;
        let (id, rest) = rest.split_first_chunk_mut()?;
        *id = self.id.to_hex();
        let (sign, rest) = rest.split_first_chunk_mut()?;
        *sign = *b"@";
        let len = COMMON - rest.len();
        Some(len + put_v4_port(rest.first_chunk_mut()?, ip, self.port))
    }

    fn write(&self, out: &mut impl Write) -> fmt::Result {
        let (protocol, host, path) = self.parts();
        let id = self.id.to_hex();
        // Hexadecimal digits are ASCII, so the text is never empty by mistake.
        let id = core::str::from_utf8(&id).unwrap_or_default();
        out.write_str(protocol)?;
        let bare = matches!(self.place, Place::Text { .. }) && host.is_empty() && path.is_empty();
        if bare {
            out.write_char(':')?;
            return out.write_str(id);
        }
        out.write_str("://")?;
        out.write_str(id)?;
        out.write_char('@')?;
        match self.place {
            Place::Ip(IpAddr::V4(ip)) => out.write_str(Digits::v4(ip).as_str())?,
            Place::Ip(IpAddr::V6(ip)) => write!(out, "[{ip}]")?,
            Place::Text { .. } => host::write(host, out)?,
        }
        if self.port > 0 {
            out.write_str(Digits::port(self.port).as_str())?;
        }
        escape(path, is_path, out)
    }
}

/// What stands before the id in the commonest kind of address.
const COMMON_FRONT: &[u8; 8] = b"mconn://";

/// The most bytes of such an address, and of what is written behind.
pub(crate) const COMMON: usize = COMMON_FRONT.len() + NodeId::TEXT_LENGTH + 1 + Digits::ROOM;

fn count(write: impl FnOnce(&mut Count) -> fmt::Result) -> usize {
    let mut count = Count(0);
    // Counting does not fail.
    let _ = write(&mut count);
    count.0
}

struct Bytes<'a>(&'a mut Vec<u8>);

impl Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

struct Count(usize);

impl Write for Count {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

/// The text that [`NodeAddress::parse`] reads back. Ignores width and fill.
impl fmt::Display for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl fmt::Debug for NodeAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl Serialize for NodeAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = NodeAddress;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address of a node, as protocol://id@host:port/path")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NodeAddress, E> {
        NodeAddress::parse(text).map_err(E::custom)
    }
}

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
use crate::digits::Digits;

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
        match self.common() {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            // A buffer takes everything, so writing to it cannot fail.
            None => drop(self.write(&mut Bytes(out))),
        }
    }

    /// The text of the commonest kind of address, of an IPv4 address. It is written by hand: most of
    /// an answer's work is this.
    pub(crate) fn common(&self) -> Option<Common> {
        let Place::Ip(IpAddr::V4(ip)) = self.place else {
            return None;
        };
        let place = Digits::v4_port(ip, self.port);
        let mut text = [0; COMMON];
        let (front, back) = text.split_at_mut(COMMON_FRONT.len());
        front.copy_from_slice(COMMON_FRONT);
        let (id, back) = back.split_at_mut(NodeId::TEXT_LENGTH);
        id.copy_from_slice(&self.id.to_hex());
        let (sign, back) = back.split_at_mut(1);
        sign.copy_from_slice(b"@");
        back.copy_from_slice(place.whole());
        let len = COMMON - place.whole().len() + place.as_bytes().len();
        Some(Common { text, len })
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

/// The most bytes of such an address.
const COMMON: usize = COMMON_FRONT.len() + NodeId::TEXT_LENGTH + 1 + Digits::LONGEST;

/// Such an address as text, on the stack.
pub(crate) struct Common {
    text: [u8; COMMON],
    len: usize,
}

impl Common {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }
}

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

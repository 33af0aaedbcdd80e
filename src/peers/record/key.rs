//! The key of a record in a store.

use crate::NodeId;
use crate::peers::PeerRecord;

/// Bytes before the id: the number 1 as `orderedcode` writes it, which is the reference's prefix of
/// everything about peers (`prefixPeerInfo`).
const PREFIX: u8 = 0x81;

/// Bytes after the id: the end of a text, as `orderedcode` writes it.
const END: [u8; 2] = [0x00, 0x01];

/// The key of a record in the reference's peer store (`keyPeerInfo`): a byte 81, the 40 digits of
/// the id, 00 01. Keys are in the order of the ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey([u8; Self::LENGTH]);

impl RecordKey {
    /// Bytes of a key.
    pub const LENGTH: usize = 1 + NodeId::TEXT_LENGTH + END.len();

    /// No key of a record is before this one: where a scan begins (`keyPeerInfoRange`).
    pub const FIRST: [u8; 3] = [PREFIX, 0x00, 0x01];

    /// Every key of a record is before this one: where a scan ends (`keyPeerInfoRange`).
    pub const PAST: [u8; 3] = [PREFIX, 0xff, 0xff];

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl AsRef<[u8]> for RecordKey {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PeerRecord {
    /// The key under which the record of this node is kept.
    #[must_use]
    pub fn key(id: NodeId) -> RecordKey {
        let mut key = [PREFIX; RecordKey::LENGTH];
        let [_, rest @ ..] = &mut key;
        let (text, end) = rest.split_at_mut(NodeId::TEXT_LENGTH);
        text.copy_from_slice(&id.to_hex());
        end.copy_from_slice(&END);
        RecordKey(key)
    }

    /// Whose record is kept under this key; `None` if it is not the key of a record.
    #[must_use]
    pub fn id_of_key(key: &[u8]) -> Option<NodeId> {
        let text = key.strip_prefix(&[PREFIX])?.strip_suffix(&END)?;
        let id = NodeId::parse(core::str::from_utf8(text).ok()?).ok()?;
        // One node, one key: capital letters make another, which the reference would not find.
        (id.to_hex() == text).then_some(id)
    }
}

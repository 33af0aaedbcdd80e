//! A record into bytes, as the reference orders and shortens them.

use alloc::vec::Vec;

use super::{AddressRecord, PeerRecord, field};
use crate::wire::writer::{
    put_bool, put_bytes, put_header, put_sint32, put_uint32, put_uint64, uint32_len, uint64_len,
};
use crate::{NodeAddress, NodeId, Time};

/// Bytes of the record of most nodes: one address, and who told of it.
const USUAL: usize = 200;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

impl PeerRecord {
    /// The bytes of the record.
    ///
    /// What [`decode`](Self::decode) would refuse is left out: an address of another node, and
    /// addresses after the first [`MAX_ADDRESSES`](Self::MAX_ADDRESSES). So what is written can
    /// always be read, and has at most [`MAX_BYTES`](Self::MAX_BYTES) bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(USUAL);
        put_bytes(&mut out, field::ID, &self.id.to_hex());
        let own = |known: &&AddressRecord| known.address.id() == self.id;
        let (mut body, mut text) = (Vec::with_capacity(USUAL), Vec::new());
        for known in self.addresses.iter().filter(own).take(Self::MAX_ADDRESSES) {
            body.clear();
            known.put(&mut body, &mut text);
            put_bytes(&mut out, field::ADDRESS_INFO, &body);
        }
        put_time(&mut out, field::LAST_CONNECTED, self.last_connected);
        put_bool(&mut out, field::INACTIVE, self.inactive);
        put_sint32(&mut out, field::SCORE, self.score);
        put_time(&mut out, field::BANNED_UNTIL, self.banned_until);
        put_bool(&mut out, field::ANCHOR, self.anchor);
        out
    }
}

impl AddressRecord {
    /// Appends it to `out`; in `text` there is room to print in.
    fn put(&self, out: &mut Vec<u8>, text: &mut Vec<u8>) {
        text.clear();
        self.address.append_to(text);
        put_bytes(out, field::ADDRESS, text);
        put_time(out, field::LAST_DIAL_SUCCESS, self.last_success);
        put_time(out, field::LAST_DIAL_FAILURE, self.last_failure);
        put_uint32(out, field::DIAL_FAILURES, self.failures);
        if let Some(source) = self.source {
            put_bytes(out, field::SOURCE, source.as_bytes());
        }
        put_uint64(out, field::SOURCE_GROUP, self.source_group);
        put_time(out, field::HEARD, self.heard);
        put_time(out, field::FIRST_SUCCESS, self.first_success);
    }
}

/// Appends a field of a time, unless there is none.
fn put_time(out: &mut Vec<u8>, number: u32, time: Option<Time>) {
    let Some(time) = time.map(Time::as_nanos) else {
        return;
    };
    let (seconds, nanos) = (time / NANOS_PER_SECOND, time % NANOS_PER_SECOND);
    // Less than a second of nanoseconds fits.
    let nanos = u32::try_from(nanos).unwrap_or_default();
    let length = uint64_len(seconds).saturating_add(uint32_len(nanos));
    put_header(out, number, length);
    put_uint64(out, field::SECONDS, seconds);
    put_uint32(out, field::NANOS, nanos);
}

/// The longest address with all that is kept of it: its own tag and length, then the text, four
/// times, the failures, the teller, the teller's group.
const LONGEST_ADDRESS: usize =
    4 + (3 + NodeAddress::MAX_TEXT) + 4 * LONGEST_TIME + 6 + (3 + NodeId::LENGTH) + 12;

/// A tag, a length, 64 bits of nanoseconds as 35 bits of seconds and 30 of the rest.
const LONGEST_TIME: usize = 2 + 1 + 6 + 6;

/// All that a record has besides its addresses: the id, two times, two truth values, the score.
const LONGEST_REST: usize = (2 + NodeId::TEXT_LENGTH) + 2 * LONGEST_TIME + 2 * 3 + 7;

const _: () = assert!(
    PeerRecord::MAX_ADDRESSES * LONGEST_ADDRESS + LONGEST_REST <= PeerRecord::MAX_BYTES,
    "what is written can be read"
);

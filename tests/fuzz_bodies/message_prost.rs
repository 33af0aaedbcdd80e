//! A second opinion on any bytes taken for a message: that of prost.

use pex::wire::{Dialect, Entry, Message, Response, WireError, decode};
use pex_proto::p2p::{
    PexMessage, PexRequest, PexRequestV2, PexResponse, PexResponseV2, pex_message::Sum,
};
use prost::Message as _;

/// What prost says of what the reference reads, and we as it does, and how they read it. Prost has no
/// other way to tell its errors apart than their text.
const STRICTER: [(&str, &str); 5] = [
    (
        "invalid varint",
        "bits of a tenth byte beyond the 64th are lost",
    ),
    (
        "invalid key value",
        "a field number may have more than 29 bits",
    ),
    (
        "invalid tag value: 0",
        "within a group any field number is skipped, 0 too",
    ),
    (
        "unexpected end group tag",
        "a group ends with the end of any group",
    ),
    (
        "recursion limit reached",
        "groups are counted, so that they may be as deep as they are",
    ),
];

/// Has both read the bytes, and what we write of them.
pub(crate) fn message_prost(data: &[u8]) {
    let (ours, theirs) = (decode(data), PexMessage::decode(data));
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert!(
                same(ours.as_ref(), theirs),
                "{data:02x?}: {theirs:?} {ours:?}"
            );
        }
        // The reference refuses it below its decoder, and prost has none below.
        (Err(WireError::TooLong { .. }), _) | (Err(_), Err(_)) => {}
        (Err(error), Ok(theirs)) => unreachable!("{data:02x?}: {theirs:?}, {error}"),
        (Ok(_), Err(error)) => {
            let said = error.to_string();
            let known = STRICTER.iter().any(|(text, _)| said.contains(text));
            assert!(known, "{data:02x?}: {said}");
        }
    }
    // What the reference does not write prost reads as we do, without exception.
    if let Ok(Some(ours)) = ours {
        let ours = ours.canonical();
        let bytes = ours.to_bytes();
        let theirs = PexMessage::decode(&bytes[..]);
        let Ok(theirs) = theirs else {
            unreachable!("{bytes:02x?}: {theirs:?}");
        };
        assert!(
            same(Some(&ours), &theirs),
            "{data:02x?}: {theirs:?} {ours:?}"
        );
        assert_eq!(theirs.encode_to_vec(), bytes, "{data:02x?}");
    }
}

/// Whether both have read the same.
fn same(ours: Option<&Message<'_>>, theirs: &PexMessage) -> bool {
    match (&theirs.sum, ours) {
        (None, None)
        | (Some(Sum::PexRequest(PexRequest {})), Some(Message::Request(Dialect::V1)))
        | (Some(Sum::PexRequestV2(PexRequestV2 {})), Some(Message::Request(Dialect::V2))) => true,
        (Some(sum), Some(Message::Response(response))) => ends_with(sum, response),
        _ => false,
    }
}

/// Whether prost's entries end with ours: all of them, or those of the last of several responses
/// that prost merges and the reference does not.
fn ends_with(theirs: &Sum, response: &Response<'_>) -> bool {
    match theirs {
        Sum::PexResponse(PexResponse { addresses }) => {
            let theirs = addresses.iter().map(|address| Entry::V1 {
                id: &address.id,
                ip: &address.ip,
                port: address.port,
            });
            let merged = addresses.len().saturating_sub(response.len());
            theirs.skip(merged).eq(response.entries())
        }
        Sum::PexResponseV2(PexResponseV2 { addresses }) => {
            let theirs = addresses
                .iter()
                .map(|address| Entry::V2 { url: &address.url });
            let merged = addresses.len().saturating_sub(response.len());
            theirs.skip(merged).eq(response.entries())
        }
        Sum::PexRequest(_) | Sum::PexRequestV2(_) => false,
    }
}

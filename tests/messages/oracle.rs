//! A second opinion: the same messages through prost.

use pex::wire::{Dialect, Entry, Message, ResponseBuilder, decode};
use pex_proto::p2p::{
    PexAddress, PexAddressV2, PexMessage, PexResponse, PexResponseV2, pex_message::Sum,
};
use prost::Message as _;
use quickcheck::quickcheck;

use super::prost_body::message_prost;
use super::vectors::{self, Mutant};

fn prost_v1(entries: &[(String, String, u32)]) -> PexMessage {
    let addresses = entries.iter().map(|(id, ip, port)| PexAddress {
        id: id.clone(),
        ip: ip.clone(),
        port: *port,
    });
    PexMessage {
        sum: Some(Sum::PexResponse(PexResponse {
            addresses: addresses.collect(),
        })),
    }
}

fn prost_v2(urls: &[String]) -> PexMessage {
    let addresses = urls.iter().map(|url| PexAddressV2 { url: url.clone() });
    PexMessage {
        sum: Some(Sum::PexResponseV2(PexResponseV2 {
            addresses: addresses.collect(),
        })),
    }
}

fn ours<'a>(dialect: Dialect, entries: impl Iterator<Item = Entry<'a>>) -> Vec<u8> {
    let mut builder = ResponseBuilder::with_limits(dialect, usize::MAX, usize::MAX);
    for entry in entries {
        assert_eq!(builder.push(&entry), Ok(()));
    }
    let message = Message::Response(builder.finish());
    let bytes = message.to_bytes();
    assert_eq!(bytes.len(), message.encoded_len());
    bytes
}

/// Whether prost refuses the bytes because of a text that is not UTF-8.
pub(crate) fn finds_text_not_utf8(bytes: &[u8]) -> bool {
    // Prost has no other way to tell its errors apart than their text.
    PexMessage::decode(bytes).is_err_and(|error| error.to_string().contains("UTF-8"))
}

#[test]
fn prost_reads_in_the_vectors_what_we_read() {
    let vectors = vectors::all();
    let accepted = vectors.iter().filter(|vector| {
        message_prost(&vector.bytes);
        PexMessage::decode(&vector.bytes[..]).is_ok()
    });
    let accepted = accepted.count();
    // The reference decodes 214 of them and we 172; prost is stricter about numbers and groups.
    assert!(accepted >= 150, "{accepted}");
}

#[test]
fn a_message_that_is_only_too_long_is_one_to_prost() {
    let bytes = vectors::too_long().bytes;
    assert_eq!(PexMessage::decode(&bytes[..]), Ok(PexMessage { sum: None }));
}

quickcheck! {
    fn a_v1_response_is_written_as_prost_writes_it(entries: Vec<(String, String, u32)>) -> bool {
        let written = ours(Dialect::V1, entries.iter().map(|(id, ip, port)| Entry::V1 {
            id,
            ip,
            port: *port,
        }));
        written == prost_v1(&entries).encode_to_vec()
    }

    fn a_v2_response_is_written_as_prost_writes_it(urls: Vec<String>) -> bool {
        let written = ours(Dialect::V2, urls.iter().map(|url| Entry::V2 { url }));
        written == prost_v2(&urls).encode_to_vec()
    }

    fn what_prost_writes_is_read_as_it_was_meant(urls: Vec<String>) -> bool {
        let bytes = prost_v2(&urls).encode_to_vec();
        let Ok(Some(Message::Response(response))) = decode(&bytes) else {
            return false;
        };
        response.entries().eq(urls.iter().map(|url| Entry::V2 { url }))
    }

    fn prost_reads_in_a_mutated_vector_what_we_read(mutant: Mutant) -> bool {
        message_prost(&mutant.0);
        true
    }
}

//! What must hold of any bytes taken for a message.

use pex::NodeAddress;
use pex::wire::{Dialect, Message, Response, ResponseBuilder, decode};
use pex::wire::{MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES};

/// Decodes the bytes and, if they are a message, checks that nothing is lost by writing it again.
pub(crate) fn message(data: &[u8]) {
    let Ok(Some(message)) = decode(data) else {
        return;
    };

    // Copied as it is, with fields that we do not know. Never longer than what it came from.
    let bytes = message.to_bytes();
    assert_eq!(bytes.len(), message.encoded_len());
    assert_eq!(decode(&bytes), Ok(Some(message.clone())));
    assert_eq!(message.clone().into_owned(), message);

    // Written anew: says the same, and there is nothing left to tidy up.
    let canonical = message.canonical();
    assert_eq!(canonical, message);
    let tidy = canonical.to_bytes();
    assert!(tidy.len() <= bytes.len());
    assert_eq!(decode(&tidy), Ok(Some(canonical.clone())));
    assert_eq!(canonical.canonical().to_bytes(), tidy);

    if let Message::Response(response) = &message {
        entries(response);
        answer(response);
    }
}

fn entries(response: &Response<'_>) {
    assert_eq!(response.len(), response.entries().count());
    assert_eq!(response.is_empty(), response.entries().next().is_none());
    for entry in response.entries() {
        assert_eq!(entry.dialect(), response.dialect());
        if let Ok(address) = entry.parse() {
            passed_on(&address);
        }
    }
}

/// An address that one peer taught us reaches the next one, in both dialects.
fn passed_on(address: &NodeAddress) {
    let mut v2 = ResponseBuilder::new(Dialect::V2);
    assert_eq!(v2.push_address(address), Ok(()));
    for entry in v2.finish().entries() {
        assert_eq!(entry.parse().as_ref(), Ok(address));
    }

    let mut v1 = ResponseBuilder::new(Dialect::V1);
    assert_eq!(v1.push_address(address).is_ok(), address.ip().is_some());
    for entry in v1.finish().entries() {
        let heard = entry.parse();
        assert_eq!(heard.as_ref().map(NodeAddress::id), Ok(address.id()));
        assert_eq!(heard.as_ref().map(NodeAddress::ip), Ok(address.ip()));
        assert_eq!(heard.as_ref().map(NodeAddress::port), Ok(address.port()));
    }
}

/// Whatever a peer sent, an answer made of it stays within the limits of an answer.
fn answer(response: &Response<'_>) {
    let mut builder = ResponseBuilder::new(response.dialect());
    for entry in response.entries() {
        let before = builder.len();
        let grown = usize::from(builder.push(&entry).is_ok());
        assert_eq!(builder.len(), before + grown);
    }
    assert!(builder.len() <= MAX_ANSWER_ADDRESSES);
    let answer = Message::Response(builder.finish());
    assert!(answer.encoded_len() <= MAX_ANSWER_BYTES);
    let bytes = answer.to_bytes();
    assert_eq!(decode(&bytes), Ok(Some(answer)));
}

//! What must hold of any bytes taken for a message.

use pex::wire::{Message, Response, ResponseBuilder, decode};

/// Decodes the bytes and, if they are a message, checks that nothing is lost by writing it again.
pub fn message(data: &[u8]) {
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
            let mut builder = ResponseBuilder::new(response.dialect());
            // A host name cannot be said in V1; everything else that parses can be sent.
            let sent = builder.push_address(&address);
            assert_eq!(sent.is_ok(), !builder.is_empty());
        }
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
    assert!(builder.len() <= pex::wire::MAX_ANSWER_ADDRESSES);
    let answer = Message::Response(builder.finish());
    assert!(answer.encoded_len() <= pex::wire::MAX_ANSWER_BYTES);
    let bytes = answer.to_bytes();
    assert_eq!(decode(&bytes), Ok(Some(answer)));
}

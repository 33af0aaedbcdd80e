//! What the core makes of one address or one message, as records for people who debug a network.
//!
//! The records have the shape of the reference's answers in `tests/vectors/`, so the two can be
//! compared line by line.

use pex::NodeAddress;
use pex::wire::{self, Dialect, Entry, Message};
use serde::Serialize;

/// What the core makes of the text of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AddressRecord<'a> {
    /// The text.
    #[serde(rename = "in")]
    pub text: &'a str,
    /// Whether it is an address.
    pub ok: bool,
    /// The protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The node's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The host; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The port; absent if it is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The path; absent if it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How the address prints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string: Option<String>,
    /// Whether what it prints as parses to the same address.
    pub reparses: bool,
    /// Why the text is no address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Parses the text of an address.
#[must_use]
pub fn address(text: &str) -> AddressRecord<'_> {
    let mut record = AddressRecord {
        text,
        ok: false,
        protocol: None,
        id: None,
        host: None,
        port: None,
        path: None,
        string: None,
        reparses: false,
        error: None,
    };
    match NodeAddress::parse(text) {
        Err(error) => record.error = Some(error.to_string()),
        Ok(address) => {
            let string = address.to_string();
            record.ok = true;
            record.protocol = Some(address.protocol().to_owned());
            record.id = Some(address.id().to_string());
            record.host = address.host().map(|host| host.to_string());
            record.port = Some(address.port()).filter(|&port| port != 0);
            record.path = Some(address.path().to_owned()).filter(|path| !path.is_empty());
            record.reparses = NodeAddress::parse(&string).as_ref() == Ok(&address);
            record.string = Some(string);
        }
    }
    record
}

/// What the core makes of the bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MessageRecord<'a> {
    /// The bytes, in hexadecimal.
    pub hex: &'a str,
    /// Whether they are a message.
    pub ok: bool,
    /// `empty`, `request`, `response`, `request_v2` or `response_v2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The addresses of a response, as they are written in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<EntryRecord>,
    /// The message as this library writes it, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reencoded: Option<String>,
    /// Why the bytes are no message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One address of a response; what is empty is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EntryRecord {
    /// The id, in V1.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The IP, in V1.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ip: String,
    /// The port, in V1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    /// The URL, in V2.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// Decodes the bytes of a message, given in hexadecimal; `None` if the text is not hexadecimal.
#[must_use]
pub fn message(hex: &str) -> Option<MessageRecord<'_>> {
    let bytes = unhex(hex)?;
    let mut record = MessageRecord {
        hex,
        ok: false,
        kind: None,
        addresses: Vec::new(),
        reencoded: None,
        error: None,
    };
    match wire::decode(&bytes) {
        Err(error) => record.error = Some(error.to_string()),
        Ok(None) => (record.ok, record.kind) = (true, Some("empty")),
        Ok(Some(message)) => {
            record.ok = true;
            record.kind = Some(kind(&message));
            record.reencoded = Some(to_hex(&message.canonical().to_bytes()));
            if let Message::Response(response) = &message {
                record.addresses = response.entries().map(entry).collect();
            }
        }
    }
    Some(record)
}

const fn kind(message: &Message<'_>) -> &'static str {
    match message {
        Message::Request(Dialect::V1) => "request",
        Message::Request(Dialect::V2) => "request_v2",
        Message::Response(response) => match response.dialect() {
            Dialect::V1 => "response",
            Dialect::V2 => "response_v2",
        },
        _ => "unknown",
    }
}

fn entry(entry: Entry<'_>) -> EntryRecord {
    let mut record = EntryRecord::default();
    match entry {
        Entry::V1 { id, ip, port } => {
            (record.id, record.ip) = (id.to_owned(), ip.to_owned());
            record.port = Some(port).filter(|&port| port != 0);
        }
        Entry::V2 { url } => url.clone_into(&mut record.url),
    }
    record
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |&[high, low]: &[u8; 2]| Some(digit(high)? << 4 | digit(low)?);
    let bytes = pairs.iter().map(byte).collect();
    if rest.is_empty() { bytes } else { None }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(digit)
        .collect()
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_hexadecimal_is_no_message() {
        for text in ["1", "1a0", "1g", "0x1a00", "1a 00", "+1", "é0"] {
            assert_eq!(message(text), None, "{text}");
        }
    }

    #[test]
    fn digits_of_either_case_are_read() {
        let upper = message("1A00").unwrap();
        assert_eq!((upper.ok, upper.kind), (true, Some("request_v2")));
        assert_eq!(upper.reencoded.as_deref(), Some("1a00"));
    }

    #[test]
    fn what_is_no_message_says_why() {
        let record = message("ff").unwrap();
        assert!(!record.ok && record.kind.is_none() && record.error.is_some());
    }
}

//! The answers of the Go implementation, and the named differences from them.

use pex::{AddressError, NodeAddress};
use serde_json::Value;

use crate::fuzz_body;

/// The vectors as they are in the repository.
pub(crate) const VECTORS: &str = include_str!("../vectors/addresses.jsonl");

/// What the reference makes of a text.
struct Reference {
    text: String,
    ok: bool,
    protocol: String,
    id: String,
    host: String,
    port: u16,
    path: String,
    string: String,
    not_utf8: bool,
}

/// A rule by which our answer differs from the reference. The module `address` of the crate says
/// why, in a table with the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// A host with a colon and no port prints in brackets.
    BracketsRoundIpv6,
    /// A path made of a query or fragment alone gets a leading slash.
    PathStartsWithSlash,
    /// A host or path that is not UTF-8 is refused.
    NotUtf8,
    /// A text, host or protocol beyond our limits is refused.
    TooLong,
}

impl Difference {
    const ALL: [Self; 4] = [
        Self::BracketsRoundIpv6,
        Self::PathStartsWithSlash,
        Self::NotUtf8,
        Self::TooLong,
    ];

    /// Whether the rule is about this record: judged by what the reference says alone.
    fn applies(self, reference: &Reference) -> bool {
        reference.ok
            && match self {
                Self::BracketsRoundIpv6 => reference.host.contains(':') && reference.port == 0,
                Self::PathStartsWithSlash => reference.path.starts_with(['?', '#']),
                Self::NotUtf8 => reference.not_utf8,
                Self::TooLong => {
                    reference.text.len() > NodeAddress::MAX_TEXT
                        || reference.host.len() > NodeAddress::MAX_HOST
                        || reference.protocol.len() > NodeAddress::MAX_PROTOCOL
                }
            }
    }

    /// How many of the records it is about.
    fn records(self) -> usize {
        match self {
            Self::BracketsRoundIpv6 => 18,
            Self::PathStartsWithSlash => 27,
            Self::NotUtf8 => 15,
            Self::TooLong => 4,
        }
    }
}

fn references() -> impl Iterator<Item = Reference> {
    VECTORS.lines().map(|line| {
        let record: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        Reference {
            text: text("in"),
            ok: record["ok"].as_bool().unwrap(),
            protocol: text("protocol"),
            id: text("id"),
            host: text("host"),
            port: record["port"].as_u64().unwrap_or(0).try_into().unwrap(),
            path: text("path"),
            string: text("string"),
            not_utf8: record.get("note").is_some(),
        }
    })
}

/// What we must answer: the reference, put right by the rules that apply.
fn expected(reference: &Reference) -> Option<Reference> {
    let applies = |difference: Difference| difference.applies(reference);
    if !reference.ok || applies(Difference::NotUtf8) || applies(Difference::TooLong) {
        return None;
    }
    let Reference {
        text,
        protocol,
        id,
        host,
        port,
        path,
        string,
        ..
    } = reference;
    let (mut path, mut string) = (path.clone(), string.clone());
    if applies(Difference::PathStartsWithSlash) {
        path.insert(0, '/');
    }
    if applies(Difference::BracketsRoundIpv6) {
        string = string.replacen(&format!("@{host}"), &format!("@[{host}]"), 1);
    }
    Some(Reference {
        text: text.clone(),
        ok: true,
        protocol: protocol.clone(),
        id: id.clone(),
        host: host.clone(),
        port: *port,
        path,
        string,
        not_utf8: false,
    })
}

fn assert_answer(expected: &Reference, address: &NodeAddress) {
    let text = &expected.text;
    assert_eq!(address.protocol(), expected.protocol, "{text}");
    assert_eq!(address.id().to_string(), expected.id, "{text}");
    let host = address
        .host()
        .map(|host| host.to_string())
        .unwrap_or_default();
    assert_eq!(host, expected.host, "{text}");
    assert_eq!(address.port(), expected.port, "{text}");
    assert_eq!(address.path(), expected.path, "{text}");
    assert_eq!(address.to_string(), expected.string, "{text}");
}

#[test]
fn every_answer_is_that_of_the_reference_or_a_named_difference() {
    let mut records = 0;
    for reference in references() {
        records += 1;
        let ours = NodeAddress::parse(&reference.text);
        match (expected(&reference), ours) {
            (Some(expected), Ok(address)) => assert_answer(&expected, &address),
            (None, Err(_)) => {}
            (expected, ours) => {
                panic!(
                    "{}: {ours:?}, should be ok: {}",
                    reference.text,
                    expected.is_some()
                );
            }
        }
    }
    assert_eq!(records, 2_505);
}

#[test]
fn every_named_difference_occurs_as_often_as_listed() {
    for difference in Difference::ALL {
        let found = references()
            .filter(|reference| difference.applies(reference))
            .count();
        assert_eq!(found, difference.records(), "{difference:?}");
    }
}

#[test]
fn what_is_refused_by_a_named_difference_is_refused_for_that_reason() {
    for reference in references() {
        let error = NodeAddress::parse(&reference.text).err();
        if Difference::NotUtf8.applies(&reference) {
            assert_eq!(error, Some(AddressError::NotUtf8), "{}", reference.text);
        }
        if Difference::TooLong.applies(&reference) {
            let too_long = matches!(
                error,
                Some(
                    AddressError::TextTooLong { .. }
                        | AddressError::HostTooLong { .. }
                        | AddressError::ProtocolTooLong { .. }
                )
            );
            assert!(too_long, "{}: {error:?}", reference.text);
        }
    }
}

#[test]
fn what_a_vector_prints_parses_to_the_same_address() {
    for reference in references() {
        fuzz_body::address(reference.text.as_bytes());
        fuzz_body::address(reference.string.as_bytes());
    }
}

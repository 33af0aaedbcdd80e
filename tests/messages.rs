//! What the bytes of a message mean: what the reference answered to the vectors, what prost makes
//! of the same bytes, and what holds of any bytes.

#[path = "fuzz_bodies/message.rs"]
mod fuzz_body;
#[path = "messages/oracle.rs"]
mod oracle;
#[path = "fuzz_bodies/message_prost.rs"]
mod prost_body;
#[path = "messages/vectors.rs"]
mod vectors;

use std::collections::BTreeMap;
use std::fs;
use std::net::Ipv4Addr;

use pex::NodeAddress;
use pex::wire::{
    Dialect, Entry, MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES, Message, PushError,
    ResponseBuilder, WireError, decode,
};
use quickcheck::quickcheck;
use vectors::Vector;

const U: &str = "00112233445566778899aabbccddeeff00112233";

/// Where we differ from the reference on purpose.
struct Difference {
    rule: &'static str,
    reason: &'static str,
    applies: fn(&Vector) -> bool,
    refused: fn(WireError) -> bool,
}

const DIFFERENCES: [Difference; 3] = [
    Difference {
        rule: "NotUtf8",
        reason: "protobuf demands UTF-8, and an honest node escapes everything else",
        applies: |vector| vector.ok && !vector.utf8,
        refused: |error| matches!(error, WireError::NotUtf8 { .. }),
    },
    Difference {
        rule: "NotUtf8Replaced",
        reason: "the same holds of a text that a later one replaces",
        applies: |vector| vector.ok && vector.utf8 && oracle::finds_text_not_utf8(&vector.bytes),
        refused: |error| matches!(error, WireError::NotUtf8 { .. }),
    },
    Difference {
        rule: "TooLong",
        reason: "the reference refuses it too, but below the decoder",
        applies: |vector| vector.ok && vector.bytes.len() > MAX_MESSAGE_BYTES,
        refused: |error| matches!(error, WireError::TooLong { .. }),
    },
];

#[test]
fn every_vector_means_what_the_reference_says_but_for_the_named_differences() {
    let mut occurred = BTreeMap::new();
    for vector in vectors::all().into_iter().chain([vectors::too_long()]) {
        let found = DIFFERENCES.iter().find(|entry| (entry.applies)(&vector));
        let Some(Difference {
            rule,
            reason,
            refused,
            ..
        }) = found
        else {
            vector.check();
            continue;
        };
        let error = decode(&vector.bytes).expect_err(reason);
        assert!(refused(error), "{rule}: {error} ({})", vector.why);
        *occurred.entry(*rule).or_insert(0) += 1;
    }
    assert_eq!(
        occurred,
        BTreeMap::from([("NotUtf8", 38), ("NotUtf8Replaced", 4), ("TooLong", 1)])
    );
}

#[test]
fn what_a_fuzzer_checks_holds_of_the_vectors_and_of_its_corpus() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/message");
    let files = fs::read_dir(corpus)
        .unwrap()
        .map(|file| fs::read(file.unwrap().path()).unwrap());
    let vectors = vectors::all().into_iter().map(|vector| vector.bytes);
    let mut seen = 0;
    for bytes in vectors.chain(files) {
        fuzz_body::message(&bytes);
        seen += 1;
    }
    assert!(seen >= 1_007 + 40, "{seen}");
}

quickcheck! {
    fn what_a_fuzzer_checks_holds_of_mutated_vectors(mutant: vectors::Mutant) -> bool {
        fuzz_body::message(&mutant.0);
        true
    }
}

#[test]
fn a_request_is_two_bytes() {
    for (dialect, bytes) in [(Dialect::V1, [0x0a, 0]), (Dialect::V2, [0x1a, 0])] {
        let request = Message::Request(dialect);
        assert_eq!(request.to_bytes(), bytes);
        assert_eq!(request.encoded_len(), 2);
        assert_eq!(decode(&bytes), Ok(Some(request)));
    }
}

#[test]
fn an_encoded_message_is_appended_to_what_is_there() {
    let mut out = vec![7];
    Message::Request(Dialect::V2).encode(&mut out);
    assert_eq!(out, [7, 0x1a, 0]);
}

#[test]
fn responses_are_equal_if_they_say_the_same() {
    // One empty entry; the second form has an unknown field in the body and another in the entry.
    let plain = decode(&[0x12, 2, 0x0a, 0]).unwrap().unwrap();
    let dressed = decode(&[0x12, 6, 0x78, 1, 0x0a, 2, 0x78, 1])
        .unwrap()
        .unwrap();
    assert_eq!(plain, dressed);
    assert_ne!(plain.to_bytes(), dressed.to_bytes());
    assert_eq!(plain.to_bytes(), dressed.canonical().to_bytes());
    // The same bytes in the other dialect say something else.
    assert_ne!(decode(&[0x12, 0]), decode(&[0x22, 0]));
    assert_ne!(plain, decode(&[0x22, 2, 0x0a, 0]).unwrap().unwrap());
    assert_ne!(
        plain,
        decode(&[0x12, 4, 0x0a, 0, 0x0a, 0]).unwrap().unwrap()
    );
}

#[test]
fn an_answer_ends_at_100_addresses() {
    let url = "mconn://00112233445566778899aabbccddeeff00112233@192.0.2.1:26656";
    let mut answer = ResponseBuilder::new(Dialect::V2);
    assert!(answer.is_empty());
    for _ in 0..MAX_ANSWER_ADDRESSES {
        assert_eq!(answer.push(&Entry::V2 { url }), Ok(()));
        assert!(!answer.is_empty());
    }
    assert_eq!(
        answer.push(&Entry::V2 { url }),
        Err(PushError::TooMany { max: 100 })
    );
    assert_eq!(answer.finish().len(), 100);
}

#[test]
fn an_answer_ends_at_25_600_bytes_and_a_shorter_address_may_still_fit() {
    let long = "x".repeat(1_000);
    let mut answer = ResponseBuilder::new(Dialect::V2);
    while answer.push(&Entry::V2 { url: &long }).is_ok() {}
    let full = Err(PushError::TooLong {
        max: MAX_ANSWER_BYTES,
    });
    assert_eq!(answer.push(&Entry::V2 { url: &long }), full);

    // 25 entries of 1,006 bytes, and four of envelope: 446 are left, six of them for tags and
    // lengths.
    assert_eq!(answer.len(), 25);
    assert_eq!(answer.push(&Entry::V2 { url: &long[..441] }), full);
    assert_eq!(answer.push(&Entry::V2 { url: &long[..440] }), Ok(()));
    let message = Message::Response(answer.finish());
    assert_eq!(message.encoded_len(), MAX_ANSWER_BYTES);
    assert_eq!(message.to_bytes().len(), MAX_ANSWER_BYTES);
}

#[test]
fn an_entry_of_the_other_dialect_is_not_taken() {
    let v1 = Entry::V1 {
        id: U,
        ip: "192.0.2.1",
        port: 1,
    };
    let mut answer = ResponseBuilder::new(Dialect::V2);
    assert_eq!(answer.push(&v1), Err(PushError::Dialect));
    assert!(answer.is_empty());
    assert_eq!(Message::Response(answer.finish()).to_bytes(), [0x22, 0]);
}

#[test]
fn addresses_are_said_in_either_dialect_and_understood() {
    let hosts = ["192.0.2.1", "0.9.10.99", "100.109.110.255"];
    let addresses = hosts.map(|host| NodeAddress::parse(&format!("{U}@{host}:26656")));
    for dialect in [Dialect::V1, Dialect::V2] {
        let mut answer = ResponseBuilder::new(dialect);
        for address in addresses.iter().flatten() {
            answer.push_address(address).unwrap();
        }
        let bytes = Message::Response(answer.finish()).to_bytes();
        let Some(Message::Response(heard)) = decode(&bytes).unwrap() else {
            panic!("an answer was sent")
        };
        let parsed: Vec<_> = heard.entries().map(|entry| entry.parse()).collect();
        assert_eq!(parsed, addresses);
    }
}

quickcheck! {
    fn v1_says_an_ip_as_it_is_displayed(bits: u32, port: u16) -> bool {
        let ip = Ipv4Addr::from_bits(bits).to_string();
        let Ok(address) = NodeAddress::parse(&format!("{U}@{ip}:{port}")) else {
            return false;
        };
        let mut answer = ResponseBuilder::new(Dialect::V1);
        let port = u32::from(port);
        answer.push_address(&address).is_ok()
            && answer.finish().entries().eq([Entry::V1 { id: U, ip: &ip, port }])
    }
}

#[test]
fn v1_cannot_say_a_host_name() {
    let address = NodeAddress::parse(&format!("{U}@seed.example.org:26656")).unwrap();
    let mut answer = ResponseBuilder::new(Dialect::V1);
    assert_eq!(answer.push_address(&address), Err(PushError::NoIp));
    assert!(answer.is_empty());
    // The builder is as good as before.
    let reachable = NodeAddress::parse(&format!("{U}@192.0.2.1:26656")).unwrap();
    assert_eq!(answer.push_address(&reachable), Ok(()));
}

#[test]
fn a_port_above_65_535_decodes_and_does_not_parse() {
    let entry = Entry::V1 {
        id: U,
        ip: "192.0.2.1",
        port: 65_536,
    };
    let mut answer = ResponseBuilder::new(Dialect::V1);
    answer.push(&entry).unwrap();
    let response = answer.finish();
    assert_eq!(response.entries().next(), Some(entry));
    assert!(entry.parse().is_err());
    assert!(
        Entry::V1 {
            id: U,
            ip: "192.0.2.1",
            port: 65_535
        }
        .parse()
        .is_ok()
    );
}

#[test]
fn more_entries_than_any_answer_may_have_are_counted_before_any_is_parsed() {
    // The most that fit: 31,998 entries of two bytes, after four of envelope.
    let mut bytes = vec![0x22, 0xfc, 0xf3, 0x03];
    bytes.extend([0x0a, 0].repeat(31_998));
    assert_eq!(bytes.len(), MAX_MESSAGE_BYTES);
    let Some(Message::Response(response)) = decode(&bytes).unwrap() else {
        panic!("it is a response")
    };
    assert_eq!(response.len(), 31_998);
    assert_eq!(response.entries().len(), 31_998);
    assert_eq!(response.entries().count(), 31_998);
}

#[test]
fn a_field_that_nobody_knows_is_skipped_up_to_the_largest_number_that_there_is() {
    let field = |number: u64| {
        let mut bytes = Vec::new();
        // A varint of one byte follows.
        prost::encoding::encode_varint(number << 3, &mut bytes);
        bytes.push(1);
        bytes
    };
    assert_eq!(decode(&field((1 << 31) - 1)), Ok(None));
    assert_eq!(decode(&field(1 << 31)), Err(WireError::FieldNumber));
}

#[test]
fn groups_as_deep_as_a_message_is_long_are_skipped() {
    let half = MAX_MESSAGE_BYTES / 2;
    let mut bytes = [0x2b].repeat(half);
    bytes.extend([0x2c].repeat(half));
    assert_eq!(decode(&bytes), Ok(None));
    bytes.pop();
    assert_eq!(decode(&bytes), Err(WireError::Truncated));
}

#[test]
fn every_error_says_who_is_at_fault_or_what_to_do() {
    let too_long = decode(&vec![0; MAX_MESSAGE_BYTES + 1]).unwrap_err();
    assert_eq!(
        too_long.to_string(),
        "not a PEX message, disconnect the peer: it has 64001 bytes, at most 64000 are allowed"
    );
    assert_eq!(
        decode(&[0x0d, 0, 0, 0, 0]).unwrap_err().to_string(),
        "not a PEX message, disconnect the peer: field 1 cannot have wire type 5"
    );
    assert!(PushError::NoIp.to_string().contains("resolve"));
}

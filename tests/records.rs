//! What a store keeps of a node: what the reference made of the vectors, what prost makes of the
//! same bytes, and what holds of any bytes.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

#[path = "fuzz_bodies/record.rs"]
mod fuzz_body;
#[path = "records/oracle.rs"]
mod oracle;
#[path = "records/random.rs"]
mod random;
#[path = "records/vectors.rs"]
mod vectors;

use pex::peers::{AddressRecord, PeerRecord, RecordError, RecordKey};
use pex::{NodeAddress, NodeId, Time};
use quickcheck::quickcheck;
use random::{Mutant, Sound};

const ID: NodeId = NodeId::new([0x11; 20]);

fn address(n: usize) -> NodeAddress {
    let path = "x".repeat(n % 20);
    NodeAddress::new("mconn", ID, "192.0.2.1", 26_656, &format!("{n}/{path}")).unwrap()
}

fn known(n: usize) -> AddressRecord {
    AddressRecord::new(address(n))
}

#[test]
fn a_record_takes_no_more_bytes_than_are_read_however_much_is_known() {
    let mut record = PeerRecord::new(ID);
    let stem = address(0).text_len();
    for n in 10..10 + PeerRecord::MAX_ADDRESSES {
        let path = format!("{n}{}", "x".repeat(NodeAddress::MAX_TEXT - stem - 33));
        let address = NodeAddress::new("mconn", ID, "192.0.2.1", 26_656, &path).unwrap();
        let mut known = AddressRecord::new(address);
        known.last_success = Some(Time::MAX);
        known.last_failure = Some(Time::MAX);
        known.failures = u32::MAX;
        known.source = Some(ID);
        known.source_group = u64::MAX;
        known.heard = Some(Time::MAX);
        known.first_success = Some(Time::MAX);
        record.addresses.push(known);
    }
    record.last_connected = Some(Time::MAX);
    record.banned_until = Some(Time::MAX);
    (record.inactive, record.anchor, record.score) = (true, true, i32::MIN);
    let bytes = record.encode();
    assert!(
        bytes.len() > PeerRecord::MAX_BYTES * 8 / 10,
        "{}",
        bytes.len()
    );
    assert!(bytes.len() <= PeerRecord::MAX_BYTES, "{}", bytes.len());
    assert_eq!(PeerRecord::decode(&bytes), Ok(record));
}

#[test]
fn what_could_not_be_read_is_not_written() {
    let mut record = PeerRecord::new(ID);
    let elsewhere = NodeAddress::mconn(NodeId::new([9; 20]), [192, 0, 2, 1].into(), 1);
    record.addresses.push(AddressRecord::new(elsewhere));
    record.addresses.extend((0..65).map(known));
    let read = PeerRecord::decode(&record.encode()).unwrap();
    assert!(
        read.addresses
            .iter()
            .map(|known| &known.address)
            .eq((0..64).map(address).collect::<Vec<_>>().iter())
    );
}

#[test]
fn of_too_many_addresses_those_are_salvaged_that_came_through_last_and_failed_least() {
    let mut bytes = PeerRecord::new(ID).encode();
    for n in 0..200 {
        let mut one = PeerRecord::new(ID);
        let mut known = known(n);
        known.failures = 1;
        match n {
            7 => known.failures = 0,
            150 => known.last_success = Some(Time::from_secs(1)),
            199 => known.last_success = Some(Time::from_secs(2)),
            198 => known.failures = 2,
            _ => {}
        }
        one.addresses.push(known);
        // Messages one after another are one message.
        bytes.extend(one.encode());
    }
    let too_many = RecordError::TooManyAddresses;
    assert_eq!(PeerRecord::decode(&bytes), Err(too_many));
    let found = PeerRecord::salvage(&bytes).unwrap();
    assert_eq!((found.left_out, found.why), (200 - 64, Some(too_many)));
    let kept: Vec<_> = found
        .record
        .addresses
        .iter()
        .map(|known| known.address.clone())
        .collect();
    let expected: Vec<_> = (0..62).chain([150, 199]).map(address).collect();
    assert_eq!(kept, expected);
}

#[test]
fn the_limit_on_bytes_is_looked_at_first() {
    // An unknown field of zeros: nothing is wrong with it but its length.
    let of_length = |length: usize| {
        let mut bytes = PeerRecord::new(ID).encode();
        let body = length - bytes.len() - 4;
        bytes.push(0x7a);
        bytes.extend([body | 0x80, body >> 7 | 0x80, body >> 14].map(|part| part.to_le_bytes()[0]));
        bytes.resize(length, 0);
        bytes
    };
    let max = PeerRecord::MAX_BYTES;
    assert_eq!(PeerRecord::decode(&of_length(max)), Ok(PeerRecord::new(ID)));
    let bytes = max + 1;
    let too_long = RecordError::TooLong { bytes, max };
    assert_eq!(PeerRecord::decode(&of_length(bytes)), Err(too_long));
    assert!(PeerRecord::salvage(&of_length(bytes)).is_ok());
    let max = PeerRecord::MAX_SALVAGE_BYTES;
    assert!(PeerRecord::salvage(&of_length(max)).is_ok());
    assert_eq!(
        PeerRecord::salvage(&of_length(max + 1)),
        Err(RecordError::TooLong {
            bytes: max + 1,
            max
        })
    );
}

#[test]
fn a_teller_that_is_no_id_is_refused() {
    let mut record = PeerRecord::new(ID);
    let mut known = known(1);
    known.source = Some(NodeId::new([5; 20]));
    record.addresses.push(known);
    let bytes = record.encode();
    // The tag of field 100, and a length of 20.
    let at = bytes
        .windows(3)
        .position(|part| part == [0xa2, 0x06, 20])
        .unwrap();
    let mut short = bytes.clone();
    short[at + 2] = 19;
    short.remove(at + 3);
    let inner = bytes.iter().position(|&byte| byte == 0x12).unwrap() + 1;
    assert!(bytes[inner] < 0x80, "a length of one byte");
    short[inner] -= 1;
    assert_eq!(
        PeerRecord::decode(&short),
        Err(RecordError::Source { bytes: 19 })
    );
}

#[test]
fn a_key_is_that_of_the_reference_and_keys_are_in_the_order_of_ids() {
    let key = PeerRecord::key(ID);
    assert_eq!(key.as_bytes().len(), RecordKey::LENGTH);
    assert_eq!(
        key.as_ref(),
        [&[0x81], "11".repeat(20).as_bytes(), &[0, 1]].concat()
    );
    assert!(RecordKey::FIRST[..] < key.as_bytes()[..]);
    assert!(key.as_bytes()[..] < RecordKey::PAST[..]);
    for wrong in [
        "",
        "11",
        &"AA".repeat(20),
        &"gg".repeat(20),
        &"11".repeat(21),
    ] {
        let key = [&[0x81], wrong.as_bytes(), &[0, 1]].concat();
        assert_eq!(PeerRecord::id_of_key(&key), None, "{wrong}");
    }
    for place in [0, 41, 42] {
        let mut wrong = *key.as_bytes();
        wrong[place] ^= 1;
        assert_eq!(PeerRecord::id_of_key(&wrong), None, "{place}");
    }
}

quickcheck! {
    fn the_id_is_found_in_a_key_and_ids_sort_as_their_keys(a: Vec<u8>, b: Vec<u8>) -> bool {
        let [a, b] = [a, b].map(|mut bytes| {
            bytes.resize(20, 0);
            NodeId::new(bytes.try_into().unwrap())
        });
        let (key_a, key_b) = (PeerRecord::key(a), PeerRecord::key(b));
        PeerRecord::id_of_key(key_a.as_bytes()) == Some(a) && a.cmp(&b) == key_a.cmp(&key_b)
    }

    fn a_record_is_read_as_it_was_written(sound: Sound) -> bool {
        PeerRecord::decode(&sound.0.encode()) == Ok(sound.0)
    }

    fn what_a_fuzzer_checks_holds_of_mutated_records(mutant: Mutant) -> bool {
        fuzz_body::record(&mutant.0);
        true
    }

    fn a_record_that_ends_early_is_an_error_or_a_record(sound: Sound) -> bool {
        let bytes = sound.0.encode();
        for end in 0..bytes.len() {
            fuzz_body::record(&bytes[..end]);
        }
        true
    }
}

#[test]
fn a_vector_that_ends_early_is_an_error_or_a_record() {
    let (mut errors, mut records) = (0, 0);
    for vector in vectors::all() {
        for end in 0..vector.bytes.len() {
            fuzz_body::record(&vector.bytes[..end]);
            let read = PeerRecord::decode(&vector.bytes[..end]);
            (errors, records) = (
                errors + u32::from(read.is_err()),
                records + u32::from(read.is_ok()),
            );
        }
    }
    assert!(errors > 1_000 && records > 20, "{errors} {records}");
}

#[test]
fn every_error_says_what_to_do_and_what_is_wrong() {
    let errors = [
        PeerRecord::decode(&[0x0a]).unwrap_err(),
        PeerRecord::decode(&[]).unwrap_err(),
        RecordError::TooLong { bytes: 3, max: 2 },
        RecordError::OtherId { id: ID },
        RecordError::TooManyAddresses,
        RecordError::Timestamp,
        RecordError::Source { bytes: 1 },
        RecordError::Address(NodeAddress::parse("").unwrap_err()),
    ];
    for error in errors {
        let text = error.to_string();
        assert!(
            text.starts_with("not a peer record, leave it out or restore it from a copy: "),
            "{text}"
        );
        assert!(!text.contains("disconnect"), "{text}");
    }
    assert!(errors[0].to_string().ends_with("it ends inside a field"));
}

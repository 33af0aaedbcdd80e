//! What the reference answered, read from `tests/vectors/records.jsonl`.

use std::collections::BTreeMap;
use std::error::Error as _;

use pex::peers::{AddressRecord, PeerRecord, RecordError};
use pex::{NodeAddress, Time};
use serde_json::Value;

/// One case: the bytes, and what the reference made of them.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    pub(crate) bytes: Vec<u8>,
    ok: bool,
    why: String,
    record: Value,
}

/// All cases, in the order of the file.
pub(crate) fn all() -> Vec<Vector> {
    include_str!("../vectors/records.jsonl")
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            Vector {
                bytes: from_hex(&record["hex"]),
                ok: record["ok"] == true,
                why: record["why"].to_string(),
                record,
            }
        })
        .collect()
}

/// Why the record is refused here though the reference takes it, if it is.
const fn refusal(error: RecordError) -> &'static str {
    match error {
        RecordError::Id => "Id",
        RecordError::OtherId { .. } => "OtherId",
        RecordError::TooManyAddresses => "TooManyAddresses",
        RecordError::Address(_) => "Address",
        _ => "none that is listed",
    }
}

#[test]
fn every_vector_means_what_the_reference_says_but_for_the_named_differences() {
    let mut occurred = BTreeMap::new();
    for vector in all() {
        match PeerRecord::decode(&vector.bytes) {
            Ok(record) => {
                assert!(vector.ok, "{}", vector.why);
                *occurred.entry(vector.check(record)).or_insert(0) += 1;
            }
            Err(error) if vector.ok => *occurred.entry(refusal(error)).or_insert(0) += 1,
            Err(_) => *occurred.entry("both refuse").or_insert(0) += 1,
        }
    }
    let expected = BTreeMap::from([
        ("equal", 19),
        ("ours", 1),
        ("clamped", 3),
        ("both refuse", 13),
        ("Id", 3),
        ("OtherId", 1),
        ("TooManyAddresses", 1),
        ("Address", 1),
    ]);
    assert_eq!(occurred, expected);
}

#[test]
fn what_is_wrong_with_an_address_does_not_take_the_node_with_it() {
    let mut salvaged = 0;
    for vector in all() {
        let Err(error) = PeerRecord::decode(&vector.bytes) else {
            continue;
        };
        let Ok(found) = PeerRecord::salvage(&vector.bytes) else {
            continue;
        };
        assert_eq!(
            (found.left_out, found.why),
            (1, Some(error)),
            "{}",
            vector.why
        );
        assert!(found.record.addresses.len() <= 64);
        let cause = match error {
            RecordError::Address(cause) => Some(cause.to_string()),
            _ => None,
        };
        assert_eq!(error.source().map(ToString::to_string), cause);
        salvaged += 1;
    }
    // No address, one that is none, of another node, 65 of them, too long a host.
    assert_eq!(salvaged, 5);
}

impl Vector {
    /// Whether we read what the reference read, and write what it writes; "clamped" if but for a
    /// time that we cannot hold, "ours" if but for fields that it does not know.
    fn check(&self, mut record: PeerRecord) -> &'static str {
        let ours = record.anchor;
        (record.score, record.banned_until, record.anchor) = (0, None, false);
        record
            .addresses
            .sort_by_key(|known| known.address.to_string());
        let (mut expected, clamped) = self.expected();
        expected
            .addresses
            .sort_by_key(|known| known.address.to_string());
        assert_eq!(record, expected, "{}", self.why);
        assert_eq!(
            PeerRecord::key(record.id).as_ref(),
            from_hex(&self.record["key"]),
            "{}",
            self.why
        );
        let same = record.encode() == from_hex(&self.record["reencoded"]);
        assert_ne!(same, clamped, "{}", self.why);
        match (clamped, ours) {
            (true, _) => "clamped",
            (false, true) => "ours",
            (false, false) => "equal",
        }
    }

    fn expected(&self) -> (PeerRecord, bool) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut clamped = false;
        let mut time = |value: &Value| {
            let (time, is_clamped) = time(value)?;
            clamped |= is_clamped;
            Some(time)
        };
        let mut record = PeerRecord::new(text(&self.record["id"]).parse().unwrap());
        record.last_connected = time(&self.record["connected"]);
        record.inactive = self.record["inactive"] == true;
        for from in self.record["addresses"].as_array().into_iter().flatten() {
            let address = NodeAddress::parse(&text(&from["address"])).unwrap();
            let mut known = AddressRecord::new(address);
            known.last_success = time(&from["success"]);
            known.last_failure = time(&from["failure"]);
            let failures = from["failures"].as_u64().unwrap_or_default();
            known.failures = failures.try_into().unwrap();
            record.addresses.push(known);
        }
        (record, clamped)
    }
}

/// A time as we hold it, and whether that is another than the reference's.
fn time(value: &Value) -> Option<(Time, bool)> {
    let seconds = i128::from(value["seconds"].as_i64()?);
    let nanos = seconds * 1_000_000_000 + i128::from(value["nanos"].as_i64().unwrap_or_default());
    let held = nanos.clamp(0, u64::MAX.into());
    Some((Time::from_nanos(held.try_into().unwrap()), held != nanos))
}

fn from_hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap_or_default().as_bytes();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    text.as_chunks::<2>().0.iter().map(byte).collect()
}

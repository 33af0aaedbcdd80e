//! A second opinion: the same records through prost.

use pex::peers::{AddressRecord, PeerRecord};
use pex::{NodeAddress, NodeId, Time};
use pex_proto::p2p::{PeerAddressInfo, PeerInfo};
use prost::Message as _;
use prost_types::Timestamp;
use quickcheck::quickcheck;

use super::random::{Mutant, Sound};
use super::vectors;

fn stamp(time: Time) -> Timestamp {
    let (seconds, nanos) = (
        time.as_nanos() / 1_000_000_000,
        time.as_nanos() % 1_000_000_000,
    );
    Timestamp {
        seconds: seconds.try_into().unwrap(),
        nanos: nanos.try_into().unwrap(),
    }
}

fn theirs(record: &PeerRecord) -> PeerInfo {
    let address = |known: &AddressRecord| PeerAddressInfo {
        address: known.address.to_string(),
        last_dial_success: known.last_success.map(stamp),
        last_dial_failure: known.last_failure.map(stamp),
        dial_failures: known.failures,
        source: known
            .source
            .map_or_else(Vec::new, |id| id.as_bytes().to_vec()),
        source_group: known.source_group,
        heard: known.heard.map(stamp),
        first_success: known.first_success.map(stamp),
    };
    PeerInfo {
        id: record.id.to_string(),
        address_info: record.addresses.iter().map(address).collect(),
        last_connected: record.last_connected.map(stamp),
        inactive: record.inactive,
        score: record.score,
        banned_until: record.banned_until.map(stamp),
        anchor: record.anchor,
    }
}

fn time(stamp: Timestamp) -> Option<Time> {
    let nanos = i128::from(stamp.seconds) * 1_000_000_000 + i128::from(stamp.nanos);
    let held = nanos.clamp(0, u64::MAX.into());
    // The year 1: Go's word for never.
    let never = stamp.seconds == -62_135_596_800 && stamp.nanos == 0;
    (!never).then(|| Time::from_nanos(held.try_into().unwrap()))
}

/// What we should read, by way of prost. The address that stands last of equal ones counts.
fn ours(info: PeerInfo) -> PeerRecord {
    let mut record = PeerRecord::new(info.id.parse().unwrap());
    record.last_connected = info.last_connected.and_then(time);
    record.inactive = info.inactive;
    record.score = info.score;
    record.banned_until = info.banned_until.and_then(time);
    record.anchor = info.anchor;
    for from in info.address_info {
        let mut known = AddressRecord::new(NodeAddress::parse(&from.address).unwrap());
        known.last_success = from.last_dial_success.and_then(time);
        known.last_failure = from.last_dial_failure.and_then(time);
        known.failures = from.dial_failures;
        known.source = <[u8; 20]>::try_from(from.source).ok().map(NodeId::new);
        known.source_group = from.source_group;
        known.heard = from.heard.and_then(time);
        known.first_success = from.first_success.and_then(time);
        let equal = |other: &&mut AddressRecord| other.address == known.address;
        match record.addresses.iter_mut().find(equal) {
            Some(equal) => *equal = known,
            None => record.addresses.push(known),
        }
    }
    record
}

/// Whether a message is in the bytes twice in one place, which prost merges and the reference does
/// not. Seen by writing it again: with nothing merged and nothing unknown it is as long.
fn is_plain(bytes: &[u8], info: &PeerInfo) -> bool {
    info.encoded_len() == bytes.len()
}

/// What both read says the same. Returns whether both read it.
fn agree(bytes: &[u8]) -> bool {
    let (Ok(info), Ok(record)) = (PeerInfo::decode(bytes), PeerRecord::decode(bytes)) else {
        return false;
    };
    if !is_plain(bytes, &info) {
        return false;
    }
    assert_eq!(record, ours(info), "{bytes:02x?}");
    true
}

#[test]
fn prost_reads_in_the_vectors_what_we_read() {
    let vectors = vectors::all();
    let read = vectors.iter().filter(|vector| agree(&vector.bytes)).count();
    assert!(read >= 14, "{read}");
}

quickcheck! {
    fn a_record_is_written_as_prost_writes_it(sound: Sound) -> bool {
        sound.0.encode() == theirs(&sound.0).encode_to_vec()
    }

    fn what_prost_writes_is_read_as_it_was_meant(sound: Sound) -> bool {
        PeerRecord::decode(&theirs(&sound.0).encode_to_vec()) == Ok(sound.0)
    }

    fn prost_reads_in_a_mutated_record_what_we_read(mutant: Mutant) -> bool {
        agree(&mutant.0);
        true
    }
}

//! What the reference's own code answered, from `tests/vectors/book`, and the named differences.

use std::collections::BTreeMap;

use pex::book::{AddrBook, BookError, GroupKey};
use pex::{NetAddress, NetAddressError, Reachability};
use serde_json::Value;

use crate::file::LATER;
use crate::kit::{PORT, id, seed};

fn lines(text: &'static str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn address(ip: &Value) -> NetAddress {
    NetAddress::new(id(1), ip.as_str().unwrap().parse().unwrap(), PORT)
}

#[test]
fn groups_and_properties_are_those_of_the_reference() {
    let mut count = 0;
    for vector in lines(include_str!("../vectors/book/group_keys.jsonl")) {
        let it = address(&vector["ip"]);
        let group = |strict| GroupKey::of(&it, strict).to_string();
        assert_eq!(group(true), vector["strict"], "{vector}");
        assert_eq!(group(false), vector["lax"], "{vector}");
        assert_eq!(it.is_valid(), vector["valid"], "{vector}");
        assert_eq!(it.is_routable(), vector["routable"], "{vector}");
        assert_eq!(it.is_local(), vector["local"], "{vector}");
        count += 1;
    }
    assert_eq!(count, 420);
}

#[test]
fn reachability_is_that_of_the_reference() {
    let mut count = 0;
    for vector in lines(include_str!("../vectors/book/reachability.jsonl")) {
        let (from, to) = (address(&vector["from"]), address(&vector["to"]));
        let reach = match from.reachability_to(&to) {
            Reachability::Unreachable => 0,
            Reachability::Default => 1,
            Reachability::Teredo => 2,
            Reachability::Ipv6Weak => 3,
            Reachability::Ipv4 => 4,
            Reachability::Ipv6Strong => 5,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(reach, vector["reach"], "{vector}");
        count += 1;
    }
    assert_eq!(count, 289);
}

/// Where a text is something else here. An id is 20 bytes here and a text there, so both cases of a
/// digit are one id; a zone is another machine's business, and dropping it makes another address.
#[test]
fn texts_are_read_as_by_the_reference_but_for_the_named_differences() {
    let mut occurred = BTreeMap::new();
    for vector in lines(include_str!("../vectors/book/net_address.jsonl")) {
        let text = vector["text"].as_str().unwrap();
        let what = match (NetAddress::parse(text), vector["ok"] == true) {
            (Ok(it), true) => {
                assert_eq!(it.ip().to_string(), vector["ip"], "{vector}");
                assert_eq!(it.port(), vector["port"], "{vector}");
                let theirs = vector["string"].as_str().unwrap();
                if it.to_string() == theirs {
                    "equal"
                } else {
                    assert_eq!(it.to_string(), theirs.to_lowercase(), "{vector}");
                    "the id is lower case"
                }
            }
            (Err(NetAddressError::Name), true) => {
                assert!(text.contains('%'), "{vector}");
                "a zone is refused"
            }
            (Err(NetAddressError::NoId), false) if vector["error"] == "no id" => "no id",
            (Err(NetAddressError::Name), false) if vector["error"] == "lookup" => "a name",
            (Err(_), false) if vector["error"] == "invalid" => "invalid",
            (ours, _) => panic!("{ours:?}: {vector}"),
        };
        *occurred.entry(what).or_insert(0) += 1;
    }
    let expected = BTreeMap::from([
        ("equal", 48),
        ("the id is lower case", 2),
        ("a zone is refused", 3),
        ("no id", 16),
        ("invalid", 58),
        ("a name", 35),
    ]);
    assert_eq!(occurred, expected);
}

/// How odd files are read, and how many of each. The reference takes names in any letters and the
/// last of two of a name, and missing parts of an address as nothing; where a number is odd it
/// panics, and where an id is it keeps what it can't dial.
const ODD: [(&str, u32); 24] = [
    // As the reference reads it; with what is told of it, where something is odd.
    ("same", 28),
    ("same Bucket", 9),
    ("same Key", 3),
    ("same Source", 4),
    ("same Time", 4),
    ("same Twice", 2),
    // Two places of a node are kept here, and one there.
    ("other", 2),
    // An id that is none, and no IP address: it keeps them.
    ("other Address", 3),
    // It counts below zero, and above what fits here.
    ("other Attempts", 2),
    // It takes for good what never was reached.
    ("other NeverReached", 2),
    // It keeps what no node can be at.
    ("other NotRoutable", 4),
    // Members that are missing or null, and one that stands there twice.
    ("other Shape", 9),
    // Two ids in different letters; one place, new and old.
    ("other Twice", 2),
    // It does not start; here the rest is read, and told is what was wrong. Of the first four the
    // times are read here.
    ("panics there", 4),
    ("panics there Address", 7),
    ("panics there Attempts", 1),
    ("panics there Bucket", 10),
    ("panics there Key", 1),
    ("panics there NeverReached", 2),
    ("panics there Shape", 18),
    ("panics there Time", 5),
    // Neither reads it.
    ("damaged, false", 6),
    ("no book, false", 3),
    // `null`, `{}`, and other names are an empty book there. Here they are none: rather than to
    // begin anew in silence, the operator is told.
    ("no book, true", 4),
];

#[test]
fn odd_files_are_read_as_by_the_reference_or_better() {
    let mut occurred: BTreeMap<String, u32> = BTreeMap::new();
    for vector in lines(include_str!("../vectors/book/loads.jsonl")) {
        let file = vector["file"].as_str().unwrap();
        let ours = AddrBook::read(file.as_bytes(), false, seed(), LATER);
        let theirs = vector["ok"] == true;
        let what = match &ours {
            Ok(loaded) => {
                assert_eq!(loaded.book.check(), Ok(()), "{vector}");
                let kinds = loaded.repairs.iter().map(|it| format!("{:?}", it.kind));
                let mut kinds: Vec<_> = kinds.collect();
                kinds.dedup();
                let same = theirs && same_entries(&loaded.book, &vector);
                let side = match (theirs, same) {
                    (true, true) => "same",
                    (true, false) => "other",
                    (false, _) => "panics there",
                };
                format!("{side} {}", kinds.join(" ")).trim_end().to_owned()
            }
            Err(BookError::NotABook) => format!("no book, {theirs}"),
            Err(_) => format!("damaged, {theirs}"),
        };
        println!("{what}: {}", vector["why"]);
        *occurred.entry(what).or_default() += 1;
    }
    let expected = ODD.map(|(what, count)| (what.to_owned(), count));
    assert_eq!(occurred, BTreeMap::from(expected));
}

fn same_entries(book: &AddrBook, vector: &Value) -> bool {
    let theirs = vector["entries"].as_array().unwrap();
    theirs.len() == book.size()
        && theirs.iter().all(|it| {
            let text = it["address"].as_str().unwrap();
            let Ok(address) = text.parse::<NetAddress>() else {
                return false;
            };
            let of_node = book.addresses_of(address.id());
            of_node.iter().any(|known| {
                known.address == address
                    && known.old == (it["bucket_type"] == 2)
                    && known.attempts == it["attempts"]
            })
        })
}

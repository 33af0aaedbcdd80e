//! A book as records, and back.

use pex::book::{AddrBook, KnownAddress};
use pex::peers::{AddressRecord, PeerRecord};
use pex::{NodeAddress, Time};
use pex_node::book_file::{from_records, to_records};

use crate::{NOW, address, id, seed};

fn lived() -> AddrBook {
    let mut book = AddrBook::new(false, seed());
    for n in 0..60 {
        let source = address(if n % 3 == 0 { n } else { 0 });
        let heard = Time::from_secs(1_600_000_000 + u64::from(n));
        book.add_address(heard, &address(n), &source).unwrap();
        if n % 2 == 0 {
            book.mark_good(Time::from_secs(1_650_000_000), &address(n));
            book.mark_good(Time::from_secs(1_660_000_000), &address(n));
        }
        for failure in 0..n % 4 {
            let at = Time::from_secs(1_670_000_000 + u64::from(failure));
            book.mark_attempt(at, &address(n));
        }
    }
    let day = core::time::Duration::from_secs(86_400);
    book.mark_bad(NOW, id(7), day);
    book.mark_bad(NOW, id(100), day);
    book.set_anchors(vec![id(4), id(8)]);
    book
}

fn known(book: &AddrBook) -> Vec<KnownAddress> {
    let mut known: Vec<_> = book.addresses().collect();
    for known in &mut known {
        known.buckets.clear();
    }
    known.sort_by_key(|known| known.address);
    known
}

#[test]
fn a_book_that_becomes_a_store_and_a_book_again_knows_the_same() {
    let book = lived();
    let records = to_records(&book);
    // What can't be written can't be kept.
    for record in &records {
        assert_eq!(PeerRecord::decode(&record.encode()).as_ref(), Ok(record));
    }
    let mut again = AddrBook::new(false, seed());
    assert_eq!(from_records(&mut again, &records, NOW), []);
    again.check().unwrap();
    assert_eq!(known(&again), known(&book));
    assert!(again.bans().eq(book.bans()));
    assert_eq!(again.anchors(), book.anchors());
    assert_eq!(to_records(&again), records);
}

#[test]
fn what_a_book_cannot_say_is_told() {
    let mut record = PeerRecord::new(id(1));
    for (port, place) in (1..).zip(["a.example:1", "10.0.0.1:1"]) {
        let text = format!("{}@{place}", id(1));
        let mut kept = AddressRecord::new(NodeAddress::parse(&text).unwrap());
        kept.last_success = Some(Time::from_secs(port));
        record.addresses.push(kept);
    }
    for port in 2..7 {
        let place = NodeAddress::mconn(id(1), [10, 0, 0, 1].into(), port);
        record.addresses.push(AddressRecord::new(place));
    }
    let mut book = AddrBook::new(false, seed());
    let left_out = from_records(&mut book, &[record], NOW);
    let why: Vec<String> = left_out.iter().map(|(_, why)| why.to_string()).collect();
    assert_eq!((why.len(), book.size(), book.old()), (3, 4, 1));
    assert!(why[0].contains("look the name up"), "{why:?}");
    assert!(why[1].contains("as many addresses as it may"), "{why:?}");
}

#[test]
fn two_books_become_one_in_either_order() {
    let (one, mut other) = (lived(), AddrBook::new(false, seed()));
    for n in 30..90 {
        let at = Time::from_secs(1_680_000_000);
        if n != 7 {
            other.mark_good(at, &address(n));
        }
    }
    let merge = |into: &AddrBook, from: &AddrBook| {
        let mut all = into.clone();
        for known in from.addresses() {
            all.adopt(NOW, &known).unwrap();
        }
        all.check().unwrap();
        all
    };
    let both = [merge(&one, &other), merge(&other, &one)].map(|mut all| {
        all.remove_node(id(7));
        known(&all)
            .into_iter()
            .map(|mut known| {
                // Who told first differs.
                known.source = known.address;
                known
            })
            .collect::<Vec<_>>()
    });
    assert_eq!(both[0].len(), 89);
    assert_eq!(both[0], both[1]);
}

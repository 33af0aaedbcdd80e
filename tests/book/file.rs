//! The file: what the reference wrote is read, and what is written is read again.

use core::time::Duration;

use pex::book::{AddrBook, KnownAddress, Loaded, RepairKind};
use pex::{NetAddress, Reach, Time};
use serde_json::Value;

use crate::kit::{DAY, NOW, at, host, id, learn, node, secs, seed, sound, strict, teller};

/// A time after all files were written: the first of January 2027.
pub(crate) const LATER: Time = Time::from_secs(1_798_761_600);

/// The time of a text as the reference writes it, by the calendar's own rules; none before 1970.
fn time(text: &Value) -> Option<Time> {
    let text = text.as_str().unwrap();
    let number = |range: core::ops::Range<usize>| text[range].parse::<i128>().unwrap();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    // Days since March of the year 0, in which leap days come last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let seconds =
        (days - 719_468) * 86_400 + number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
    let (fraction, zone) = text[19..].split_at(text[19..].find(['Z', '+', '-']).unwrap());
    let nanos: i128 = format!("{:0<9}", fraction.trim_start_matches('.'))
        .parse()
        .unwrap();
    let zone = match zone.as_bytes() {
        [b'Z'] => 0,
        [sign, ..] => {
            let minutes =
                zone[1..3].parse::<i128>().unwrap() * 60 + zone[4..6].parse::<i128>().unwrap();
            if *sign == b'-' { -minutes } else { minutes }
        }
        [] => unreachable!("no zone"),
    };
    let nanos = (seconds - zone * 60) * 1_000_000_000 + nanos;
    u64::try_from(nanos).ok().map(Time::from_nanos)
}

fn place(of: &Value) -> NetAddress {
    let port = of["port"].as_u64().unwrap();
    let ip = of["ip"].as_str().unwrap().parse().unwrap();
    NetAddress::new(
        of["id"].as_str().unwrap().parse().unwrap(),
        ip,
        port.try_into().unwrap(),
    )
}

fn read(text: &str, strict: bool, now: Time) -> Loaded {
    AddrBook::read(text.as_bytes(), strict, seed(), now).unwrap()
}

/// The books that the reference wrote, what it reads in them, and whether they are strict.
const BOOKS: [(&str, &str, bool); 6] = [
    (
        include_str!("../vectors/book/book-0.json"),
        include_str!("../vectors/book/book-0.read.json"),
        true,
    ),
    (
        include_str!("../vectors/book/book-1.json"),
        include_str!("../vectors/book/book-1.read.json"),
        true,
    ),
    (
        include_str!("../vectors/book/book-50.json"),
        include_str!("../vectors/book/book-50.read.json"),
        true,
    ),
    (
        include_str!("../vectors/book/book-1000.json"),
        include_str!("../vectors/book/book-1000.read.json"),
        true,
    ),
    (
        include_str!("../vectors/book/book-banned.json"),
        include_str!("../vectors/book/book-banned.read.json"),
        true,
    ),
    (
        include_str!("../vectors/book/book-lax.json"),
        include_str!("../vectors/book/book-lax.read.json"),
        false,
    ),
];

#[test]
fn every_entry_of_a_book_of_the_reference_is_read_field_by_field() {
    let (mut entries, mut left_out) = (0, 0);
    for (text, theirs, strict) in BOOKS {
        let loaded = read(text, strict, LATER);
        sound(&loaded.book);
        let theirs: Value = serde_json::from_str(theirs).unwrap();
        let book = &loaded.book;
        let raw: Value = serde_json::from_str(text).unwrap();
        let mut all = raw["addrs"].as_array().unwrap().clone();
        // Some are routable there and not here: the IPv4 addresses inside are of the site.
        for repair in loaded.repairs.iter().rev() {
            assert_eq!(repair.kind, RepairKind::NotRoutable);
            let gone = place(&all.remove(repair.entry.unwrap() - 1)["addr"]);
            assert!(
                gone.is_routable() && Reach::of(gone.ip()) != Reach::World,
                "{gone}"
            );
            left_out += 1;
        }
        let of = |old: u8| all.iter().filter(|it| it["bucket_type"] == old).count();
        assert_eq!((book.old(), book.new_ones()), (of(2), of(1)));
        assert_eq!(theirs["size"], book.size() + loaded.repairs.len());
        for (it, raw) in book.addresses().zip(&all) {
            assert_entry(&it, raw);
        }
        assert_eq!(all.len(), book.size());
        entries += all.len();
        assert!(
            book.to_json()
                .starts_with(&text[..text.find("addrs").unwrap()])
        );
    }
    assert_eq!((entries, left_out), (1_059, 2));
}

fn assert_entry(it: &KnownAddress, raw: &Value) {
    assert_eq!(
        (it.address, it.source),
        (place(&raw["addr"]), place(&raw["src"]))
    );
    assert_eq!(it.attempts, raw["attempts"], "{raw}");
    assert_eq!(it.old, raw["bucket_type"] == 2, "{raw}");
    assert_eq!(Some(it.last_attempt), time(&raw["last_attempt"]), "{raw}");
    assert_eq!(it.last_success, time(&raw["last_success"]), "{raw}");
    // The reference does not say when the first was.
    assert_eq!(it.first_success, it.last_success);
    if it.old {
        // Where the hash places it: the number there was of a hash whose key nobody knows.
        assert_eq!(it.buckets.len(), 1);
    } else {
        let buckets: Vec<_> = it.buckets.iter().map(|&it| Value::from(it)).collect();
        assert_eq!(Value::from(buckets), raw["buckets"]);
    }
}

/// A book with all that a file can hold.
pub(crate) fn rich() -> AddrBook {
    let mut book = strict();
    for n in 1..=40 {
        learn(&mut book, &node(n), &teller(n));
    }
    for n in (1..=40).step_by(3) {
        book.mark_good(NOW + secs(u64::from(n)), &node(n));
        book.mark_good(NOW + DAY, &node(n));
    }
    for n in 20..=30 {
        book.mark_attempt(NOW + Duration::from_nanos(123_456_789), &node(n));
    }
    for round in 50..90 {
        for n in 1..=40 {
            assert!(book.add_address(NOW, &node(n), &teller(round)).is_ok());
        }
    }
    // Several places of a node, of which the second has proved good.
    for network in 100..=102 {
        learn(&mut book, &at(7, host(network, 1)), &teller(3));
    }
    book.mark_good(NOW, &at(8, host(100, 2)));
    let v6 = NetAddress::new(id(200), "2a00::1".parse().unwrap(), 1);
    learn(&mut book, &v6, &teller(4));
    book.mark_bad(NOW, id(7), DAY);
    book.mark_bad(NOW, id(300), 2 * DAY);
    book.set_anchors(vec![id(1), id(4)]);
    book
}

fn assert_same(one: &AddrBook, two: &AddrBook) {
    let all = |book: &AddrBook| {
        let mut all: Vec<_> = book.addresses().collect();
        all.sort_by_key(|it| it.address);
        all
    };
    assert_eq!(all(one), all(two));
    assert!(one.bans().eq(two.bans()));
    assert_eq!(one.anchors(), two.anchors());
    assert_eq!((one.size(), one.old()), (two.size(), two.old()));
}

#[test]
fn what_is_written_is_read_as_it_was_and_written_again_byte_for_byte() {
    let book = rich();
    let text = book.to_json();
    let loaded = read(&text, true, NOW + DAY);
    assert_eq!(loaded.repairs, []);
    sound(&loaded.book);
    assert_same(&book, &loaded.book);
    assert!(loaded.book.to_json() == text);
    // Placed alike afterwards too: the hash's key follows from the file's.
    let (mut one, mut two) = (book, loaded.book);
    for n in 500..600 {
        for book in [&mut one, &mut two] {
            learn(book, &node(n), &teller(n));
            book.mark_good(NOW + DAY, &node(n));
        }
    }
    assert_same(&one, &two);
}

#[test]
fn an_empty_book_is_written_as_the_reference_writes_it() {
    let text = strict().to_json();
    let key = text.split('"').nth(3).unwrap();
    assert_eq!(key.len(), 24);
    assert_eq!(
        text,
        format!("{{\n\t\"key\": \"{key}\",\n\t\"addrs\": []\n}}")
    );
}

/// Members of an entry, in the reference's order.
#[test]
fn an_entry_is_written_as_the_reference_writes_it() {
    let (text, ..) = BOOKS[1];
    let written = read(text, true, LATER).book.to_json();
    assert_eq!(written, text);
}

#[test]
fn a_simulation_begins_in_1970_and_that_is_not_never() {
    let mut book = strict();
    book.mark_good(Time::EPOCH, &node(1));
    let loaded = read(&book.to_json(), true, Time::EPOCH);
    assert_eq!(loaded.repairs, []);
    assert_same(&book, &loaded.book);
}

#[test]
fn the_reference_reads_the_best_address_of_a_node_and_no_other() {
    let mut book = strict();
    let (one, two) = (at(1, host(1, 1)), at(1, host(2, 1)));
    learn(&mut book, &one, &teller(1));
    learn(&mut book, &two, &teller(1));
    book.mark_good(NOW, &two);
    let raw: Value = serde_json::from_str(&book.to_json()).unwrap();
    let shown = raw["addrs"].as_array().unwrap();
    assert_eq!(
        shown
            .iter()
            .map(|it| place(&it["addr"]))
            .collect::<Vec<_>>(),
        [two]
    );
    assert_eq!(place(&raw["pex"]["addrs"][0]["addr"]), one);
}

//! The journal: what has changed since the file was written, and what a damaged one costs.

use std::time::Duration;

use pex::book::{AddrBook, JournalWriter, Loaded};
use pex::{NetAddress, NodeId, Seed, Time};

const NOW: Time = Time::from_secs(1_700_000_000);

fn address(n: u32) -> NetAddress {
    let mut id = [0x11; 20];
    id[..4].copy_from_slice(&n.to_be_bytes());
    let [_, high, middle, low] = n.to_be_bytes();
    NetAddress::new(NodeId::new(id), [10, high, middle, low].into(), 26_656)
}

/// A small source of numbers that are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        u32::try_from(self.0 >> 33).unwrap() % end
    }
}

/// A second in the life of a book.
fn live(book: &mut AddrBook, now: Time, dice: &mut Dice) {
    for _ in 0..40 {
        let it = address(dice.below(3_000));
        match dice.below(12) {
            0 => drop(book.remove_address(&it)),
            1 => book.mark_bad(now, it.id(), Duration::from_secs(u64::from(dice.below(90)))),
            2 => drop(book.reinstate_bad_peers(now)),
            3 => book.set_anchors(vec![it.id()]),
            4..=6 => drop(book.mark_good(now, &it)),
            7 => drop(book.mark_attempt(now, &it)),
            _ => drop(book.add_address(now, &it, &address(dice.below(50)))),
        }
    }
}

/// A file, its journal after some seconds, and the book as it is then.
fn lived(seconds: u64) -> (String, String, AddrBook) {
    let (mut book, mut dice) = (AddrBook::new(false, Seed::new([7; 32])), Dice(7));
    for second in 0..100 {
        live(&mut book, NOW + Duration::from_secs(second), &mut dice);
    }
    // As it was read, for a file does not keep the order of the entries.
    let file = book.to_json();
    let (mut writer, mut journal) = JournalWriter::begin(file.as_bytes());
    for second in 100..100 + seconds {
        let earlier = book.clone();
        live(&mut book, NOW + Duration::from_secs(second), &mut dice);
        journal.push_str(&writer.lines(&book.changes_since(&earlier)));
    }
    (file, journal, book)
}

fn read(file: &str, journal: &[u8]) -> Loaded {
    let now = NOW + Duration::from_secs(1_000);
    let seed = Seed::new([8; 32]);
    let loaded = AddrBook::read(file.as_bytes(), false, seed, now).unwrap();
    let loaded = loaded.with_journal(file.as_bytes(), journal, now);
    assert_eq!(loaded.book.check(), Ok(()));
    loaded
}

/// Everything that a file would say, in an order of its own.
fn words(book: &AddrBook) -> Vec<String> {
    let known = book.addresses().map(|it| {
        let mut it = it;
        it.buckets.sort_unstable();
        format!("{it:?}")
    });
    let mut words: Vec<String> = known.collect();
    words.sort_unstable();
    words.extend(book.bans().map(|ban| format!("{ban:?}")));
    words.push(format!("{:?}", book.anchors()));
    words
}

#[test]
fn a_file_and_its_journal_make_the_book_as_it_was() {
    for seconds in [0, 1, 2, 30, 120] {
        let (file, journal, book) = lived(seconds);
        let loaded = read(&file, journal.as_bytes());
        let report = loaded.journal.unwrap();
        assert!(report.is_whole() && !report.torn, "{report:?}");
        assert_eq!(report.changes, journal.lines().count() - 1);
        assert_eq!(report.has_something(), seconds > 0);
        let said = format!("{} changes from the journal beside it", report.changes);
        assert_eq!(report.to_string(), said);
        assert_eq!(words(&loaded.book), words(&book), "{seconds}");
    }
}

#[test]
fn wherever_a_journal_is_cut_short_what_stands_before_is_there() {
    let (file, journal, _) = lived(20);
    let bytes = journal.as_bytes();
    let lines_end = |cut: usize| bytes[..cut].split(|it| *it == b'\n').count() - 1;
    for cut in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
        let report = read(&file, &bytes[..cut]).journal.unwrap();
        let whole = lines_end(cut);
        assert_eq!(report.is_of_this_book, whole > 0, "{cut}");
        assert_eq!(report.changes, whole.saturating_sub(1), "{cut}");
        assert_eq!(report.torn, whole > 0 && bytes[cut - 1] != b'\n', "{cut}");
        assert_eq!(report.damaged, 0);
    }
}

#[test]
fn whichever_line_is_damaged_no_node_has_more_than_four_addresses() {
    let at =
        |place: u8| NetAddress::new(NodeId::new([5; 20]), [20 + place, 1, 1, 1].into(), 26_656);
    let mut book = AddrBook::new(false, Seed::new([7; 32]));
    for place in 2..=5 {
        book.add_address(NOW, &at(place), &address(place.into()))
            .unwrap();
    }
    let file = book.to_json();
    let (mut writer, mut journal) = JournalWriter::begin(file.as_bytes());
    let earlier = book.clone();
    // One of the four gives way to where the node was reached, and the others fail.
    book.mark_good(NOW, &at(1));
    for place in 2..=5 {
        let _gone = book.mark_attempt(NOW, &at(place));
    }
    journal.push_str(&writer.lines(&book.changes_since(&earlier)));
    let ends: Vec<usize> = journal.match_indices('\n').map(|it| it.0).collect();
    assert!(ends.len() >= 5, "{journal}");
    for end in &ends[1..] {
        let mut bytes = journal.clone().into_bytes();
        bytes[end - 1] ^= 1;
        // It is sound, whatever is left of it.
        let loaded = read(&file, &bytes);
        assert_eq!(loaded.journal.unwrap().damaged, 1);
        assert!(loaded.book.size() <= 4);
    }
}

#[test]
fn a_damaged_line_costs_itself_and_no_address_of_the_file() {
    let (file, journal, _) = lived(20);
    let lines = journal.lines().count();
    for place in (100..journal.len()).step_by(1_009) {
        let mut bytes = journal.clone().into_bytes();
        bytes[place] ^= 1;
        let report = read(&file, &bytes).journal.unwrap();
        assert!(report.is_of_this_book);
        // A line's end that is none any more makes one of two, and moves all behind it.
        if journal.as_bytes()[place] != b'\n' && bytes[place] != b'\n' {
            assert_eq!((report.changes, report.damaged), (lines - 2, 1), "{place}");
        }
        assert!(report.damaged > 0 && !report.is_whole());
    }
}

#[test]
fn the_journal_of_another_file_or_none_at_all_is_left_out() {
    let (file, journal, _) = lived(20);
    let other = file.replacen("10.", "11.", 1);
    assert_eq!(other.len(), file.len());
    let without = read(&other, b"");
    for wrong in [journal.as_bytes(), b"", b"\n\n\n", b"{}", &[0xff; 100]] {
        let loaded = read(&other, wrong);
        let report = loaded.journal.unwrap();
        assert!(!report.is_of_this_book && report.has_something());
        let said = "the journal beside it is not of this book, and was left out";
        assert_eq!(report.to_string(), said);
        assert_eq!(words(&loaded.book), words(&without.book));
    }
}

#[test]
fn what_cannot_be_taken_in_does_not_cost_what_the_file_knows() {
    let (file, _, book) = lived(0);
    // Sums are no secret: a hostile line can have the right one.
    let mut hostile = book.clone();
    let lived: Vec<_> = hostile.addresses().map(|it| it.address).collect();
    for it in &lived {
        hostile.mark_attempt(NOW + Duration::from_secs(500), it);
    }
    let (mut writer, head) = JournalWriter::begin(file.as_bytes());
    let lines = writer.lines(&hostile.changes_since(&book));
    let hostile = lines.replace("\"port\":26656", "\"port\":0");
    assert_ne!(lines, hostile);
    let report = read(&file, format!("{head}{hostile}").as_bytes());
    assert_eq!(report.book.size(), book.size());
    assert_eq!(report.journal.unwrap().damaged, lived.len());
}

#[test]
fn the_changes_of_a_second_are_few_and_those_of_a_moment_none() {
    let (file, _, book) = lived(1);
    assert_eq!(book.changes_since(&book.clone()), []);
    let mut later = book.clone();
    let known = later.addresses().next().unwrap().address;
    later.mark_good(NOW + Duration::from_secs(200), &known);
    assert!(later.changes_since(&book).len() <= 2);
    // Another book may be compared as well, however its entries lie.
    let reread = read(&file, b"").book;
    let back = reread.changes_since(&book);
    assert!(!back.is_empty());
    let of = |nodes: [u32; 2]| {
        let mut book = AddrBook::new(false, Seed::new([7; 32]));
        for n in nodes {
            book.add_address(NOW, &worldly(n), &worldly(9)).unwrap();
        }
        book
    };
    assert_eq!(of([1, 2]).changes_since(&of([2, 1])), []);
    // All of these are in one bucket, by one teller, and of the same time.
    assert_eq!(of([1, 2]).changes_since(&of([3, 4])).len(), 4);
}

/// A node of the world.
fn worldly(n: u32) -> NetAddress {
    let mut id = [0x22; 20];
    id[..4].copy_from_slice(&n.to_be_bytes());
    let [_, high, middle, low] = n.to_be_bytes();
    NetAddress::new(NodeId::new(id), [80 + high, middle, low, 9].into(), 26_656)
}

#[test]
fn where_a_change_finds_no_room_what_the_file_said_stays() {
    let empty = AddrBook::new(false, Seed::new([7; 32]));
    let told_by = |source: u32, n: u32| {
        let mut book = empty.clone();
        book.add_address(NOW, &worldly(n), &worldly(source))
            .unwrap();
        let known = book.addresses().next().unwrap();
        (book, known.buckets[0])
    };
    // By one teller the node is in a bucket of its own, by another it would be in one that is full.
    let (before, free) = told_by(300_000, 1);
    let (after, full) = told_by(400_000, 1);
    assert_ne!(free, full);
    let mut book = before.clone();
    let crowd = (2..).filter(|n| told_by(n * 256, *n).1 == full);
    for n in crowd.take(64) {
        book.add_address(NOW, &worldly(n), &worldly(n * 256))
            .unwrap();
    }
    let file = book.to_json();
    let (mut writer, mut journal) = JournalWriter::begin(file.as_bytes());
    journal.push_str(&writer.lines(&after.changes_since(&before)));
    let loaded = read(&file, journal.as_bytes());
    let report = loaded.journal.unwrap();
    assert_eq!((report.changes, report.repairs.len()), (1, 1), "{report:?}");
    assert_eq!(words(&loaded.book), words(&book));
}

#[test]
fn a_journal_that_is_nothing_but_a_line_cut_short_or_damaged_has_that_to_say() {
    let (file, journal, _) = lived(1);
    let head = journal.lines().next().unwrap();
    for (rest, torn, damaged, said) in [
        ("", false, 0, ""),
        ("{\"add", true, 0, ", the last line was cut short"),
        ("{\"add\n", false, 1, ", 1 damaged lines left out"),
    ] {
        let loaded = read(&file, format!("{head}\n{rest}").as_bytes());
        let report = loaded.journal.unwrap();
        assert_eq!((report.torn, report.damaged), (torn, damaged));
        assert_eq!(report.has_something(), torn || damaged > 0);
        let said = format!("0 changes from the journal beside it{said}");
        assert_eq!(report.to_string(), said);
    }
}

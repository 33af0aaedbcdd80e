//! What must hold of any bytes taken for the file of an address book and the journal beside it.

use pex::book::{AddrBook, JournalWriter, Loaded};
use pex::{NetAddress, NodeId, Seed, Time};

const SEED: Seed = Seed::new([7; 32]);

const NOW: Time = Time::from_secs(1_800_000_000);

/// Takes the bytes for a journal, by themselves and behind a first line that is right, and takes it
/// in beside a book.
pub(crate) fn journal(data: &[u8]) {
    let mut book = AddrBook::new(true, SEED);
    for n in 0..4 {
        let address = NetAddress::new(NodeId::new([n; 20]), [8, n, 8, 8].into(), 26_656);
        let _known = book.add_address(NOW, &address, &address);
    }
    let file = book.to_json();
    let (mut writer, first) = JournalWriter::begin(file.as_bytes());
    take_in(&file, data);
    take_in(&file, &[first.as_bytes(), data].concat());
    // Behind what was written it is damage at the end, which costs nothing before it.
    let mut later = book.clone();
    let address = NetAddress::new(NodeId::new([9; 20]), [9, 9, 9, 9].into(), 1);
    later.mark_good(NOW, &address);
    let lines = writer.lines(&later.changes_since(&book));
    let whole = [first.as_bytes(), lines.as_bytes()].concat();
    let taken = take_in(&file, &whole);
    assert_eq!(taken.to_json(), later.to_json());
    take_in(&file, &[&whole, data].concat());
}

fn take_in(file: &str, journal: &[u8]) -> AddrBook {
    let load = || -> Loaded {
        let read = AddrBook::read(file.as_bytes(), true, SEED, NOW);
        assert!(read.is_ok(), "what was written is refused: {read:?}");
        read.unwrap_or_else(|_| unreachable!())
    };
    let loaded = load().with_journal(file.as_bytes(), journal, NOW);
    assert_eq!(loaded.book.check(), Ok(()));
    let text = loaded.book.to_json();
    let again = AddrBook::read(text.as_bytes(), true, SEED, NOW);
    assert!(again.is_ok_and(|again| again.repairs.is_empty() && again.book.to_json() == text));
    loaded.book
}

//! What must hold of any bytes taken for the file of an address book.

use core::time::Duration;

use pex::book::{AddrBook, BookError, CAPACITY};
use pex::{NetAddress, NodeId, Seed, Time};

const SEED: Seed = Seed::new([7; 32]);

/// After all times in the corpus but those that are wrong.
const NOW: Time = Time::from_secs(1_800_000_000);

/// Reads the bytes as a strict book and as one that is not, writes what was read, reads it again,
/// and goes on with it.
pub(crate) fn book_load(data: &[u8]) {
    for strict in [true, false] {
        let (loaded, error) = AddrBook::salvage(data, strict, SEED, NOW);
        match (AddrBook::read(data, strict, SEED, NOW), &error) {
            (Ok(whole), None) => assert_eq!(whole.repairs, loaded.repairs),
            (Err(why), Some(error)) => assert_eq!(why, *error),
            (other, error) => unreachable!("{other:?} {error:?}"),
        }
        if let Some(BookError::Damaged { line, column, .. }) = error {
            assert!(line > 0 && column > 0);
        }
        sound(&loaded.book);
        let text = loaded.book.to_json();
        let again = AddrBook::read(text.as_bytes(), strict, SEED, NOW);
        assert!(again.is_ok(), "what was written is refused: {again:?}");
        let Ok(again) = again else { return };
        assert_eq!(again.repairs, [], "{text}");
        assert!(
            again.book.to_json() == text,
            "a load changes the book: {text}"
        );
        go_on(loaded.book);
    }
}

fn sound(book: &AddrBook) {
    assert_eq!(book.check(), Ok(()));
    assert!(book.size() <= CAPACITY);
    assert_eq!(book.old() + book.new_ones(), book.size());
}

fn go_on(mut book: AddrBook) {
    let selection = book.selection();
    assert_eq!(selection.len(), book.selection_size());
    assert_eq!(book.selection_with_bias(30).len(), book.selection_size());
    let teller = NetAddress::new(NodeId::new([9; 20]), [9, 9, 9, 9].into(), 1);
    let mut now = NOW;
    for (number, address) in (0..40).zip(&selection) {
        now = now + Duration::from_secs(3_600);
        // A ban of its node may have taken it out since, with all of the node's addresses.
        let of_node = book.addresses_of(address.id());
        let is_there = of_node.iter().any(|known| known.address == *address);
        match number % 4 {
            0 => assert_eq!(book.mark_attempt(now, address), is_there),
            1 => book.mark_bad(now, address.id(), Duration::from_secs(7_200)),
            _ => {
                book.mark_good(now, address);
            }
        }
        let _known: Result<_, _> = book.add_address(now, address, &teller);
        if let Some(holder) = book.challenged() {
            assert!(book.mark_attempt(now, &holder));
        }
        assert_eq!(book.pick_address(50).is_none(), book.is_empty());
    }
    book.reinstate_bad_peers(now + Duration::from_secs(86_400));
    sound(&book);
}

//! The same seed and the same calls make the same book.

use pex::NetAddress;
use pex::book::AddrBook;

use crate::kit::{NOW, Random, id, secs, seed, sound};

/// So many calls of every kind. Returns everything that was picked.
fn live(book: &mut AddrBook, random: &mut Random, calls: u32) -> Vec<NetAddress> {
    let mut picked = Vec::new();
    for call in 0..calls {
        let now = NOW + secs(u64::from(call));
        let (address, source) = (random.address(), random.address());
        let known = book.pick_address(50);
        match random.next() % 8 {
            0 => picked.extend(known),
            1 => picked.extend(book.selection()),
            2 => picked.extend(book.selection_with_bias(30)),
            3 => {
                known.map(|it| book.mark_good(now, &it));
            }
            4 => {
                known.map(|it| book.mark_attempt(now, &it));
            }
            5 if call % 5 == 0 => {
                let bad = known.map_or_else(|| id(call), |it| it.id());
                book.mark_bad(now, bad, secs(9));
                book.reinstate_bad_peers(now);
            }
            _ => assert!(book.add_address(now, &address, &source).is_ok()),
        }
    }
    sound(book);
    picked
}

#[test]
fn the_same_seed_and_the_same_calls_give_the_same_text_and_the_same_picks() {
    let run = || {
        let mut book = AddrBook::new(true, seed());
        let picked = live(&mut book, &mut Random(5), 1_500);
        (picked, book.to_json())
    };
    let (one, two) = (run(), run());
    assert!(one == two && one.0.len() > 1_000);
}

#[test]
fn a_clone_goes_on_as_the_book_it_came_from_and_shares_nothing_with_it() {
    let mut book = AddrBook::new(true, seed());
    live(&mut book, &mut Random(5), 500);
    let mut clone = book.clone();
    let before = clone.to_json();
    let picked = live(&mut book, &mut Random(6), 500);
    assert_eq!(clone.to_json(), before);
    assert_eq!(live(&mut clone, &mut Random(6), 500), picked);
    assert_eq!(clone.to_json(), book.to_json());
}

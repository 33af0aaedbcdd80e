//! Whose journal it is.

use super::*;
use crate::Seed;
use crate::book::AddrBook;

#[test]
fn a_first_line_that_names_another_file_makes_it_none_of_this_book_though_its_own_sum_is_right() {
    let (seed, now) = (Seed::new([7; 32]), Time::from_secs(1_700_000_000));
    let file = AddrBook::new(true, seed).to_json();
    let (bytes, sum) = (file.len() as u64, sum_of_file(file.as_bytes()));
    for (bytes, of, is_of_this_book) in [
        (bytes, sum, true),
        (bytes + 1, sum, false),
        (bytes, sum ^ 1, false),
    ] {
        let sum_of_head = Cow::Owned(hex(of));
        let of = Of {
            bytes,
            sum: sum_of_head,
        };
        let (mut journal, mut writer) = (
            String::new(),
            JournalWriter {
                base: sum,
                lines: 0,
            },
        );
        writer.line(&Head { of }, &mut journal);
        let read = AddrBook::read(file.as_bytes(), true, seed, now).unwrap();
        let loaded = read.with_journal(file.as_bytes(), journal.as_bytes(), now);
        assert_eq!(
            loaded.journal.unwrap().is_of_this_book,
            is_of_this_book,
            "{journal}"
        );
    }
}

//! What a node has written down, and finds when it starts again.

use std::collections::BTreeMap;

use pex::book::AddrBook;
use pex::peers::{Change, PeerRecord, RecordKey};
use pex::{Node, Seed, Time};

/// The disk of one node. A write is done whole or not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    records: BTreeMap<RecordKey, Vec<u8>>,
    /// A book as it was when it was last written, and when that was.
    book: Option<(u64, AddrBook)>,
    /// What its file holds, if that is not what was written.
    damaged: Option<Vec<u8>>,
}

impl Disk {
    pub(crate) fn write(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change.value {
                Some(value) => self.records.insert(change.key, value),
                None => self.records.remove(&change.key),
            };
        }
    }

    /// Writes a book, once a second as its node's driver does, or at once.
    pub(crate) fn write_book(&mut self, now: u64, book: &AddrBook, at_once: bool) {
        let due = self.book.as_ref().is_none_or(|(at, old)| {
            old.revision() != book.revision() && now.saturating_sub(*at) >= 1_000_000_000
        });
        if due || at_once {
            self.book = Some((now, book.clone()));
            self.damaged = None;
        }
    }

    /// Hands everything to a machine that starts.
    pub(crate) fn load(&self, node: &mut Node) {
        for value in self.records.values() {
            if let Ok(record) = PeerRecord::decode(value) {
                node.load(&record);
            }
        }
    }

    /// The book, read from the text that is in its file.
    pub(crate) fn book(&self, seed: Seed, now: Time) -> Option<AddrBook> {
        let (_, book) = self.book.as_ref()?;
        let text = self.damaged.clone();
        let text = text.unwrap_or_else(|| book.to_json().into_bytes());
        let (loaded, _damage) = AddrBook::salvage(&text, true, seed, now);
        Some(loaded.book)
    }

    /// Damages every record in turn, and the book.
    pub(crate) fn damage(&mut self, mut harm: impl FnMut(&mut Vec<u8>)) {
        for value in self.records.values_mut() {
            harm(value);
        }
        if let Some((_, book)) = &self.book {
            let text = self
                .damaged
                .get_or_insert_with(|| book.to_json().into_bytes());
            harm(text);
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use pex::NetAddress;

    use super::*;

    #[test]
    fn a_book_is_read_as_it_was_written_until_it_is_damaged_and_again_once_it_is_written_anew() {
        let (seed, now) = (Seed::new([1; 32]), Time::from_secs(1_000));
        let mut book = AddrBook::new(true, seed);
        let place = |n: u8| NetAddress::new(pex::NodeId::new([n; 20]), [9, 1, n, 1].into(), 26_656);
        for n in 1..=20 {
            book.add_address(now, &place(n), &place(99)).unwrap();
        }
        let mut disk = Disk::default();
        disk.write_book(0, &book, true);
        let reads = |disk: &Disk| disk.book(seed, now).map_or(0, |it| it.size());
        assert_eq!(reads(&disk), 20);
        disk.damage(|text| text.truncate(text.len() / 2));
        assert!((1..20).contains(&reads(&disk)), "{}", reads(&disk));
        disk.write_book(0, &book, true);
        assert_eq!(reads(&disk), 20);
    }
}

//! What a node has written down, and finds when it starts again.

use std::collections::BTreeMap;

use pex::book::AddrBook;
use pex::peers::{Change, PeerRecord, RecordKey};
use pex::{Node, Seed, Time};

/// How old a copy is at most when the next one is made.
const COPY_EVERY: u64 = 180_000_000_000;

/// The disk of one node. A write is done whole or not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    records: BTreeMap<RecordKey, Vec<u8>>,
    /// A book as it was when it was last written, and when that was.
    book: Option<(u64, AddrBook)>,
    /// What its file holds, if that is not what was written.
    damaged: Option<Vec<u8>>,
    /// All of it as it was a while ago, and when that was; none if nobody makes copies.
    copy: Option<(u64, Box<Self>)>,
}

impl Disk {
    /// An empty disk, of which a copy is made now and then.
    pub(crate) fn with_copies() -> Self {
        Self {
            copy: Some((0, Box::default())),
            ..Self::default()
        }
    }

    /// Makes a copy, if the last one is old.
    fn make_copy(&mut self, now: u64) {
        let is_old = |(at, _): &mut (u64, _)| now.saturating_sub(*at) >= COPY_EVERY;
        if self.copy.take_if(is_old).is_some() {
            let copy = Box::new(self.clone());
            self.copy = Some((now, copy));
        }
    }

    /// Takes everything back to the last copy.
    pub(crate) fn restore_copy(&mut self) {
        if let Some((at, copy)) = self.copy.take() {
            *self = (*copy).clone();
            self.copy = Some((at, copy));
        }
    }

    pub(crate) fn write(&mut self, now: u64, changes: Vec<Change>) {
        self.make_copy(now);
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
            self.make_copy(now);
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

    /// Loses everything but the copy.
    pub(crate) fn clear(&mut self) {
        let copy = self.copy.take();
        *self = Self {
            copy,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use pex::{NetAddress, NodeId};

    use super::*;

    #[test]
    fn a_book_is_read_as_it_was_written_until_it_is_damaged_and_again_once_it_is_written_anew() {
        let (seed, now) = (Seed::new([1; 32]), Time::from_secs(1_000));
        let mut book = AddrBook::new(true, seed);
        let place = |n: u8| NetAddress::new(NodeId::new([n; 20]), [9, 1, n, 1].into(), 26_656);
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

    #[test]
    fn a_copy_holds_what_was_written_before_it_was_made_and_outlives_the_loss_of_all() {
        let mut disk = Disk::with_copies();
        let write = |disk: &mut Disk, now, id: u8| {
            let key = PeerRecord::key(NodeId::new([id; 20]));
            let value = Some(vec![id]);
            disk.write(now, vec![Change { key, value }]);
        };
        write(&mut disk, 1, 1);
        write(&mut disk, COPY_EVERY, 2);
        write(&mut disk, 2 * COPY_EVERY - 1, 3);
        disk.restore_copy();
        let held = |disk: &Disk| disk.records.values().flatten().copied().collect::<Vec<_>>();
        assert_eq!(held(&disk), [1]);
        disk.clear();
        assert!(held(&disk).is_empty());
        disk.restore_copy();
        assert_eq!(held(&disk), [1]);
    }
}

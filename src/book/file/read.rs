//! Reading a book, which may be damaged, or made to do harm.

use alloc::vec::Vec;

use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::shape::{Banned, Known, Ours, Place, parse};
use super::{BookError, Loaded, Repair, RepairKind, stamp};
use crate::book::AddrBook;
use crate::book::add::OF_NODE;
use crate::book::entry::{BUCKETS_OF_NEW, BucketNumber, Entry};
use crate::book::mark::BANS_MAX;
use crate::book::place::{BookKey, NEW_BUCKETS};
use crate::seed::Chance;
use crate::{NodeId, Seed, Time};

/// Anchors that are read at most.
pub(super) const ANCHORS_MAX: usize = 100;

/// A book that is being read.
pub(super) struct Reading {
    pub(super) book: AddrBook,
    pub(super) now: Time,
    pub(super) repairs: Vec<Repair>,
}

impl AddrBook {
    /// Reads a book, as [`AddrBook::to_json`] and CometBFT write it. Times after `now` count as
    /// `now`. What is wrong with a single entry is mended, or the entry left out, and either is
    /// told in [`Loaded::repairs`].
    ///
    /// It takes time and memory in proportion to the text, however hostile that is.
    ///
    /// # Errors
    ///
    /// [`BookError`] if the text is no book, or is one only up to some point: see
    /// [`AddrBook::salvage`].
    pub fn read(text: &[u8], strict: bool, seed: Seed, now: Time) -> Result<Loaded, BookError> {
        match Self::salvage(text, strict, seed, now) {
            (loaded, None) => Ok(loaded),
            (_, Some(error)) => Err(error),
        }
    }

    /// Reads what there is of a book: everything before the point at which it is damaged, and what
    /// is wrong there. Nothing is in the book if the text is none at all.
    #[must_use]
    pub fn salvage(
        text: &[u8],
        strict: bool,
        seed: Seed,
        now: Time,
    ) -> (Loaded, Option<BookError>) {
        let (read, error) = parse(text);
        let mut chance = Chance::new(&seed);
        let key = read.key.as_deref().and_then(BookKey::parse);
        let drawn = BookKey::draw(&mut chance);
        let mut reading = Reading {
            book: Self::with_key(strict, key.unwrap_or(drawn), chance),
            now,
            repairs: Vec::new(),
        };
        if key.is_none() && error.is_none() {
            reading.note(None, RepairKind::Key);
        }
        let mut addrs = read.addrs.unwrap_or_default();
        // A hostile file has many, and what is told of each takes room beside them.
        addrs.shrink_to_fit();
        for (at, raw) in (1..).zip(&addrs) {
            reading.take_in(at, raw);
        }
        if let Some(raw) = read.pex {
            reading.take_in_ours(addrs.len(), raw);
        }
        let loaded = Loaded {
            book: reading.book,
            repairs: reading.repairs,
            journal: None,
        };
        (loaded, error)
    }
}

impl Reading {
    pub(super) fn note(&mut self, entry: Option<usize>, kind: RepairKind) {
        self.repairs.push(Repair { entry, kind });
    }

    pub(super) fn take_in(&mut self, at: usize, raw: &RawValue) {
        let at = Some(at);
        let Ok(known) = serde_json::from_str::<Known<'_>>(raw.get()) else {
            return self.note(at, RepairKind::Shape);
        };
        let Some(address) = known.addr.address() else {
            return self.note(at, RepairKind::Address);
        };
        let source = known.src.and_then(|raw| {
            let place: Place<'_> = serde_json::from_str(raw.get()).ok()?;
            place.address()
        });
        if source.is_none() {
            self.note(at, RepairKind::Source);
        }
        if self.book.judge(self.now, &address, &address).is_err() {
            return self.note(at, RepairKind::NotRoutable);
        }
        if self.book.has_address(&address) {
            return self.note(at, RepairKind::Twice);
        }
        if self.book.shelf.of_node(address.id()).len() >= OF_NODE {
            return self.note(at, RepairKind::TooMany);
        }
        let mut entry = Entry::new(address, source.unwrap_or(address), self.now);
        let attempts = known.attempts.clamp(0, u16::MAX.into());
        if attempts != known.attempts {
            self.note(at, RepairKind::Attempts);
        }
        entry.attempts = u16::try_from(attempts).unwrap_or_default();
        let attempt = self.time(at, known.last_attempt.as_deref());
        entry.last_attempt = attempt.unwrap_or(Time::EPOCH);
        let last = self.time(at, known.last_success.as_deref());
        let first = self.time(at, known.first_success.as_deref());
        entry.set_successes(first, last);
        self.place(
            at,
            entry,
            known.bucket_type,
            &known.buckets.unwrap_or_default(),
        );
    }

    /// A time of the file; none if it never was.
    fn time(&mut self, at: Option<usize>, text: Option<&str>) -> Option<Time> {
        let text = text.filter(|text| !text.is_empty())?;
        match stamp::read(text) {
            Ok(time) if time > Some(self.now) => {
                self.note(at, RepairKind::Time);
                Some(self.now)
            }
            Ok(time) => time,
            Err(()) => {
                self.note(at, RepairKind::Time);
                None
            }
        }
    }

    pub(super) fn place(
        &mut self,
        at: Option<usize>,
        mut entry: Entry,
        kind: i64,
        buckets: &[i64],
    ) {
        let reached = entry.last_success().is_some();
        match kind {
            2 if !reached => self.note(at, RepairKind::NeverReached),
            1 | 2 => {}
            _ => self.note(at, RepairKind::Bucket),
        }
        let old = self.book.placer.old_bucket(&entry.address);
        if kind == 2 && reached && !self.book.shelf.old.is_full(old) {
            entry.old = true;
            self.insert(entry, old);
            return;
        }
        let mut right: SmallVec<[BucketNumber; BUCKETS_OF_NEW]> = SmallVec::new();
        let mut wrong = kind == 1 && buckets.is_empty();
        for &number in buckets.iter().filter(|_| kind == 1) {
            let fits = BucketNumber::try_from(number)
                .ok()
                .filter(|&it| usize::from(it) < NEW_BUCKETS);
            match fits.filter(|it| right.len() < BUCKETS_OF_NEW && !right.contains(it)) {
                Some(number) if !self.book.shelf.new.is_full(number) => right.push(number),
                // It is full of others, which is nobody's fault.
                Some(_) => {}
                None => wrong = true,
            }
        }
        if wrong {
            self.note(at, RepairKind::Bucket);
        }
        if right.is_empty() {
            right.push(self.book.placer.new_bucket(&entry.address, &entry.source));
        }
        let mut slot = None;
        for bucket in right {
            match slot {
                Some(slot) => self.book.shelf.put(slot, bucket),
                None if !self.has_room(bucket, reached) => {
                    return self.note(at, RepairKind::Full);
                }
                None => slot = Some(self.insert(entry.clone(), bucket)),
            }
        }
    }

    /// Whether there is room in a new bucket: for who was reached hearsay makes some.
    fn has_room(&mut self, bucket: BucketNumber, reached: bool) -> bool {
        if !reached {
            return !self.book.shelf.new.is_full(bucket);
        }
        let size = self.book.size();
        let room = self.book.make_room(self.now, bucket, false);
        if self.book.size() < size {
            self.note(None, RepairKind::Full);
        }
        room
    }

    fn insert(&mut self, entry: Entry, bucket: BucketNumber) -> u32 {
        let told_by = self.book.placer.group(&entry.source);
        let book = &mut self.book;
        let keys = book.shelf.keys_of(&entry.address, told_by);
        book.shelf.insert(entry, bucket, &keys, &mut book.chance)
    }

    /// Takes in what only we write, behind so many addresses.
    fn take_in_ours(&mut self, before: usize, raw: &RawValue) {
        let Ok(ours) = serde_json::from_str::<Ours<'_>>(raw.get()) else {
            return self.note(None, RepairKind::Ours);
        };
        for (at, raw) in (1..).zip(ours.addrs) {
            self.take_in(before.saturating_add(at), raw);
        }
        for raw in ours.bans.into_iter().take(BANS_MAX) {
            if self.take_in_ban(raw).is_none() {
                self.note(None, RepairKind::Ours);
            }
        }
        for text in ours.anchors.into_iter().take(ANCHORS_MAX) {
            match NodeId::parse(&text) {
                Ok(id) => self.book.anchors.push(id),
                Err(_) => self.note(None, RepairKind::Ours),
            }
        }
    }

    pub(super) fn take_in_ban(&mut self, raw: &RawValue) -> Option<()> {
        let banned: Banned<'_> = serde_json::from_str(raw.get()).ok()?;
        let id = NodeId::parse(&banned.id).ok()?;
        let until = stamp::read(&banned.until).ok()??;
        let told = banned.addrs.iter().take(OF_NODE);
        let told = told.map(|told| Some((told.addr.address()?, told.src.address()?)));
        let addresses: Option<Vec<_>> = told.collect();
        // Whoever sits in the book all the same is banned as well; when a ban is over he may.
        if until > self.now {
            self.book.remove_node(id);
        }
        self.book.ban(id, until, addresses?);
        Some(())
    }
}

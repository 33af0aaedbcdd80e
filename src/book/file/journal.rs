//! The journal of a book: what has changed since its file was written, a line a change.
//!
//! A file of a book is written whole, which is much for the little that changes in a second. So the
//! changes since then stand beside it, each with a sum that tells whether it is whole, and what was
//! written last before a crash may be cut short. The first line names the file that the changes are
//! of, by its length and a sum: once that is written anew, the journal means nothing any more.
//!
//! ```text
//! 5b5d0d6f6d2e1c77 {"of":{"bytes":123456,"sum":"00c0ffee00c0ffee"}}
//! 0ba98d02a1e8f6de {"put":{"addr":{"id":…},"src":{…},…}}
//! 93dc1de8a2f3b001 {"gone":{"id":…,"ip":…,"port":26656}}
//! ```
//!
//! The sums find damage, not malice: whoever may write the journal may write the book as well. What
//! a hostile one can do is what a hostile book can do, and no address of the book is lost to a line
//! that can't be taken in, but where its node would have more than four.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::changes::Change;
use super::read::{ANCHORS_MAX, Reading};
use super::shape::{Banned, Known, Place};
use super::{Loaded, Repair, write};
use crate::book::add::OF_NODE;
use crate::book::entry::{Entry, Numbers};
use crate::seed::HashKey;
use crate::{NetAddress, NodeId, Time};

/// What a journal came to that stood beside a book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// Whether its changes are of this book. Else it is of an earlier one or of another, or is no
    /// journal at all, and nothing was taken from it.
    pub is_of_this_book: bool,
    /// Changes that were taken in.
    pub changes: usize,
    /// Lines that are damaged, and were left out.
    pub damaged: usize,
    /// Whether the last line was cut short, as when a process is killed.
    pub torn: bool,
    /// What else was not right; each names its line.
    pub repairs: Vec<Repair>,
}

impl Replayed {
    /// Whether everything in it was as it should be. A last line that was cut short is no damage.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_of_this_book && self.damaged == 0 && self.repairs.is_empty()
    }

    /// Whether there is something to say of it: changes, or something that is not as it should be.
    #[must_use]
    pub const fn has_something(&self) -> bool {
        self.changes > 0 || self.torn || !self.is_whole()
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_of_this_book {
            return f.write_str("the journal beside it is not of this book, and was left out");
        }
        write!(f, "{} changes from the journal beside it", self.changes)?;
        if self.damaged > 0 {
            write!(f, ", {} damaged lines left out", self.damaged)?;
        }
        if self.torn {
            f.write_str(", the last line was cut short")?;
        }
        Ok(())
    }
}

/// Writes a journal.
///
/// ```
/// use pex::book::{AddrBook, JournalWriter};
/// use pex::{NetAddress, Seed, Time};
///
/// let (now, seed) = (Time::from_secs(1_700_000_000), Seed::new([7; 32]));
/// let mut book = AddrBook::new(true, seed);
/// let (file, earlier) = (book.to_json(), book.clone());
/// let (mut writer, mut journal) = JournalWriter::begin(file.as_bytes());
///
/// let address: NetAddress = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656".parse()?;
/// book.mark_good(now, &address);
/// journal.push_str(&writer.lines(&book.changes_since(&earlier)));
///
/// let loaded = AddrBook::read(file.as_bytes(), true, seed, now)?;
/// let loaded = loaded.with_journal(file.as_bytes(), journal.as_bytes(), now);
/// assert!(loaded.book.is_good(address.id()));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalWriter {
    base: u64,
    lines: u64,
}

impl JournalWriter {
    /// Begins the journal of a file with these bytes; returns its first line too.
    #[must_use]
    pub fn begin(file: &[u8]) -> (Self, String) {
        let mut writer = Self {
            base: sum_of_file(file),
            lines: 0,
        };
        let of = Head {
            of: Of {
                bytes: file.len() as u64,
                sum: Cow::Owned(hex(writer.base)),
            },
        };
        let mut text = String::new();
        writer.line(&of, &mut text);
        (writer, text)
    }

    /// The lines of these changes, to be put behind what is there.
    #[must_use]
    pub fn lines(&mut self, changes: &[Change]) -> String {
        let mut text = String::new();
        for change in changes {
            match change {
                Change::Put(known) => self.line(
                    &Put {
                        put: write::Known::from(known),
                    },
                    &mut text,
                ),
                Change::Gone(address) => {
                    let gone = write::Place::of(address);
                    self.line(&Gone { gone }, &mut text);
                }
                Change::Ban(id, ban) => {
                    let ban = write::Banned::of(*id, ban);
                    self.line(&Ban { ban }, &mut text);
                }
                Change::Unban(id) => self.line(
                    &Unban {
                        unban: id.to_string(),
                    },
                    &mut text,
                ),
                Change::Anchors(ids) => {
                    let anchors = ids.iter().map(ToString::to_string).collect();
                    self.line(&Anchors { anchors }, &mut text);
                }
            }
        }
        text
    }

    fn line(&mut self, what: &impl Serialize, text: &mut String) {
        // Neither memory nor these types fail to be written.
        let json = serde_json::to_string(what).unwrap_or_default();
        let sum = sum_of_line(self.base, self.lines, json.as_bytes());
        self.lines = self.lines.saturating_add(1);
        let _ = writeln!(text, "{sum:016x} {json}");
    }
}

#[derive(Serialize, Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    of: Of<'a>,
}

#[derive(Serialize, Deserialize)]
struct Of<'a> {
    bytes: u64,
    #[serde(borrow)]
    sum: Cow<'a, str>,
}

#[derive(Serialize)]
struct Put {
    put: write::Known,
}

#[derive(Serialize)]
struct Gone {
    gone: write::Place,
}

#[derive(Serialize)]
struct Ban {
    ban: write::Banned,
}

#[derive(Serialize)]
struct Unban {
    unban: String,
}

#[derive(Serialize)]
struct Anchors {
    anchors: Vec<String>,
}

/// What a line says.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a> {
    Put(#[serde(borrow)] &'a RawValue),
    Gone(#[serde(borrow)] Place<'a>),
    Ban(#[serde(borrow)] &'a RawValue),
    Unban(#[serde(borrow)] Cow<'a, str>),
    Anchors(Vec<String>),
}

fn hex(sum: u64) -> String {
    alloc::format!("{sum:016x}")
}

fn sum_of_file(file: &[u8]) -> u64 {
    HashKey::fixed(0x7065_7820_626f_6f6b, file.len() as u64).hash(file)
}

/// The sum of a line depends on its place and on the book, so that no line can stand in another's.
fn sum_of_line(base: u64, number: u64, json: &[u8]) -> u64 {
    HashKey::fixed(base, number).hash(json)
}

/// What a journal says in the end: of each address, node and matter the last word counts.
#[derive(Default)]
struct LastWords<'a> {
    /// By address: the line, and what is known of it; nothing if it is gone.
    addresses: BTreeMap<NetAddress, (usize, Option<&'a RawValue>)>,
    bans: BTreeMap<NodeId, (usize, Option<&'a RawValue>)>,
    anchors: Option<Vec<String>>,
}

impl Loaded {
    /// Takes in what has changed since the file with these bytes was written, of which this is the
    /// book. What becomes of the journal is told in [`Loaded::journal`].
    ///
    /// It takes time and memory in proportion to the text, however hostile that is.
    #[must_use]
    pub fn with_journal(mut self, file: &[u8], journal: &[u8], now: Time) -> Self {
        let mut report = Replayed::default();
        let mut lines = journal.split_inclusive(|byte| *byte == b'\n');
        let base = sum_of_file(file);
        let head = lines.next().and_then(|line| read_line(base, 0, line));
        let head = head.and_then(|json| serde_json::from_str::<Head<'_>>(json).ok());
        report.is_of_this_book =
            head.is_some_and(|head| head.of.bytes == file.len() as u64 && head.of.sum == hex(base));
        if report.is_of_this_book {
            let mut words = LastWords::default();
            for (number, line) in (1..).zip(lines) {
                if !line.ends_with(b"\n") {
                    report.torn = true;
                } else if words.take_in(base, number, line).is_some() {
                    report.changes = report.changes.saturating_add(1);
                } else {
                    report.damaged = report.damaged.saturating_add(1);
                }
            }
            let mut reading = Reading {
                book: self.book,
                now,
                repairs: Vec::new(),
            };
            words.carry_out(&mut reading);
            self.book = reading.book;
            report.repairs = reading.repairs;
        }
        self.journal = Some(report);
        self
    }
}

/// The text of a line, if its sum is right.
fn read_line(base: u64, number: u64, line: &[u8]) -> Option<&str> {
    let (sum, json) = line.strip_suffix(b"\n")?.split_at_checked(17)?;
    let sum = core::str::from_utf8(sum).ok()?.strip_suffix(' ')?;
    let right = hex(sum_of_line(base, number, json)) == sum;
    core::str::from_utf8(json).ok().filter(|_| right)
}

impl<'a> LastWords<'a> {
    fn take_in(&mut self, base: u64, number: usize, line: &'a [u8]) -> Option<()> {
        let json = read_line(base, number as u64, line)?;
        match serde_json::from_str::<Line<'a>>(json).ok()? {
            Line::Put(raw) => {
                let known: Known<'_> = serde_json::from_str(raw.get()).ok()?;
                let address = known.addr.address()?;
                self.addresses.insert(address, (number, Some(raw)));
            }
            Line::Gone(place) => {
                self.addresses.insert(place.address()?, (number, None));
            }
            Line::Ban(raw) => {
                let banned: Banned<'_> = serde_json::from_str(raw.get()).ok()?;
                let id = NodeId::parse(&banned.id).ok()?;
                self.bans.insert(id, (number, Some(raw)));
            }
            Line::Unban(id) => {
                let id = NodeId::parse(&id).ok()?;
                self.bans.insert(id, (number, None));
            }
            Line::Anchors(ids) => self.anchors = Some(ids),
        }
        Some(())
    }

    /// Brings a book to where these words end. Everything that goes or moves makes room first, so
    /// what fitted in the book from which they came fits here.
    fn carry_out(self, reading: &mut Reading) {
        for id in self.bans.keys() {
            reading.book.bans.remove(id);
        }
        let mut before: BTreeMap<NetAddress, Entry> = BTreeMap::new();
        for address in self.addresses.keys() {
            let slot = reading.book.shelf.find(address);
            if let Some(slot) = slot {
                let entry = reading.book.shelf.get(slot).cloned();
                before.extend(entry.map(|entry| (*address, entry)));
                reading.book.drop_entry(slot);
            }
        }
        let mut left_out = Vec::new();
        for (address, (line, known)) in self.addresses {
            let Some(raw) = known else {
                continue;
            };
            reading.take_in(line, raw);
            if !reading.book.has_address(&address) {
                left_out.extend(before.remove(&address).map(|entry| (line, entry)));
            }
        }
        // What the book knew of them is still better than nothing.
        for (line, entry) in left_out {
            reading.put_back(line, entry);
        }
        for (line, ban) in self.bans.into_values() {
            if ban.is_some_and(|raw| reading.take_in_ban(raw).is_none()) {
                reading.note(Some(line), super::RepairKind::Ours);
            }
        }
        if let Some(anchors) = self.anchors {
            let ids = anchors.iter().take(ANCHORS_MAX);
            let ids = ids.filter_map(|text| NodeId::parse(text).ok()).collect();
            reading.book.set_anchors(ids);
        }
    }
}

impl Reading {
    /// Puts an entry back that has just been taken out, if its node has room for it yet. That it could
    /// not be taken in as it is now has been noted.
    fn put_back(&mut self, at: usize, mut entry: Entry) {
        if self.book.shelf.of_node(entry.address.id()).len() >= OF_NODE {
            return;
        }
        let (kind, buckets) = (if entry.old { 2 } else { 1 }, entry.buckets);
        let buckets: Vec<i64> = buckets.iter().map(|&it| it.into()).collect();
        (entry.old, entry.buckets) = (false, Numbers::default());
        self.place(Some(at), entry, kind, &buckets);
    }
}

#[cfg(test)]
mod tests;

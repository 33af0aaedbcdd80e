//! A book as people and programs read it: a table, and one JSON object a line.

use std::io::{self, Write};

use pex::Time;
use pex::book::{AddrBook, KnownAddress};
use serde::Serialize;

use crate::peers_file::{ago, span};

/// Which addresses of a book are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Which {
    /// All, and the bans.
    All,
    /// Those that have proved good.
    Old,
    /// Those that were only heard of.
    New,
}

impl Which {
    /// Those of the book, in its order.
    fn of(self, book: &AddrBook) -> impl Iterator<Item = KnownAddress> {
        book.addresses().filter(move |known| match self {
            Self::All => true,
            Self::Old => known.old,
            Self::New => !known.old,
        })
    }
}

/// Writes a table for people: a row an address, the bans, and how many there are of each.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_table(
    book: &AddrBook,
    which: Which,
    now: Time,
    out: &mut impl Write,
) -> io::Result<()> {
    writeln!(
        out,
        "{:40}  {:24}  kind  attempts  attempt   success   told by",
        "id", "address"
    )?;
    for known in which.of(book) {
        let place = place(&known.address);
        let kind = if known.old { "old" } else { "new" };
        let success = known.last_success.map(|at| ago(now, at));
        let told_by = if known.source == known.address {
            "itself".to_owned()
        } else {
            known.source.to_string()
        };
        writeln!(
            out,
            "{:40}  {place:24}  {kind:4}  {:8}  {:8}  {:8}  {told_by}",
            known.address.id(),
            known.attempts,
            attempt(&known, now),
            success.as_deref().unwrap_or("never"),
        )?;
    }
    let mut banned = 0;
    for (id, ban) in book.bans().filter(|_| which == Which::All) {
        banned += 1;
        let left = ban.until.since(now).as_secs();
        let addresses = ban.addresses.len();
        let how_long = match left {
            0 => "the ban is over".to_owned(),
            left => format!("banned for {}", span(left)),
        };
        writeln!(out, "{id:40}  {how_long}; {addresses} addresses")?;
    }
    writeln!(out)?;
    write!(
        out,
        "{} addresses: {} old, {} new",
        book.size(),
        book.old(),
        book.new_ones()
    )?;
    if banned > 0 {
        write!(out, "; {banned} nodes banned")?;
    }
    writeln!(out)
}

/// When it was attempted last. What never was has the time there at which it came in.
fn attempt(known: &KnownAddress, now: Time) -> String {
    let tried = known.attempts > 0 || known.last_success.is_some();
    if !tried || known.last_attempt == Time::EPOCH {
        return "never".to_owned();
    }
    ago(now, known.last_attempt)
}

fn place(address: &pex::NetAddress) -> String {
    core::net::SocketAddr::new(address.ip(), address.port()).to_string()
}

#[derive(Serialize)]
struct Line {
    address: String,
    source: String,
    old: bool,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_success: Option<String>,
    buckets: Vec<u16>,
}

#[derive(Serialize)]
struct BanLine {
    banned: String,
    until: String,
    addresses: Vec<String>,
}

/// Writes one JSON object a line: an address, or with the member `banned` a node that is banned.
/// Times are seconds since 1970 with nine decimals, as text; what never was is left out.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_json(book: &AddrBook, which: Which, out: &mut impl Write) -> io::Result<()> {
    let text = |time: Option<Time>| time.map(|time| time.to_string());
    for known in which.of(book) {
        let attempted = known.last_attempt != Time::EPOCH;
        let line = Line {
            address: known.address.to_string(),
            source: known.source.to_string(),
            old: known.old,
            attempts: known.attempts,
            last_attempt: text(attempted.then_some(known.last_attempt)),
            last_success: text(known.last_success),
            first_success: text(known.first_success),
            buckets: known.buckets,
        };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    for (id, ban) in book.bans().filter(|_| which == Which::All) {
        let addresses = ban.addresses.iter();
        let line = BanLine {
            banned: id.to_string(),
            until: ban.until.to_string(),
            addresses: addresses.map(|(address, _)| address.to_string()).collect(),
        };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(())
}

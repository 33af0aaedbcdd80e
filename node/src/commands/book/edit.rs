//! Commands that change a book.

use core::time::Duration;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use pex::book::{AddError, Added, AddrBook};
use pex::{NetAddress, NodeId, Time};
use pex_node::Clock;
use pex_node::book_file::{self, BookFileError, Edit};

use super::args::Target;
use super::{Failure, Outcome, complain_by_reason, failed, must_lose_nothing, refuse_store, setup};
use crate::commands::terminal::{Output, complain};

/// What a change came to.
#[derive(Default)]
struct Done {
    /// Whether there is anything to write.
    changed: bool,
    /// What was not done, each of which has been complained of.
    refused: usize,
    /// What there is to say of the rest.
    says: String,
}

/// Whether a book that is not there is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfMissing {
    Make,
    Fail,
}

/// Changes a book. Nobody else can change it meanwhile, as far as they use this as well.
fn edit(
    path: &Path,
    strict: bool,
    missing: IfMissing,
    change: impl FnOnce(&mut AddrBook, Time) -> Result<Done, Failure>,
) -> Result<Outcome, Failure> {
    if let Err(why @ BookFileError::Missing) = book_file::look(path)
        && missing == IfMissing::Fail
    {
        return Err(failed(path, &why));
    }
    refuse_store(path)?;
    let edit = Edit::begin(path).map_err(|why| failed(path, &why))?;
    let (now, seed) = (Clock::start().now(), setup::seed()?);
    let mut book = match edit.read(strict, seed, now) {
        Ok(loaded) => {
            must_lose_nothing(path, &loaded)?;
            loaded.book
        }
        Err(BookFileError::Missing) if missing == IfMissing::Make => AddrBook::new(strict, seed),
        Err(why) => return Err(failed(path, &why)),
    };
    let done = change(&mut book, now)?;
    if done.changed {
        edit.write(&book).map_err(|why| failed(path, &why))?;
    }
    writeln!(Output::new(), "{}", done.says)?;
    match done.refused {
        0 => Ok(Outcome::Done),
        some => Err(failed(path, &format_args!("{some} refused, see above"))),
    }
}

fn refuse(done: &mut Done, what: &dyn core::fmt::Display, why: &dyn core::fmt::Display) {
    done.refused += 1;
    complain(format_args!("pex: {what}: {why}"));
}

/// Why an address is not taken in, and what helps here.
fn with_hint(why: AddError) -> String {
    match why {
        AddError::NotRoutable => format!("{why}: use --lax"),
        _ => why.to_string(),
    }
}

pub(super) fn add(
    path: &Path,
    addresses: &[NetAddress],
    source: Option<NetAddress>,
    strict: bool,
) -> Result<Outcome, Failure> {
    edit(path, strict, IfMissing::Make, |book, now| {
        let (mut done, mut new, mut known) = (Done::default(), 0, 0);
        for address in addresses {
            match book.add_address(now, address, &source.unwrap_or(*address)) {
                Ok(added) => {
                    done.changed |= added != Added::Known;
                    *(if added == Added::New {
                        &mut new
                    } else {
                        &mut known
                    }) += 1;
                }
                Err(why) => refuse(&mut done, address, &with_hint(why)),
            }
        }
        done.says = format!("{new} added, {known} known already");
        Ok(done)
    })
}

pub(super) fn remove(path: &Path, which: &[Target], strict: bool) -> Result<Outcome, Failure> {
    edit(path, strict, IfMissing::Fail, |book, _| {
        let mut done = Done::default();
        let before = book.size();
        for target in which {
            let was_there = match target {
                Target::Node(id) => book.remove_node(*id),
                Target::Address(address) => book.remove_address(address),
            };
            if !was_there {
                let why = "not in the book; pex book show lists what is";
                refuse(&mut done, target, &why);
            }
        }
        let removed = before - book.size();
        done.changed = removed > 0;
        done.says = format!("{removed} addresses removed");
        Ok(done)
    })
}

pub(super) fn good(
    path: &Path,
    addresses: &[NetAddress],
    strict: bool,
) -> Result<Outcome, Failure> {
    edit(path, strict, IfMissing::Fail, |book, now| {
        let (mut done, mut good) = (Done::default(), 0);
        for address in addresses {
            if let Err(why) = mark_good(book, now, address) {
                refuse(&mut done, address, &with_hint(why));
                continue;
            }
            done.changed = true;
            if book.known(address).is_some_and(|known| known.old) {
                good += 1;
            } else {
                let why = "reached, but its old bucket is full; it stays a new one";
                refuse(&mut done, address, &why);
            }
        }
        done.says = format!("{good} marked as good");
        Ok(done)
    })
}

fn mark_good(book: &mut AddrBook, now: Time, address: &NetAddress) -> Result<(), AddError> {
    if !book.mark_good(now, address) {
        // Why it is not taken in is what adding it says.
        book.add_address(now, address, address)?;
        book.mark_good(now, address);
    }
    Ok(())
}

pub(super) fn ban(
    path: &Path,
    ids: &[NodeId],
    how_long: Duration,
    strict: bool,
) -> Result<Outcome, Failure> {
    edit(path, strict, IfMissing::Fail, |book, now| {
        let before = book.size();
        for id in ids {
            book.mark_bad(now, *id, how_long);
        }
        let (nodes, addresses) = (ids.len(), before - book.size());
        Ok(Done {
            changed: true,
            says: format!("{nodes} nodes banned, {addresses} addresses left the book"),
            ..Done::default()
        })
    })
}

pub(super) fn unban(path: &Path, ids: &[NodeId], strict: bool) -> Result<Outcome, Failure> {
    edit(path, strict, IfMissing::Fail, |book, now| {
        let (mut done, mut ended) = (Done::default(), 0);
        let before = book.size();
        for id in ids {
            if book.lift_ban(now, *id) {
                ended += 1;
            } else {
                let why = "not banned; pex book show lists who is";
                refuse(&mut done, &format_args!("node {id}"), &why);
            }
        }
        done.changed = ended > 0;
        let addresses = book.size() - before;
        done.says = format!("{ended} bans ended, {addresses} addresses are new again");
        Ok(done)
    })
}

pub(super) fn merge(path: &Path, others: &[PathBuf], strict: bool) -> Result<Outcome, Failure> {
    // All are read first, so that nothing is written if one of them can't be.
    let (now, mut books) = (Clock::start().now(), Vec::new());
    for other in others {
        refuse_store(other)?;
        let read = book_file::read(other, strict, setup::seed()?, now);
        let loaded = read.map_err(|why| failed(other, &why))?;
        must_lose_nothing(other, &loaded)?;
        books.push((other, loaded.book));
    }
    edit(path, strict, IfMissing::Make, |book, now| {
        let (mut done, mut new, mut updated, mut bans) = (Done::default(), 0, 0, 0);
        for (other, theirs) in &books {
            let mut reasons = Vec::new();
            for known in theirs.addresses() {
                match book.adopt(now, &known) {
                    Ok(Added::New) => new += 1,
                    Ok(Added::Again) => updated += 1,
                    Ok(_) => {}
                    Err(why) => reasons.push(with_hint(why)),
                }
            }
            bans += take_bans(book, theirs, now);
            done.refused += complain_by_reason(other, reasons);
        }
        done.changed = new + updated + bans > 0;
        done.says = format!("{new} added, {updated} updated, {bans} bans taken over");
        Ok(done)
    })
}

/// Takes over the bans that last longer than ours, with what was known of the nodes.
fn take_bans(book: &mut AddrBook, theirs: &AddrBook, now: Time) -> usize {
    let mut taken = 0;
    for (id, ban) in theirs.bans().filter(|(_, ban)| ban.until > now) {
        if book.banned_until(now, id) >= Some(ban.until) {
            continue;
        }
        for (address, source) in &ban.addresses {
            // Whom we have banned already is refused, with his addresses.
            let _known: Result<_, AddError> = book.add_address(now, address, source);
        }
        book.mark_bad(now, id, ban.until - now);
        taken += 1;
    }
    taken
}

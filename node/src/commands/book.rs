//! `pex book`.

mod args;
mod convert;
mod edit;
mod repair;

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use pex::book::{AddrBook, BookError, Loaded, Repair, RepairKind};
use pex_node::Clock;
use pex_node::book_file::{self, BookFileError, Which, losses, repairs};

use super::terminal::{Output, complain};
use super::{Failure, Outcome, setup};

pub(super) use args::{BookCommand, Form};
pub(super) use convert::recognise;

pub(super) fn run(command: BookCommand) -> Result<Outcome, Failure> {
    use BookCommand as C;
    match command {
        C::Show {
            file,
            json,
            old,
            new,
        } => {
            let which = match (old, new) {
                (true, _) => Which::Old,
                (_, true) => Which::New,
                _ => Which::All,
            };
            show(&file, which, json)
        }
        C::Check { file, strictness } => check(&file, strictness.is_strict()),
        C::Repair {
            file,
            out,
            strictness,
        } => repair::run(&file, out.as_deref(), strictness.is_strict()),
        C::Convert {
            from,
            to,
            form,
            strictness,
        } => convert::run(&from, &to, form, strictness.is_strict()),
        C::Add {
            file,
            addresses,
            source,
            strictness,
        } => edit::add(&file, &addresses, source, strictness.is_strict()),
        C::Remove {
            file,
            which,
            strictness,
        } => edit::remove(&file, &which, strictness.is_strict()),
        C::Good {
            file,
            addresses,
            strictness,
        } => edit::good(&file, &addresses, strictness.is_strict()),
        C::Ban {
            file,
            ids,
            how_long,
            strictness,
        } => edit::ban(&file, &ids, how_long, strictness.is_strict()),
        C::Unban {
            file,
            ids,
            strictness,
        } => edit::unban(&file, &ids, strictness.is_strict()),
        C::Merge {
            file,
            others,
            strictness,
        } => edit::merge(&file, &others, strictness.is_strict()),
    }
}

fn failed(path: &Path, why: &dyn core::fmt::Display) -> Failure {
    Failure::new(format_args!("{}: {why}", path.display()))
}

/// Fails if a file is a store, of which a reader of books would say that it is damaged.
pub(super) fn refuse_store(path: &Path) -> Result<(), Failure> {
    if path.is_file() && matches!(recognise(path), Ok(Form::Store)) {
        let why = "this is a store of pex, and no address book; pex peers has the commands for it";
        return Err(failed(path, &why));
    }
    Ok(())
}

fn show(path: &Path, which: Which, json: bool) -> Result<Outcome, Failure> {
    refuse_store(path)?;
    let now = Clock::start().now();
    // Whatever stands there is shown, as far as it can be read.
    let read = book_file::salvage(path, false, setup::seed()?, now);
    let (loaded, error) = read.map_err(|why| failed(path, &why))?;
    let error = match error {
        Some(error) if loaded.book.is_empty() => {
            return Err(failed(path, &BookFileError::Book(error)));
        }
        error => error.map(BookFileError::Book),
    };
    let mut out = BufWriter::new(Output::new());
    if json {
        book_file::write_json(&loaded.book, which, &mut out)?;
    } else {
        book_file::write_table(&loaded.book, which, now, &mut out)?;
    }
    out.flush()?;
    if let Some(error) = error {
        return Err(failed(path, &error));
    }
    complain_of_journal(path, &loaded);
    match loaded.lost() {
        0 => Ok(Outcome::Done),
        some => Err(failed(
            path,
            &format_args!("{some} entries can't be read; pex book check says which, and why"),
        )),
    }
}

/// Says what became of a journal, if that is not as it should be.
fn complain_of_journal(path: &Path, loaded: &Loaded) {
    if let Some(journal) = loaded.journal.as_ref().filter(|it| !it.is_whole()) {
        complain(format_args!("pex: {}: {journal}", path.display()));
    }
}

/// Names everything that is wrong, one a line.
fn print_repairs(loaded: &Loaded, error: Option<&BookError>) -> Result<(), Failure> {
    let mut out = BufWriter::new(Output::new());
    for repair in &loaded.repairs {
        writeln!(out, "{repair}")?;
    }
    for repair in loaded.journal.iter().flat_map(|it| &it.repairs) {
        let line = repair.entry.unwrap_or(0);
        writeln!(out, "journal: line {line}: {}", repair.kind)?;
    }
    if let Some(error) = error {
        writeln!(out, "{error}")?;
    }
    Ok(out.flush()?)
}

fn check(path: &Path, strict: bool) -> Result<Outcome, Failure> {
    refuse_store(path)?;
    let now = Clock::start().now();
    let read = book_file::salvage(path, strict, setup::seed()?, now);
    let (loaded, error) = read.map_err(|why| failed(path, &why))?;
    if let Some(error @ BookError::NotABook) = error {
        return Err(failed(path, &BookFileError::Book(error)));
    }
    print_repairs(&loaded, None)?;
    if let Some(error) = error {
        return Err(failed(path, &BookFileError::Book(error)));
    }
    if let Some(journal) = &loaded.journal {
        writeln!(Output::new(), "{journal}")?;
    }
    if is_whole(&loaded) {
        writeln!(Output::new(), "whole: {}", count(&loaded.book))?;
        return Ok(Outcome::Done);
    }
    let lost = losses(&loaded);
    let damaged = loaded.journal.as_ref().map_or(0, |it| it.damaged);
    let mended = repairs(&loaded).count() + damaged - lost;
    Err(failed(
        path,
        &format_args!(
            "{lost} would be lost, {mended} mended, {} stay; pex book repair writes those{}",
            count(&loaded.book),
            hint(&loaded)
        ),
    ))
}

/// Whether all of a book and of the journal beside it was right, but for a journal of another book.
fn is_whole(loaded: &Loaded) -> bool {
    repairs(loaded).next().is_none() && losses(loaded) == 0
}

/// Fails if writing the book again would lose something.
fn must_lose_nothing(path: &Path, loaded: &Loaded) -> Result<(), Failure> {
    match losses(loaded) {
        0 => Ok(()),
        lost => {
            let hint = hint(loaded);
            let why = format_args!("{lost} entries would be lost; run pex book check{hint}");
            Err(failed(path, &why))
        }
    }
}

/// How many addresses there are, of either kind.
fn count(book: &AddrBook) -> String {
    let (old, new) = (book.old(), book.new_ones());
    format!("{} addresses ({old} old, {new} new)", book.size())
}

/// What is to be said if the book is one of a site.
fn hint(loaded: &Loaded) -> &'static str {
    let near = |repair: &Repair| repair.kind == RepairKind::NotRoutable;
    if repairs(loaded).any(near) {
        "; for the book of a network within a site, use --lax"
    } else {
        ""
    }
}

/// Says why something was left out: a line a reason, with how often.
fn complain_by_reason(path: &Path, reasons: impl IntoIterator<Item = String>) -> usize {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    for (reason, count) in &counts {
        let path = path.display();
        complain(format_args!(
            "pex: {path}: {count} addresses left out: {reason}"
        ));
    }
    counts.values().sum()
}

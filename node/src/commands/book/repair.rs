//! `pex book repair`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use pex::book::{BookError, Loaded};
use pex_node::Clock;
use pex_node::book_file::{self, BookFileError, Edit};

use super::{
    Failure, Outcome, count, failed, hint, is_whole, losses, print_repairs, refuse_store, setup,
};
use crate::commands::terminal::Output;

pub(super) fn run(path: &Path, out: Option<&Path>, strict: bool) -> Result<Outcome, Failure> {
    refuse_store(path)?;
    match out {
        Some(out) => copy(path, out, strict),
        None => in_place(path, strict),
    }
}

/// Writes what can be saved to another file.
fn copy(path: &Path, out: &Path, strict: bool) -> Result<Outcome, Failure> {
    must_be_free(out)?;
    let read = book_file::salvage(path, strict, setup::seed()?, Clock::start().now());
    let (loaded, error) = read.map_err(|why| failed(path, &why))?;
    judge(path, &loaded, error.as_ref())?;
    book_file::write(out, &loaded.book).map_err(|why| failed(out, &why))?;
    say(&loaded, error.as_ref(), &format!("in {}", out.display()))
}

fn in_place(path: &Path, strict: bool) -> Result<Outcome, Failure> {
    if let Err(why @ BookFileError::Missing) = book_file::look(path) {
        return Err(failed(path, &why));
    }
    let edit = Edit::begin(path).map_err(|why| failed(path, &why))?;
    let read = edit.salvage(strict, setup::seed()?, Clock::start().now());
    let (loaded, error) = read.map_err(|why| failed(path, &why))?;
    judge(path, &loaded, error.as_ref())?;
    if error.is_none() && is_whole(&loaded) {
        writeln!(Output::new(), "whole: {}", count(&loaded.book))?;
        if let Some(journal) = &loaded.journal {
            // With it the book is one file again.
            edit.write(&loaded.book).map_err(|why| failed(path, &why))?;
            writeln!(
                Output::new(),
                "{journal}; the book is written with them, and the journal gone"
            )?;
        }
        return Ok(Outcome::Done);
    }
    let kept = edit.replace_damaged(&loaded.book);
    let kept = kept.map_err(|why| failed(path, &why))?;
    let kept = format!("the damaged book is kept as {}", kept.display());
    say(&loaded, error.as_ref(), &kept)
}

/// Fails if there is something at `path`.
pub(super) fn must_be_free(path: &Path) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_ok() {
        let why = "there is something here already; choose another path, or move it away";
        return Err(failed(path, &why));
    }
    Ok(())
}

/// Names what is wrong. Fails if nothing can be saved.
fn judge(path: &Path, loaded: &Loaded, error: Option<&BookError>) -> Result<(), Failure> {
    if let Some(error @ BookError::NotABook) = error {
        return Err(failed(path, &BookFileError::Book(error.clone())));
    }
    print_repairs(loaded, error)?;
    let sound = error.is_none() && is_whole(loaded);
    if !sound && loaded.book.is_empty() && loaded.book.bans().next().is_none() {
        let hint = hint(loaded);
        let why = format_args!(
            "nothing of it can be saved; restore it from a copy, or move it away and start with an \
             empty one{hint}"
        );
        return Err(failed(path, &why));
    }
    Ok(())
}

fn say(loaded: &Loaded, error: Option<&BookError>, whither: &str) -> Result<Outcome, Failure> {
    let lost = losses(loaded);
    let rest = if error.is_some() {
        ", and whatever stood behind the damage"
    } else {
        ""
    };
    writeln!(
        Output::new(),
        "saved: {}; lost: {lost} entries{rest}; {whither}",
        count(&loaded.book)
    )?;
    Ok(Outcome::Done)
}

//! `pex book convert`.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;

use pex::book::{AddrBook, BookError};
use pex::peers::{Change, PeerRecord};
use pex_node::book_file::{self, BookFileError, LeftOut};
use pex_node::vault::{DiskVault, Vault as _, VaultError};
use pex_node::{Clock, peers_file};

use super::args::Form;
use super::repair::must_be_free;
use super::{Failure, Outcome, complain_by_reason, failed, must_lose_nothing, setup};
use crate::commands::peers;
use crate::commands::terminal::{Output, complain};

/// Bytes of a first line that are looked at.
const FIRST_LINE_MAX: u64 = 1 << 20;

pub(super) fn run(
    from: &Path,
    to: &Path,
    form: Option<Form>,
    strict: bool,
) -> Result<Outcome, Failure> {
    let form = form.or_else(|| form_of_name(to)).ok_or_else(|| {
        let why = "what is it to be? end its name with .json for an address book, .pex for a store \
                   or .jsonl for JSON lines, or say --to";
        Failure::usage(format_args!("{}: {why}", to.display()))
    })?;
    must_be_free(to)?;
    let its = recognise(from).map_err(|why| failed(from, &BookFileError::from(why)))?;
    if its == form {
        let why = "it is of this form already; copy the file";
        return Err(failed(from, &why));
    }
    let (records, unread) = match its {
        Form::Book => (read_book(from, strict)?, 0),
        Form::Store | Form::Lines => peers::read(from)?,
    };
    let left_out = match form {
        Form::Book => write_book(from, to, &records, strict)?,
        Form::Store => {
            let failed = |why: VaultError| failed(to, &why);
            let mut vault = DiskVault::open_or_create(to).map_err(failed)?;
            let changes: Vec<Change> = records.iter().map(Change::put).collect();
            vault.apply(&changes).map_err(failed)?;
            0
        }
        Form::Lines => {
            let mut lines = Vec::new();
            peers_file::write_json(&records, &mut lines)?;
            book_file::write_text(to, &lines).map_err(|why| failed(to, &why))?;
            0
        }
    };
    let addresses: usize = records.iter().map(|record| record.addresses.len()).sum();
    writeln!(
        Output::new(),
        "{} nodes, {} of {addresses} addresses",
        records.len(),
        addresses - left_out
    )?;
    match (left_out, unread) {
        (0, 0) => Ok(Outcome::Done),
        (_, 0) => Err(failed(
            from,
            &format_args!("{left_out} addresses are left out; the others are converted"),
        )),
        _ => Err(failed(
            from,
            &format_args!("{unread} records can't be read; the others are converted"),
        )),
    }
}

/// What a file is to be, from its name.
fn form_of_name(path: &Path) -> Option<Form> {
    match path.extension()?.to_str()? {
        "json" => Some(Form::Book),
        "jsonl" => Some(Form::Lines),
        "pex" => Some(Form::Store),
        _ => None,
    }
}

/// What a file is, from what is in it.
pub(in crate::commands) fn recognise(path: &Path) -> io::Result<Form> {
    let found = fs::metadata(path)?;
    if found.is_dir() {
        return Ok(Form::Store);
    }
    // The reader of a book says what is wrong with a pipe.
    if !found.is_file() {
        return Ok(Form::Book);
    }
    let mut first = Vec::new();
    let mut file = BufReader::new(File::open(path)?.take(FIRST_LINE_MAX));
    file.read_until(b'\n', &mut first)?;
    if first.starts_with(b"redb") {
        return Ok(Form::Store);
    }
    let line: Result<serde_json::Value, _> = serde_json::from_slice(&first);
    let is_record = line.is_ok_and(|line| line.get("id").is_some());
    if is_record || form_of_name(path) == Some(Form::Lines) {
        return Ok(Form::Lines);
    }
    Ok(Form::Book)
}

fn read_book(path: &Path, strict: bool) -> Result<Vec<PeerRecord>, Failure> {
    let loaded = match book_file::read(path, strict, setup::seed()?, Clock::start().now()) {
        Err(BookFileError::Book(BookError::NotABook)) => {
            let why = "neither an address book, nor a store of pex, nor JSON lines of pex peers \
                       export; check the path";
            return Err(failed(path, &why));
        }
        read => read.map_err(|why| failed(path, &why))?,
    };
    must_lose_nothing(path, &loaded)?;
    Ok(book_file::to_records(&loaded.book))
}

/// Returns how many addresses are left out.
fn write_book(
    from: &Path,
    to: &Path,
    records: &[PeerRecord],
    strict: bool,
) -> Result<usize, Failure> {
    let mut book = AddrBook::new(strict, setup::seed()?);
    let left_out = book_file::from_records(&mut book, records, Clock::start().now());
    let named = |(_, why): &&(pex::NodeAddress, LeftOut)| matches!(why, LeftOut::Unsaid(_));
    let unsaid = left_out.iter().filter(named).count();
    if unsaid > 0 && unsaid == left_out.len() && book.is_empty() {
        complain(format_args!(
            "pex: {}: no address of it can stand in a book",
            from.display()
        ));
    }
    book_file::write(to, &book).map_err(|why| failed(to, &why))?;
    let reasons = left_out.iter().map(|(_, why)| why.to_string());
    Ok(complain_by_reason(from, reasons))
}

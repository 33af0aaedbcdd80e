//! `pex peers`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use pex::NodeId;
use pex::book::BookError;
use pex::peers::{Change, PeerRecord};
use pex_node::vault::{DiskVault, Loaded, Vault as _, VaultError, leveldb};
use pex_node::{Clock, book_file, peers_file};

use super::book::{Form, recognise};
use super::terminal::{Output, complain};
use super::{Failure, Outcome, PeersCommand, setup};

pub(super) fn run(command: &PeersCommand) -> Result<Outcome, Failure> {
    match command {
        PeersCommand::Show { store, json } => show(store, *json),
        PeersCommand::Export { store } => show(store, true),
        PeersCommand::Import { store, from } => import(store, from),
        PeersCommand::Check { store } => check(store),
    }
}

fn failed(path: &Path, why: &dyn core::fmt::Display) -> Failure {
    Failure::new(format_args!("{}: {why}", path.display()))
}

fn load(path: &Path) -> Result<Loaded, Failure> {
    let mut vault = match DiskVault::open(path) {
        Err(VaultError::NotAVault) if is_book(path)? => {
            let why = "this is an address book, and no store; pex book has the commands for it";
            return Err(failed(path, &why));
        }
        opened => opened.map_err(|why| failed(path, &why))?,
    };
    vault.load().map_err(|why| failed(path, &why))
}

fn show(path: &Path, json: bool) -> Result<Outcome, Failure> {
    let loaded = load(path)?;
    let mut out = BufWriter::new(Output::new());
    if json {
        peers_file::write_json(&loaded.records, &mut out)?;
    } else {
        peers_file::write_table(&loaded.records, Clock::start().now(), &mut out)?;
    }
    out.flush()?;
    blame(path, &loaded)
}

/// Names what could not be read, one a line; then the command has failed.
fn blame(path: &Path, loaded: &Loaded) -> Result<Outcome, Failure> {
    for damaged in &loaded.damaged {
        complain(format_args!("pex: {}: {damaged}", path.display()));
    }
    match loaded.damaged.len() {
        0 => Ok(Outcome::Done),
        some => Err(failed(
            path,
            &format_args!("{some} entries can't be read; the others are shown"),
        )),
    }
}

fn check(path: &Path) -> Result<Outcome, Failure> {
    let loaded = load(path)?;
    // Written again, each record is the same: nothing of it is lost on us.
    let changed =
        |record: &&PeerRecord| PeerRecord::decode(&record.encode()).as_ref() != Ok(*record);
    let changed = loaded.records.iter().filter(changed).count();
    let addresses: usize = loaded.records.iter().map(|it| it.addresses.len()).sum();
    writeln!(
        Output::new(),
        "{} nodes with {addresses} addresses, {} entries damaged",
        loaded.records.len(),
        loaded.damaged.len() + changed
    )?;
    if changed > 0 {
        return Err(failed(
            path,
            &format_args!("{changed} records change when they are written again"),
        ));
    }
    blame(path, &loaded)
}

/// What there is to import, and how many records of it can't be read.
fn read_foreign(from: &Path) -> Result<(Vec<PeerRecord>, usize), Failure> {
    if from.is_dir() {
        let imported = leveldb::import(from).map_err(|why| failed(from, &why))?;
        for why in &imported.refused {
            complain(format_args!("pex: {}: {why}", from.display()));
        }
        for salvaged in &imported.records {
            if let Some(why) = &salvaged.why {
                let (id, left_out) = (salvaged.record.id, salvaged.left_out);
                complain(format_args!(
                    "pex: node {id}: {left_out} addresses left out: {why}"
                ));
            }
        }
        let records = imported.records.into_iter().map(|it| it.record).collect();
        return Ok((records, imported.refused.len()));
    }
    let file = File::open(from).map_err(|error: io::Error| failed(from, &error))?;
    let lines =
        peers_file::read_json(BufReader::new(file)).map_err(|error| failed(from, &error))?;
    let (mut records, mut refused) = (Vec::new(), 0);
    for line in lines {
        match line {
            Ok(record) => records.push(record),
            Err(why) => {
                refused += 1;
                complain(format_args!("pex: {}: {why}", from.display()));
            }
        }
    }
    Ok((records, refused))
}

/// The records of a store of any kind, or of JSON lines, and how many can't be read.
pub(super) fn read(from: &Path) -> Result<(Vec<PeerRecord>, usize), Failure> {
    let mut start = Vec::new();
    if from.is_file() {
        let file = File::open(from).map_err(|error| failed(from, &error))?;
        file.take(4).read_to_end(&mut start)?;
    }
    if start != b"redb" {
        return read_foreign(from);
    }
    let loaded = load(from)?;
    for damaged in &loaded.damaged {
        complain(format_args!("pex: {}: {damaged}", from.display()));
    }
    Ok((loaded.records, loaded.damaged.len()))
}

/// Whether there is an address book in a file, or a part of one.
fn is_book(path: &Path) -> Result<bool, Failure> {
    let salvaged = book_file::salvage(path, false, setup::seed()?, Clock::start().now());
    Ok(salvaged.is_ok_and(|(_, error)| match error {
        None => true,
        Some(BookError::Damaged { whole, .. }) => whole > 0,
        Some(_) => false,
    }))
}

/// Fails if a file is of another form, whose lines would be complained of one by one.
fn refuse_other_forms(path: &Path, from: &Path) -> Result<(), Failure> {
    let name = from.display();
    let why = match recognise(from) {
        Ok(Form::Store) if from.is_file() => format!(
            "this is a store of pex; print it with pex peers export {name} > FILE.jsonl, and import that"
        ),
        Ok(Form::Book) if from.is_file() && is_book(from)? => {
            let instead = if path.exists() {
                format!("pex book convert {name} FILE.jsonl, and import that")
            } else {
                format!("pex book convert {name} {} --to store", path.display())
            };
            format!("this is an address book; take it in with {instead}")
        }
        _ => return Ok(()),
    };
    Err(failed(from, &why))
}

fn import(path: &Path, from: &Path) -> Result<Outcome, Failure> {
    refuse_other_forms(path, from)?;
    let (records, refused) = read_foreign(from)?;
    if records.is_empty() && refused > 0 {
        let why = format_args!(
            "{refused} records can't be read, and there is no other; the store is left as it was"
        );
        return Err(failed(from, &why));
    }
    let store = |why: VaultError| failed(path, &why);
    let mut vault = DiskVault::open_or_create(path).map_err(store)?;
    let before = vault.load().map_err(store)?;
    let (mut new, mut updated) = (Vec::new(), Vec::new());
    // Of one that stands there twice, the last is the latest.
    let records: BTreeMap<NodeId, PeerRecord> = records.into_iter().map(|it| (it.id, it)).collect();
    for record in records.into_values() {
        match before.records.binary_search_by_key(&record.id, |it| it.id) {
            Err(_) => new.push(record),
            Ok(at) if before.records.get(at) != Some(&record) => updated.push(record),
            Ok(_) => {}
        }
    }
    let changes: Vec<Change> = new.iter().chain(&updated).map(Change::put).collect();
    vault.apply(&changes).map_err(store)?;
    let (new, updated) = (new.len(), updated.len());
    writeln!(
        Output::new(),
        "{new} new, {updated} updated, {refused} refused"
    )?;
    if refused > 0 {
        return Err(failed(
            from,
            &format_args!("{refused} records can't be read; the others are imported"),
        ));
    }
    Ok(Outcome::Done)
}

//! `pex peers`.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;

use pex::peers::{Change, PeerRecord};
use pex_node::vault::{DiskVault, Loaded, Vault as _, VaultError, leveldb};
use pex_node::{Clock, peers_file};

use super::terminal::{Output, complain};
use super::{Failure, Outcome, PeersCommand};

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
    let mut vault = DiskVault::open(path).map_err(|why| failed(path, &why))?;
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

fn import(path: &Path, from: &Path) -> Result<Outcome, Failure> {
    let (records, refused) = read_foreign(from)?;
    let store = |why: VaultError| failed(path, &why);
    let mut vault = DiskVault::open_or_create(path).map_err(store)?;
    let before = vault.load().map_err(store)?;
    let (mut new, mut updated) = (Vec::new(), Vec::new());
    for record in records {
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

//! What a vault refuses, and what it says.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use pex::peers::{Change, PeerRecord, RecordError};
use pex_node::vault::{Damage, DiskVault, Vault, VaultError};
use redb::{Database, TableDefinition};

use crate::record;

const PEERS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("pex.peers");
const FORMAT: TableDefinition<'_, (), u64> = TableDefinition::new("pex.format");

/// Changes a vault behind its back.
fn meddle(path: &Path, with: impl FnOnce(&redb::WriteTransaction)) {
    let database = Database::create(path).unwrap();
    let transaction = database.begin_write().unwrap();
    with(&transaction);
    transaction.commit().unwrap();
}

fn put(transaction: &redb::WriteTransaction, key: &[u8], value: &[u8]) {
    let mut peers = transaction.open_table(PEERS).unwrap();
    peers.insert(key, value).unwrap();
}

/// Opens what is no vault, in both ways, and returns what it says. The file stays as it is.
fn refused(path: &Path) -> VaultError {
    let before = fs::read(path).unwrap();
    let first = DiskVault::open_or_create(path).unwrap_err();
    let error = DiskVault::open(path).unwrap_err();
    assert_eq!(first.to_string(), error.to_string());
    assert!(fs::read(path).unwrap() == before, "{error}");
    error
}

#[test]
fn what_is_no_vault_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    for content in ["", "x", "redb", &"notes\n".repeat(10_000)] {
        fs::write(&path, content).unwrap();
        let error = refused(&path);
        assert!(matches!(error, VaultError::NotAVault), "{error}");
        assert!(error.to_string().contains("choose another path"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    // The same kind of database, of another program.
    meddle(&path, |transaction| {
        let table: TableDefinition<'_, u64, u64> = TableDefinition::new("accounts");
        transaction.open_table(table).unwrap().insert(1, 2).unwrap();
    });
    assert!(matches!(refused(&path), VaultError::NotAVault));
}

#[test]
fn a_folder_is_no_vault() {
    let folder = tempfile::tempdir().unwrap();
    let error = DiskVault::open_or_create(folder.path()).unwrap_err();
    assert!(matches!(error, VaultError::Io(_)), "{error:?}");
    assert!(error.to_string().contains("check its path"), "{error}");
}

#[test]
fn a_vault_that_is_not_there_is_told_from_one_that_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no/such/folder");
    for path in [&nowhere, &folder.path().join("peers.pex")] {
        let error = DiskVault::open(path).unwrap_err();
        assert!(matches!(error, VaultError::Missing), "{error}");
    }
    let error = DiskVault::open_or_create(&nowhere).unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
}

#[test]
fn a_vault_of_a_later_version_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    drop(DiskVault::open_or_create(&path).unwrap());
    meddle(&path, |transaction| {
        let mut format = transaction.open_table(FORMAT).unwrap();
        format.insert((), 2).unwrap();
    });
    let error = refused(&path);
    assert!(matches!(error, VaultError::Newer { found: 2, known: 1 }));
    assert!(error.to_string().contains("use a newer pex"), "{error}");
}

#[test]
fn a_vault_is_open_to_one_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    let vault = DiskVault::open_or_create(&path).unwrap();
    for opened in [DiskVault::open(&path), DiskVault::open_or_create(&path)] {
        let error = opened.unwrap_err();
        assert!(matches!(error, VaultError::Locked), "{error:?}");
        assert!(error.to_string().contains("stop it"), "{error}");
    }
    drop(vault);
    assert!(DiskVault::open(&path).is_ok());
}

#[test]
fn an_entry_that_is_no_record_is_named_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    let mut vault = DiskVault::open_or_create(&path).unwrap();
    let whole = [record(1, 1), record(5, 1)];
    vault.apply(&whole.each_ref().map(Change::put)).unwrap();
    drop(vault);
    let key = |n| *PeerRecord::key(record(n, 1).id).as_bytes();
    meddle(&path, |transaction| {
        put(transaction, &key(2), &record(3, 1).encode());
        put(transaction, &key(4), &[0x0a]);
        put(transaction, b"\x01\n", &[]);
    });

    let mut vault = DiskVault::open(&path).unwrap();
    let loaded = vault.load().unwrap();
    assert_eq!(loaded.records, whole);
    let why: Vec<_> = loaded.damaged.iter().map(|entry| entry.why).collect();
    let other = Damage::OtherId {
        id: record(3, 1).id,
    };
    assert_eq!(why[..2], [Damage::Key, other]);
    assert!(matches!(
        why[2..],
        [Damage::Record(RecordError::Malformed(_))]
    ));
    let told = loaded.damaged[0].to_string();
    assert!(told.starts_with(r"key \x01\n: "), "{told}");
    // It stays until somebody puts a record in its place.
    vault.apply(&[Change::put(&record(4, 2))]).unwrap();
    assert_eq!(vault.load().unwrap().damaged.len(), 2);
}

/// Where the child that has little room finds the path of the vault.
const FULL: &str = "PEX_TEST_FULL_VAULT";

#[test]
fn changes_for_which_there_is_no_room_are_not_made_and_the_vault_goes_on() {
    if let Some(path) = env::var_os(FULL) {
        return fill(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' XFSZ; ulimit -f 2000; exec \"$0\" --exact --test-threads=1 \
                  refusal::changes_for_which_there_is_no_room_are_not_made_and_the_vault_goes_on";
    let run = Command::new("sh")
        .args(["-c", script])
        .arg(env::current_exe().unwrap())
        .env(FULL, folder.path().join("peers.pex"))
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
}

/// Fills a vault in a process whose files may not grow beyond a megabyte or two.
fn fill(path: &Path) {
    let batch = |n: u32| (n * 500..(n + 1) * 500).map(|n| record(n, 1));
    let put = |n| {
        batch(n)
            .map(|record| Change::put(&record))
            .collect::<Vec<_>>()
    };
    let mut vault = DiskVault::open_or_create(path).unwrap();
    let mut full = None;
    let kept = (0..100).take_while(|&n| {
        full = vault.apply(&put(n)).err();
        full.is_none()
    });
    let kept = u32::try_from(kept.count()).unwrap();
    let error = full.unwrap();
    assert!(
        kept > 2 && error.to_string().contains("too large"),
        "{kept} {error}"
    );

    let expected: Vec<_> = (0..kept).flat_map(batch).collect();
    assert!(vault.load().unwrap().records == expected);
    for n in 0..kept {
        let remove: Vec<_> = batch(n).map(|record| Change::remove(record.id)).collect();
        vault.apply(&remove).unwrap();
    }
    vault.apply(&put(7)).unwrap();
    assert!(vault.load().unwrap().records.into_iter().eq(batch(7)));
}

//! What holds of every vault.

use pex::NodeId;
use pex::peers::Change;
use pex_node::vault::{DiskVault, MemoryVault, Vault};

use crate::record;

fn keeps_what_it_is_given(vault: &mut dyn Vault) {
    assert_eq!(vault.load().unwrap().records, []);
    let (first, second) = (record(1, 3), record(2, 3));
    vault.apply(&[]).unwrap();
    // Not in the order of their ids.
    let put = [Change::put(&second), Change::put(&first)];
    vault.apply(&put).unwrap();
    assert_eq!(vault.load().unwrap().records, [first, second.clone()]);

    // In order: what is removed and put is there, what is put and removed is not.
    let newer = record(1, 4);
    let gone = NodeId::new([9; 20]);
    vault
        .apply(&[
            Change::remove(newer.id),
            Change::put(&newer),
            Change::put(&second),
            Change::remove(second.id),
            Change::remove(gone),
        ])
        .unwrap();
    let loaded = vault.load().unwrap();
    assert_eq!((loaded.records, loaded.damaged), (vec![newer], vec![]));

    assert_eq!(vault.blob("secret").unwrap(), None);
    vault.set_blob("secret", Some(&[1, 2])).unwrap();
    vault.set_blob("other", Some(&[])).unwrap();
    assert_eq!(vault.blob("secret").unwrap(), Some(vec![1, 2]));
    assert_eq!(vault.blob("other").unwrap(), Some(vec![]));
    vault.set_blob("secret", None).unwrap();
    vault.set_blob("secret", None).unwrap();
    assert_eq!(vault.blob("secret").unwrap(), None);
}

#[test]
fn a_vault_in_memory_keeps_what_it_is_given() {
    keeps_what_it_is_given(&mut MemoryVault::new());
}

#[test]
fn a_vault_on_disk_keeps_what_it_is_given_and_over_a_restart_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    let mut vault = DiskVault::open_or_create(&path).unwrap();
    keeps_what_it_is_given(&mut vault);
    let before = vault.load().unwrap();
    drop(vault);

    let mut vault = DiskVault::open_or_create(&path).unwrap();
    assert_eq!(vault.load().unwrap(), before);
    assert_eq!(vault.blob("other").unwrap(), Some(vec![]));
    let names = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.count(), 1, "nothing is left of its making");
}

#[cfg(unix)]
#[test]
fn a_vault_is_for_the_eyes_of_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    DiskVault::open_or_create(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_hundred_thousand_records_are_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    let records: Vec<_> = (0..100_000).map(|n| record(n, n % 7)).collect();
    let changes: Vec<_> = records.iter().map(Change::put).collect();
    let mut vault = DiskVault::open_or_create(&path).unwrap();
    vault.apply(&changes).unwrap();
    drop(vault);
    assert!(DiskVault::open(&path).unwrap().load().unwrap().records == records);
}

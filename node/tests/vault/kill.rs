//! A process that writes to a vault is killed, many times.

use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use pex::peers::{Change, PeerRecord};
use pex_node::vault::{DiskVault, Vault};

use crate::record;

const KILLS: u32 = 60;

/// Where the child finds the path of the vault.
const PATH: &str = "PEX_TEST_VAULT";

/// More nodes than any batch leaves.
const NODES: u32 = 40;

/// What is kept after the batch of this number: another number of records each time, all of them
/// rewritten.
fn after(batch: u32) -> Vec<PeerRecord> {
    let kept = if batch == 0 { 0 } else { 3 + batch * 7 % 37 };
    (0..kept).map(|n| record(n, batch)).collect()
}

fn changes(batch: u32) -> Vec<Change> {
    let kept = after(batch);
    let last = u32::try_from(kept.len()).unwrap();
    let gone = (last..NODES).map(|n| Change::remove(record(n, 0).id));
    kept.iter().map(Change::put).chain(gone).collect()
}

/// The batch after which the vault is as it is. Panics if it is so after none.
fn batch_of(vault: &mut DiskVault) -> u32 {
    let loaded = vault.load().unwrap();
    let batch = loaded.records.first().map_or(0, |record| record.score);
    let batch = batch.cast_unsigned();
    assert!(loaded.damaged.is_empty(), "{:?}", loaded.damaged);
    assert!(loaded.records == after(batch), "half of batch {batch}");
    batch
}

/// Applies batches, and says of each that it is done.
fn write(path: &Path, batches: u32, done: impl Fn(u32)) {
    let mut vault = DiskVault::open_or_create(path).unwrap();
    let mut batch = batch_of(&mut vault);
    for _ in 0..batches {
        batch += 1;
        vault.apply(&changes(batch)).unwrap();
        done(batch);
    }
}

/// The child; by itself it shows that the batches are what they should be.
#[test]
fn batches_are_applied_one_after_another() {
    if let Some(path) = env::var_os(PATH) {
        return write(Path::new(&path), u32::MAX, |batch| {
            // The parent reads until it kills us.
            writeln!(stdout(), "done {batch}").unwrap();
        });
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    write(&path, 3, |_| {});
    assert_eq!(batch_of(&mut DiskVault::open(&path).unwrap()), 3);
}

/// Starts the child, kills it after this time, and returns the last batch that it reported.
fn start_and_kill(path: &Path, after: Duration) -> Option<u32> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::batches_are_applied_one_after_another"])
        .args(["--nocapture", "--test-threads=1"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    // Lines are read all the time, or the child would wait for us in place of writing.
    let last = thread::spawn(move || {
        let number = |line: String| line.split_once("done ")?.1.parse().ok();
        out.lines().map_while(Result::ok).filter_map(number).last()
    });
    thread::sleep(after);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "killed, not done");
    assert_eq!(status.code(), None, "it ran until it was killed");
    last.join().unwrap()
}

#[test]
fn a_killed_process_leaves_each_batch_that_it_reported_and_no_half_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.pex");
    let (mut batch, mut unreported, mut idle) = (0, 0, 0);
    for kill in 0..KILLS {
        // From before the vault is made to long after; the scheduler adds the chance.
        let delay = Duration::from_micros(u64::from(kill * 7_919 % 97) * 1_500);
        let reported = start_and_kill(&path, delay);
        let least = reported.unwrap_or(batch);
        assert!(least >= batch, "{least} after {batch}");
        if !path.exists() {
            assert_eq!(reported, None);
            continue;
        }
        let found = batch_of(&mut DiskVault::open(&path).unwrap());
        assert!(
            found == least || found == least + 1,
            "{found} after {least}"
        );
        (unreported, idle) = (
            unreported + u32::from(found > least),
            idle + u32::from(found == batch),
        );
        batch = found;
    }
    println!("{batch} batches, {unreported} done but not reported, {idle} kills before any");
    assert!(batch > KILLS, "{batch}: the child hardly ran");
}

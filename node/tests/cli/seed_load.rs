//! A seed node under load, and where the system gives it little: a small crowd of real handshakes, few
//! descriptors, a full disk, and an end without warning.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use pex::book::AddrBook;
use pex::{NodeId, Seed};
use pex_node::{Clock, book_file};
use tokio::task::spawn_blocking;

#[path = "../../examples/seed_load/crowd.rs"]
mod crowd;
#[path = "../../examples/seed_load/process.rs"]
mod process;

use crowd::{Crowd, median};
use process::{SeedProcess, write_book};

fn pex() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_pex"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_costs_a_seed_few_bytes_and_newcomers_are_answered_while_others_ask() {
    const HELD: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("addrbook.json");
    write_book(&book, 300).unwrap();
    let seed = SeedProcess::start(pex(), &book).unwrap();
    let before = seed.resident().unwrap();
    let worked = seed.worked().unwrap();
    let mut crowd = Crowd::new(seed.place());
    crowd.hold(HELD, 16).await.unwrap();
    assert_eq!(crowd.still_held(), HELD);
    let each = (seed.resident().unwrap() - before) / HELD as u64;
    // 11 kB when many are held; what the process takes once is in it here.
    assert!(each < 60_000, "{each} bytes a connection");
    assert!(seed.worked().unwrap() > worked);

    let asking = crowd.ask_all_the_time(12);
    let mut waits = Vec::new();
    for _ in 0..10 {
        let answer = crowd.newcomer().await.unwrap();
        assert!(answer.told > 50, "{answer:?}");
        waits.push(answer.waited);
    }
    let (answers, failures) = asking.stop().await;
    waits.sort_unstable();
    assert!(answers > 12, "{answers}, {:?}", median(&waits));
    // Without optimisation a slow machine may not do every handshake in its time.
    assert!(
        failures * 10 <= answers,
        "{failures} failures, {answers} answers"
    );
    assert_eq!(crowd.still_held(), HELD, "they are nobody's victims");
    assert!(seed.most_resident().unwrap() < 200 << 20);
}

/// A seed started by a shell, which sets a limit first.
fn limited(limit: &str, book: &Path, err: &Path) -> SeedProcess {
    let script = folder_script(limit, book, err);
    SeedProcess::start(&script, book).unwrap()
}

/// A script that starts `pex` with the arguments it is given, behind a limit.
fn folder_script(limit: &str, book: &Path, err: &Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = book.with_file_name("limited.sh");
    let (pex, err) = (pex().display(), err.display());
    let text = format!("#!/bin/sh\n{limit}\nexec {pex} \"$@\" 2>>{err}\n");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn with_few_descriptors_a_seed_says_how_many_may_come_and_still_saves_its_book() {
    let folder = tempfile::tempdir().unwrap();
    let (book, err) = (
        folder.path().join("addrbook.json"),
        folder.path().join("err"),
    );
    write_book(&book, 50).unwrap();
    let seed = limited("ulimit -n 200", &book, &err);
    let said = fs::read_to_string(&err).unwrap();
    assert!(
        said.contains("as 200 files and sockets may be open"),
        "{said}"
    );
    let mut crowd = Crowd::new(seed.place());
    // Silent ones beyond what can be open: all that is left for them is taken.
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.extend(tokio::net::TcpStream::connect(seed.place()).await);
    }
    // Who comes with an address is taken in, and that is written though nothing is left for more.
    drop(silent);
    let begun = Instant::now();
    while crowd.hold(10, 1).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody gets in");
    }
    let before = read(&book);
    let id = crowd.hold_one_that_listens(26_656).await.unwrap();
    until_in_book(&book, id).await;
    assert!(read(&book).size() > before.size());
    let said = fs::read_to_string(&err).unwrap();
    assert!(!said.contains("is not written"), "{said}");
}

fn read(path: &Path) -> AddrBook {
    let (seed, now) = (Seed::new([3; 32]), Clock::start().now());
    book_file::read(path, false, seed, now).unwrap().book
}

async fn until_in_book(path: &Path, id: NodeId) {
    let path = path.to_path_buf();
    let waits = move || {
        let begun = Instant::now();
        while !read(&path).has_node(id) {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it is never written"
            );
            sleep(Duration::from_millis(50));
        }
    };
    spawn_blocking(waits).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_killed_without_warning_has_written_what_it_learned_a_moment_before() {
    let folder = tempfile::tempdir().unwrap();
    let book = folder.path().join("addrbook.json");
    write_book(&book, 50).unwrap();
    let mut ids = Vec::new();
    for port in 26_656..26_660 {
        let seed = SeedProcess::start(pex(), &book).unwrap();
        let mut crowd = Crowd::new(seed.place());
        let id = crowd.hold_one_that_listens(port).await.unwrap();
        ids.push(id);
        until_in_book(&book, id).await;
        // Dropped, it is killed.
        drop(seed);
        let book = read(&book);
        assert!(ids.iter().all(|id| book.has_node(*id)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_the_old_book_stays_it_is_told_once_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let Some(_mounted) = Mounted::at(&disk) else {
        // Only root may mount; the message says that nothing was shown.
        eprintln!("skipped: no small disk can be mounted here");
        return;
    };
    let (book, err) = (disk.join("addrbook.json"), folder.path().join("err"));
    write_book(&book, 50).unwrap();
    let whole = fs::read(&book).unwrap();
    let script = folder_script(":", &folder.path().join("x"), &err);
    let seed = SeedProcess::start(&script, &book).unwrap();
    // Nothing fits any more.
    let ballast = disk.join("ballast");
    let _full = fs::write(&ballast, vec![0; 8 << 20]).unwrap_err();
    let mut crowd = Crowd::new(seed.place());
    let id = crowd.hold_one_that_listens(26_656).await.unwrap();
    let told = || {
        let said = fs::read_to_string(&err).unwrap();
        (
            said.matches("is not written").count(),
            said.matches("written again").count(),
        )
    };
    let begun = Instant::now();
    while told().0 == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it is never told"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(told(), (1, 0), "once, not each second");
    assert_eq!(fs::read(&book).unwrap(), whole);
    fs::remove_file(&ballast).unwrap();
    until_in_book(&book, id).await;
    let begun = Instant::now();
    while told().1 == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "that is never told"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(seed);
}

/// A disk of two megabytes, until it is dropped.
struct Mounted(std::path::PathBuf);

impl Mounted {
    fn at(path: &Path) -> Option<Self> {
        let options = ["-t", "tmpfs", "-o", "size=2m", "tmpfs"];
        let mut mount = Command::new("mount");
        let child: std::io::Result<Child> =
            mount.args(options).arg(path).stderr(Stdio::null()).spawn();
        let done = child.ok()?.wait().ok()?;
        done.success().then(|| Self(path.to_path_buf()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _done = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

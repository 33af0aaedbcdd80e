//! A process that writes books is killed, many times, while others read.

use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use pex_node::book_file;

use crate::{book, generation};

const KILLS: u32 = 20;

/// Where the child finds the path of the book.
const PATH: &str = "PEX_TEST_BOOK";

fn next_generation(path: &Path) -> u32 {
    if path.exists() {
        generation(path) + 1
    } else {
        1
    }
}

/// The child; by itself it shows that books are written one after another.
#[test]
fn books_are_written_one_after_another() {
    if let Some(path) = env::var_os(PATH) {
        let path = Path::new(&path);
        for next in next_generation(path).. {
            book_file::write(path, &book(next)).unwrap();
            // The parent reads until it kills us.
            writeln!(stdout(), "done {next}").unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    for next in 1..=3 {
        book_file::write(&path, &book(next)).unwrap();
        assert_eq!(generation(&path), next);
    }
}

fn start(path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "kill::books_are_written_one_after_another"])
        .args(["--nocapture", "--test-threads=1"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts the child, kills it after this time, and returns the last book that it reported.
fn start_and_kill(path: &Path, after: Duration) -> Option<u32> {
    let mut child = start(path);
    let out = BufReader::new(child.stdout.take().unwrap());
    // Lines are read all the time, or the child would wait for us in place of writing.
    let last = thread::spawn(move || {
        let number = |line: String| line.split_once("done ")?.1.parse().ok();
        out.lines().map_while(Result::ok).filter_map(number).last()
    });
    thread::sleep(after);
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), None, "it ran until it was killed");
    last.join().unwrap()
}

#[test]
fn a_killed_process_leaves_the_old_book_or_the_new_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let mut last = 0;
    for kill in 0..KILLS {
        // From before the first book is written to long after; the scheduler adds the chance.
        let delay = Duration::from_micros(u64::from(kill * 7_919 % 97) * 2_000);
        let reported = start_and_kill(&path, delay);
        let told = reported.unwrap_or(last);
        if path.exists() {
            let found = generation(&path);
            assert!(found == told || found == told + 1, "{found} after {told}");
            last = found;
        }
        // At most the one draft is left, however many were killed.
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert!(files <= 2, "{files}");
    }
    assert!(last > KILLS, "{last}: the child hardly ran");
    // And that one is used up by the next to write.
    book_file::write(&path, &book(last + 1)).unwrap();
    assert_eq!(generation(&path), last + 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn whoever_reads_while_others_write_has_a_whole_book() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    book_file::write(&path, &book(1)).unwrap();
    let stop = AtomicBool::new(false);
    let (read, seen) = thread::scope(|scope| {
        for writer in 0..3 {
            let (path, stop) = (&path, &stop);
            scope.spawn(move || {
                for round in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
                    book_file::write(path, &book(1 + writer + 3 * (round % 90))).unwrap();
                }
            });
        }
        let readers = [(); 2].map(|()| {
            scope.spawn(|| {
                let mut seen: Vec<u32> = (0..150).map(|_| generation(&path)).collect();
                let read = seen.len();
                seen.sort_unstable();
                seen.dedup();
                (read, seen.len())
            })
        });
        let both = readers.map(|reader| reader.join().unwrap());
        stop.store(true, Ordering::Relaxed);
        (both[0].0 + both[1].0, both[0].1.max(both[1].1))
    });
    assert_eq!(read, 300);
    assert!(seen > 3, "{seen}: hardly anything was written meanwhile");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn who_changes_a_book_is_not_overtaken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    book_file::write(&path, &book(1)).unwrap();
    let before = crate::size(1);
    thread::scope(|scope| {
        for worker in 0..4 {
            let path = &path;
            scope.spawn(move || {
                for n in 0..10 {
                    let edit = book_file::Edit::begin(path).unwrap();
                    let mut book = edit.read(false, crate::seed(), crate::NOW).unwrap().book;
                    let new = crate::address(1_000 + worker * 10 + n);
                    book.add_address(crate::NOW, &new, &new).unwrap();
                    edit.write(&book).unwrap();
                }
            });
        }
    });
    let loaded = book_file::read(&path, false, crate::seed(), crate::NOW).unwrap();
    assert_eq!(loaded.book.size(), before as usize + 40);
}

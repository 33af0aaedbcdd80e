//! A book and its journal: what a crash costs, and what a full disk does.

use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use pex::book::AddrBook;
use pex_node::BookStore;
use pex_node::book_file::{self, journal_of};

use crate::{NOW, address, seed, size};

/// How often the child is killed.
const KILLS: u32 = 50;

/// Where the child finds the path of the book.
const PATH: &str = "PEX_TEST_JOURNAL";

fn read(path: &Path) -> pex::book::Loaded {
    book_file::read(path, false, seed(), NOW).unwrap()
}

/// The next address, and now and then the whole file: what a node does, much faster.
fn step(store: &mut BookStore, book: &mut AddrBook, n: u32) {
    book.mark_good(NOW, &address(n));
    book.mark_attempt(NOW, &address(n / 2));
    if n.is_multiple_of(16) {
        store.write(book.clone()).unwrap();
    } else {
        store.append(book.clone()).unwrap();
    }
}

/// The child; by itself it shows what its parent relies on.
#[test]
fn what_has_been_appended_is_there() {
    if let Some(path) = env::var_os(PATH) {
        let path = Path::new(&path);
        let mut book = if path.exists() {
            read(path).book
        } else {
            AddrBook::new(false, seed())
        };
        let mut store = BookStore::new(path, true);
        for n in u32::try_from(book.size()).unwrap().. {
            step(&mut store, &mut book, n);
            // The parent reads until it kills us.
            writeln!(stdout(), "done {n}").unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let mut book = AddrBook::new(false, seed());
    let mut store = BookStore::new(&path, true);
    for n in 0..40 {
        step(&mut store, &mut book, n);
        let loaded = read(&path);
        assert_eq!(loaded.book.to_json().len(), book.to_json().len(), "{n}");
        assert_eq!(loaded.book.size(), n as usize + 1);
        assert!(loaded.journal.unwrap().is_whole());
    }
    store.close(book).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(read(&path).book.size(), 40);
}

fn start(path: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "journal::what_has_been_appended_is_there"])
        .args(["--nocapture", "--test-threads=1"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_process_killed_fifty_times_in_the_middle_of_a_write_loses_nothing_that_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let (mut torn, mut journaled) = (0, 0);
    for kill in 0..KILLS {
        let mut child = start(&path);
        let out = BufReader::new(child.stdout.take().unwrap());
        let number = |line: String| line.split_once("done ")?.1.parse::<usize>().ok();
        let mut lines = out.lines().map_while(Result::ok).filter_map(number);
        let first = lines.next().unwrap();
        // Lines are read all the time, or the child would wait for us in place of writing.
        let rest = thread::spawn(move || lines.last());
        thread::sleep(Duration::from_micros(u64::from(kill * 7_919 % 97) * 300));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), None, "it ran until it was killed");
        let last = rest.join().unwrap().unwrap_or(first);

        let loaded = read(&path);
        assert_eq!(loaded.repairs, [], "{kill}");
        let journal = loaded.journal.unwrap_or_default();
        assert_eq!((journal.damaged, journal.repairs.len()), (0, 0), "{kill}");
        torn += u32::from(journal.torn);
        journaled += u32::from(journal.changes > 0);
        let found = loaded.book.size();
        let told = last + 1;
        assert!(found == told || found == told + 1, "{found} after {told}");
        for n in 0..told {
            let n = u32::try_from(n).unwrap();
            assert!(loaded.book.has_address(&address(n)), "{n} of {told}");
        }
    }
    assert!(journaled > KILLS / 2, "{journaled} of {KILLS}, {torn} torn");
}

#[test]
fn a_journal_of_an_older_book_is_left_out_and_goes_with_the_next_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let mut store = BookStore::new(&path, true);
    let mut book = AddrBook::new(false, seed());
    store.write(book.clone()).unwrap();
    book.mark_good(NOW, &address(1));
    store.append(book).unwrap();
    assert_eq!(read(&path).book.size(), 1);
    // Somebody puts another book there, by hand.
    fs::write(&path, crate::book(3).to_json()).unwrap();
    let loaded = read(&path);
    assert_eq!(loaded.book.size(), size(3) as usize);
    assert!(!loaded.journal.unwrap().is_of_this_book);
    book_file::write(&path, &crate::book(4)).unwrap();
    assert!(!journal_of(&path).exists());
    assert_eq!(read(&path).journal, None);
}

#[test]
fn whoever_edits_a_book_edits_it_with_its_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut store = BookStore::new(&link, true);
    let mut book = AddrBook::new(false, seed());
    store.write(book.clone()).unwrap();
    book.mark_good(NOW, &address(1));
    store.append(book).unwrap();
    assert!(journal_of(&path).exists());
    let edit = book_file::Edit::begin(&link).unwrap();
    let mut book = edit.read(false, seed(), NOW).unwrap().book;
    book.mark_good(NOW, &address(2));
    edit.write(&book).unwrap();
    assert!(!journal_of(&path).exists());
    assert_eq!(read(&link).book.size(), 2);
}

#[test]
fn a_journal_stays_small_and_costs_little_for_a_large_book() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let mut book = AddrBook::new(false, seed());
    for n in 0..4_000 {
        book.mark_good(NOW, &address(n));
    }
    let mut store = BookStore::new(&path, true);
    store.write(book.clone()).unwrap();
    let whole = fs::metadata(&path).unwrap().len();
    let before = fs::metadata(journal_of(&path)).unwrap().len();
    let known: Vec<_> = book.addresses().map(|it| it.address).take(10).collect();
    for it in &known {
        book.mark_attempt(NOW, it);
    }
    let begun = Instant::now();
    store.append(book.clone()).unwrap();
    let appended = fs::metadata(journal_of(&path)).unwrap().len() - before;
    assert!(
        appended * 50 < whole,
        "{appended} of {whole}, {:?}",
        begun.elapsed()
    );
    // Nothing has changed, so nothing is written.
    store.append(book.clone()).unwrap();
    let again = fs::metadata(journal_of(&path)).unwrap().len() - before;
    assert_eq!(again, appended);
    // However often it changes, the journal never outgrows what a whole file costs.
    for round in 0..12_u32 {
        for it in book.addresses().map(|it| it.address).collect::<Vec<_>>() {
            book.mark_good(NOW + Duration::from_secs(u64::from(round)), &it);
        }
        store.append(book.clone()).unwrap();
        let size = fs::metadata(journal_of(&path)).unwrap().len();
        assert!(size < 4 * whole, "{size} of {whole}");
    }
}

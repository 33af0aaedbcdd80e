//! `pex book` with books that are damaged, and files that can't be read or written.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::book::{Folder, address, assert_done, assert_fails, book, id, near, some};

/// Puts this in the place of that in a book.
fn meddle(path: &str, that: &str, this: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(that), "{that}: {text}");
    fs::write(path, text.replacen(that, this, 1)).unwrap();
}

#[test]
fn a_book_with_wrong_entries_is_checked_and_no_command_changes_it() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    meddle(&path, "\"1.9.9.9\"", "\"1.9.9\"");
    meddle(&path, "\"bucket_type\": 1", "\"bucket_type\": 3");
    let damaged = fs::read(&path).unwrap();
    let check = book(&["check", &path]);
    assert_fails(
        &check,
        &["1 would be lost, 1 mended", "4 addresses", "repair"],
    );
    let lines: Vec<&str> = check.out.lines().collect();
    assert_eq!(lines.len(), 2, "{}", check.out);
    assert!(lines[0].starts_with("entry 1: left out: "), "{}", check.out);
    assert!(lines[1].starts_with("entry 3: "), "{}", check.out);

    let other = folder.book("other", &some());
    for edit in [
        &["add", &path, &address(7)][..],
        &["good", &path, &address(2)],
        &["remove", &path, &id(2)],
        &["ban", &path, &id(2)],
        &["unban", &path, &id(2)],
        &["merge", &path, &other],
        &["merge", &folder.path("new"), &path],
        &["convert", &path, &folder.path("new.pex")],
    ] {
        let run = book(edit);
        assert_fails(&run, &["1 entries would be lost", "run pex book check"]);
    }
    assert_eq!(fs::read(&path).unwrap(), damaged);
    assert_eq!(folder.files(), ["addrbook.json", "other"]);
    let shown = book(&["show", &path]);
    assert_fails(&shown, &["1 entries can't be read", "pex book check"]);
    assert!(
        shown.out.ends_with("4 addresses: 1 old, 3 new\n"),
        "{}",
        shown.out
    );
}

#[test]
fn what_can_be_saved_is_and_the_damaged_book_is_kept() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    meddle(&path, "\"1.9.9.9\"", "\"1.9.9\"");
    let damaged = fs::read(&path).unwrap();
    let out = folder.path("out");
    let copy = book(&["repair", &path, "--out", &out]);
    assert_done(&copy);
    assert_eq!(fs::read(&path).unwrap(), damaged);
    assert_done(&book(&["check", &out]));
    let taken = book(&["repair", &path, "--out", &out]);
    assert_fails(&taken, &["something here already"]);

    for kept in ["addrbook.json.damaged", "addrbook.json.damaged.1"] {
        fs::write(&path, &damaged).unwrap();
        let repair = book(&["repair", &path]);
        assert_done(&repair);
        assert!(repair.out.contains("entry 1: left out"), "{}", repair.out);
        let last = repair.out.lines().last().unwrap();
        assert!(
            last.starts_with("saved: 4 addresses (1 old, 3 new); lost: 1 entries;"),
            "{last}"
        );
        assert!(last.ends_with(&folder.path(kept)), "{last}");
        assert_eq!(fs::read(folder.path(kept)).unwrap(), damaged);
        assert_done(&book(&["check", &path]));
    }
    let sound = book(&["repair", &path]);
    assert_done(&sound);
    assert_eq!(sound.out, "whole: 4 addresses (1 old, 3 new)\n");
    assert!(!Path::new(&folder.path("addrbook.json.damaged.2")).exists());
}

#[test]
fn a_book_in_which_nothing_is_lost_may_be_changed() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    meddle(&path, "\"bucket_type\": 1", "\"bucket_type\": 3");
    assert_fails(
        &book(&["check", &path]),
        &["0 would be lost", "5 addresses"],
    );
    assert_done(&book(&["add", &path, &address(9)]));
    assert_eq!(
        book(&["check", &path]).out,
        "whole: 6 addresses (2 old, 4 new)\n"
    );
}

#[test]
fn a_book_that_was_cut_short_anywhere_is_checked_and_repaired() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    let whole = fs::read(&path).unwrap();
    let mut saved = Vec::new();
    for tenth in 0..10 {
        fs::write(&path, &whole[..whole.len() * tenth / 10]).unwrap();
        assert_fails(&book(&["check", &path]), &["damaged at line "]);
        assert_fails(
            &book(&["add", &path, &address(7)]),
            &["damaged at line ", "; "],
        );
        assert_fails(&book(&["show", &path]), &["damaged at line "]);
        let before = fs::read(&path).unwrap();
        let repair = book(&["repair", &path]);
        if repair.code == Some(0) {
            let check = book(&["check", &path]);
            assert_done(&check);
            let count = check.out.strip_prefix("whole: ").unwrap();
            assert!(repair.out.contains(count.trim_end()), "{}", repair.out);
            assert!(repair.out.contains("behind the damage"), "{}", repair.out);
            saved.push(count.as_bytes()[0]);
        } else {
            assert_fails(&repair, &["nothing of it can be saved", "from a copy"]);
            assert_eq!(fs::read(&path).unwrap(), before);
            assert_eq!(saved, b"");
        }
    }
    assert!(
        saved.is_sorted() && saved.last() == Some(&b'4'),
        "{saved:?}"
    );
}

#[test]
fn a_book_of_a_site_is_read_with_lax() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &(1..=3).map(near).collect::<Vec<_>>());
    let check = book(&["check", &path]);
    assert_fails(&check, &["3 would be lost", "--lax"]);
    assert_eq!(check.out.lines().count(), 3);
    for command in ["add", "good", "remove"] {
        let run = book(&[command, &path, &near(1)]);
        assert_fails(&run, &["3 entries would be lost", "--lax"]);
    }
    assert_fails(&book(&["repair", &path]), &["nothing of it", "--lax"]);
    assert_done(&book(&["check", &path, "--lax"]));
    assert_done(&book(&["remove", &path, &near(3), "--lax"]));
    // What is shown is what stands there.
    let shown = book(&["show", &path]);
    assert_done(&shown);
    assert!(shown.out.ends_with("2 addresses: 2 old, 0 new\n"));
}

#[test]
fn what_cannot_be_read_or_written_says_what_to_do() {
    let folder = Folder::new();
    let text = folder.path("text");
    fs::write(&text, "[1, 2]").unwrap();
    let large = folder.path("large");
    File::create(&large).unwrap().set_len(1 << 32).unwrap();
    let circle = folder.path("circle");
    symlink("circle", &circle).unwrap();
    let here = folder.path("");
    let one = address(1);
    for command in ["show", "check", "repair"] {
        for (path, says) in [
            (folder.path("none"), "no address book here; check the path"),
            (folder.path("none/none"), "check the path"),
            (here.clone(), "name the file in it"),
            ("/dev/zero".to_owned(), "choose the path of a file"),
            (text.clone(), "; "),
            (large.clone(), "more than any address book has"),
            (circle.clone(), "; "),
            // It is a file, and every attempt to read it fails.
            ("/proc/self/mem".to_owned(), "; "),
        ] {
            assert_fails(&book(&[command, &path]), &[&path, says]);
        }
    }
    for (path, says) in [
        (folder.path("none/none"), "make its folder first"),
        (here, "name the file in it"),
        ("/dev/full".to_owned(), "choose the path of a file"),
        // Not even root may make a file there.
        ("/sys/addrbook.json".to_owned(), "cannot be written"),
        (format!("{text}/x"), "check the path"),
    ] {
        assert_fails(&book(&["add", &path, &one]), &[&path, says]);
    }
    for command in ["good", "remove"] {
        let run = book(&[command, &folder.path("none"), &one]);
        assert_fails(&run, &["no address book here"]);
    }
    assert_eq!(folder.files(), ["circle", "large", "text"]);
}

#[test]
fn who_may_not_read_or_write_is_told_so() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    fs::set_permissions(&path, Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        // Root may do everything.
        return;
    }
    let show = book(&["show", &path]);
    assert_fails(&show, &["choose a file that this user may read"]);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(folder.path(""), Permissions::from_mode(0o555)).unwrap();
    for command in ["add", "remove", "good"] {
        let run = book(&[command, &path, &address(2)]);
        assert_fails(&run, &["cannot be written", "who may write"]);
    }
    assert_done(&book(&["check", &path]));
    fs::set_permissions(folder.path(""), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_disk_that_is_full_leaves_the_old_book() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    let before = fs::read(&path).unwrap();
    // No file may grow beyond two blocks, which is less than the book has.
    let script = "trap '' XFSZ; ulimit -f 2; exec \"$0\" book add \"$1\" \"$2\"";
    let arguments = ["-c", script, env!("CARGO_BIN_EXE_pex"), &path];
    let run = Command::new("sh")
        .args(arguments)
        .arg(address(100))
        .output()
        .unwrap();
    let err = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{err}");
    assert!(err.contains("make room on the disk"), "{err}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(folder.files(), ["addrbook.json"]);
}

#[test]
fn a_link_is_written_through_and_the_damaged_book_is_kept_beside_the_file() {
    let folder = Folder::new();
    let data = folder.path("data");
    fs::create_dir(&data).unwrap();
    let link = folder.path("addrbook.json");
    symlink("data/book", &link).unwrap();
    folder.book("addrbook.json", &some());
    meddle(&link, "\"1.9.9.9\"", "\"\"");
    assert_done(&book(&["repair", &link]));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_done(&book(&["check", &link]));
    let kept = PathBuf::from(data).join("book.damaged");
    assert!(fs::read_to_string(kept).unwrap().contains("\"ip\": \"\""));
}

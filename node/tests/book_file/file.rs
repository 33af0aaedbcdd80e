//! What is at the path, and what becomes of it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use pex::book::BookError;
use pex_node::book_file::{self, BookFileError, Edit, FILE_BYTES_MAX};

use crate::{NOW, book, generation, seed};

fn read(path: &Path) -> BookFileError {
    book_file::read(path, false, seed(), NOW).unwrap_err()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_new_book_can_be_read_by_all_and_an_old_one_keeps_its_mode() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    book_file::write(&path, &book(1)).unwrap();
    assert_eq!(mode(&path), 0o644);
    for kept in [0o600, 0o640, 0o664, 0o444] {
        fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
        book_file::write(&path, &book(kept)).unwrap();
        assert_eq!((mode(&path), generation(&path)), (kept, kept));
    }
}

#[test]
fn a_link_is_followed_whether_there_is_a_file_at_its_end_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    fs::create_dir(&here).unwrap();
    fs::create_dir(&there).unwrap();
    let (link, middle) = (here.join("addrbook.json"), here.join("middle"));
    symlink("middle", &link).unwrap();
    symlink("../there/book", &middle).unwrap();
    for next in [1, 2] {
        book_file::write(&link, &book(next)).unwrap();
        assert_eq!(generation(&there.join("book")), next);
        assert_eq!(generation(&link), next);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(&here).unwrap().count(), 2);
        assert_eq!(fs::read_dir(&there).unwrap().count(), 1);
    }
    // A link to a folder on the way is none of our business.
    let other = folder.path().join("other");
    symlink(&there, &other).unwrap();
    book_file::write(&other.join("book"), &book(3)).unwrap();
    assert_eq!(generation(&link), 3);
    let circle = folder.path().join("circle");
    symlink("circle", &circle).unwrap();
    let error = book_file::write(&circle, &book(1)).unwrap_err();
    assert!(error.to_string().contains("in a circle"), "{error}");
    assert!(read(&circle).to_string().contains("cannot be read"));
}

#[test]
fn what_is_no_file_is_neither_read_nor_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for (path, says) in [
        (folder.path(), "name the file in it"),
        (Path::new("/dev/null"), "choose the path of a file"),
        // Nobody writes to it: reading it would wait for ever.
        (&pipe, "choose the path of a file"),
    ] {
        let error = read(path);
        assert!(error.to_string().contains(says), "{error}");
        let error = book_file::write(path, &book(1)).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_book_that_is_not_there_is_told_from_one_whose_folder_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/addrbook.json");
    assert!(matches!(read(&path), BookFileError::Missing));
    let error = book_file::write(&path, &book(1)).unwrap_err();
    assert!(error.to_string().contains("make its folder"), "{error}");
}

#[test]
fn a_file_beyond_all_measure_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let file = File::create(&path).unwrap();
    file.set_len(1 << 36).unwrap();
    let error = read(&path);
    assert!(
        matches!(error, BookFileError::TooLarge { bytes } if bytes == 1 << 36),
        "{error}"
    );
    file.set_len(FILE_BYTES_MAX).unwrap();
    assert!(matches!(read(&path), BookFileError::Book(_)));
}

#[test]
fn what_is_no_book_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let whole = book(1).to_json();
    for (text, says) in [
        ("", "restore it from a copy"),
        ("{}", "check the path"),
        ("\0\0\0\0", "restore it from a copy"),
        (&whole[..whole.len() / 2], "pex book repair saves"),
    ] {
        fs::write(&path, text).unwrap();
        let error = read(&path);
        assert!(error.to_string().contains(says), "{error}");
    }
    let BookFileError::Book(BookError::Damaged { whole, .. }) = read(&path) else {
        panic!("it is damaged");
    };
    assert!(whole > 5);
    let (saved, _) = book_file::salvage(&path, false, seed(), NOW).unwrap();
    assert_eq!(saved.book.size(), whole);
}

#[test]
fn what_stands_in_the_place_of_the_draft_is_not_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    let (draft, other) = (
        folder.path().join("addrbook.json.new"),
        folder.path().join("x"),
    );
    fs::write(&other, "precious").unwrap();
    symlink(&other, &draft).unwrap();
    book_file::write(&path, &book(1)).unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
    // One that was left is longer than what is written.
    fs::write(&draft, "x".repeat(1 << 20)).unwrap();
    book_file::write(&path, &book(2)).unwrap();
    assert_eq!(generation(&path), 2);
    assert!(!draft.exists());
}

#[test]
fn a_change_that_is_given_up_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    drop(Edit::begin(&path).unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    book_file::write(&path, &book(1)).unwrap();
    drop(Edit::begin(&path).unwrap());
    assert_eq!(generation(&path), 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_damaged_book_is_kept_under_a_name_that_nothing_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("addrbook.json");
    for (damage, name) in [
        ("one", "addrbook.json.damaged"),
        ("two", "addrbook.json.damaged.1"),
        ("three", "addrbook.json.damaged.2"),
    ] {
        fs::write(&path, damage).unwrap();
        let edit = Edit::begin(&path).unwrap();
        let kept = edit.replace_damaged(&book(1)).unwrap();
        assert_eq!(kept, folder.path().join(name));
        assert_eq!(fs::read_to_string(kept).unwrap(), damage);
        assert_eq!(generation(&path), 1);
    }
}

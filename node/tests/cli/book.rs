//! `pex book`.

use std::fs::{self, File};
use std::process::Command;
use std::thread;

use crate::command::{Outcome, Run, pex};

/// The address of the node with this number, at a place of the world in a network of its own.
pub(crate) fn address(n: u8) -> String {
    format!("{}@{n}.9.9.9:26656", id(n))
}

pub(crate) fn id(n: u8) -> String {
    format!("{n:02x}112233445566778899aabbccddeeff00112233")
}

/// One at a place of a site.
pub(crate) fn near(n: u8) -> String {
    format!("{}@10.0.0.{n}:26656", id(n))
}

/// A folder, and the paths of the files in it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort_unstable();
        names
    }

    /// A book with these addresses, the first two of them good.
    pub(crate) fn book(&self, name: &str, addresses: &[String]) -> String {
        let path = self.path(name);
        let mut add = vec!["add", path.as_str(), "--lax"];
        add.extend(addresses.iter().map(String::as_str));
        assert_done(&book(&add));
        let mut good = vec!["good", path.as_str(), "--lax"];
        good.extend(addresses.iter().take(2).map(String::as_str));
        assert_done(&book(&good));
        path
    }
}

pub(crate) fn book(arguments: &[&str]) -> Outcome {
    let mut all = vec!["book"];
    all.extend(arguments);
    pex(&all, "")
}

pub(crate) fn assert_done(run: &Outcome) {
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{}", run.out);
}

/// The command fails, without a panic, and its last line says this.
pub(crate) fn assert_fails(run: &Outcome, says: &[&str]) {
    assert_eq!(run.code, Some(1), "{} {}", run.out, run.err);
    assert!(run.err.starts_with("pex: "), "{}", run.err);
    assert!(!run.err.contains("panicked"), "{}", run.err);
    let last = run.err.lines().last().unwrap();
    for text in says {
        assert!(last.contains(text), "{text}: {}", run.err);
    }
}

pub(crate) fn some() -> Vec<String> {
    (1..=5).map(address).collect()
}

#[test]
fn a_book_is_made_shown_and_found_whole() {
    let folder = Folder::new();
    let path = folder.path("addrbook.json");
    let (teller, third) = (address(9), address(3));
    let add = book(&["add", &path, &third, &address(4), "--source", &teller]);
    assert_done(&add);
    assert_eq!(add.out, "2 added, 0 known already\n");
    let good = book(&["good", &path, &third, &address(5)]);
    assert_done(&good);
    assert_eq!(good.out, "2 marked as good\n");

    let shown = book(&["show", &path]);
    assert_done(&shown);
    let row = |n: u8| shown.out.lines().find(|line| line.starts_with(&id(n)));
    let (old, new) = (row(3).unwrap(), row(4).unwrap());
    assert!(
        old.contains("3.9.9.9:26656") && old.contains("old"),
        "{old}"
    );
    assert!(old.ends_with(&teller) && old.contains(" s "), "{old}");
    assert!(new.contains("new") && new.contains("never"), "{new}");
    assert!(row(5).unwrap().ends_with("itself"));
    assert!(shown.out.ends_with("\n3 addresses: 2 old, 1 new\n"));

    let lines = |option: &[&str]| {
        let run = book(&[&["show", &path, "--json"], option].concat());
        assert_done(&run);
        let line = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        run.out.lines().map(line).collect::<Vec<_>>()
    };
    assert_eq!(lines(&[]).len(), 3);
    assert_eq!(lines(&["--old"]).len(), 2);
    let new = lines(&["--new"]);
    assert_eq!(new.len(), 1);
    assert_eq!(new[0]["address"], address(4));
    assert_eq!(new[0]["source"], teller);
    assert_eq!(new[0]["old"], false);
    assert_eq!(new[0].get("last_success"), None);

    let check = book(&["check", &path]);
    assert_done(&check);
    assert_eq!(check.out, "whole: 3 addresses (2 old, 1 new)\n");
    assert_eq!(folder.files(), ["addrbook.json"]);
}

#[test]
fn what_is_refused_is_named_with_its_reason_and_the_rest_is_done() {
    let folder = Folder::new();
    let path = folder.path("addrbook.json");
    let nowhere = format!("{}@0.0.0.0:1", id(7));
    let run = book(&["add", &path, &near(1), &address(2), &nowhere]);
    assert_fails(&run, &["2 refused"]);
    assert_eq!(run.out, "1 added, 0 known already\n");
    let says = |text: &str| run.err.lines().any(|line| line.contains(text));
    assert!(says(&format!("{}: not everybody can route", near(1))));
    assert!(
        says("--lax") && says("no node can have this"),
        "{}",
        run.err
    );
    // Nothing is made of nothing.
    let none = folder.path("none");
    assert_fails(&book(&["add", &none, &near(1)]), &["1 refused"]);
    assert_fails(&book(&["good", &path, &near(1)]), &["1 refused"]);
    assert_eq!(folder.files(), ["addrbook.json"]);

    assert_done(&book(&["ban", &path, &id(3), "--for", "1h"]));
    let banned = book(&["add", &path, &address(3)]);
    assert_fails(&banned, &["1 refused"]);
    assert!(banned.err.contains("the node is banned"), "{}", banned.err);
    for (command, what, says) in [
        ("remove", id(8), "not in the book"),
        ("remove", address(8), "not in the book"),
        ("unban", id(8), "not banned"),
    ] {
        let before = fs::read(&path).unwrap();
        let run = book(&[command, &path, &what]);
        assert_fails(&run, &["1 refused"]);
        assert!(run.err.contains(says), "{}", run.err);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn nodes_and_addresses_are_removed_banned_and_let_in_again() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    let run = book(&["remove", &path, &id(1), &address(3)]);
    assert_done(&run);
    assert_eq!(run.out, "2 addresses removed\n");
    let run = book(&["ban", &path, &id(2), &id(77), "--for", "7d"]);
    assert_done(&run);
    assert_eq!(run.out, "2 nodes banned, 1 addresses left the book\n");
    let shown = book(&["show", &path]);
    let row = format!("{}  banned for 6 d; 1 addresses", id(2));
    assert!(shown.out.contains(&row), "{}", shown.out);
    let counts = "2 addresses: 0 old, 2 new; 2 nodes banned\n";
    assert!(shown.out.ends_with(counts), "{}", shown.out);
    let run = book(&["unban", &path, &id(2)]);
    assert_done(&run);
    assert_eq!(run.out, "1 bans ended, 1 addresses are new again\n");
    assert_eq!(
        book(&["check", &path]).out,
        "whole: 3 addresses (0 old, 3 new)\n"
    );
}

#[test]
fn books_are_merged() {
    let folder = Folder::new();
    let one = folder.book("one", &some());
    let other = folder.book("other", &(4..=8).map(address).collect::<Vec<_>>());
    assert_done(&book(&["ban", &other, &id(1), &id(8)]));
    let run = book(&["merge", &one, &other]);
    assert_done(&run);
    assert_eq!(run.out, "2 added, 2 updated, 2 bans taken over\n");
    let shown = book(&["show", &one]);
    let counts = "6 addresses: 3 old, 3 new; 2 nodes banned\n";
    assert!(shown.out.ends_with(counts), "{}", shown.out);
    let again = book(&["merge", &one, &other]);
    assert_done(&again);
    assert_eq!(again.out, "0 added, 0 updated, 0 bans taken over\n");
    let new = folder.path("new");
    assert_done(&book(&["merge", &new, &one, &other]));
    assert_eq!(
        book(&["check", &new]).out,
        "whole: 6 addresses (3 old, 3 new)\n"
    );
    // If one of the others can't be read, nothing is written.
    let before = fs::read(&one).unwrap();
    let run = book(&["merge", &one, &new, &folder.path("none")]);
    assert_fails(&run, &["none", "no address book here"]);
    assert_eq!(fs::read(&one).unwrap(), before);
}

#[test]
fn a_book_becomes_a_store_and_lines_and_a_book_again() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    assert_done(&book(&["ban", &path, &id(5)]));
    let (store, lines) = (folder.path("peers.pex"), folder.path("peers.jsonl"));
    let run = book(&["convert", &path, &store]);
    assert_done(&run);
    assert_eq!(run.out, "5 nodes, 5 of 5 addresses\n");
    assert_done(&book(&["convert", &path, &lines]));
    let export = pex(&["peers", "export", &store], "");
    assert_done(&export);
    assert_eq!(export.out, fs::read_to_string(&lines).unwrap());
    assert_eq!(export.out.matches("last_success").count(), 2);

    for (from, to) in [(&store, "1.json"), (&lines, "2.json")] {
        let to = folder.path(to);
        assert_done(&book(&["convert", from, &to]));
        let shown = book(&["show", &to]);
        let counts = "4 addresses: 2 old, 2 new; 1 nodes banned\n";
        assert!(shown.out.ends_with(counts), "{}", shown.out);
    }
}

#[test]
fn what_cannot_be_converted_is_said_and_nothing_is_made() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &some());
    let odd = folder.path("odd");
    let unsaid = book(&["convert", &path, &odd]);
    assert_eq!(unsaid.code, Some(2), "{}", unsaid.err);
    for says in ["what is it to be?", "--to"] {
        assert!(unsaid.err.contains(says), "{}", unsaid.err);
    }
    assert_done(&book(&["convert", &path, &odd, "--to", "store"]));
    assert_done(&pex(&["peers", "check", &odd], ""));
    assert_fails(&book(&["convert", &path, &odd, "--to", "lines"]), &["move"]);
    let again = folder.path("again.json");
    assert_fails(&book(&["convert", &path, &again]), &["of this form"]);
    let text = folder.path("text");
    fs::write(&text, "[]").unwrap();
    let lines = folder.path("again.jsonl");
    assert_fails(
        &book(&["convert", &text, &lines]),
        &["neither an address book"],
    );
    assert_fails(
        &book(&["convert", &folder.path("none"), &again]),
        &["check the path"],
    );
    assert_eq!(folder.files(), ["addrbook.json", "odd", "text"]);
}

#[test]
fn names_and_what_is_too_much_for_a_book_are_counted() {
    let folder = Folder::new();
    let lines = folder.path("peers.jsonl");
    let place = |place: &str| format!("{{\"address\":\"{}@{place}\"}}", id(1));
    let places = [
        "a.example:1",
        "b.example:1",
        "1.9.9.9:1",
        "10.0.0.1:1",
        "9.9.9.9:1",
    ];
    let addresses: Vec<String> = places.into_iter().map(place).collect();
    let text = format!(
        "{{\"id\":\"{}\",\"addresses\":[{}]}}\n",
        id(1),
        addresses.join(",")
    );
    fs::write(&lines, text).unwrap();
    let out = folder.path("addrbook.json");
    let run = book(&["convert", &lines, &out]);
    assert_fails(
        &run,
        &["3 addresses are left out; the others are converted"],
    );
    assert_eq!(run.out, "1 nodes, 2 of 5 addresses\n");
    for says in [
        "2 addresses left out: the host is no IP address",
        "1 addresses left out: not everybody",
    ] {
        assert!(run.err.contains(says), "{}", run.err);
    }
    assert_done(&book(&["check", &out]));
}

#[test]
fn who_reads_no_further_is_no_error_and_a_full_disk_is_one() {
    let folder = Folder::new();
    let path = folder.book("addrbook.json", &(1..=9).map(address).collect::<Vec<_>>());
    for options in [&["show", &path][..], &["show", &path, "--json"]] {
        let mut all = vec!["book"];
        all.extend(options);
        let mut run = Run::start(&all, Vec::new());
        run.close_output();
        let run = run.end();
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    }
    let script = "\"$0\" book show \"$1\" | head -n 1";
    let head = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_pex"), &path])
        .output()
        .unwrap();
    assert_eq!(head.stderr, b"");
    let full = Command::new(env!("CARGO_BIN_EXE_pex"))
        .args(["book", "check", &path])
        .stdout(File::create("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(full.status.code(), Some(1));
    assert!(full.stderr.starts_with(b"pex: "));
}

#[test]
fn those_who_change_a_book_at_the_same_time_lose_nothing() {
    let folder = Folder::new();
    let path = folder.path("addrbook.json");
    thread::scope(|scope| {
        for n in 11..31 {
            let path = &path;
            scope.spawn(move || assert_done(&book(&["add", path, &address(n), "--lax"])));
        }
    });
    assert_eq!(
        book(&["check", &path, "--lax"]).out,
        "whole: 20 addresses (0 old, 20 new)\n"
    );
    assert_eq!(folder.files(), ["addrbook.json"]);
}

#[test]
fn a_wrong_command_line_exits_with_two() {
    let nowhere = "/nowhere";
    let name = format!("{}@a.example:1", id(1));
    for (arguments, says) in [
        (&["add", nowhere][..], "ID@IP:PORT"),
        (&["add", nowhere, "x@1.2.3.4:1"], "invalid value"),
        (&["add", nowhere, &name], "look the name up"),
        (&["ban", nowhere, "x"], "40 hexadecimal digits"),
        (&["ban", nowhere, &id(1), "--for", "soon"], "invalid value"),
        (&["ban", nowhere, &id(1), "--for", "0s"], "more than 0s"),
        (&["remove", nowhere, "x"], "40 hexadecimal digits"),
        (&["show", nowhere, "--old", "--new"], "cannot be used with"),
        (&["convert", nowhere], "<TO>"),
        (&["dance"], "unrecognized subcommand"),
    ] {
        let run = book(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}");
        assert!(run.err.contains(says), "{arguments:?}: {}", run.err);
    }
}

#[test]
fn each_command_explains_itself_with_an_example() {
    for command in [
        "show", "check", "repair", "convert", "add", "remove", "good", "ban", "unban", "merge",
    ] {
        let help = book(&[command, "--help"]);
        assert_eq!(help.code, Some(0));
        let example = format!("Example: pex book {command} ");
        assert!(help.out.contains(&example), "{}", help.out);
    }
}

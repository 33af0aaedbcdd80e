//! Files that are damaged, and what is left of them.

use pex::book::{AddrBook, BookError, Loaded, RepairKind};
use pex::{NodeId, Time};

use crate::file::rich;
use crate::kit::{DAY, NOW, id, node, seed, sound, strict, teller};

const KEY: &str = "0123456789abcdef01234567";

fn place(n: u32) -> String {
    let address = node(n);
    format!(
        r#"{{"id":"{}","ip":"{}","port":26656}}"#,
        address.id(),
        address.ip()
    )
}

/// An entry, with something else in the place of one of its members.
fn entry(n: u32, but: &str) -> String {
    let members = [
        ("addr", place(n)),
        ("src", place(1_000)),
        ("buckets", String::from("[7]")),
        ("attempts", String::from("1")),
        ("bucket_type", String::from("1")),
        ("last_attempt", String::from("\"2023-11-01T00:00:00Z\"")),
        ("last_success", String::from("\"0001-01-01T00:00:00Z\"")),
    ];
    let (name, other) = but.split_once('=').unwrap_or_default();
    let members = members.map(|(its, value)| {
        let value = if its == name { other } else { &value };
        format!("\"{its}\":{value}")
    });
    let members = members.iter().filter(|it| !it.ends_with(':'));
    format!(
        "{{{}}}",
        members.map(String::as_str).collect::<Vec<_>>().join(",")
    )
}

fn file(entries: &[String], ours: &str) -> String {
    let ours = if ours.is_empty() {
        String::new()
    } else {
        format!(",\"pex\":{ours}")
    };
    format!(r#"{{"key":"{KEY}","addrs":[{}]{ours}}}"#, entries.join(","))
}

fn read(text: &str) -> Loaded {
    let loaded = AddrBook::read(text.as_bytes(), true, seed(), NOW).unwrap();
    sound(&loaded.book);
    loaded
}

fn said_of(loaded: &Loaded) -> Vec<(Option<usize>, RepairKind)> {
    let all = loaded.repairs.iter();
    all.map(|it| (it.entry, it.kind)).collect()
}

/// What is said of a file with this entry between two that are right.
fn said(entry_: &str) -> (usize, Vec<RepairKind>) {
    let loaded = read(&file(&[entry(1, ""), entry_.to_owned(), entry(3, "")], ""));
    assert!(loaded.book.has_address(&node(1)) && loaded.book.has_address(&node(3)));
    assert!(loaded.repairs.iter().all(|it| it.entry == Some(2)));
    (
        loaded.lost(),
        loaded.repairs.iter().map(|it| it.kind).collect(),
    )
}

#[test]
fn what_is_wrong_with_an_entry_is_mended_or_costs_that_entry_alone() {
    use RepairKind::{
        Address, Attempts, Bucket, NeverReached, NotRoutable, Shape, Source, Time, Twice,
    };
    let cases = [
        ("", 0, vec![]),
        ("addr=", 1, vec![Shape]),
        ("addr=7", 1, vec![Shape]),
        ("attempts=\"1\"", 1, vec![Shape]),
        ("attempts=99999999999999999999", 1, vec![Shape]),
        ("buckets=[1e3]", 1, vec![Shape]),
        (
            r#"addr={"id":"11","ip":"9.9.9.9","port":1}"#,
            1,
            vec![Address],
        ),
        (
            r#"addr={"id":"0000000a11111111111111111111111111111111","ip":"a.b","port":1}"#,
            1,
            vec![Address],
        ),
        (
            r#"addr={"id":"0000000a11111111111111111111111111111111","ip":"9.9.9.9","port":65536}"#,
            1,
            vec![Address],
        ),
        (
            r#"addr={"id":"0000000a11111111111111111111111111111111","ip":"10.0.0.1","port":1}"#,
            1,
            vec![NotRoutable],
        ),
        ("src=", 0, vec![Source]),
        ("src={}", 0, vec![Source]),
        ("src=null", 0, vec![Source]),
        ("buckets=[256]", 0, vec![Bucket]),
        ("buckets=[-1,7]", 0, vec![Bucket]),
        ("buckets=[7,7]", 0, vec![Bucket]),
        ("buckets=[1,2,3,4,5]", 0, vec![Bucket]),
        ("buckets=[]", 0, vec![Bucket]),
        ("buckets=null", 0, vec![Bucket]),
        ("bucket_type=0", 0, vec![Bucket]),
        ("bucket_type=3", 0, vec![Bucket]),
        ("bucket_type=2", 0, vec![NeverReached]),
        ("last_attempt=\"yesterday\"", 0, vec![Time]),
        ("last_attempt=\"2100-01-01T00:00:00Z\"", 0, vec![Time]),
        ("last_success=\"9999-01-01T00:00:00Z\"", 0, vec![Time]),
        ("attempts=-1", 0, vec![Attempts]),
        ("attempts=4294967296", 0, vec![Attempts]),
    ];
    for (but, lost, kinds) in cases {
        assert_eq!(said(&entry(2, but)), (lost, kinds), "{but}");
    }
    for wrong in ["null", "{}", "7", "[]", "\"\""] {
        assert_eq!(said(wrong), (1, vec![Shape]), "{wrong}");
    }
    assert_eq!(said(&entry(1, "")), (1, vec![Twice]));
}

#[test]
fn of_a_node_with_five_addresses_the_first_four_are_kept() {
    let another = |network: u32| {
        let addr = place(1).replace("32.1.", &format!("33.{network}."));
        entry(1, &format!("addr={addr}"))
    };
    let entries: Vec<_> = (0..5).map(another).collect();
    let loaded = read(&file(&entries, ""));
    let five = (Some(5), RepairKind::TooMany);
    assert_eq!((loaded.book.size(), said_of(&loaded)), (4, vec![five]));
}

#[test]
fn of_what_does_not_fit_hearsay_goes_first() {
    // The bucket of a seventieth is the hash's own matter: here it is full as well.
    let all: Vec<_> = (0..256 * 64)
        .map(|n| {
            entry(10_000 + n % 6_000, "")
                .replacen("26656", &(n / 6_000 + 1).to_string(), 1)
                .replacen(
                    &id(10_000 + n % 6_000).to_string(),
                    &id(10_000 + n).to_string(),
                    1,
                )
                .replace("[7]", &format!("[{}]", n / 64))
        })
        .collect();
    let more = entry(1, "");
    let loaded = read(&file(&[all.clone(), vec![more]].concat(), ""));
    let full = |entry| (entry, RepairKind::Full);
    assert_eq!(said_of(&loaded), [full(Some(16_385))]);
    assert_eq!(loaded.lost(), 1);
    let reached = entry(1, "last_success=\"2023-11-01T00:00:00Z\"");
    let loaded = read(&file(&[all, vec![reached]].concat(), ""));
    assert_eq!(said_of(&loaded), [full(None)]);
    assert!(loaded.book.has_address(&node(1)));
}

#[test]
fn a_key_that_is_none_is_drawn_anew_and_a_member_of_ours_that_is_wrong_is_ignored() {
    let right = file(&[entry(1, "")], "");
    for wrong in [
        "\"\"",
        "7",
        "null",
        "\"0123456789abcdef0123456\"",
        "\"0123456789abcdef0123456g\"",
    ] {
        let loaded = read(&right.replace(&format!("\"{KEY}\""), wrong));
        let drawn = (None, RepairKind::Key);
        assert_eq!((loaded.book.size(), said_of(&loaded)), (1, vec![drawn]));
    }
    let id = "\"0000000a11111111111111111111111111111111\"";
    let wrong = [
        String::from("7"),
        String::from(r#"{"anchors":["x"]}"#),
        String::from(r#"{"anchors":[7]}"#),
        String::from(r#"{"bans":[7]}"#),
        format!(r#"{{"bans":[{{"id":{id},"until":"never"}}]}}"#),
        r#"{"bans":[{"id":"x","until":"2023-11-01T00:00:00Z"}]}"#.to_string(),
    ];
    for ours in wrong {
        let loaded = read(&file(&[entry(1, "")], &ours));
        let ignored = (None, RepairKind::Ours);
        assert_eq!(said_of(&loaded), [ignored], "{ours}");
        assert_eq!((loaded.book.size(), loaded.book.bans().count()), (1, 0));
    }
    // Numbers go on behind the list of the reference, whatever was lost of that.
    let ours = format!(r#"{{"addrs":[{}]}}"#, entry(1, ""));
    let loaded = read(&file(&[entry(1, ""), String::from("7")], &ours));
    let entries: Vec<_> = loaded.repairs.iter().map(|it| it.entry).collect();
    assert_eq!(entries, [Some(2), Some(3)]);
}

#[test]
fn every_kind_of_repair_says_what_was_wrong() {
    use RepairKind::{
        Address, Attempts, Bucket, Full, Key, NeverReached, NotRoutable, Ours, Shape, Source, Time,
        TooMany, Twice,
    };
    let kinds = [
        Key,
        Shape,
        Address,
        NotRoutable,
        Twice,
        TooMany,
        Full,
        Source,
        Bucket,
        NeverReached,
        Time,
        Attempts,
        Ours,
    ];
    let mut texts: Vec<_> = kinds.iter().map(ToString::to_string).collect();
    for (kind, text) in kinds.iter().zip(&texts) {
        assert_eq!(kind.loses(), text.starts_with("left out: "), "{text}");
    }
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 13);
    let loaded = read(&file(&[entry(1, ""), String::from("7")], ""));
    let text = loaded.repairs[0].to_string();
    assert!(text.starts_with("entry 2: left out"), "{text}");
}

#[test]
fn a_book_cut_off_anywhere_is_damaged_there_and_what_stands_whole_before_is_kept() {
    let mut book = strict();
    for n in 1..=3 {
        crate::kit::learn(&mut book, &node(n), &teller(n));
    }
    book.mark_good(NOW, &node(2));
    book.mark_bad(NOW, id(9), DAY);
    book.set_anchors(vec![id(1)]);
    let text = book.to_json();
    // An entry is whole with its last brace, which is indented by two tabs.
    let ends: Vec<_> = text
        .match_indices("\n\t\t}")
        .map(|(at, found)| at + found.len())
        .collect();
    for cut in 0..text.len() {
        let part = &text.as_bytes()[..cut];
        let (loaded, error) = AddrBook::salvage(part, true, seed(), NOW);
        let standing = ends.iter().take(3).filter(|&&end| end <= cut).count();
        let Some(BookError::Damaged {
            line,
            column,
            whole,
            why,
        }) = &error
        else {
            unreachable!("{cut}: {error:?}");
        };
        let lines = part.split(|&byte| byte == b'\n').count() - 1;
        assert_eq!((*line, *whole), (lines + 1, standing), "{cut}");
        assert!(*column >= 1 && !why.is_empty());
        assert_eq!(
            (loaded.book.size(), loaded.repairs.len()),
            (standing, 0),
            "{cut}"
        );
        sound(&loaded.book);
        let text = error.as_ref().map(ToString::to_string).unwrap();
        assert!(text.contains(&format!(
            "line {line}, column {column}, after {whole} whole"
        )));
        assert_eq!(
            AddrBook::read(part, true, seed(), NOW).unwrap_err(),
            error.unwrap()
        );
    }
    // The reference stops at the end of the book too, whatever follows.
    for behind in ["\n", "garbage", "{}", "\u{feff}"] {
        let text = format!("{text}{behind}");
        assert!(
            AddrBook::read(text.as_bytes(), true, seed(), NOW).is_ok(),
            "{behind}"
        );
    }
    let not_text = [text.as_bytes(), b"\xff\xfe"].concat();
    assert!(AddrBook::read(&not_text, true, seed(), NOW).is_ok());
}

#[test]
fn a_byte_that_is_no_text_costs_what_stands_behind_it() {
    let mut bytes = rich().to_json().into_bytes();
    let half = bytes.len() / 2;
    bytes[half] = 0xff;
    let (loaded, error) = AddrBook::salvage(&bytes, true, seed(), NOW + DAY);
    let Some(BookError::Damaged { whole, why, .. }) = error else {
        unreachable!("{error:?}");
    };
    assert_eq!(
        (loaded.book.size(), why.as_str()),
        (whole, "what follows is no text")
    );
    assert!(whole > 10);
}

#[test]
fn where_the_text_only_ends_it_is_said_that_it_ends() {
    let json = rich().to_json();
    let (_, error) = AddrBook::salvage(&json.as_bytes()[..json.len() / 2], true, seed(), NOW);
    let Some(BookError::Damaged { why, .. }) = error else {
        unreachable!("{error:?}");
    };
    assert!(why.starts_with("EOF while parsing"), "{why}");
}

#[test]
fn a_second_list_that_is_none_is_said_to_be_none() {
    let text = format!(r#"{{"key":"{KEY}","addrs":[{{}}],"addrs":7}}"#);
    let (_, error) = AddrBook::salvage(text.as_bytes(), true, seed(), NOW);
    let Some(BookError::Damaged { whole: 1, why, .. }) = error else {
        unreachable!("{error:?}");
    };
    assert!(why.ends_with("expected a list of addresses"), "{why}");
}

#[test]
fn what_is_json_and_no_book_is_said_to_be_none() {
    for text in [
        "[]",
        "7",
        "null",
        "{}",
        "\"\"",
        r#"{"addrs":7}"#,
        r#"{"key":"x"}"#,
        r#"{"addrs":{}}"#,
    ] {
        let read = AddrBook::read(text.as_bytes(), true, seed(), NOW);
        assert_eq!(read.map(|_| ()), Err(BookError::NotABook), "{text}");
    }
    assert!(BookError::NotABook.to_string().contains("addrs"));
    // Go writes so what was never made.
    let loaded = read(&format!(r#"{{"key":"{KEY}","addrs":null}}"#));
    assert!(loaded.book.is_empty());
}

#[test]
fn bans_are_kept_over_a_restart_and_take_out_who_sits_in_the_file_all_the_same() {
    let ban = |n: u32| {
        format!(
            r#"{{"id":"{}","until":"2100-01-01T00:00:00Z","addrs":[{{"addr":{},"src":{}}}]}}"#,
            id(n),
            place(n),
            place(2)
        )
    };
    let ours = format!(r#"{{"bans":[{},{}]}}"#, ban(1), ban(5));
    let mut loaded = read(&file(&[entry(1, ""), entry(3, "")], &ours));
    assert_eq!((loaded.book.size(), loaded.repairs.len()), (1, 0));
    let until = Time::from_secs(4_102_444_800);
    let banned: Vec<(NodeId, Time)> = loaded
        .book
        .bans()
        .map(|(id, ban)| (id, ban.until))
        .collect();
    assert_eq!(banned, [(id(1), until), (id(5), until)]);
    assert_eq!(loaded.book.reinstate_bad_peers(until), 2);
    assert!(loaded.book.has_address(&node(1)) && loaded.book.has_address(&node(5)));
}

#[test]
fn who_has_come_back_after_his_ban_is_still_there_after_a_restart() {
    let mut book = strict();
    book.mark_bad(NOW, id(1), DAY);
    // It is over, and nobody has wanted more addresses since.
    let later = NOW + DAY;
    assert!(book.add_address(later, &node(1), &teller(1)).is_ok());
    let text = book.to_json();
    let loaded = AddrBook::read(text.as_bytes(), true, seed(), later).unwrap();
    assert!(loaded.book.has_address(&node(1)));
    assert!(loaded.book.to_json() == text);
}

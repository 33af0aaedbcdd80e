//! Golden transcripts: what the machine does in each important story, to be read by people.
//!
//! A transcript holds options, events (`<`) and what follows from them (`>`). The test plays the
//! events again and compares; `PEX_REWRITE=1 cargo test --test golden` writes what it gets, so that
//! a change of behaviour can be read as a difference of text.

#[path = "golden/script.rs"]
mod script;

use std::fs;
use std::path::{Path, PathBuf};

/// The stories; one that is missing, or that nobody plays, is an error.
const STORIES: [&str; 13] = [
    "answers-walk-the-store",
    "arcs-for-kin",
    "epoch-change",
    "first-contact-v1-with-names",
    "first-contact-v2",
    "nearly-full",
    "oversized-and-garbage",
    "policy-0350",
    "policy-0359",
    "silent-peer",
    "too-many-peers",
    "too-soon",
    "unsolicited",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn every_story_goes_as_it_is_written_down() {
    let rewrite = std::env::var("PEX_REWRITE").is_ok_and(|value| value == "1");
    let mut changed = Vec::new();
    for story in STORIES {
        let path = folder().join(story).with_extension("txt");
        let written = fs::read_to_string(&path).unwrap();
        let played = script::play(&written).unwrap_or_else(|error| panic!("{story}: {error}"));
        assert!(played.contains("\n> "), "{story}: nothing happens");
        if played == written {
            continue;
        }
        if rewrite {
            fs::write(&path, &played).unwrap();
        }
        changed.push(format!(
            "{story}\n{}",
            script::difference(&written, &played)
        ));
    }
    assert!(
        rewrite || changed.is_empty(),
        "if this is meant, run it again with PEX_REWRITE=1\n{}",
        changed.join("\n")
    );
}

#[test]
fn every_transcript_is_a_story_that_is_played() {
    let mut found: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, STORIES);
}

#[test]
fn a_transcript_with_another_outcome_is_noticed() {
    let story = fs::read_to_string(folder().join("first-contact-v2.txt")).unwrap();
    let tampered = story.replace("> send alice", "> send bob");
    assert_ne!(tampered, story);
    assert_eq!(script::play(&tampered).unwrap(), story);
    assert!(script::difference(&tampered, &story).contains("+ > send alice"));
}

//! What the documentation says of the code.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The text of every source file below a folder.
fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_test_that_the_guide_of_a_seed_names_is_there() {
    let guide = fs::read_to_string(root().join("docs/seed.md")).unwrap();
    let mut all = String::new();
    for folder in ["src", "tests", "node/src", "node/tests"] {
        sources(&root().join(folder), &mut all);
    }
    let quoted = guide.split('`').skip(1).step_by(2);
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_test = |text: &&str| is_name(text) && text.matches('_').count() >= 5;
    let named: Vec<&str> = quoted.filter(is_test).collect();
    assert!(named.len() > 30, "{named:?}");
    for name in named {
        assert!(all.contains(&format!("fn {name}(")), "{name}");
    }
}

#[test]
fn every_key_that_the_guide_of_a_seed_names_is_one() {
    let guide = fs::read_to_string(root().join("docs/seed.md")).unwrap();
    let reloads: Vec<&str> = pex_node::settings::KEYS
        .iter()
        .filter(|key| key.reloads)
        .map(|key| key.id)
        .collect();
    let (_, after) = guide.split_once("After SIGHUP these are in force").unwrap();
    let (listed, _) = after.split_once("Above a lowered limit").unwrap();
    let mut listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    let mut expected = reloads;
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

//! The faults of `sim/mutants` that are put in to see that the simulation notices them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("mutants")
}

/// The patches by name.
fn patches() -> BTreeMap<String, String> {
    let files = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path());
    let patches = files.filter(|path| path.extension().is_some_and(|it| it == "patch"));
    let named = patches.map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&path).unwrap())
    });
    named.collect()
}

/// Puts a patch in; what it makes of each file.
fn apply(name: &str, patch: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for part in patch.split("\n--- a/").skip(1) {
        let (file, rest) = part.split_once('\n').unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut text = fs::read_to_string(root.join(file)).unwrap();
        for hunk in rest.split("\n@@ ").skip(1) {
            let lines: Vec<_> = hunk.lines().skip(1).collect();
            let without = |sign: char| {
                let lines = lines.iter().filter(|line| !line.starts_with(sign));
                let lines = lines.map(|line| line.get(1..).unwrap_or_default());
                let lines: Vec<_> = lines.chain([""]).collect();
                lines.join("\n")
            };
            let (old, new) = (without('+'), without('-'));
            assert_eq!(text.matches(&old).count(), 1, "{name} does not fit {file}");
            text = text.replacen(&old, &new, 1);
        }
        files.push((file.to_owned(), text));
    }
    files
}

#[test]
fn every_mutant_fits_the_sources_and_says_what_it_breaks() {
    let patches = patches();
    assert!(patches.len() >= 30, "{}", patches.len());
    for (name, patch) in patches {
        assert!(patch.starts_with("Breaks: "), "{name}");
        assert!(patch.contains("\nNoticed by: invariant "), "{name}");
        assert!(!apply(&name, &patch).is_empty(), "{name}");
    }
}

#[test]
fn the_table_of_the_mutants_has_each_of_them_and_none_survived() {
    let table = fs::read_to_string(folder().join("README.md")).unwrap();
    assert!(!table.contains("SURVIVED"));
    for name in patches().keys() {
        let (number, name) = name.split_once('-').unwrap();
        assert!(table.contains(&format!("| {number} | {name} | ")), "{name}");
    }
}

//! The tables beside these tests name tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

/// The words between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_the_tables_name_exists() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let read = |path: &str| std::fs::read_to_string(tests.join(path)).unwrap();
    let mut named = BTreeSet::new();
    for table in ["CONFORMANCE.md", "INVARIANTS.md"] {
        let text = read(table);
        let tokens = quoted(&text).filter(|it| !it.contains(['.', '/', ' ']));
        named.extend(
            tokens
                .filter_map(|it| it.split_once("::"))
                .filter(|(theme, _)| !matches!(*theme, "Pex" | "theme"))
                .map(|(theme, name)| (theme.to_string(), name.to_string())),
        );
    }
    for (theme, name) in &named {
        let source = read(&format!("scenarios/{theme}.rs"));
        let test = format!("#[test]\nfn {name}() {{");
        assert!(source.contains(&test), "{theme}::{name} is no test");
    }
    assert!(named.len() > 50, "{}", named.len());
}

#[test]
fn the_tables_have_all_their_rows() {
    let conformance = include_str!("../CONFORMANCE.md");
    let invariants = include_str!("../INVARIANTS.md");
    let rows = |text: &str, n: u32| {
        text.lines()
            .filter(|it| it.starts_with(&format!("| {n} |")))
            .count()
    };
    for n in 1..=26 {
        assert_eq!(rows(conformance, n), 2, "a weakness and a threat {n}");
    }
    for n in 1..=36 {
        assert_eq!(rows(invariants, n), 1, "invariant {n}");
    }
}

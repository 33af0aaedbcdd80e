//! The tables beside these tests name tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

/// The tables, put together.
const TABLES: &str = concat!(
    include_str!("../CONFORMANCE.md"),
    include_str!("../INVARIANTS.md"),
    include_str!("../../SECURITY.md")
);

/// A file that a table names, by its path from the root, and a test in it or none.
type Named = (String, Option<String>);

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c != '_' && !c.is_ascii_alphanumeric())
}

/// What a table names: `theme::test`, `file`, and each `test` that follows a `file` with nothing
/// but a colon or commas between them.
fn named(text: &str) -> BTreeSet<Named> {
    let mut found = BTreeSet::new();
    let mut file = None;
    let mut pieces = text.split('`');
    while let (Some(between), Some(token)) = (pieces.next(), pieces.next()) {
        if between != ": " && between != ", " {
            file = None;
        }
        if let Some((theme, test)) = token.split_once("::") {
            file = None;
            if is_word(theme)
                && is_word(test)
                && !matches!(
                    theme,
                    "AddrBook" | "Pex" | "PeerManager" | "Switch" | "theme"
                )
            {
                found.insert((format!("tests/scenarios/{theme}.rs"), Some(test.into())));
            }
        } else if Path::new(token).extension().is_some_and(|it| it == "rs")
            && token != "tests/scenarios/theme.rs"
        {
            file = Some(token);
            found.insert((token.into(), None));
        } else if let Some(file) = file.filter(|_| is_word(token)) {
            found.insert((file.into(), Some(token.into())));
        }
    }
    found
}

/// Whether a source has a function of this name under an attribute that makes it a test.
fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}() {{");
    source.match_indices(&head).any(|(at, _)| {
        let before = source.get(..at).unwrap_or_default();
        let before = before.strip_suffix("async ").unwrap_or(before);
        let attribute = before.trim_end().lines().last().unwrap_or_default().trim();
        attribute == "#[test]" || attribute.starts_with("#[tokio::test")
    })
}

#[test]
fn every_test_that_the_tables_name_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = named(TABLES);
    for (file, test) in &named {
        // The published package of the core comes without the node and the simulator.
        let mut apart = ["node", "sim"].into_iter();
        if apart.any(|it| Path::new(file).starts_with(it) && !root.join(it).exists()) {
            continue;
        }
        let source = std::fs::read_to_string(root.join(file));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        if let Some(test) = test {
            assert!(has_test(&source, test), "{file}: {test} is no test");
        }
    }
    assert!(named.len() > 80, "{}", named.len());
    // A file without its ending would be passed over, and its tests with it.
    for folder in ["node/", "sim/"] {
        let theirs = named.iter().filter(|(file, _)| file.starts_with(folder));
        let tests = theirs.filter(|(_, test)| test.is_some()).count();
        assert!(tests > 5, "{folder}: {tests}");
    }
}

#[test]
fn a_name_in_a_table_is_a_theme_with_a_test_or_a_file_with_its_tests() {
    let text = "`a::b`, `c`; `x/y.rs`: `d`, `e`; `f`, see `z.rs`, the target `g`, `Pex::check`";
    let expected: [(&str, Option<&str>); 5] = [
        ("tests/scenarios/a.rs", Some("b")),
        ("x/y.rs", None),
        ("x/y.rs", Some("d")),
        ("x/y.rs", Some("e")),
        ("z.rs", None),
    ];
    let expected = expected.map(|(file, test)| (file.to_string(), test.map(String::from)));
    assert_eq!(named(text), BTreeSet::from(expected));
    let source = "#[test]\nfn one() {\n#[tokio::test]\nasync fn two() {\n    #[test]\n    fn four() {\nfn three() {";
    assert!(
        ["one", "two", "four"]
            .iter()
            .all(|name| has_test(source, name))
    );
    assert!(!has_test(source, "three") && !has_test(source, "ne"));
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
    for n in 1..=37 {
        assert_eq!(rows(invariants, n), 1, "invariant {n}");
    }
    // Each threat is named with its defence, alone or with others.
    let security = include_str!("../../SECURITY.md");
    let firsts = security
        .lines()
        .filter_map(|it| it.strip_prefix("| ")?.split(" |").next());
    let numbers: BTreeSet<u32> = firsts
        .flat_map(|it| it.split(", "))
        .filter_map(|it| it.parse().ok())
        .collect();
    assert!((1..=26).all(|n| numbers.contains(&n)), "{numbers:?}");
}

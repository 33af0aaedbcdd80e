//! `docs/tune.md` lists every option, in the words of the builders: what is said of an option is
//! written once. `PEX_WRITE=1 cargo test --test guide` writes the page anew.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- Below this line the page is made from the builders' documentation. -->\n";

/// A group of options: its title, and where its builder is.
const GROUPS: [(&str, &str); 3] = [
    (
        "The exchange: `Config::builder()`, for every node",
        "src/config.rs",
    ),
    (
        "The peer manager of V2: `peers::Options::builder()`",
        "src/peers/options/builder.rs",
    ),
    (
        "The node of V1: `v1::Options::builder()` and `v1::Options::seed()`",
        "src/v1/options.rs",
    ),
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The options that a builder has, each with its parameters and its documentation.
fn options(source: &str) -> Vec<(String, String)> {
    let (mut found, mut said) = (Vec::new(), Vec::new());
    for line in source.lines() {
        let line = line.trim_start();
        if let Some(text) = line.strip_prefix("///") {
            said.push(text.trim().to_owned());
            continue;
        }
        let signature = line
            .strip_prefix("pub const fn ")
            .or_else(|| line.strip_prefix("pub fn "));
        if let Some((name, parameters)) = signature.and_then(|it| it.split_once("(mut self, ")) {
            let parameters: Vec<_> = parameters
                .split(", ")
                .filter_map(|it| it.split_once(':').map(|(name, _)| name))
                .collect();
            let call = format!("{name}({})", parameters.join(", "));
            found.push((call, plain(&said.join("\n"))));
        }
        said.clear();
    }
    found
}

/// Documentation without its links: "[`Kind`](crate::Kind)" becomes "`Kind`".
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else {
            break;
        };
        let _fits = write!(out, "{before}`{name}`");
        rest = match after.strip_prefix('(') {
            Some(target) => target.split_once(')').unwrap().1,
            None => after,
        };
    }
    out + rest
}

fn page() -> String {
    let mut page = String::new();
    for (title, path) in GROUPS {
        let _fits = writeln!(page, "\n## {title}");
        for (call, said) in options(&read(path)) {
            let _fits = writeln!(page, "\n### `{call}`\n\n{said}");
        }
    }
    page
}

#[test]
fn the_page_of_options_says_what_the_builders_say() {
    let file = read("docs/tune.md");
    let (by_hand, made) = file.split_once(BEGIN).unwrap();
    let page = page();
    if std::env::var_os("PEX_WRITE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tune.md");
        fs::write(path, [by_hand, BEGIN, &page].concat()).unwrap();
        return;
    }
    assert!(
        made == page,
        "docs/tune.md is stale: PEX_WRITE=1 cargo test --test guide"
    );
}

#[test]
fn every_option_says_its_default_and_its_bound() {
    for (_, path) in GROUPS {
        let options = options(&read(path));
        assert!(options.len() > 10, "{path}: {options:?}");
        for (call, said) in options {
            assert!(
                said.to_lowercase().contains("default"),
                "{path}: {call}: {said}"
            );
            let lists = [
                "own",
                "private",
                "persistent(",
                "unconditional",
                "scores",
                "seeds",
            ];
            let choices = [
                "policy",
                "extension",
                "nearest",
                "fairness",
                "tells",
                "allow_duplicate_ip",
            ];
            let has_no_range = lists.iter().chain(&choices).any(|it| call.starts_with(it));
            let words = said
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase();
            let bounds = ["; 1 to ", "at most", "at least", "up to", "no less than"];
            // "from 1 ms", "from a second".
            let is_range = |it: &str| it.starts_with(|c: char| c.is_ascii_digit() || c == 'a');
            let is_bounded = has_no_range
                || bounds.iter().any(|it| words.contains(it))
                || words.split("from ").skip(1).any(is_range);
            assert!(is_bounded, "{path}: {call}: {said}");
        }
    }
}

#[test]
fn the_options_named_by_hand_are_options() {
    let file = read("docs/tune.md");
    let (by_hand, _) = file.split_once(BEGIN).unwrap();
    let all: BTreeSet<String> = GROUPS
        .iter()
        .flat_map(|(_, path)| options(&read(path)))
        .filter_map(|(call, _)| call.split_once('(').map(|(name, _)| name.to_owned()))
        .collect();
    let table = by_hand.lines().filter(|line| line.starts_with("| `"));
    let mut count = 0;
    for row in table {
        let option = row.split('`').nth(1).unwrap();
        assert!(all.contains(option), "{option} in docs/tune.md");
        count += 1;
    }
    assert!(count > 5);
}

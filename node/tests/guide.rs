//! `docs/errors.md` lists every exit code and every error, and says no other than the program.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/errors.md")).unwrap()
}

/// Every source file of a folder and those in it.
fn sources(folder: &Path, all: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push(fs::read_to_string(path).unwrap());
        }
    }
}

/// The public error types, each with its variants.
fn errors() -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    sources(&root().join("src"), &mut all);
    sources(&root().join("node/src"), &mut all);
    sources(&root().join("sim/src"), &mut all);
    let mut errors = Vec::new();
    for source in &all {
        for kind in ["\npub enum ", "\npub struct "] {
            for (at, _) in source.match_indices(kind) {
                let rest = &source[at + kind.len()..];
                let name = rest.split_once([' ', '(', ';']).unwrap().0;
                if !name.ends_with("Error") {
                    continue;
                }
                let body = rest.split_once("\n}").unwrap().0;
                let variants = body.lines().filter_map(|line| {
                    let line = line.strip_prefix("    ")?;
                    let name = line.split([' ', '(', ',', '{']).next()?;
                    let is_name = name.starts_with(|it: char| it.is_ascii_uppercase());
                    is_name.then(|| name.to_owned())
                });
                errors.push((name.to_owned(), variants.collect()));
            }
        }
    }
    errors
}

/// The words of a text, whatever stands between them.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_exit_codes_are_those_of_the_help() {
    let help = Command::new(env!("CARGO_BIN_EXE_pex"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    // A code begins a line, and what does not goes on with the one before it.
    let mut told: Vec<(String, String)> = Vec::new();
    for line in codes.lines().take_while(|line| !line.trim().is_empty()) {
        match line.trim().split_once("  ") {
            Some((code, text)) if code.parse::<u8>().is_ok() => {
                told.push((code.to_owned(), text.to_owned()));
            }
            _ => {
                let (_, text) = told.last_mut().unwrap();
                *text = format!("{text} {}", line.trim());
            }
        }
    }
    assert!(told.len() > 2, "{help}");
    let page = page();
    for (code, text) in &told {
        let row = format!("| {code} | {} |", words(text));
        assert!(page.contains(&row), "docs/errors.md lacks: {row}");
    }
    let (_, table) = page.split_once("| code | meaning |\n|---|---|\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    assert_eq!(rows.count(), told.len());
}

#[test]
fn every_error_is_listed_and_no_other() {
    let page = page();
    let listed: BTreeSet<_> = page
        .split('`')
        .filter(|it| it.ends_with("Error"))
        .map(str::to_owned)
        .collect();
    let real: BTreeSet<_> = errors().into_iter().map(|(name, _)| name).collect();
    assert!(real.len() > 15, "{real:?}");
    // A name that is but another one for the same.
    let real: BTreeSet<_> = real.into_iter().filter(|it| it != "OptionsError").collect();
    assert_eq!(listed, real);
}

#[test]
fn what_a_user_meets_is_listed_case_by_case() {
    let page = page();
    for (name, variants) in errors() {
        let Some((_, section)) = page.split_once(&format!("### `{name}`\n")) else {
            continue;
        };
        let section = section.split_once("\n#").map_or(section, |it| it.0);
        let rows = section.lines().filter(|line| line.starts_with("| `"));
        let cells = rows.filter_map(|row| row.split(" | ").next());
        let listed: BTreeSet<_> = cells
            .flat_map(|cell| cell.split('`').skip(1).step_by(2))
            .collect();
        let real: BTreeSet<_> = variants.iter().map(String::as_str).collect();
        assert_eq!(listed, real, "{name}");
    }
}

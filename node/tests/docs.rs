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

/// The public fields of a source file, as keys of TOML have them.
fn fields(source: &str) -> Vec<String> {
    let lines = source.lines().map(str::trim_start);
    let fields = lines.filter_map(|it| it.strip_prefix("pub ")?.split_once(": "));
    let names = fields.map(|(name, _)| name).filter(|it| !it.contains(' '));
    names.map(str::to_owned).collect()
}

/// The text of a page in which each of these must stand as code, by itself or at the end of a path.
fn names_all(page: &str, names: &[String]) {
    let code: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    for name in names {
        let is_it = |it: &&str| it.rsplit('.').next() == Some(name);
        assert!(code.iter().any(is_it), "{name} is not in docs/simulate.md");
    }
}

#[test]
fn the_guide_to_the_simulator_has_every_key_of_a_scenario_and_every_field_of_an_outcome() {
    let page = fs::read_to_string(root().join("docs/simulate.md")).unwrap();
    let read = |name: &str| fs::read_to_string(root().join("sim/src").join(name)).unwrap();
    let keys: Vec<String> = fields(&read("scenario.rs"))
        .into_iter()
        .map(|it| it.replace('_', "-"))
        .filter(|it| !["from", "to"].contains(&it.as_str()))
        .collect();
    assert!(keys.len() > 30, "{keys:?}");
    names_all(&page, &keys);
    let fields = fields(&read("outcome.rs"));
    assert!(fields.len() > 40, "{fields:?}");
    names_all(&page, &fields);
}

#[test]
fn every_scenario_in_the_guide_to_the_simulator_is_one() {
    let page = fs::read_to_string(root().join("docs/simulate.md")).unwrap();
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let text = block.split("```").next().unwrap();
        let scenario = pex_sim::Scenario::parse(text);
        scenario.unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[test]
fn the_tables_in_the_guide_to_the_simulator_have_every_row_and_size() {
    let page = fs::read_to_string(root().join("docs/simulate.md")).unwrap();
    let (_, made) = page
        .split_once("the tables are made: pex sim tables -->")
        .unwrap();
    for table in pex_sim::tables::tables().unwrap() {
        let (_, after) = made
            .split_once(&format!("### {}\n", table.title))
            .unwrap_or_else(|| panic!("{} is missing: pex sim tables", table.title));
        let section = after.split("\n### ").next().unwrap();
        for row in &table.rows {
            let begin = format!("| {} | ", row.name);
            let line = section.lines().find(|it| it.starts_with(&begin));
            let cells = line.unwrap_or_else(|| panic!("{} is missing", row.name));
            assert!(cells.matches(" | ").count() >= table.sizes.len(), "{cells}");
        }
        let command = format!("`pex sim tables --only {}`", table.name);
        assert!(section.contains(&command), "{section}");
    }
}

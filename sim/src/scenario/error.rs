//! What is wrong with a scenario, and where.

use core::fmt;

use toml::de::{DeTable, DeValue};

/// Why a scenario can't be run: what is wrong, where it stands, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScenarioError {
    /// The line in the text, if it came from one and the place is known; the first is 1.
    pub line: Option<usize>,
    /// The key that is meant; empty if it is the text as a whole.
    pub key: String,
    /// What is wrong, and what to write instead.
    pub what: String,
    /// Which group of nodes has the key, if one has.
    group: Option<usize>,
}

impl ScenarioError {
    pub(crate) fn new(key: &str, what: impl Into<String>) -> Self {
        Self {
            line: None,
            key: key.to_owned(),
            what: what.into(),
            group: None,
        }
    }

    /// The same, of the group of this number.
    pub(crate) const fn of_group(mut self, group: usize) -> Self {
        self.group = Some(group);
        self
    }

    /// The same, with the line of the text on which its key stands.
    pub(crate) fn within(mut self, text: &str) -> Self {
        // What is wrong with the number of all nodes is told at the first group.
        let group = self.group.or_else(|| (self.key == "count").then_some(0));
        let start = DeTable::parse(text).ok().and_then(|all| {
            let Some(group) = group else {
                return start_in(all.get_ref(), &self.key);
            };
            let (name, groups) = all.get_ref().get_key_value("nodes")?;
            let group = groups.get_ref().as_array()?.get(group);
            // Where the key is left out, it is missing there.
            let Some(group) = group else {
                return Some(name.span().start);
            };
            let key = start_of(group.get_ref(), &self.key);
            Some(key.unwrap_or_else(|| group.span().start))
        });
        self.line = start.and_then(|start| line_of(text, start));
        self
    }

    /// From an error of the reader of TOML.
    pub(crate) fn of_toml(error: &toml::de::Error, text: &str) -> Self {
        let mut what = error.message().trim_end().replace('\n', ", ");
        if what.ends_with("expected a duration") {
            what.push_str(", such as '250ms', '90s' or '10min'");
        }
        if what.ends_with("unit variant, expected newtype variant") {
            what.push_str(", such as runs = { hostile = 'silent' }");
        }
        Self {
            line: error.span().and_then(|span| line_of(text, span.start)),
            key: String::new(),
            what,
            group: None,
        }
    }
}

fn line_of(text: &str, start: usize) -> Option<usize> {
    let before = text.get(..start)?;
    Some(before.matches('\n').count() + 1)
}

/// Where a key stands, whose tables are before it with dots between.
fn start_in(table: &DeTable<'_>, key: &str) -> Option<usize> {
    let (first, rest) = key.split_once('.').unwrap_or((key, ""));
    let (name, value) = table.get_key_value(first)?;
    if rest.is_empty() {
        Some(name.span().start)
    } else {
        start_of(value.get_ref(), rest)
    }
}

fn start_of(value: &DeValue<'_>, key: &str) -> Option<usize> {
    match value {
        DeValue::Table(table) => start_in(table, key),
        _ => None,
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)
    }
}

impl core::error::Error for ScenarioError {}

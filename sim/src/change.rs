//! Scenarios as text: keys that are set from outside, and what tells one scenario from another.

use core::fmt::{self, Write as _};
use core::str::FromStr;
use std::collections::BTreeSet;

use serde::Serialize;
use toml::{Table, Value};

use crate::Scenario;

/// A key of a scenario and what it is to be, such as `nodes.0.count=1000`. What is no TOML is taken
/// as text, so that `duration=10s` needs no quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The names on the way to it, with dots between them. Groups of nodes are counted from 0.
    pub key: String,
    /// What it is to be.
    pub value: String,
}

impl Change {
    /// A key, and what it is to be.
    pub fn new(key: impl Into<String>, value: impl fmt::Display) -> Self {
        Self {
            key: key.into(),
            value: value.to_string(),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

impl FromStr for Change {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Self, ChangeError> {
        let (key, value) = text.split_once('=').ok_or(ChangeError::NoValue)?;
        let key = key.trim();
        if key.is_empty() || key.split('.').any(str::is_empty) {
            return Err(ChangeError::NoKey);
        }
        Ok(Self::new(key, value.trim()))
    }
}

/// A key and the values that it takes one after the other, such as `nodes.0.count=1000,10000`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sweep {
    /// As of a [`Change`].
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

impl FromStr for Sweep {
    type Err = ChangeError;

    fn from_str(text: &str) -> Result<Self, ChangeError> {
        let Change { key, value } = text.parse()?;
        let values = pieces(&value);
        if values.iter().any(String::is_empty) {
            return Err(ChangeError::NoValue);
        }
        Ok(Self { key, values })
    }
}

/// All combinations of what these sweep over; the last one changes fastest.
#[must_use]
pub fn combinations(sweeps: &[Sweep]) -> Vec<Vec<Change>> {
    let mut all = vec![Vec::new()];
    for sweep in sweeps {
        let longer = all.iter().flat_map(|changes: &Vec<Change>| {
            sweep.values.iter().map(move |value| {
                let change = Change::new(&sweep.key, value);
                changes.iter().cloned().chain([change]).collect()
            })
        });
        all = longer.collect();
    }
    all
}

/// A list with commas between its pieces. Those within brackets and quotes belong to a piece.
fn pieces(text: &str) -> Vec<String> {
    let (mut all, mut depth, mut is_quoted) = (vec![String::new()], 0_i32, false);
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            '{' | '[' if !is_quoted => depth += 1,
            '}' | ']' if !is_quoted => depth -= 1,
            ',' if !is_quoted && depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
    }
    all.into_iter().map(|it| it.trim().to_owned()).collect()
}

/// Why a key can't be set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeError {
    /// There is no `=`, or nothing behind it.
    NoValue,
    /// There is nothing before the `=`, or nothing beside a dot.
    NoKey,
    /// The text to be changed is no TOML; what is wrong with it.
    NotToml(String),
    /// A list has no place of this number: at most the next free one can be set.
    NoSuchPlace(String),
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue => f.write_str("give a key and its value, as nodes.0.count=1000"),
            Self::NoKey => f.write_str("give the key before the =, as nodes.0.count=1000"),
            Self::NotToml(why) => write!(f, "this is no TOML: {}", why.trim_end()),
            Self::NoSuchPlace(key) => write!(
                f,
                "{key}: there is no place of that number; count from 0, and leave none out"
            ),
        }
    }
}

impl core::error::Error for ChangeError {}

/// The text of a scenario with some of its keys set.
///
/// # Errors
///
/// If the text is no TOML, or a key leads to a place of a list that is not there. Whether there is
/// such a key in a scenario, and may have the value, is found out when the text is read.
pub fn changed(text: &str, changes: &[Change]) -> Result<String, ChangeError> {
    if changes.is_empty() {
        return Ok(text.to_owned());
    }
    let table: Table = text
        .parse()
        .map_err(|error: toml::de::Error| ChangeError::NotToml(error.to_string()))?;
    let mut root = Value::Table(table);
    for change in changes {
        let place = change
            .key
            .split('.')
            .try_fold(&mut root, descend)
            .ok_or_else(|| ChangeError::NoSuchPlace(change.key.clone()))?;
        *place = value(&change.value);
    }
    Ok(match &root {
        Value::Table(table) => written(table),
        _ => String::new(),
    })
}

/// The place with this name. What is no table becomes one, as `knows = "everyone"` does where
/// `knows.some` is set.
fn descend<'a>(place: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    if let Value::Array(list) = place {
        let number = name.parse::<usize>().ok()?;
        if number == list.len() {
            list.push(Value::Table(Table::new()));
        }
        return list.get_mut(number);
    }
    // A name that is a number, of what is not there yet, begins a list.
    if name == "0" && matches!(place, Value::Table(table) if table.is_empty()) {
        *place = Value::Array(vec![Value::Table(Table::new())]);
        return descend(place, name);
    }
    if !place.is_table() {
        *place = Value::Table(Table::new());
    }
    let entry = place.as_table_mut()?.entry(name);
    Some(entry.or_insert_with(|| Value::Table(Table::new())))
}

/// A value that was given as text.
fn value(text: &str) -> Value {
    let as_toml = format!("it = {text}").parse::<Table>();
    let parsed = as_toml.ok().and_then(|mut it| it.remove("it"));
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// A table as TOML: one line a key, and a heading for each table and each group of nodes.
fn written(table: &Table) -> String {
    let mut text = String::new();
    let lines = |text: &mut String, table: &Table| {
        for (key, value) in table {
            let _fits = writeln!(text, "{key} = {value}");
        }
    };
    let is_group = |value: &Value| {
        let list = value.as_array();
        list.is_some_and(|it| it.iter().all(Value::is_table))
    };
    let (below, plain): (Vec<_>, Vec<_>) = table
        .iter()
        .partition(|(_, value)| value.is_table() || is_group(value));
    for (key, value) in plain {
        let _fits = writeln!(text, "{key} = {value}");
    }
    for (key, value) in below {
        let tables = value.as_array().map_or(&[][..], Vec::as_slice);
        for table in tables.iter().filter_map(Value::as_table) {
            let _fits = writeln!(text, "\n[[{key}]]");
            lines(&mut text, table);
        }
        if let Some(table) = value.as_table() {
            let _fits = writeln!(text, "\n[{key}]");
            lines(&mut text, table);
        }
    }
    text
}

/// Something as a table of TOML. What can't be one is empty, and that is a fault of its type.
fn table(what: &impl Serialize) -> Table {
    Table::try_from(what).unwrap_or_default()
}

impl Scenario {
    /// The scenario as the text of a file: all that is not as it is by default.
    #[must_use]
    pub fn to_text(&self) -> String {
        let plain = format!("[[nodes]]\ncount = {}", u32::MAX);
        let plain = toml::from_str::<Self>(&plain).map_or_else(|_| Table::new(), |it| table(&it));
        let group = plain.get("nodes").and_then(|it| it.get(0)).cloned();
        let mut own = table(self);
        without(&mut own, &plain);
        if let Some(Value::Array(groups)) = own.get_mut("nodes") {
            for (own, plain) in groups.iter_mut().zip(group.iter().cycle()) {
                if let (Value::Table(own), Value::Table(plain)) = (own, plain) {
                    without(own, plain);
                }
            }
        }
        written(&own)
    }

    /// Every key with its value, in the notation of a [`Change`].
    fn keys(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        flatten("", &Value::Table(table(self)), &mut all);
        all
    }
}

/// Removes the keys that are the same in both, and in tables of both what is the same there.
fn without(own: &mut Table, plain: &Table) {
    own.retain(|key, value| {
        let Some(plain) = plain.get(key) else {
            return true;
        };
        let differs = value != plain;
        if let (Value::Table(own), Value::Table(plain)) = (value, plain)
            && !own.is_empty()
            && key != "knows"
        {
            without(own, plain);
        }
        differs
    });
}

fn flatten(path: &str, value: &Value, all: &mut Vec<(String, String)>) {
    let below = |name: &dyn fmt::Display| match path {
        "" => name.to_string(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Table(table) => table
            .iter()
            .for_each(|(name, value)| flatten(&below(name), value, all)),
        Value::Array(list) => list
            .iter()
            .zip(0..)
            .for_each(|(value, place)| flatten(&below(&place), value, all)),
        Value::String(text) => all.push((path.to_owned(), text.clone())),
        other => all.push((path.to_owned(), other.to_string())),
    }
}

/// What tells scenarios from each other: their titles, if no two have the same, and else for each
/// those of its keys that not all of them have with the same value.
pub(crate) fn differences(scenarios: &[&Scenario]) -> Vec<Vec<(String, String)>> {
    let titles: BTreeSet<&str> = scenarios.iter().map(|it| it.title.as_str()).collect();
    if titles.len() == scenarios.len() && titles.len() > 1 && !titles.contains("") {
        let own = scenarios.iter();
        return own
            .map(|it| vec![("title".to_owned(), it.title.clone())])
            .collect();
    }
    let all: Vec<Vec<(String, String)>> = scenarios.iter().map(|it| it.keys()).collect();
    let mut differing = BTreeSet::new();
    for keys in &all {
        let lacks = |pair: &&(String, String)| all.iter().any(|it| !it.contains(pair));
        differing.extend(keys.iter().filter(lacks).map(|(key, _)| key.clone()));
    }
    if differing.len() > 1 {
        differing.remove("title");
    }
    all.into_iter()
        .map(|keys| {
            let own = keys.into_iter();
            own.filter(|(key, _)| differing.contains(key)).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests;

//! The tables that put policies side by side, made of scenarios, measures and goals.

mod goal;
mod markdown;

use core::fmt;
use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table as Toml, Value};

use crate::Scenario;
use crate::show::Measure;

pub use goal::Goal;
pub use markdown::write_markdown;

/// The tables of the guide.
const POLICIES: &str = include_str!("../tables/policies.toml");

/// Seeds of each row, unless a table says how many.
const SEEDS: u32 = 10;
const SEEDS_QUICK: u32 = 2;

/// A table: rows are scenarios, which are run at several sizes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Table {
    /// What it is called on the command line.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// What its numbers are.
    pub about: String,
    /// How many nodes the networks have.
    pub sizes: Vec<u32>,
    /// The same, to see that it works.
    pub quick: Vec<u32>,
    /// With how many seeds a network of each size is run; ten each if it does not say.
    #[serde(default)]
    seeds: Vec<u32>,
    /// What is measured, in the median; with `@high` behind it the twentieth above, with `@mean` the mean.
    pub measures: Vec<String>,
    /// The rows.
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
}

/// A row of a table.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// What a measure is to be, for each size; empty where there is no goal.
    #[serde(default)]
    pub goal: BTreeMap<String, Vec<String>>,
    /// The scenario, in which a group may have a share of the nodes.
    scenario: Toml,
}

/// A scenario of a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Its row, counted from 0.
    pub row: usize,
    /// How many nodes it is for.
    pub size: u32,
    /// What is run.
    pub scenario: Scenario,
}

/// What is wrong with the text of tables.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablesError(String);

impl fmt::Display for TablesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for TablesError {}

/// The tables of the guide: reference policies and ours.
///
/// # Errors
///
/// None; a test sees to it.
pub fn tables() -> Result<Vec<Table>, TablesError> {
    parse(POLICIES)
}

fn parse(text: &str) -> Result<Vec<Table>, TablesError> {
    #[derive(Deserialize)]
    struct All {
        table: Vec<Table>,
    }
    let all: All = toml::from_str(text).map_err(|error| TablesError(error.to_string()))?;
    for table in &all.table {
        table.check()?;
    }
    Ok(all.table)
}

impl Table {
    /// The sizes, or those that are quick.
    #[must_use]
    pub fn sizes(&self, quick: bool) -> &[u32] {
        if quick { &self.quick } else { &self.sizes }
    }

    /// With how many seeds a network of this size is run.
    #[must_use]
    pub fn seeds(&self, size: u32, quick: bool) -> u32 {
        if quick {
            return SEEDS_QUICK;
        }
        let place = self.sizes.iter().position(|it| *it == size);
        let own = place.and_then(|place| self.seeds.get(place));
        own.copied().unwrap_or(SEEDS)
    }

    /// Every scenario, row by row.
    ///
    /// # Errors
    ///
    /// If what is written for a row is no scenario.
    pub fn entries(&self, quick: bool) -> Result<Vec<Entry>, TablesError> {
        let mut all = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            for size in self.sizes(quick) {
                let scenario = row.at(*size, &self.title).map_err(|why| {
                    TablesError(format!("table {}, row {}: {why}", self.name, row.name))
                })?;
                all.push(Entry {
                    row: place,
                    size: *size,
                    scenario,
                });
            }
        }
        Ok(all)
    }

    /// What is measured, and which number of it is meant.
    fn columns(&self) -> impl Iterator<Item = (&'static Measure, Which)> {
        let names = self.measures.iter().map(|it| column(it));
        names.filter_map(|(name, which)| Some((Measure::named(name)?, which)))
    }

    /// The goal of a row for a measure at one of the sizes.
    fn goal(&self, row: &Row, measure: &str, size: u32) -> Option<Goal> {
        let place = self.sizes.iter().position(|it| *it == size)?;
        row.goal.get(measure)?.get(place)?.parse().ok()
    }

    fn check(&self) -> Result<(), TablesError> {
        let wrong = |what: &str| Err(TablesError(format!("table {}: {what}", self.name)));
        for measure in &self.measures {
            if Measure::named(column(measure).0).is_none() {
                return wrong(&format!("there is no measure {measure}"));
            }
        }
        if !self.seeds.is_empty()
            && (self.seeds.len() != self.sizes.len() || self.seeds.contains(&0))
        {
            return wrong("seeds: a number a size, of one or more");
        }
        for row in &self.rows {
            for (measure, goals) in &row.goal {
                if !self.measures.contains(measure) || goals.len() != self.sizes.len() {
                    return wrong(&format!("row {}: one goal of {measure} a size", row.name));
                }
                let bad = goals
                    .iter()
                    .find(|it| !it.is_empty() && it.parse::<Goal>().is_err());
                if let Some(bad) = bad {
                    return wrong(&format!("row {}: {bad} is no goal", row.name));
                }
            }
        }
        Ok(())
    }
}

/// Which number stands for what was measured of many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    Median,
    /// The twentieth above.
    High,
    Mean,
}

/// A measure's name, and which number of it is meant.
fn column(name: &str) -> (&str, Which) {
    match name.split_once('@') {
        Some((name, "high")) => (name, Which::High),
        Some((name, "mean")) => (name, Which::Mean),
        _ => (name, Which::Median),
    }
}

impl Row {
    /// The scenario for so many nodes.
    fn at(&self, size: u32, table: &str) -> Result<Scenario, String> {
        let mut scenario = self.scenario.clone();
        let title = format!("{table}: {}, {size} nodes", self.name);
        scenario.insert("title".to_owned(), Value::String(title));
        let groups = scenario.get_mut("nodes").and_then(Value::as_array_mut);
        let groups = groups.ok_or("it has no nodes")?;
        for group in groups.iter_mut().filter_map(Value::as_table_mut) {
            if let Some(share) = group.remove("share").and_then(|it| it.as_float()) {
                #[expect(clippy::cast_possible_truncation, reason = "a part of a u32")]
                let count = (share * f64::from(size)).round() as i64;
                group.insert("count".to_owned(), Value::Integer(count));
            }
        }
        let scenario: Scenario = scenario
            .try_into()
            .map_err(|it: toml::de::Error| it.to_string())?;
        scenario.validate().map_err(|error| error.to_string())?;
        Ok(scenario)
    }
}

#[cfg(test)]
mod tests;

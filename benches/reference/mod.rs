//! What the reference takes for the same, as the Go programs of `tests/interop` have printed it.

use std::collections::BTreeMap;

/// What an operation of the reference takes; in a line of figures not all need be there.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Figure {
    /// Nanoseconds.
    #[serde(rename = "ns_per_op_middle")]
    pub(crate) ns: f64,
    /// Allocations.
    #[serde(rename = "allocs_per_op")]
    pub(crate) allocations: f64,
    /// Bytes of memory that a node takes.
    pub(crate) bytes: f64,
}

/// The figures by operation and size.
#[derive(Debug)]
pub(crate) struct Reference(BTreeMap<(String, u32), Figure>);

impl Reference {
    /// Reads the file that `GO_FIGURES` names: a line of JSON an operation. Without the variable there
    /// are no figures.
    pub(crate) fn read() -> Self {
        let Ok(path) = std::env::var("GO_FIGURES") else {
            return Self(BTreeMap::new());
        };
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            eprintln!("GO_FIGURES names {path}: {error}");
            std::process::exit(2);
        });
        let lines = text.lines().filter_map(|line| {
            let named: serde_json::Value = serde_json::from_str(line).ok()?;
            let name = named["name"].as_str()?.to_owned();
            let size = u32::try_from(named["n"].as_u64()?).ok()?;
            Some(((name, size), serde_json::from_str(line).ok()?))
        });
        Self(lines.collect())
    }

    pub(crate) fn of(&self, name: &str, size: u32) -> Option<Figure> {
        self.0.get(&(name.to_owned(), size)).copied()
    }
}

/// A time for people: three digits, with a unit.
pub(crate) fn time(ns: f64) -> String {
    match ns {
        ..1_000.0 => format!("{ns:.0} ns"),
        ..10_000.0 => format!("{:.2} us", ns / 1e3),
        ..100_000.0 => format!("{:.1} us", ns / 1e3),
        ..1_000_000.0 => format!("{:.0} us", ns / 1e3),
        _ => format!("{:.1} ms", ns / 1e6),
    }
}

/// The figure of the reference beside ours, and how many times ours fits into it.
pub(crate) fn beside(reference: Option<f64>, ours: f64, print: fn(f64) -> String) -> [String; 2] {
    match reference {
        Some(figure) => [print(figure), format!("{:.1}", figure / ours)],
        None => ["-".to_owned(), "-".to_owned()],
    }
}

//! The text format of Prometheus, version 0.0.4, as far as counters and gauges need it.
//!
//! The crates that write it keep live counters of their own. Here all numbers are in a snapshot
//! already, and what is left is to print them.

use core::fmt::{Display, Write as _};

/// What the text is, for `Content-Type`.
pub(in super::super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text under way.
#[derive(Debug)]
pub(super) struct Exposition {
    namespace: String,
    text: String,
}

/// Labels and their values.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

impl Exposition {
    pub(super) const fn new(namespace: String) -> Self {
        let text = String::new();
        Self { namespace, text }
    }

    /// A metric that only grows. Its samples must come at once after it.
    pub(super) fn counter(&mut self, name: &str, help: &str) -> Samples<'_> {
        self.family(name, help, "counter")
    }

    /// A metric that goes up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str) -> Samples<'_> {
        self.family(name, help, "gauge")
    }

    fn family(&mut self, name: &str, help: &str, kind: &str) -> Samples<'_> {
        let name = format!("{}_{name}", self.namespace);
        let text = &mut self.text;
        // Writing to a string never fails.
        let _never = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Samples { text, name }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// The samples of one metric.
#[derive(Debug)]
pub(super) struct Samples<'a> {
    text: &'a mut String,
    name: String,
}

impl Samples<'_> {
    pub(super) fn add(&mut self, labels: Labels<'_>, value: impl Display) {
        self.text.push_str(&self.name);
        for (number, (label, value)) in labels.iter().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            let _never = write!(self.text, "{before}{label}=\"");
            self.text.extend(value.chars().flat_map(escaped));
            self.text.push('"');
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _never = writeln!(self.text, "{after} {value}");
    }
}

/// A character of a label's value.
fn escaped(char: char) -> impl Iterator<Item = char> {
    let (before, char) = match char {
        '\\' | '"' => (Some('\\'), char),
        '\n' => (Some('\\'), 'n'),
        _ => (None, char),
    };
    before.into_iter().chain([char])
}

//! What is wrong with a scenario, and where.

use core::fmt;

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
}

impl ScenarioError {
    pub(crate) fn new(key: &str, what: impl Into<String>) -> Self {
        Self {
            line: None,
            key: key.to_owned(),
            what: what.into(),
        }
    }

    /// The same, with the line of the text on which its key stands.
    pub(crate) fn within(mut self, text: &str) -> Self {
        let last = self.key.rsplit('.').next().unwrap_or_default().to_owned();
        let is_it = |line: &str| {
            let line = line.trim_start();
            let rest = line.strip_prefix(&last).map(str::trim_start);
            !last.is_empty() && rest.is_some_and(|rest| rest.starts_with('='))
        };
        self.line = text.lines().position(is_it).map(|line| line + 1);
        self
    }

    /// From an error of the reader of TOML.
    pub(crate) fn of_toml(error: &toml::de::Error, text: &str) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start));
        let mut what = error.message().trim_end().replace('\n', ", ");
        if what.ends_with("expected a duration") {
            what.push_str(", such as '250ms', '90s' or '10min'");
        }
        Self {
            line: before.map(|before| before.matches('\n').count() + 1),
            key: String::new(),
            what,
        }
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

//! From the text of a file to what it sets, line by line.

use core::ops::Range;
use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{KEYS, Key, Kind, Scope, Section};
use super::other::{IGNORED_KEYS, IGNORED_TABLES, RENAMED, WITHOUT_EFFECT};
use super::problem::{Problem, Source};

/// A value as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) source: Source,
}

/// A key, and its value.
pub(super) type Set = (&'static Key, Given);

/// What one place sets, by the ids of the keys.
pub(super) type Layer = BTreeMap<&'static str, Given>;

/// What a file sets.
#[derive(Clone, Debug, Default)]
pub(super) struct FileLayers {
    /// Outside of `[[network]]`.
    pub(super) shared: Layer,
    /// Each `[[network]]`, and its line.
    pub(super) networks: Vec<(usize, Layer)>,
    /// What has no effect, as a sentence each.
    pub(super) notes: Vec<String>,
}

/// Reads a file. All that is wrong in it is told, not only the first.
pub(super) fn read(path: &Path, text: &str) -> Result<FileLayers, Vec<Problem>> {
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, &span));
        let what = format!("this is not TOML: {}", error.message());
        vec![Problem::in_file(path, line, what)]
    })?;
    let mut reader = Reader {
        path,
        text,
        layers: FileLayers::default(),
        ignored: Vec::new(),
        problems: Vec::new(),
    };
    reader.top(table.get_ref());
    reader.finish()
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    let before = text.get(..span.start).unwrap_or_default();
    before.matches('\n').count() + 1
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    layers: FileLayers,
    ignored: Vec<String>,
    problems: Vec<Problem>,
}

type Entry<'a> = (
    &'a Spanned<std::borrow::Cow<'a, str>>,
    &'a Spanned<DeValue<'a>>,
);

impl Reader<'_> {
    fn finish(mut self) -> Result<FileLayers, Vec<Problem>> {
        if !self.problems.is_empty() {
            self.problems.sort_by_key(|problem| match problem.at {
                Source::File { line, .. } => line,
                _ => 0,
            });
            return Err(self.problems);
        }
        if !self.ignored.is_empty() {
            self.layers.notes.push(format!(
                "{}: ignored, as they mean nothing to a seed: {}",
                self.path.display(),
                self.ignored.join(", ")
            ));
        }
        Ok(self.layers)
    }

    fn source(&self, span: &Range<usize>) -> Source {
        let line = line_of(self.text, span);
        let path = self.path.to_owned();
        Source::File { path, line }
    }

    fn wrong(&mut self, span: &Range<usize>, what: impl Into<String>) {
        let at = self.source(span);
        self.problems.push(Problem::new(at, what));
    }

    fn top(&mut self, table: &DeTable<'_>) {
        for (name, value) in table {
            // Tendermint 0.35 writes the same names with hyphens.
            let plain = name.get_ref().replace('-', "_");
            match (plain.as_str(), value.get_ref()) {
                ("p2p", DeValue::Table(inner)) => self.section(Section::P2p, inner),
                ("instrumentation", DeValue::Table(inner)) => {
                    self.section(Section::Instrumentation, inner);
                }
                ("status", DeValue::Table(inner)) => self.section(Section::Status, inner),
                ("network", DeValue::Array(networks)) => {
                    for network in networks {
                        match network.get_ref() {
                            DeValue::Table(inner) => self.network(&network.span(), inner),
                            _ => self.wrong(
                                &network.span(),
                                "write [[network]] before the keys of each network",
                            ),
                        }
                    }
                }
                ("network", DeValue::Table(_)) => {
                    self.wrong(
                        &name.span(),
                        "write [[network]], with two brackets, for each network",
                    );
                }
                (plain, DeValue::Table(_)) => self.table(&name.span(), plain),
                _ => {
                    let mut layer = core::mem::take(&mut self.layers.shared);
                    self.entry(&[Section::Top, Section::P2p], (name, value), &mut layer);
                    self.layers.shared = layer;
                }
            }
        }
    }

    /// A table that is none of ours.
    fn table(&mut self, span: &Range<usize>, name: &str) {
        if IGNORED_TABLES.contains(&name) {
            self.ignored.push(format!("[{name}]"));
            return;
        }
        let tables = ["p2p", "instrumentation", "status", "network"];
        let near = nearest(
            name,
            tables.into_iter().chain(IGNORED_TABLES.iter().copied()),
        );
        let hint = near.map_or_else(
            || "the tables are [p2p], [instrumentation], [status] and [[network]]".to_owned(),
            |near| format!("did you mean [{near}]?"),
        );
        self.wrong(
            span,
            format!("there is no table [{}]; {hint}", name.escape_debug()),
        );
    }

    fn section(&mut self, section: Section, table: &DeTable<'_>) {
        let mut layer = core::mem::take(&mut self.layers.shared);
        for (name, value) in table {
            self.entry(&[section], (name, value), &mut layer);
        }
        self.layers.shared = layer;
    }

    fn network(&mut self, span: &Range<usize>, table: &DeTable<'_>) {
        let mut layer = Layer::new();
        for (name, value) in table {
            self.entry(&[Section::Top, Section::P2p], (name, value), &mut layer);
        }
        for (id, given) in &layer {
            if let Some(key) = Key::with_id(id).filter(|key| key.scope == Scope::Process) {
                let what = format!(
                    "{} is of the whole process; set it outside of [[network]]",
                    key.name
                );
                self.problems.push(Problem::new(given.source.clone(), what));
            }
        }
        let line = line_of(self.text, span);
        self.layers.networks.push((line, layer));
    }

    /// A key with its value, which may be of these sections.
    fn entry(&mut self, sections: &[Section], (name, value): Entry<'_>, layer: &mut Layer) {
        let plain = name.get_ref().replace('-', "_");
        let known = KEYS
            .iter()
            .find(|key| key.name == plain && sections.contains(&key.section));
        let Some(key) = known else {
            self.other(sections, &plain, &name.span());
            return;
        };
        match text_of(key, value.get_ref()) {
            Ok(text) => self.set(key, &text, &name.span(), layer),
            Err(instead) => {
                self.wrong(
                    &name.span(),
                    format!("{plain} is {}; {instead}", kind_of(value.get_ref())),
                );
            }
        }
    }

    fn set(&mut self, key: &'static Key, text: &str, span: &Range<usize>, layer: &mut Layer) {
        let source = self.source(span);
        if let Err(wrong) = key.kind.check(text) {
            let what = format!("{} = {:?}: {wrong}", key.name, shortened(text));
            self.problems.push(Problem::new(source, what));
            return;
        }
        if let Some(before) = layer.get(key.id) {
            let what = format!(
                "{} is set already at {}; remove one of them",
                key.name, before.source
            );
            self.problems.push(Problem::new(source, what));
            return;
        }
        let text = key.kind.plain(text);
        layer.insert(key.id, Given { text, source });
    }

    /// A key that is none of ours in these sections.
    fn other(&mut self, sections: &[Section], name: &str, span: &Range<usize>) {
        let here = |section: Section| sections.contains(&section);
        let ignored = IGNORED_KEYS.iter();
        if ignored
            .clone()
            .any(|(section, key)| here(*section) && *key == name)
        {
            self.ignored.push(name.to_owned());
            return;
        }
        let mut without = WITHOUT_EFFECT.iter();
        if let Some((_, _, why)) = without.find(|(section, key, _)| here(*section) && *key == name)
        {
            let at = self.source(span);
            self.layers
                .notes
                .push(format!("{at}: {name} has no effect: {why}"));
            return;
        }
        let hint = hint(sections, name);
        self.wrong(
            span,
            format!("there is no key {}; {hint}", name.escape_debug()),
        );
    }
}

/// What an unknown key may be meant to be.
fn hint(sections: &[Section], name: &str) -> String {
    if let Some((_, here)) = RENAMED.iter().find(|(other, _)| *other == name) {
        return format!("it is called {here}");
    }
    if let Some(elsewhere) = KEYS.iter().find(|key| key.name == name || key.id == name) {
        return elsewhere.section.table().map_or_else(
            || format!("{} stands before the first table", elsewhere.name),
            |table| format!("{} stands in [{table}]", elsewhere.name),
        );
    }
    let here = KEYS.iter().filter(|key| sections.contains(&key.section));
    let near = nearest(name, here.chain(KEYS).map(|key| key.name));
    near.map_or_else(
        || "remove it; pex init writes a file with all that there are".to_owned(),
        |near| format!("did you mean {near}?"),
    )
}

/// The one that is spelt most like it, if any is.
pub(super) fn nearest<'a>(name: &str, all: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likely = all.map(|other| (strsim::damerau_levenshtein(name, other), other));
    // One slip in three letters is a slip; more is another word.
    let allowed = name.len().div_ceil(3).min(4);
    let near = likely.filter(|(slips, _)| *slips <= allowed);
    near.min_by_key(|(slips, _)| *slips).map(|(_, other)| other)
}

/// The value as text, or what to write instead.
fn text_of(key: &Key, value: &DeValue<'_>) -> Result<String, String> {
    let list = matches!(key.kind, Kind::Addresses | Kind::Ids);
    match value {
        DeValue::String(text) => Ok(text.clone().into_owned()),
        DeValue::Integer(number) if matches!(key.kind, Kind::Number(..)) => {
            // In whatever base it is written.
            let number = i128::from_str_radix(&number.as_str().replace('_', ""), number.radix());
            number
                .map(|number| number.to_string())
                .map_err(|_| "write fewer digits".to_owned())
        }
        DeValue::Boolean(is) if key.kind == Kind::Switch => Ok(is.to_string()),
        DeValue::Array(items) if list => {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            let texts: Option<Vec<&str>> = texts.collect();
            texts
                .map(|texts| texts.join(","))
                .ok_or_else(|| "write each of them in quotes".to_owned())
        }
        _ => Err(match key.kind {
            Kind::Number(min, max) => format!("write a whole number from {min} to {max}"),
            Kind::Switch => "write true or false".to_owned(),
            Kind::Time(..) => "write a duration in quotes, such as \"10s\"".to_owned(),
            _ => "write it in quotes".to_owned(),
        }),
    }
}

const fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// No more of a text than fits on a line.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

//! One event, one line: nothing in it breaks a line or moves a cursor, whoever wrote it.

use core::fmt::{self, Write as _};
use std::time::SystemTime;

use humantime::format_rfc3339_millis;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::Format;
use super::queue::Writer;

/// Makes a line of each event.
#[derive(Debug)]
pub(super) struct Lines {
    format: Format,
    writer: Writer,
}

impl Lines {
    pub(super) const fn new(format: Format, writer: Writer) -> Self {
        Self { format, writer }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let (now, meta) = (SystemTime::now(), event.metadata());
        let line = line(self.format, now, *meta.level(), meta.target(), said);
        self.writer.put(line, |left_out| {
            let said = Said {
                message: format!("{left_out} lines left out: nobody read them in time"),
                fields: Map::from_iter([("left_out".to_owned(), left_out.into())]),
            };
            self::line(self.format, now, Level::WARN, "pex::log", said)
        });
    }
}

/// The message and the fields of an event.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) message: String,
    pub(super) fields: Map<String, Value>,
}

impl Said {
    fn put(&mut self, field: &Field, value: Value) {
        self.fields.insert(field.name().to_owned(), value);
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.put(field, text.into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.put(field, value.into());
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

/// The line of an event.
pub(super) fn line(
    format: Format,
    at: SystemTime,
    level: Level,
    target: &str,
    said: Said,
) -> String {
    let at = format_rfc3339_millis(at);
    match format {
        Format::Plain => {
            let chain = said.fields.get("chain_id").and_then(Value::as_str);
            let chain = chain.map(|chain| format!("{chain}: ")).unwrap_or_default();
            let text = format!("{at} {level:>5} {chain}{}", said.message);
            ascii(&text, |out, char| write!(out, "{}", char.escape_unicode()))
        }
        Format::Json => {
            let mut object = Map::new();
            object.insert("time".to_owned(), at.to_string().into());
            object.insert("level".to_owned(), level.as_str().to_lowercase().into());
            object.insert("target".to_owned(), target.into());
            object.insert("message".to_owned(), said.message.into());
            object.extend(said.fields);
            // JSON leaves some controls beyond ASCII as they are; a terminal may not.
            ascii(&Value::Object(object).to_string(), |out, char| {
                let mut units = [0; 2];
                let mut units = char.encode_utf16(&mut units).iter();
                units.try_for_each(|unit| write!(out, "\\u{unit:04x}"))
            })
        }
    }
}

/// The text with everything but printable ASCII escaped.
fn ascii(text: &str, escape: impl Fn(&mut String, char) -> fmt::Result) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_ascii_graphic() || char == ' ' {
            out.push(char);
        } else {
            // Writing to a string never fails.
            let _never = escape(&mut out, char);
        }
    }
    out
}

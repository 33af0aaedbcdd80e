//! Pages for browsers that need nothing else, and let nothing else in.
//!
//! What others chose is escaped twice: control characters and those that turn the direction of text
//! as on a terminal, and then what means something to HTML. A page forbids itself every script and
//! style but its own, by their hashes, and every request.

use core::fmt::Write as _;

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

/// How pages look that [`begin`] begins, light or dark as their reader likes it: colours, sections,
/// numbers, tables, and what [`crate::plot`] draws.
pub const STYLE: &str = include_str!("page.css");

/// Begins a page with this title, which gets escaped, this style, and this script if any.
pub fn begin(page: &mut String, title: &str, style: &str, script: Option<&str>) {
    let title = escaped(title);
    let style_hash = hash(style);
    let script = script.map_or_else(String::new, |it| format!(" script-src '{}';", hash(it)));
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src '{style_hash}';{script} base-uri 'none'; form-action 'none'\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <title>{title}</title><style>{style}</style></head><body><main>"
    );
}

/// Ends a page. The script is the one that it began with.
pub fn end(page: &mut String, script: Option<&str>) {
    page.push_str("</main>");
    if let Some(script) = script {
        let _ = write!(page, "<script>{script}</script>");
    }
    page.push_str("</body></html>\n");
}

/// A section with a heading, and what the closure writes.
pub fn section(page: &mut String, id: &str, title: &str, body: impl FnOnce(&mut String)) {
    let (id, title) = (escaped(id), escaped(title));
    let _ = write!(page, "<section id=\"{id}\"><h2>{title}</h2>");
    body(page);
    page.push_str("</section>");
}

/// Large numbers beside each other: for each its id, how much, and of what.
pub fn numbers<'a>(page: &mut String, all: impl IntoIterator<Item = (&'a str, String, &'a str)>) {
    page.push_str("<section class=\"numbers\" aria-label=\"Numbers\">");
    for (id, number, what) in all {
        let _ = write!(
            page,
            "<div><b id=\"{id}\">{}</b><span>{what}</span></div>",
            escaped(&number)
        );
    }
    page.push_str("</section>");
}

/// What others chose, safe to show on a terminal: neither control characters nor those that turn
/// the direction of text pass unescaped.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '"' | '\'') {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    shown
}

/// What others chose, as text within HTML or an attribute.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The hash by which a page allows itself a script or style.
fn hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    format!("sha256-{}", Base64::encode_string(&hash))
}

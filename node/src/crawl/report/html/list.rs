//! The list of nodes, as data for the page's script, which shows it as text.

use core::fmt::Write as _;

use serde_json::json;

use crate::crawl::report::json::node_line;
use crate::crawl::report::{Report, printable};

/// Nodes in the list. It is for people; programs have JSON.
const LISTED_MAX: usize = 20_000;

const COLUMNS: [&str; 8] = [
    "Id", "Address", "Network", "Reached", "Dialect", "Version", "Moniker", "Told by",
];

pub(super) fn write(report: &Report, page: &mut String) {
    let all = report.found();
    let rows: Vec<_> = report
        .map
        .nodes()
        .iter()
        .take(LISTED_MAX)
        .map(|(id, found)| {
            let line = node_line(*id, found);
            let text = |text: &Option<String>| printable(text.as_deref().unwrap_or_default());
            let place = text(&line.address);
            let place = place
                .split_once('@')
                .map_or("", |(_, place)| place)
                .to_owned();
            let reached = line
                .error_sort
                .as_deref()
                .map_or_else(|| "yes".to_owned(), printable);
            json!([
                line.id.to_string(),
                place,
                printable(&line.network),
                reached,
                text(&line.dialect),
                text(&line.version),
                text(&line.moniker),
                line.told_by.len(),
                text(&line.error),
            ])
        })
        .collect();
    page.push_str(
        "<div class=\"tools\"><label for=\"search\">Search</label>\
         <input id=\"search\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" \
         placeholder=\"id, address, moniker, version, error\"><output id=\"shown\"></output></div>\
         <div class=\"scroll\"><table id=\"list\"><thead><tr>",
    );
    for column in COLUMNS {
        let _ = write!(
            page,
            "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\">{column}</button></th>"
        );
    }
    page.push_str("</tr></thead><tbody></tbody></table></div><p><button type=\"button\" id=\"more\" hidden>Show more</button></p>");
    if all > LISTED_MAX {
        let _ = write!(
            page,
            "<p class=\"note\">The first {LISTED_MAX} of {all} nodes are listed; JSON has all.</p>"
        );
    }
    page.push_str("<noscript><p class=\"note\">The list needs JavaScript; nothing is loaded for it.</p></noscript>");
    let data = serde_json::Value::from(rows).to_string();
    // So that no text can end the element that holds it.
    let data = data.replace('<', "\\u003c");
    let _ = write!(
        page,
        "<script type=\"application/json\" id=\"data\">{data}</script>"
    );
}

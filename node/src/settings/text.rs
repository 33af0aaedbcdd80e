//! Settings as the text of a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Effective;
use super::file::Given;
use super::key::{KEYS, Key, Kind, Section};
use super::problem::Source;
use super::value::time_bounds;

/// Columns of a comment.
const WIDTH: usize = 98;

/// Every key with its value, and where that comes from.
pub(super) fn effective(all: &Effective) -> String {
    let mut text = String::new();
    let none = Vec::new();
    let single = if all.several {
        &none
    } else {
        all.networks.first().unwrap_or(&none)
    };
    let find = |key: &Key| {
        let mut both = all.process.iter().chain(single);
        both.find(|(it, _)| it.id == key.id).map(|(_, given)| given)
    };
    let mut section = Section::Top;
    for key in KEYS {
        let Some(given) = find(key) else {
            continue;
        };
        if key.section != section {
            section = key.section;
            push(
                &mut text,
                format_args!("\n[{}]", section.table().unwrap_or_default()),
            );
        }
        push_given(&mut text, key, given);
    }
    if all.several {
        for network in &all.networks {
            push(&mut text, format_args!("\n[[network]]"));
            for (key, given) in network {
                push_given(&mut text, key, given);
            }
        }
    }
    text
}

fn push_given(text: &mut String, key: &Key, given: &Given) {
    let line = key.line(&given.text);
    match &given.source {
        Source::Default => push(text, format_args!("{line}")),
        source => push(text, format_args!("{line}  # {source}")),
    }
}

/// The file that a new operator is given. What is not in `values` stands there at its default, as a
/// comment.
pub(super) fn template(values: &BTreeMap<&'static str, String>) -> String {
    let mut text = String::from(HEAD);
    let mut section = Section::Top;
    for key in KEYS {
        if key.section != section {
            section = key.section;
            push(
                &mut text,
                format_args!("\n[{}]", section.table().unwrap_or_default()),
            );
        }
        text.push('\n');
        comment(&mut text, key.about);
        if let Some(bounds) = bounds(key.kind) {
            comment(&mut text, &bounds);
        }
        match values.get(key.id) {
            Some(value) => push(&mut text, format_args!("{}", key.line(value))),
            None => push(&mut text, format_args!("# {}", key.line(key.default))),
        }
    }
    text.push_str(NETWORKS);
    text
}

const HEAD: &str = "\
# The settings of a seed node, for: pex seed
#
# Names are those of CometBFT's config.toml where they mean the same. A line that begins with #
# says what the default is. A flag or an environment variable goes before this file:
# max_num_inbound_peers is also --max-num-inbound-peers, and PEX_MAX_NUM_INBOUND_PEERS. See what is
# in force, and whether it is right, with: pex seed --check-config
";

const NETWORKS: &str = "
# Several networks in one process: take out what is of one network above, which is chain_id, laddr,
# external_address, seeds, the ids of peers, persistent_peers, addr_book_file and peer_store_file,
# and write a table for each network. What a table does not say is taken from above.
#
# [[network]]
# chain_id = \"cosmoshub-4\"
# laddr = \"tcp://0.0.0.0:26656\"
# seeds = \"\"
#
# [[network]]
# chain_id = \"osmosis-1\"
# laddr = \"tcp://0.0.0.0:26657\"
# seeds = \"\"
# max_num_inbound_peers = 500
";

fn bounds(kind: Kind) -> Option<String> {
    match kind {
        Kind::Number(min, max) => Some(format!("From {min} to {max}.")),
        Kind::Time(min, max) => Some(format!("From {}.", time_bounds(min, max))),
        _ => None,
    }
}

/// A comment, in lines that fit.
fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            push(text, format_args!("{line}"));
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    push(text, format_args!("{line}"));
}

fn push(text: &mut String, line: core::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _written = writeln!(text, "{line}");
}

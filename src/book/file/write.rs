//! Writing a book.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::stamp;
use crate::book::{AddrBook, Ban, KnownAddress};
use crate::{NetAddress, NodeId};

#[derive(Serialize)]
struct Book {
    key: String,
    addrs: Vec<Known>,
    #[serde(skip_serializing_if = "Ours::is_empty")]
    pex: Ours,
}

#[derive(Serialize)]
struct Ours {
    /// Further addresses of nodes that are in `addrs`.
    addrs: Vec<Known>,
    bans: Vec<Banned>,
    anchors: Vec<String>,
}

impl Ours {
    const fn is_empty(&self) -> bool {
        self.addrs.is_empty() && self.bans.is_empty() && self.anchors.is_empty()
    }
}

#[derive(Serialize)]
pub(super) struct Known {
    addr: Place,
    src: Place,
    buckets: Vec<u16>,
    attempts: u16,
    bucket_type: u8,
    last_attempt: String,
    last_success: String,
    last_ban_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_success: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Banned {
    id: String,
    until: String,
    addrs: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    addr: Place,
    src: Place,
}

#[derive(Serialize)]
pub(super) struct Place {
    id: String,
    ip: String,
    port: u16,
}

impl Place {
    pub(super) fn of(address: &NetAddress) -> Self {
        Self {
            id: address.id().to_string(),
            ip: address.ip().to_string(),
            port: address.port(),
        }
    }
}

impl From<&KnownAddress> for Known {
    fn from(known: &KnownAddress) -> Self {
        Self {
            addr: Place::of(&known.address),
            src: Place::of(&known.source),
            buckets: known.buckets.clone(),
            attempts: u16::try_from(known.attempts).unwrap_or(u16::MAX),
            bucket_type: if known.old { 2 } else { 1 },
            last_attempt: stamp::write(Some(known.last_attempt)),
            last_success: stamp::write(known.last_success),
            last_ban_time: stamp::write(None),
            first_success: known.first_success.map(|at| stamp::write(Some(at))),
        }
    }
}

impl Banned {
    pub(super) fn of(id: NodeId, ban: &Ban) -> Self {
        let told = ban.addresses.iter().map(|(addr, src)| Told {
            addr: Place::of(addr),
            src: Place::of(src),
        });
        Self {
            id: id.to_string(),
            until: stamp::write(Some(ban.until)),
            addrs: told.collect(),
        }
    }
}

impl AddrBook {
    /// The book as text, in the form of CometBFT's `addrbook.json`, which CometBFT reads.
    ///
    /// Of a node with several addresses it has a place for one: the best. The others stand where
    /// only [`AddrBook::read`] looks.
    #[must_use]
    pub fn to_json(&self) -> String {
        let (mut addrs, mut more) = (Vec::new(), Vec::new());
        for (slot, entry) in self.shelf.iter() {
            let list = if self.best_of(entry.address.id()) == Some(slot) {
                &mut addrs
            } else {
                &mut more
            };
            list.push(Known::from(&KnownAddress::of(entry)));
        }
        let bans = self.bans().map(|(id, ban)| Banned::of(id, ban));
        let book = Book {
            key: self.placer.key().as_str().to_string(),
            addrs,
            pex: Ours {
                addrs: more,
                bans: bans.collect(),
                anchors: self.anchors.iter().map(ToString::to_string).collect(),
            },
        };
        // Neither memory nor these types fail to be written.
        let text = serde_json::to_string_pretty(&book);
        debug_assert!(text.is_ok(), "{text:?}");
        with_tabs(&text.unwrap_or_default())
    }

    /// The address of a node that the reference is told of: one that proved good, or was reached,
    /// or came first.
    fn best_of(&self, id: NodeId) -> Option<u32> {
        let slots = self.shelf.of_node(id).into_iter();
        let ranked = slots.filter_map(|slot| {
            let entry = self.shelf.get(slot)?;
            Some((!entry.old, entry.last_success().is_none(), slot))
        });
        ranked.min().map(|(.., slot)| slot)
    }
}

/// Go indents with tabs, serde_json with two spaces; no text in a book holds a line's end.
fn with_tabs(text: &str) -> String {
    let mut tabbed = String::with_capacity(text.len());
    for line in text.lines() {
        let rest = line.trim_start_matches(' ');
        let depth = line.len().saturating_sub(rest.len()) / 2;
        if !tabbed.is_empty() {
            tabbed.push('\n');
        }
        tabbed.extend(core::iter::repeat_n('\t', depth));
        tabbed.push_str(rest);
    }
    tabbed
}

//! Texts and parts made at random, near enough to addresses to be some.

use std::sync::LazyLock;

use pex::NodeId;
use quickcheck::{Arbitrary, Gen};
use serde_json::Value;

use crate::vectors::VECTORS;

/// An id that the protocol's own table uses.
pub(crate) const U: &str = "00112233445566778899aabbccddeeff00112233";

const ID: &str = "00112233445566778899aabbccddeeff00112233@";

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "mconn://", "tcp://", "MCONN://", "memory:", "a:", "x+y-z.1://", "://", "//", "/", "@", ":", "?", "#",
    "%", "%25", "%20", "%2e", "%2F", "%5B", "%41", "%c3%a9", "%C3", "%ff", "%00", "[", "]", "[]", "::1",
    "0:0::1", "1.2.3.4", "01.2.3.4", "fe80::1", "::ffff:1.2.3.4", "%25eth0", ":80", ":0", ":00080", ":65536",
    ":+80", "..", ".", "/../", "/./", "/a", "é", "İ", "Σ", "Ａ", "K", "👋", " ", "\"", "<", "!", "*", "\\",
    "|", "\n", "\u{7f}", "\u{2028}", "host", "Host.", "a.b", "pw", U, ID, ID, ID,
    "00112233445566778899AABBCCDDEEFF00112233@",
];

fn piece(g: &mut Gen) -> &'static str {
    g.choose(PIECES).copied().unwrap_or_default()
}

fn pieces(g: &mut Gen, most: u8) -> String {
    let count = u8::arbitrary(g) % (most + 1);
    (0..count).map(|_| piece(g)).collect()
}

/// Leaves out one character, or all from one on: for failures that a person can read.
fn shorter(text: &str) -> impl Iterator<Item = String> + use<> {
    let text = text.to_owned();
    let at: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let cut = at.clone().into_iter().map({
        let text = text.clone();
        move |at| text[..at].to_owned()
    });
    let one_less = at.into_iter().map(move |at| {
        let (head, tail) = text.split_at(at);
        head.chars().chain(tail.chars().skip(1)).collect()
    });
    cut.chain(one_less)
}

/// A text built from pieces of the grammar, most often with an id in its place.
#[derive(Clone, Debug)]
pub(crate) struct Written(pub(crate) String);

impl Arbitrary for Written {
    fn arbitrary(g: &mut Gen) -> Self {
        if u8::arbitrary(g).is_multiple_of(4) {
            return Self(pieces(g, 8));
        }
        let protocol = *g.choose(&["", "", "mconn://", "tcp://", "X://"]).unwrap();
        let host = pieces(g, 2);
        let host = if bool::arbitrary(g) {
            host
        } else {
            format!("[{host}]")
        };
        let port = *g.choose(&["", ":", ":80", ":0", ":26656"]).unwrap();
        let path = if bool::arbitrary(g) {
            String::new()
        } else {
            format!("/{}", pieces(g, 5))
        };
        Self(format!("{protocol}{ID}{host}{port}{path}"))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        Box::new(shorter(&self.0).map(Self))
    }
}

/// The texts of the vectors: those that are addresses, and the others.
static VECTOR_TEXTS: LazyLock<(Vec<String>, Vec<String>)> = LazyLock::new(|| {
    let records = VECTORS
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (addresses, refused) = records.partition::<Vec<_>, _>(|record| record["ok"] == true);
    let texts = |records: Vec<Value>| {
        records
            .iter()
            .map(|record| record["in"].as_str().unwrap().to_owned())
            .collect()
    };
    (texts(addresses), texts(refused))
});

/// A text out of the vectors with a few pieces put in, taken out or changed.
#[derive(Clone, Debug)]
pub(crate) struct Mutated(pub(crate) String);

impl Arbitrary for Mutated {
    fn arbitrary(g: &mut Gen) -> Self {
        let (addresses, refused) = &*VECTOR_TEXTS;
        // Three in four start from a text that is an address.
        let texts = if u8::arbitrary(g).is_multiple_of(4) {
            refused
        } else {
            addresses
        };
        let mut text: Vec<char> = g.choose(texts).unwrap().chars().take(600).collect();
        for _ in 0..=u8::arbitrary(g) % 3 {
            let at = usize::arbitrary(g) % (text.len() + 1);
            let end = text.len().min(at + usize::from(bool::arbitrary(g)));
            let put = if bool::arbitrary(g) { piece(g) } else { "" };
            text.splice(at..end, put.chars());
        }
        Self(text.into_iter().collect())
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        Box::new(shorter(&self.0).map(Self))
    }
}

/// What an address may be put together from.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) protocol: String,
    pub(crate) id: NodeId,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path: String,
}

impl Arbitrary for Parts {
    fn arbitrary(g: &mut Gen) -> Self {
        let protocols = ["mconn", "tcp", "memory", "a", "X-1", "", "é", "a:"];
        let protocol = (*g.choose(&protocols).unwrap()).to_owned();
        let id = NodeId::new(std::array::from_fn(|_| u8::arbitrary(g)));
        let path = if u8::arbitrary(g).is_multiple_of(8) {
            id.to_string()
        } else {
            pieces(g, 6)
        };
        let port = if bool::arbitrary(g) {
            0
        } else {
            u16::arbitrary(g)
        };
        Self {
            protocol,
            id,
            host: pieces(g, 3),
            port,
            path,
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let (this, that) = (self.clone(), self.clone());
        let hosts = shorter(&self.host).map(move |host| Self {
            host,
            ..this.clone()
        });
        let paths = shorter(&self.path).map(move |path| Self {
            path,
            ..that.clone()
        });
        Box::new(hosts.chain(paths))
    }
}

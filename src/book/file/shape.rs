//! What stands in the file of a book, as text: each entry by itself, so that one that is damaged costs
//! no other.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::BookError;
use crate::{NetAddress, NodeId};

/// What stands in a file, each entry as it stands.
#[derive(Default)]
pub(super) struct Text<'a> {
    pub(super) key: Option<Cow<'a, str>>,
    pub(super) addrs: Option<Vec<&'a RawValue>>,
    pub(super) pex: Option<&'a RawValue>,
}

/// Reads what is there into `Text`, which keeps what came before an error.
struct Whole<'t, 'a>(&'t mut Text<'a>);

impl<'a> DeserializeSeed<'a> for Whole<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Whole<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address book")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(name) = map.next_key::<Cow<'a, str>>()? {
            match name.as_ref() {
                "key" => {
                    let raw: &RawValue = map.next_value()?;
                    self.0.key = serde_json::from_str(raw.get()).ok();
                }
                "addrs" => map.next_value_seed(List(self.0.addrs.get_or_insert_default()))?,
                "pex" => self.0.pex = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct List<'t, 'a>(&'t mut Vec<&'a RawValue>);

impl<'a> DeserializeSeed<'a> for List<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for List<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of addresses")
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut list: S) -> Result<(), S::Error> {
        while let Some(entry) = list.next_element()? {
            self.0.push(entry);
        }
        Ok(())
    }

    // Go writes an empty list that was never made as null.
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[derive(Deserialize)]
pub(super) struct Known<'a> {
    #[serde(borrow)]
    pub(super) addr: Place<'a>,
    #[serde(borrow, default)]
    pub(super) src: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) buckets: Option<Vec<i64>>,
    #[serde(default)]
    pub(super) attempts: i64,
    #[serde(default)]
    pub(super) bucket_type: i64,
    #[serde(borrow, default)]
    pub(super) last_attempt: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) last_success: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) first_success: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
pub(super) struct Place<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    ip: Cow<'a, str>,
    port: i64,
}

impl Place<'_> {
    pub(super) fn address(&self) -> Option<NetAddress> {
        let id = NodeId::parse(&self.id).ok()?;
        let (ip, port) = (self.ip.parse().ok()?, u16::try_from(self.port).ok()?);
        Some(NetAddress::new(id, ip, port))
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Ours<'a> {
    #[serde(borrow, default)]
    pub(super) addrs: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) bans: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) anchors: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Banned<'a> {
    #[serde(borrow)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) until: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) addrs: Vec<Told<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Told<'a> {
    #[serde(borrow)]
    pub(super) addr: Place<'a>,
    #[serde(borrow)]
    pub(super) src: Place<'a>,
}

/// What there is of a book before the point at which the text is damaged, and what is wrong there.
pub(super) fn parse(text: &[u8]) -> (Text<'_>, Option<BookError>) {
    let mut read = Text::default();
    let (valid, rest) = match core::str::from_utf8(text) {
        Ok(text) => (text, false),
        Err(error) => {
            // Up to there it is text.
            let valid = text.get(..error.valid_up_to()).unwrap_or_default();
            (core::str::from_utf8(valid).unwrap_or_default(), true)
        }
    };
    let mut from = serde_json::Deserializer::from_str(valid);
    // The reference's reader stops at the end of the book as well.
    let result = Whole(&mut read).deserialize(&mut from);
    let whole = read.addrs.as_ref().map_or(0, Vec::len);
    let error = match result {
        Ok(()) => read.addrs.is_none().then_some(BookError::NotABook),
        Err(error) if error.is_data() && whole == 0 => Some(BookError::NotABook),
        Err(error) => Some(BookError::Damaged {
            line: error.line().max(1),
            column: error.column().max(1),
            whole,
            why: if rest && error.is_eof() {
                String::from("what follows is no text")
            } else {
                without_place(&error)
            },
        }),
    };
    (read, error)
}

/// What the parser says, without where: that stands beside it.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = text.rfind(" at line ");
    match place.and_then(|at| text.get(..at)) {
        Some(what) => what.to_string(),
        None => text,
    }
}

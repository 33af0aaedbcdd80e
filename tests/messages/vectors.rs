//! What the reference answered, read from `tests/vectors/messages.jsonl`.

use std::sync::LazyLock;

use pex::wire::{Dialect, Entry, MAX_MESSAGE_BYTES, Message, ResponseBuilder, decode};
use quickcheck::{Arbitrary, Gen};
use serde_json::Value;

/// One case: the bytes, and what the reference made of them.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ok: bool,
    /// Whether every text in it is UTF-8.
    pub(crate) utf8: bool,
    pub(crate) why: String,
    kind: String,
    addresses: Vec<Value>,
    reencoded: Vec<u8>,
}

/// All cases, in the order of the file.
pub(crate) fn all() -> Vec<Vector> {
    include_str!("../vectors/messages.jsonl")
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap_or_default();
            Vector::read(&record)
        })
        .collect()
}

/// A case that the file does not have: well formed, empty for whoever reads it, and too long.
pub(crate) fn too_long() -> Vector {
    let length = MAX_MESSAGE_BYTES + 1 - 4;
    let mut bytes = vec![0x7a, 0xfd, 0xf3, 0x03];
    bytes.resize(4 + length, 0);
    Vector {
        bytes,
        ok: true,
        utf8: true,
        why: "an unknown field that fills more than a message".into(),
        kind: "empty".into(),
        addresses: Vec::new(),
        reencoded: Vec::new(),
    }
}

impl Vector {
    fn read(record: &Value) -> Self {
        let text = |name: &str| record[name].as_str().unwrap_or_default();
        Self {
            bytes: from_hex(text("hex")),
            ok: record["ok"] == true,
            utf8: record.get("note").is_none(),
            why: text("why").into(),
            kind: text("kind").into(),
            addresses: record["addresses"].as_array().cloned().unwrap_or_default(),
            reencoded: from_hex(text("reencoded")),
        }
    }

    /// We read the bytes as the reference does, and write what we read as it does.
    pub(crate) fn check(&self) {
        let decoded = decode(&self.bytes);
        assert_eq!(decoded.is_ok(), self.ok, "{self:?} {decoded:?}");
        let Ok(decoded) = decoded else { return };
        assert_eq!(kind(decoded.as_ref()), self.kind, "{self:?}");
        let Some(message) = decoded else { return };
        if let Message::Response(response) = &message {
            let expected = self
                .addresses
                .iter()
                .map(|from| entry(response.dialect(), from));
            assert!(response.entries().eq(expected), "{self:?} {response:?}");

            let mut again =
                ResponseBuilder::with_limits(response.dialect(), usize::MAX, usize::MAX);
            let pushed = response.entries().try_for_each(|entry| again.push(&entry));
            assert_eq!(pushed, Ok(()), "{self:?}");
            let again = Message::Response(again.finish());
            assert_eq!(again.to_bytes(), self.reencoded, "{self:?}");
        }
        assert_eq!(message.canonical().to_bytes(), self.reencoded, "{self:?}");
    }
}

const fn kind(message: Option<&Message<'_>>) -> &'static str {
    match message {
        None => "empty",
        Some(Message::Request(Dialect::V1)) => "request",
        Some(Message::Request(Dialect::V2)) => "request_v2",
        Some(Message::Response(response)) => match response.dialect() {
            Dialect::V1 => "response",
            Dialect::V2 => "response_v2",
        },
        Some(_) => "unknown",
    }
}

fn entry(dialect: Dialect, from: &Value) -> Entry<'_> {
    let text = |name: &str| from[name].as_str().unwrap_or_default();
    match dialect {
        Dialect::V1 => Entry::V1 {
            id: text("id"),
            ip: text("ip"),
            port: from["port"]
                .as_u64()
                .map_or(0, |port| u32::try_from(port).unwrap_or_default()),
        },
        Dialect::V2 => Entry::V2 { url: text("url") },
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    text.as_bytes()
        .as_chunks::<2>()
        .0
        .iter()
        .filter_map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?))
        .collect()
}

/// A vector's bytes with a few of them changed: near enough to a message to reach deep.
#[derive(Clone, Debug)]
pub(crate) struct Mutant(pub(crate) Vec<u8>);

impl Arbitrary for Mutant {
    fn arbitrary(g: &mut Gen) -> Self {
        static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(all);
        let mut bytes = g
            .choose(&VECTORS)
            .map(|vector| vector.bytes.clone())
            .unwrap_or_default();
        for _ in 0..u8::arbitrary(g) % 4 {
            let at = usize::arbitrary(g) % (bytes.len() + 1);
            match u8::arbitrary(g) % 3 {
                0 => bytes.insert(at, u8::arbitrary(g)),
                1 if at < bytes.len() => bytes[at] = u8::arbitrary(g),
                _ if at < bytes.len() => {
                    bytes.remove(at);
                }
                _ => {}
            }
        }
        Self(bytes)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        Box::new(self.0.shrink().map(Self))
    }
}

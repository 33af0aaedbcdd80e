//! The language of the transcripts: that of logs, with names for ids and words for messages.
//!
//! `alice` to `eve` are peers and `n1`, `n2`, ... are nodes; `nodes 1..100` are the addresses of a
//! hundred of them. Times are seconds.

use core::fmt::Write as _;
use core::ops::RangeInclusive;

use pex::replay::{Log, LoggedEvent, Player};
use pex::wire::{self, Dialect, Entry, Message, ResponseBuilder};
use pex::{Action, NodeAddress, NodeId, QueryId, Time};

const HEAD: &str = "pex log 1\n\
    me=0000000000000000000000000000000000000000\n\
    seed=0707070707070707070707070707070707070707070707070707070707070707\n\
    start=0.000000000\n";

const PEOPLE: [(&str, u8); 6] = [
    ("me", 0x00),
    ("alice", 0xaa),
    ("bob", 0xbb),
    ("carol", 0xcc),
    ("dave", 0xdd),
    ("eve", 0xee),
];

/// Addresses of an answer that are shown.
const SHOWN: usize = 4;

/// Plays the events of a transcript, and returns it with what follows from each.
pub(crate) fn play(story: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut options = HEAD.to_owned();
    let mut stage: Option<Stage> = None;
    for (number, line) in story.lines().enumerate() {
        if line.starts_with("> ") {
            continue;
        }
        let _ = writeln!(out, "{line}");
        let wrong = |error: String| format!("line {}: {error}", number + 1);
        if let Some(event) = line.strip_prefix("< ") {
            let stage = match &mut stage {
                Some(stage) => stage,
                none => none.insert(Stage::new(&options).map_err(wrong)?),
            };
            stage.event(event, &mut out).map_err(wrong)?;
        } else if !line.is_empty() && !line.starts_with('#') {
            let _ = writeln!(options, "{}", ids(line));
        }
    }
    Ok(out)
}

/// The lines that differ, as a list of what went and what came.
pub(crate) fn difference(written: &str, played: &str) -> String {
    let mut out = String::new();
    for line in written
        .lines()
        .filter(|line| !played.lines().any(|other| other == *line))
    {
        let _ = writeln!(out, "- {line}");
    }
    for line in played
        .lines()
        .filter(|line| !written.lines().any(|other| other == *line))
    {
        let _ = writeln!(out, "+ {line}");
    }
    out
}

struct Stage {
    player: Player,
    queries: Vec<QueryId>,
}

impl Stage {
    fn new(options: &str) -> Result<Self, String> {
        let log: Log = options.parse().map_err(|error| format!("{error}"))?;
        Ok(Self {
            player: log.player(),
            queries: Vec::new(),
        })
    }

    fn event(&mut self, line: &str, out: &mut String) -> Result<(), String> {
        let (at, event) = line.split_once(' ').ok_or("no event")?;
        let at = time(at)?;
        for event in spelled_out(event)? {
            let event = ids(&event);
            let event: LoggedEvent = event.parse().map_err(|error| format!("{error:?}"))?;
            let actions = self.player.play(at, &event);
            for group in actions.chunk_by(|one, next| added(one).is_some() && added(next).is_some())
            {
                let line = match group {
                    [first, .., last] if group.len() > SHOWN => several(group.len(), first, last),
                    _ => group
                        .iter()
                        .map(|action| self.action(action))
                        .collect::<Vec<_>>()
                        .join("\n> "),
                };
                let _ = writeln!(out, "> {line}");
            }
            if self.player.pex().check().is_err() {
                return Err("an invariant is broken".to_owned());
            }
        }
        Ok(())
    }

    fn action(&mut self, action: &Action) -> String {
        let line = match action {
            Action::Send { to, epoch, message } => {
                format!("send {to} epoch={} {}", epoch.number(), said(message))
            }
            Action::AddPeer { address, from } => format!("add {} from={from}", short(address)),
            Action::SetTimer(at) => format!("timer {}", seconds(*at)),
            Action::Disconnect {
                peer,
                epoch,
                reason,
            } => format!("disconnect {peer} epoch={}: {reason}", epoch.number()),
            Action::Report { peer, fault } => format!("report {peer}: {fault}"),
            Action::Resolve {
                query,
                name,
                deadline,
            } => {
                self.queries.push(*query);
                let number = self.queries.len();
                format!("resolve query={number} {name} until {}", seconds(*deadline))
            }
            _ => unreachable!("no other action"),
        };
        names(&line)
    }
}

const fn added(action: &Action) -> Option<&NodeAddress> {
    match action {
        Action::AddPeer { address, .. } => Some(address),
        _ => None,
    }
}

/// One line for many addresses of one answer.
fn several(count: usize, first: &Action, last: &Action) -> String {
    let ends = [first, last].map(|action| added(action).map(short).unwrap_or_default());
    names(&format!(
        "add {count} addresses: {} to {}",
        ends[0], ends[1]
    ))
}

const fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::V1 => "v1",
        Dialect::V2 => "v2",
    }
}

fn said(message: &Message<'_>) -> String {
    let dialect = dialect_name(message.dialect());
    let Message::Response(response) = message else {
        return format!("request {dialect}");
    };
    let mut text = format!("response {dialect} of {}", response.len());
    for entry in response.entries().take(SHOWN) {
        let told = entry
            .parse()
            .map_or_else(|error| error.to_string(), |a| short(&a));
        let _ = write!(text, " {told}");
    }
    if response.len() > SHOWN {
        text.push_str(" ...");
    }
    text
}

/// An address without the protocol that all have.
fn short(address: &NodeAddress) -> String {
    let text = address.to_string();
    text.strip_prefix("mconn://").unwrap_or(&text).to_owned()
}

/// Seconds without the zeros at the end.
fn seconds(at: Time) -> String {
    let text = at.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn time(text: &str) -> Result<Time, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let nanos = format!("{whole}{part:0<9}").parse();
    nanos
        .map(Time::from_nanos)
        .map_err(|_| format!("not a time: {text}"))
}

/// An event in the words of a log: messages as bytes, and `nodes` one by one.
fn spelled_out(event: &str) -> Result<Vec<String>, String> {
    let words: Vec<&str> = event.split_whitespace().collect();
    match words.as_slice() {
        ["message", from, epoch, "request", dialect] => {
            let bytes = Message::Request(self::dialect(dialect)?).to_bytes();
            Ok(vec![format!("message {from} {epoch} {}", hex(&bytes))])
        }
        ["message", from, epoch, "response", dialect, told @ ..] => {
            let bytes = response(self::dialect(dialect)?, told)?;
            Ok(vec![format!("message {from} {epoch} {}", hex(&bytes))])
        }
        ["store", told @ .., from] => {
            let told = addresses(told)?;
            let line = |address| format!("store {address} {from}");
            Ok(told.into_iter().map(line).collect())
        }
        _ => Ok(vec![event.to_owned()]),
    }
}

fn dialect(name: &str) -> Result<Dialect, String> {
    match name {
        "v1" => Ok(Dialect::V1),
        "v2" => Ok(Dialect::V2),
        _ => Err(format!("not a dialect: {name}")),
    }
}

/// Addresses as they stand there, and `nodes 1..3` as three.
fn addresses(told: &[&str]) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    let mut words = told.iter();
    while let Some(word) = words.next() {
        if *word == "nodes" {
            let range = range(words.next().ok_or("which nodes?")?)?;
            all.extend(range.map(|n| format!("n{n}@10.0.0.{n}:26656")));
        } else {
            all.push((*word).to_owned());
        }
    }
    Ok(all.iter().map(|address| ids(address)).collect())
}

fn range(text: &str) -> Result<RangeInclusive<u8>, String> {
    let ends = text.split_once("..").ok_or("not a range")?;
    let end = |text: &str| text.parse::<u8>().map_err(|error| error.to_string());
    Ok(end(ends.0)?..=end(ends.1)?)
}

fn response(dialect: Dialect, told: &[&str]) -> Result<Vec<u8>, String> {
    let mut answer = ResponseBuilder::with_limits(dialect, 1_000, wire::MAX_MESSAGE_BYTES);
    for address in addresses(told)? {
        let (id, place) = address.split_once('@').unwrap_or(("", &address));
        let (ip, port) = place.rsplit_once(':').unwrap_or((place, "0"));
        let pushed = match dialect {
            Dialect::V1 => answer.push(&Entry::V1 {
                id,
                ip,
                port: port.parse().map_err(|_| "not a port")?,
            }),
            Dialect::V2 => answer.push(&Entry::V2 { url: &address }),
        };
        pushed.map_err(|error| format!("{error:?}"))?;
    }
    Ok(Message::Response(answer.finish()).to_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Names to ids, wherever a name stands as a word.
fn ids(line: &str) -> String {
    let mut out = String::new();
    for piece in line.split_inclusive([' ', '@', '=', '/']) {
        let word = piece.trim_end_matches([' ', '@', '=', '/']);
        let number = word.strip_prefix('n').and_then(|n| n.parse().ok());
        let person = PEOPLE.iter().find(|(name, _)| *name == word);
        let id = number.or_else(|| person.map(|(_, byte)| *byte));
        match id {
            Some(byte) if !(word == "me" && piece.ends_with('=')) => {
                let _ = write!(out, "{}{}", NodeId::new([byte; 20]), &piece[word.len()..]);
            }
            _ => out.push_str(piece),
        }
    }
    out
}

/// Ids to names, wherever one stands.
fn names(line: &str) -> String {
    let mut out = line.to_owned();
    for (name, byte) in PEOPLE {
        out = out.replace(&NodeId::new([byte; 20]).to_string(), name);
    }
    (0..=u8::MAX).fold(out, |out, byte| {
        out.replace(&NodeId::new([byte; 20]).to_string(), &format!("n{byte}"))
    })
}

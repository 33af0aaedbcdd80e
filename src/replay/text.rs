//! A log as text: one line an event, to be read by people and compared by tools.
//!
//! ```text
//! pex log 1
//! me=0101010101010101010101010101010101010101
//! seed=0707070707070707070707070707070707070707070707070707070707070707
//! start=0.000000000
//! roster_max=10000
//! policy=unseen
//! ... the other options
//!
//! 1.000000000 up 0202020202020202020202020202020202020202 epoch=1 kind=v2
//! 1.050000000 message 0202020202020202020202020202020202020202 epoch=1 1a00
//! 1.060000000 tick
//! ```

use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::str::{FromStr, SplitAsciiWhitespace};
use core::time::Duration;

use super::error::{LogError, LogProblem};
use super::{Log, LoggedEvent, options};
use crate::wire::{self, WireError};
use crate::{Config, Epoch, Kind, NodeAddress, NodeId, QueryId, Seed, Time};

const FIRST_LINE: &str = "pex log 1";

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}\nme={}", self.me)?;
        f.write_str("seed=")?;
        hex(f, self.seed.as_bytes())?;
        writeln!(f, "\nstart={}\nroster_max={}", self.start, self.roster_max)?;
        options::write(f, &self.config)?;
        f.write_str("\n")?;
        self.events
            .iter()
            .try_for_each(|(at, event)| writeln!(f, "{at} {event}"))
    }
}

impl fmt::Display for LoggedEvent {
    /// The line of the event, without its time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerUp { peer, epoch, kind } => {
                write!(f, "up {peer} epoch={} kind=", epoch.number())?;
                f.write_str(kind_name(*kind))
            }
            Self::PeerDown { peer, epoch } => write!(f, "down {peer} epoch={}", epoch.number()),
            Self::Message {
                from,
                epoch,
                message,
            } => {
                write!(f, "message {from} epoch={} ", epoch.number())?;
                hex(f, &message.to_bytes())
            }
            Self::Garbage { from, epoch, error } => {
                write!(f, "garbage {from} epoch={} ", epoch.number())?;
                write_error(f, error)
            }
            Self::Unsent { to, epoch } => write!(f, "unsent {to} epoch={}", epoch.number()),
            Self::Resolved { query, ips } => {
                write!(f, "resolved query={}", query.0)?;
                ips.iter().try_for_each(|ip| write!(f, " {ip}"))
            }
            Self::Tick => f.write_str("tick"),
            Self::Rewound => f.write_str("rewind"),
            Self::Stored { address, from } => write!(f, "store {address} from={from}"),
        }
    }
}

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::V1 => "v1",
        Kind::V2 => "v2",
        Kind::Kin => "kin",
    }
}

fn hex(f: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

fn write_error(f: &mut impl Write, error: &WireError) -> fmt::Result {
    match error {
        WireError::TooLong { bytes, max } => write!(f, "too-long {bytes} {max}"),
        WireError::Truncated => f.write_str("truncated"),
        WireError::VarintTooLong => f.write_str("varint-too-long"),
        WireError::FieldNumber => f.write_str("field-number"),
        WireError::UnknownWireType { wire_type } => write!(f, "unknown-wire-type {wire_type}"),
        WireError::WrongWireType { field, wire_type } => {
            write!(f, "wrong-wire-type {field} {wire_type}")
        }
        WireError::EndGroup => f.write_str("end-group"),
        WireError::NotUtf8 { field } => write!(f, "not-utf8 {field}"),
    }
}

impl FromStr for Log {
    type Err = LogError;

    fn from_str(text: &str) -> Result<Self, LogError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index.saturating_add(1), line));
        let mut last = 1;
        if lines.next().map(|(_, line)| line) != Some(FIRST_LINE) {
            return Err(at(last)(LogProblem::NotALog));
        }
        let mut head = Head::default();
        for (line, text) in lines.by_ref() {
            last = line;
            if text.is_empty() {
                break;
            }
            head.set(text).map_err(at(line))?;
        }
        let mut log = head.log().map_err(at(last))?;
        for (line, text) in lines {
            // An empty line, or a comment.
            if !text.is_empty() && !text.starts_with('#') {
                log.events.push(event_line(text).map_err(at(line))?);
            }
        }
        Ok(log)
    }
}

impl FromStr for LoggedEvent {
    type Err = LogProblem;

    /// Reads an event from its line, without its time.
    fn from_str(text: &str) -> Result<Self, LogProblem> {
        let mut words = Words(text.split_ascii_whitespace());
        let event = words.event()?;
        match words.0.next() {
            Some(_) => Err(LogProblem::TooMuch),
            None => Ok(event),
        }
    }
}

const fn at(line: usize) -> impl Fn(LogProblem) -> LogError {
    move |problem| LogError { line, problem }
}

fn event_line(text: &str) -> Result<(Time, LoggedEvent), LogProblem> {
    let (at, event) = text
        .split_once(' ')
        .ok_or(LogProblem::Missing("an event after the time"))?;
    Ok((time(at)?, event.parse()?))
}

/// What stands above the events.
#[derive(Default)]
struct Head {
    me: Option<NodeId>,
    seed: Option<Seed>,
    start: Option<Time>,
    roster_max: Option<usize>,
    config: Config,
}

impl Head {
    fn set(&mut self, line: &str) -> Result<(), LogProblem> {
        let (name, value) = line
            .split_once('=')
            .ok_or(LogProblem::Expected("an option, `=` and its value"))?;
        match name {
            "me" => self.me = Some(id(value)?),
            "seed" => {
                let bytes = unhex(value)?.try_into();
                let bytes = bytes.map_err(|_| LogProblem::Expected("64 hexadecimal digits"))?;
                self.seed = Some(Seed::new(bytes));
            }
            "start" => self.start = Some(time(value)?),
            "roster_max" => self.roster_max = Some(number(value)?),
            _ => options::set(&mut self.config, name, value)?,
        }
        Ok(())
    }

    fn log(self) -> Result<Log, LogProblem> {
        let config = options::check(self.config)?;
        let me = self.me.ok_or(LogProblem::Missing("a line `me=<id>`"))?;
        let seed = self
            .seed
            .ok_or(LogProblem::Missing("a line `seed=<hex>`"))?;
        let start = self
            .start
            .ok_or(LogProblem::Missing("a line `start=<seconds>`"))?;
        let log = Log::new(config, me, seed, start);
        Ok(match self.roster_max {
            Some(max) => log.with_roster_max(max),
            None => log,
        })
    }
}

/// The words of an event that are still to be read.
struct Words<'a>(SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    fn next(&mut self, what: &'static str) -> Result<&'a str, LogProblem> {
        self.0.next().ok_or(LogProblem::Missing(what))
    }

    /// The value of a word `name=value`.
    fn value(&mut self, name: &'static str) -> Result<&'a str, LogProblem> {
        self.next(name)?
            .strip_prefix(name)
            .ok_or(LogProblem::Expected(name))
    }

    fn id(&mut self) -> Result<NodeId, LogProblem> {
        id(self.next("a node id")?)
    }

    fn line(&mut self) -> Result<(NodeId, Epoch), LogProblem> {
        Ok((self.id()?, Epoch::new(number(self.value("epoch=")?)?)))
    }

    fn number<N: FromStr>(&mut self) -> Result<N, LogProblem> {
        number(self.next("a number")?)
    }

    fn event(&mut self) -> Result<LoggedEvent, LogProblem> {
        Ok(match self.next("an event")? {
            "up" => {
                let ((peer, epoch), kind) = (self.line()?, self.kind()?);
                LoggedEvent::PeerUp { peer, epoch, kind }
            }
            "down" => {
                let (peer, epoch) = self.line()?;
                LoggedEvent::PeerDown { peer, epoch }
            }
            "message" => {
                let (from, epoch) = self.line()?;
                let bytes = unhex(self.next("the bytes of a message")?)?;
                let decoded = wire::decode(&bytes).map_err(LogProblem::Message)?;
                let message = decoded.ok_or(LogProblem::NoMessage)?.into_owned();
                LoggedEvent::Message {
                    from,
                    epoch,
                    message,
                }
            }
            "garbage" => {
                let ((from, epoch), error) = (self.line()?, self.error()?);
                LoggedEvent::Garbage { from, epoch, error }
            }
            "unsent" => {
                let (to, epoch) = self.line()?;
                LoggedEvent::Unsent { to, epoch }
            }
            "resolved" => {
                let query = QueryId(number(self.value("query=")?)?);
                let wrong = |_| LogProblem::Expected("an IP address");
                let ips = self.0.by_ref().map(|ip| ip.parse().map_err(wrong));
                let ips = ips.collect::<Result<_, _>>()?;
                LoggedEvent::Resolved { query, ips }
            }
            "tick" => LoggedEvent::Tick,
            "rewind" => LoggedEvent::Rewound,
            "store" => {
                let address = NodeAddress::parse(self.next("an address")?);
                let address = address.map_err(LogProblem::Address)?;
                let from = id(self.value("from=")?)?;
                LoggedEvent::Stored { address, from }
            }
            _ => return Err(LogProblem::UnknownEvent),
        })
    }

    fn kind(&mut self) -> Result<Kind, LogProblem> {
        match self.value("kind=")? {
            "v1" => Ok(Kind::V1),
            "v2" => Ok(Kind::V2),
            "kin" => Ok(Kind::Kin),
            _ => Err(LogProblem::Expected("`kind=v1`, `kind=v2` or `kind=kin`")),
        }
    }

    fn error(&mut self) -> Result<WireError, LogProblem> {
        Ok(match self.next("why it is garbage")? {
            "too-long" => WireError::TooLong {
                bytes: self.number()?,
                max: self.number()?,
            },
            "truncated" => WireError::Truncated,
            "varint-too-long" => WireError::VarintTooLong,
            "field-number" => WireError::FieldNumber,
            "unknown-wire-type" => WireError::UnknownWireType {
                wire_type: self.number()?,
            },
            "wrong-wire-type" => WireError::WrongWireType {
                field: self.number()?,
                wire_type: self.number()?,
            },
            "end-group" => WireError::EndGroup,
            "not-utf8" => WireError::NotUtf8 {
                field: self.number()?,
            },
            _ => return Err(LogProblem::Expected("the name of a fault of the bytes")),
        })
    }
}

fn id(text: &str) -> Result<NodeId, LogProblem> {
    NodeId::parse(text).map_err(LogProblem::Id)
}

pub(super) fn number<N: FromStr>(text: &str) -> Result<N, LogProblem> {
    text.parse()
        .map_err(|_| LogProblem::Expected("a number that fits"))
}

pub(super) fn duration(text: &str) -> Result<Duration, LogProblem> {
    Ok(time(text)?.since(Time::EPOCH))
}

/// Seconds with nine decimals.
fn time(text: &str) -> Result<Time, LogProblem> {
    let wrong = LogProblem::Expected("seconds with nine decimals");
    let (seconds, nanos) = text.split_once('.').ok_or(wrong)?;
    if nanos.len() != 9 {
        return Err(wrong);
    }
    let (seconds, nanos): (u64, u32) = (number(seconds)?, number(nanos)?);
    let nanos = seconds
        .checked_mul(1_000_000_000)
        .and_then(|whole| whole.checked_add(u64::from(nanos)));
    nanos.map(Time::from_nanos).ok_or(wrong)
}

fn unhex(text: &str) -> Result<Vec<u8>, LogProblem> {
    let wrong = LogProblem::Expected("bytes as pairs of hexadecimal digits");
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(wrong);
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
    };
    let byte = |&[high, low]: &[u8; 2]| Some(digit(high)? << 4 | digit(low)?);
    let bytes = pairs.iter().map(byte).collect::<Option<_>>();
    bytes.ok_or(wrong)
}

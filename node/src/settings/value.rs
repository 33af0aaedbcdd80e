//! From the text of a value to what it means, and what to write where it means nothing.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::path::PathBuf;

use pex::{NodeAddress, NodeId};

use crate::observe::Pages;
use crate::transport::{check_moniker, host_and_port};

/// Longest chain id, as CometBFT has it.
const CHAIN_ID_BYTES_MAX: usize = 50;

/// Most seeds, and most persistent peers, as the options of a node have it.
const ADDRESSES_MAX: usize = 1_024;

/// What is wrong with a value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(String);

impl Wrong {
    fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Wrong {}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the levels that everybody has")]
pub enum LogLevel {
    /// Nothing.
    None,
    /// What stops the work.
    Error,
    /// What an operator should look at.
    Warn,
    /// What happens.
    Info,
    /// Each peer.
    Debug,
    /// Each message.
    Trace,
}

impl LogLevel {
    /// Its name in the file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let all = [
            Self::None,
            Self::Error,
            Self::Warn,
            Self::Info,
            Self::Debug,
            Self::Trace,
        ];
        all.into_iter().find(|level| level.name() == name)
    }
}

/// How it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// Lines for people.
    Plain,
    /// A JSON object a line.
    Json,
}

pub(super) fn chain_id(text: &str) -> Result<String, Wrong> {
    let fits = !text.is_empty() && text.len() <= CHAIN_ID_BYTES_MAX;
    if fits && text.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(format!(
        "write the id of the chain as its genesis file has it, such as \"cosmoshub-4\": 1 to \
         {CHAIN_ID_BYTES_MAX} characters without spaces"
    )))
}

/// What other nodes take as a name, in the words of who would refuse it at the start.
pub(super) fn moniker(text: &str) -> Result<(), Wrong> {
    check_moniker(text).map_err(|why| Wrong::new(why.to_string()))
}

/// What Prometheus takes as the begin of a name.
pub(super) fn namespace(text: &str) -> Result<(), Wrong> {
    let pages = Pages::new().namespace(text);
    pages.map(|_| ()).map_err(|why| Wrong::new(why.to_string()))
}

pub(super) fn file(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() || text.contains('\0') || text.ends_with('/') {
        return Err(Wrong::new(
            "write the path of a file, relative to the home or beginning with /",
        ));
    }
    Ok(text.into())
}

pub(super) fn switch(text: &str) -> Result<bool, Wrong> {
    text.parse().map_err(|_| Wrong::new("write true or false"))
}

pub(super) fn number(text: &str, min: u64, max: u64) -> Result<u64, Wrong> {
    let digits = text.replace('_', "");
    let number = digits.parse::<u64>().ok();
    let number = number.filter(|number| (min..=max).contains(number));
    number.ok_or_else(|| Wrong::new(format!("write a whole number from {min} to {max}")))
}

pub(super) fn time(text: &str, min: Duration, max: Duration) -> Result<Duration, Wrong> {
    // Go writes a zero without a unit as well.
    let text = if text == "0" { "0s" } else { text };
    let within = |time: &Duration| {
        (min..=max).contains(time) && (time.is_zero() || *time >= Duration::from_millis(1))
    };
    let time = humantime::parse_duration(text).ok().filter(within);
    time.ok_or_else(|| {
        Wrong::new(format!(
            "write a duration from {}, such as \"10s\" or \"1m30s\"",
            time_bounds(min, max)
        ))
    })
}

/// What a duration may be. Nothing is waited for by less than a millisecond; zero has a meaning of its
/// own, where it may be given.
pub(super) fn time_bounds(min: Duration, max: Duration) -> String {
    let max = duration_text(max);
    if min.is_zero() {
        format!("1ms to {max}, or 0s")
    } else {
        format!("{} to {max}", duration_text(min))
    }
}

/// A duration without spaces, as Go reads it.
fn duration_text(time: Duration) -> String {
    if time == Duration::from_secs(86_400) {
        return "24h".to_owned();
    }
    humantime::format_duration(time)
        .to_string()
        .replace(' ', "")
}

fn without_tcp(text: &str) -> &str {
    text.strip_prefix("tcp://").unwrap_or(text)
}

pub(super) fn place(text: &str) -> Result<SocketAddr, Wrong> {
    let bare = without_tcp(text);
    if let Ok(place) = bare.parse() {
        return Ok(place);
    }
    // As Go has it, without an address all of this machine's are meant.
    if let Some((host, port)) = bare.rsplit_once(':')
        && let Ok(port) = port.parse::<u16>()
    {
        let ip = match host {
            "" => Some(Ipv4Addr::UNSPECIFIED),
            "localhost" => Some(Ipv4Addr::LOCALHOST),
            _ => None,
        };
        if let Some(ip) = ip {
            return Ok((IpAddr::V4(ip), port).into());
        }
    }
    Err(Wrong::new(
        "write an IP address of this machine and a port, such as \"tcp://0.0.0.0:26656\" or \
         \"[::]:26656\"",
    ))
}

pub(super) fn maybe_place(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    place(text).map(Some)
}

pub(super) fn outside(text: &str) -> Result<Option<String>, Wrong> {
    let bare = without_tcp(text);
    if bare.is_empty() {
        return Ok(None);
    }
    let somebody = NodeId::new([0; 20]);
    let read = NodeAddress::parse(&format!("{somebody}@{bare}"));
    let reachable =
        read.is_ok_and(|it| it.port() > 0 && !it.ip().is_some_and(|ip| ip.is_unspecified()));
    if reachable && host_and_port(bare).is_some() {
        return Ok(Some(bare.to_owned()));
    }
    Err(Wrong::new(
        "write host:port where others reach this node, such as \"203.0.113.7:26656\"",
    ))
}

/// What stands between commas. One too many at the end is nothing.
fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

pub(super) fn addresses(text: &str) -> Result<Vec<NodeAddress>, Wrong> {
    let read = |item: &str| {
        NodeAddress::parse(item)
            .map_err(|why| why.to_string())
            .and_then(|address| match address.port() {
                0 => Err("the port is missing".to_owned()),
                _ => Ok(address),
            })
            .map_err(|why| {
                Wrong::new(format!(
                    "\"{}\": {why}; write id@host:port, with commas between several",
                    item.escape_debug()
                ))
            })
    };
    match items(text).count() {
        count if count > ADDRESSES_MAX => Err(Wrong::new(format!(
            "{count} addresses are given; write {ADDRESSES_MAX} at most"
        ))),
        _ => items(text).map(read).collect(),
    }
}

pub(super) fn ids(text: &str) -> Result<Vec<NodeId>, Wrong> {
    let read = |item: &str| {
        item.parse().map_err(|_| {
            Wrong::new(format!(
                "\"{}\" is no node id; write 40 hexadecimal digits, with commas between several",
                item.escape_debug()
            ))
        })
    };
    items(text).map(read).collect()
}

/// A level, or CometBFT's list of modules with levels, of which that of the peers counts.
pub(super) fn level(text: &str) -> Result<LogLevel, Wrong> {
    let of = |module: &str| {
        let pairs = items(text).filter_map(|item| item.split_once(':'));
        let level = pairs.filter(|(name, _)| *name == module).last();
        level.and_then(|(_, level)| LogLevel::named(level))
    };
    let level = if text.contains(':') {
        of("p2p").or_else(|| of("main")).or_else(|| of("*"))
    } else {
        LogLevel::named(text)
    };
    level.ok_or_else(|| Wrong::new("write none, error, warn, info, debug or trace"))
}

pub(super) fn format(text: &str) -> Result<LogFormat, Wrong> {
    match text {
        "plain" => Ok(LogFormat::Plain),
        "json" => Ok(LogFormat::Json),
        _ => Err(Wrong::new("write plain or json")),
    }
}

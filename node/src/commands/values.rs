//! What the values of flags may be, by the same rules as the settings of a seed, so that no command
//! takes what another refuses.

use core::time::Duration;

use pex::NodeAddress;
use pex_node::settings::{Kind, Wrong};

/// Most places for peers, as the options of a node have it.
const PLACES_MAX: usize = 1_000_000;

pub(super) fn chain_id(text: &str) -> Result<String, Wrong> {
    checked(Kind::ChainId, text)
}

pub(super) fn moniker(text: &str) -> Result<String, Wrong> {
    checked(Kind::Moniker, text)
}

pub(super) fn namespace(text: &str) -> Result<String, Wrong> {
    checked(Kind::Namespace, text)
}

pub(super) fn places(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number <= PLACES_MAX);
    number.ok_or_else(|| format!("write a whole number from 0 to {PLACES_MAX}"))
}

/// Where others reach a node, as `host:port`.
pub(super) fn outside(text: &str) -> Result<String, String> {
    Kind::Outside.check(text).map_err(|why| why.to_string())?;
    match text.strip_prefix("tcp://").unwrap_or(text) {
        "" => Err("write host:port, or leave the flag out".to_owned()),
        place => Ok(place.to_owned()),
    }
}

/// Where a node can be dialed.
pub(super) fn address(text: &str) -> Result<NodeAddress, String> {
    let address = NodeAddress::parse(text).map_err(|why| why.to_string())?;
    match address.port() {
        0 => Err("the port is missing; write id@host:port".to_owned()),
        _ => Ok(address),
    }
}

/// A time in which something can happen.
pub(super) fn some_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|why| why.to_string())?;
    match time {
        Duration::ZERO => Err("write more than 0s".to_owned()),
        _ => Ok(time),
    }
}

fn checked(kind: Kind, text: &str) -> Result<String, Wrong> {
    kind.check(text).map(|()| text.to_owned())
}

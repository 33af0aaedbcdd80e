//! The options of a log as lines of text: `option=value`.
//!
//! A list is one line for each of its members. What is not written has its default.

use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::str::FromStr;
use core::time::Duration;

use super::error::LogProblem;
use super::text::{duration, number};
use crate::config::ConfigBuilder;
use crate::{Config, NodeAddress, NodeId, Policy, Time};

/// A duration as seconds with nine decimals, as times are written.
fn seconds(duration: Duration) -> Time {
    Time::EPOCH + duration
}

const fn policy_name(policy: Policy) -> &'static str {
    match policy {
        Policy::Unseen => "unseen",
        Policy::Tendermint0350 => "tendermint-0.35.0",
        Policy::Tendermint0359 => "tendermint-0.35.9",
    }
}

/// Writes every option, defaults too, so that a log means the same when a default changes.
pub(super) fn write(f: &mut impl Write, config: &Config) -> fmt::Result {
    writeln!(f, "policy={}", policy_name(config.policy))?;
    writeln!(f, "extension={}", config.extension)?;
    for (name, value) in [
        ("ask_gap_v1", config.gap_v1),
        ("ask_gap_v2", config.gap_v2),
        ("ask_gap_kin", config.gap_kin),
        ("request_timeout", config.request_timeout),
        ("grant_gap_v1", config.grant_gap_v1),
        ("grant_gap_v2", config.grant_gap_v2),
        ("strike_fades", config.strike_fades),
        ("resolve_timeout", config.resolve_timeout),
    ] {
        writeln!(f, "{name}={}", seconds(value))?;
    }
    for (name, value) in [
        ("outstanding_max", config.outstanding_max),
        ("asked_first", config.asked_first),
        ("peers_max", config.peers_max),
        ("remembered_max", config.remembered_max),
        ("seen_max", config.seen_max),
        ("resolve_max", config.resolve_max),
    ] {
        writeln!(f, "{name}={value}")?;
    }
    writeln!(f, "grant_burst={}", config.grant_burst)?;
    writeln!(f, "strikes_max={}", config.strikes_max)?;
    let list = |f: &mut _, name, addresses: &Vec<NodeAddress>| {
        let mut lines = addresses.iter();
        lines.try_for_each(|address| write_line(f, name, address))
    };
    list(f, "own_address", &config.own_addresses)?;
    list(f, "private_address", &config.private_addresses)?;
    let mut ids = config.private_ids.iter();
    ids.try_for_each(|id| write_line(f, "private_id", id))
}

fn write_line(f: &mut impl Write, name: &str, value: &impl fmt::Display) -> fmt::Result {
    writeln!(f, "{name}={value}")
}

/// Sets one option as its line says.
pub(super) fn set(config: &mut Config, name: &str, value: &str) -> Result<(), LogProblem> {
    let address = || NodeAddress::parse(value).map_err(LogProblem::Address);
    match name {
        "policy" => config.policy = policy(value)?,
        "extension" => {
            let wrong = LogProblem::Expected("`extension=true` or `extension=false`");
            config.extension = value.parse().map_err(|_| wrong)?;
        }
        "ask_gap_v1" => config.gap_v1 = duration(value)?,
        "ask_gap_v2" => config.gap_v2 = duration(value)?,
        "ask_gap_kin" => config.gap_kin = duration(value)?,
        "request_timeout" => config.request_timeout = duration(value)?,
        "grant_gap_v1" => config.grant_gap_v1 = duration(value)?,
        "grant_gap_v2" => config.grant_gap_v2 = duration(value)?,
        "strike_fades" => config.strike_fades = duration(value)?,
        "resolve_timeout" => config.resolve_timeout = duration(value)?,
        "outstanding_max" => config.outstanding_max = number(value)?,
        "asked_first" => config.asked_first = number(value)?,
        "peers_max" => config.peers_max = number(value)?,
        "remembered_max" => config.remembered_max = number(value)?,
        "seen_max" => config.seen_max = number(value)?,
        "resolve_max" => config.resolve_max = number(value)?,
        "grant_burst" => config.grant_burst = number(value)?,
        "strikes_max" => config.strikes_max = number(value)?,
        "own_address" => config.own_addresses.push(address()?),
        "private_address" => config.private_addresses.push(address()?),
        "private_id" => {
            let id = NodeId::from_str(value).map_err(LogProblem::Id)?;
            config.private_ids.insert(id);
        }
        _ => return Err(LogProblem::UnknownOption),
    }
    Ok(())
}

fn policy(name: &str) -> Result<Policy, LogProblem> {
    [
        Policy::Unseen,
        Policy::Tendermint0350,
        Policy::Tendermint0359,
    ]
    .into_iter()
    .find(|&policy| policy_name(policy) == name)
    .ok_or(LogProblem::Expected(
        "`unseen`, `tendermint-0.35.0` or `tendermint-0.35.9`",
    ))
}

/// The options, checked as those of any other configuration.
pub(super) fn check(config: Config) -> Result<Config, LogProblem> {
    ConfigBuilder::from_config(config)
        .build()
        .map_err(LogProblem::Config)
}

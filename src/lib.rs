//! Peer exchange (PEX) of Tendermint and CometBFT networks, as pure, deterministic state machines.
#![no_std]
// What could panic, or round, is spelled out where it is meant. Tests may.
#![cfg_attr(
    not(test),
    warn(
        clippy::arithmetic_side_effects,
        clippy::float_arithmetic,
        clippy::indexing_slicing,
        clippy::wildcard_enum_match_arm
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod action;
mod address;
mod config;
mod directory;
mod endpoints;
mod event;
mod fault;
mod node_id;
mod pex;
pub mod replay;
mod roster;
mod seed;
mod stats;
mod time;
pub mod wire;

pub use action::{Action, Actions, IntoIter};
pub use address::{AddressError, Host, NodeAddress};
pub use config::{Config, ConfigBuilder, ConfigError};
pub use directory::{Cursor, Directory, Nobody};
pub use event::{Epoch, Event, Kind, QueryId};
pub use fault::Fault;
pub use node_id::{NodeId, NodeIdError};
pub use pex::Pex;
pub use pex::check::Broken;
pub use pex::dump::RestoreError;
pub use pex::estimate::Estimate;
pub use pex::pace::Policy;
pub use roster::Roster;
pub use seed::Seed;
pub use stats::Stats;
pub use time::Time;

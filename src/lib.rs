//! Peer exchange (PEX) of Tendermint and CometBFT networks, as pure, deterministic state machines.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod address;
mod node_id;
mod seed;
mod time;
pub mod wire;

pub use address::{AddressError, Host, NodeAddress};
pub use node_id::{NodeId, NodeIdError};
pub use seed::Seed;
pub use time::Time;

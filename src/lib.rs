//! Peer exchange (PEX) of Tendermint and CometBFT networks, as pure, deterministic state machines.
//!
//! A node finds others by asking the peers it is connected with for addresses, and answers when it
//! is asked. [`Pex`] decides whom to ask and when, judges what comes back, and chooses what to
//! tell. It has no socket, no clock, no thread, and no source of chance but a [`Seed`]: events go
//! in with the time, actions come out. So a driver under any executor is a short loop, a test owns
//! the clock, and the same events give the same actions, byte for byte, on every machine.
//!
//! ```
//! use pex::wire::{Dialect, Entry, Message, ResponseBuilder};
//! use pex::{Action, Config, Epoch, Event, Kind, NodeId, Pex, Roster, Seed, Time};
//!
//! let seed = Seed::new([7; 32]); // from the operating system, in a real node
//! let mut pex = Pex::new(Config::default(), NodeId::new([1; 20]), seed.derive(1), Time::EPOCH);
//! let mut roster = Roster::new(seed.derive(2), 1_000);
//!
//! // A peer comes up, and is asked at once.
//! let (peer, epoch, now) = (NodeId::new([2; 20]), Epoch::new(1), Time::from_secs(1));
//! let up = Event::PeerUp { peer, epoch, kind: Kind::V2 };
//! let request = Message::Request(Dialect::V2);
//! let asked = pex.handle(now, up, &roster);
//! assert_eq!(asked[0], Action::Send { to: peer, epoch, message: request });
//!
//! // It answers, and the store learns an address.
//! let mut answer = ResponseBuilder::new(Dialect::V2);
//! answer.push(&Entry::V2 { url: "00112233445566778899aabbccddeeff00112233@10.0.0.1:26656" })?;
//! let message = Message::Response(answer.finish());
//! for action in pex.handle(now, Event::Message { from: peer, epoch, message }, &roster) {
//!     if let Action::AddPeer { address, from } = action {
//!         assert!(roster.add(address, from));
//!     }
//! }
//! assert_eq!(roster.len(), 1);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # The driver's contract
//!
//! 1. Draw 32 bytes for the [`Seed`] from the operating system, and keep them secret.
//! 2. Tell the time in nanoseconds since the Unix epoch, from a clock that does not run backwards.
//!    A time before an earlier one is taken to be the earlier one, and counted.
//! 3. One event a call. Report [`Event::PeerUp`] only once a handshake has proved the peer's id;
//!    give every connection an [`Epoch`] of its own, and its messages and its end the same one.
//! 4. Carry out all actions of a call, in order, before the next call.
//! 5. [`Action::SetTimer`] replaces the only timer. When it fires, send [`Event::Tick`]. An early
//!    tick does nothing, a late one does what is due once, a doubled one does nothing more.
//! 6. A message that can't be sent is not tried again; if it is a request, report
//!    [`Event::Unsent`].
//! 7. Bytes go through [`wire::decode`], which bounds them. What it refuses is
//!    [`Event::Garbage`]; what it does not know (`None`) is ignored.
//! 8. After [`Action::Disconnect`], end the connection, and report it down when it has ended.
//!
//! Any order of events is legal. What makes no sense is absorbed, and counted in [`Stats`].
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
mod digits;
mod directory;
mod endpoints;
mod event;
mod fault;
mod network;
mod node;
mod node_id;
pub mod peers;
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
pub use network::{ClaimError, Group, Reach, Subnet};
pub use node::{HangUp, Node, NodeAction, NodeEvent};
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

/// The README's loop, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

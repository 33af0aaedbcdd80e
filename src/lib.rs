//! Peer exchange (PEX) of Tendermint and CometBFT networks, as pure, deterministic state machines.
//!
//! A node finds others by asking the peers it is connected with for addresses, and answers when it
//! is asked. There are two machines, and one that is both of them:
//!
//! | | |
//! |---|---|
//! | [`Node`] | the whole of discovery, to be used as it is |
//! | [`Pex`] | the exchange: whom to ask and when, what an answer teaches, what to tell |
//! | [`peers::PeerManager`] | who is known, who is dialed, who is kept, who has to go |
//!
//! None of them has a socket, a clock, a thread, or a source of chance but a [`Seed`]: events go in
//! with the time, actions come out. So a driver under any executor is a short loop, a test owns the
//! clock, and the same events give the same actions, byte for byte, on every machine.
//!
//! ```
//! use pex::peers::Options;
//! use pex::wire::{Dialect, Entry, Message, ResponseBuilder};
//! use pex::{Config, Epoch, Kind, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Seed, Time};
//!
//! let seed = Seed::new([7; 32]); // from the operating system, in a real node
//! let (me, now) = (NodeId::new([1; 20]), Time::from_secs(1));
//! let mut node = Node::new(Config::default(), Options::default(), me, seed, now);
//!
//! // The operator names a seed node, and it is to be dialed.
//! let address: NodeAddress = "00112233445566778899aabbccddeeff00112233@8.8.8.8:26656".parse()?;
//! let dial = node.handle(now, NodeEvent::Named { address: address.clone() });
//! assert!(matches!(&dial[0], NodeAction::Dial { address: dialed, .. } if *dialed == address));
//!
//! // The driver has connected, and the node is asked at once.
//! let (peer, epoch) = (address.id(), Epoch::new(1));
//! let dialed = NodeEvent::Dialed { address, epoch, kind: Kind::V2, ip: None };
//! let up = node.handle(now, dialed);
//! let message = Message::Request(Dialect::V2);
//! assert_eq!(up[0], NodeAction::Up { peer, epoch });
//! assert_eq!(up[1], NodeAction::Send { to: peer, epoch, message });
//!
//! // It answers. Its answer is learned, and whom it tells of is to be dialed in turn.
//! let mut answer = ResponseBuilder::new(Dialect::V2);
//! answer.push(&Entry::V2 { url: "ffeeddccbbaa99887766554433221100ffeeddcc@9.9.9.9:26656" })?;
//! let message = Message::Response(answer.finish());
//! let heard = node.handle(now, NodeEvent::Message { from: peer, epoch, message });
//! assert!(heard.iter().any(|action| matches!(action, NodeAction::Dial { .. })));
//! assert_eq!(node.peers().nodes(), 2);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # The driver's contract
//!
//! 1. Draw 32 bytes for the [`Seed`] from the operating system, and keep them secret.
//! 2. Tell the time in nanoseconds since the Unix epoch, from a clock that does not run backwards.
//!    A time before an earlier one is taken to be the earlier one, and counted.
//! 3. One event a call. Report a connection only once a handshake has proved the node's id; give
//!    every connection an [`Epoch`] of its own, and its messages and its end the same one.
//! 4. Carry out all actions of a call, in order, before the next call.
//! 5. [`NodeAction::SetTimer`] replaces the only timer. When it fires, send [`NodeEvent::Tick`]. An
//!    early tick does nothing, a late one does what is due once, a doubled one does nothing more.
//! 6. Every [`NodeAction::Dial`] ends in [`NodeEvent::Dialed`] or [`NodeEvent::DialFailed`].
//! 7. A message that can't be sent is not tried again; if it is a request, report
//!    [`NodeEvent::Unsent`].
//! 8. Bytes go through [`wire::decode`], which bounds them. What it refuses is
//!    [`NodeEvent::Garbage`]; what it does not know (`None`) is ignored.
//! 9. After [`NodeAction::HangUp`], end the connection, and report it down when it has ended.
//! 10. [`NodeAction::Persist`] is to be written down, all or none of it; after a restart,
//!     [`Node::load`] takes it in again.
//!
//! Any order of events is legal. What makes no sense is absorbed, and counted in [`Stats`] and
//! [`peers::Counts`]. Whoever drives [`Pex`] or [`peers::PeerManager`] alone finds the same contract
//! in their own events and actions.
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
pub mod book;
mod bucket;
mod config;
mod digits;
mod directory;
mod endpoints;
mod event;
mod fault;
mod invariant;
mod net_address;
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
pub mod v1;
pub mod wire;

pub use action::{Action, Actions, IntoIter};
pub use address::{AddressError, Host, NodeAddress};
pub use config::{Config, ConfigBuilder, ConfigError};
pub use directory::{Cursor, Directory, Nobody};
pub use event::{Epoch, Event, Kind, QueryId};
pub use fault::Fault;
pub use invariant::Broken;
pub use net_address::{NetAddress, NetAddressError, Reachability};
pub use network::{ClaimError, Group, Reach, Subnet};
pub use node::{HangUp, Manager, Node, NodeAction, NodeEvent};
pub use node_id::{NodeId, NodeIdError};
pub use pex::Pex;
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

//! Peer exchange (PEX) of Tendermint and CometBFT networks, as pure, deterministic state machines.
//!
//! A node finds others by asking the peers it is connected with for addresses, and answers when it
//! is asked. There are three machines, and one that is the exchange with one of the two others:
//!
//! | | |
//! |---|---|
//! | [`Node`] | the whole of discovery, to be used as it is: [`Node::new`] for V2, [`Node::v1`] for V1 |
//! | [`Pex`] | the exchange: whom to ask and when, what an answer teaches, what to tell |
//! | [`peers::PeerManager`] | who is known, who is dialed, who is kept, who has to go, in V2 |
//! | [`v1::Switch`] | the same in V1, with an [address book](book::AddrBook) |
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
//! What a driver must do, in the order in which it comes to it:
//!
//! 1. **Chance.** Draw 32 bytes for the [`Seed`] from the operating system, and keep them secret.
//! 2. **Memory.** Hand in what was written down before, with [`Node::load`], name the seeds with
//!    [`NodeEvent::Named`], and send one [`NodeEvent::Tick`].
//! 3. **Time.** Tell it in nanoseconds since the Unix epoch, from a clock that does not run backwards.
//! 4. **One event a call, and all of its actions before the next call,** in order.
//! 5. **One timer.** [`NodeAction::SetTimer`] replaces it; when it fires, send [`NodeEvent::Tick`].
//!    Whoever prefers to ask finds the same time in [`Node::deadline`]. Do not let a queue that is
//!    never empty keep the tick from coming.
//! 6. **Connections.** Report one only once a handshake has proved the node's id; give each an
//!    [`Epoch`] of its own, and its messages and its end the same one. A peer has one connection: a
//!    second one takes the place of the first, which the driver then ends. When two nodes dial each
//!    other at once, both must keep the same of the two: that which the node of lower id has dialed.
//! 7. **Dials.** Every [`NodeAction::Dial`] ends in [`NodeEvent::Dialed`] or
//!    [`NodeEvent::DialFailed`], within a timeout of the driver's. What lies nearer than `nearest` is
//!    not dialed.
//! 8. **Bytes** go through [`wire::decode`], which bounds them. What it refuses is
//!    [`NodeEvent::Garbage`]; what it does not know (`None`) is ignored. The driver bounds the length
//!    of a message before it holds it: 64,000 bytes, as the reference does.
//! 9. **Sending.** [`NodeAction::Send`] must not wait: put it into a bounded queue. A message for
//!    which there is no room, or no connection of that epoch, is dropped; if it is a request, report
//!    [`NodeEvent::Unsent`] once the batch is done.
//! 10. **The end.** After [`NodeAction::HangUp`], send what is queued, end the connection, and report
//!     it down when it has ended. Report every end, by whomever, once.
//! 11. **Names.** Answer [`NodeAction::Resolve`] with [`NodeEvent::Resolved`], empty if there is none.
//! 12. **Disk.** Write [`NodeAction::Persist`] down, all or none of it, and what [`Node::flush`] gives
//!     before the process ends. A node of V1 has [`NodeAction::SaveBook`] instead: write
//!     [`v1::Switch::book`] down, and at the end too if [`v1::Switch::is_unsaved`].
//!
//! What it may rely on: `handle` returns at once, never panics, blocks or fails; memory is bounded by
//! [`Config`] and [`peers::Options`] or [`v1::Options`], whatever peers do; a node is dialed once at a
//! time, and a peer is asked again only when it has answered or its time to do so is over; the same
//! events make the same actions, on every machine.
//!
//! What happens at a mistake:
//!
//! | mistake | consequence |
//! |---|---|
//! | a time before an earlier one | the earlier one counts, and the mistake is counted; see [`Node::rewind`] for a clock that was wrong |
//! | a tick too early, or twice | nothing |
//! | a tick too late | what was due is done then, once |
//! | no ticks | nobody is asked or dialed any more; answers still are given |
//! | an event that makes no sense where it stands | absorbed, and counted in [`Stats::stray_events`] and [`peers::Counts`] |
//! | a message, or an end, of an epoch that is over | ignored, and nobody is blamed for it |
//! | one epoch for two connections | the second is taken for a repetition of the first |
//! | a dial without an answer | given up after [`peers::DIAL_PATIENCE`] |
//! | a lost request that is not reported | the peer is blamed for its silence: after three such in a row it costs it standing |
//! | an end that is not reported | its place stays taken |
//! | actions that are dropped | the machine believes that they were carried out: requests time out, dials are given up, but connections and records are wrong until they end |
//! | two connections with one peer, of which each side keeps another | both end, and are dialed again |
//! | a seed that others know | they can tell whom we shall dial, and what we shall tell |
//!
//! `examples/` has drivers for tokio, smol and threads in less than a hundred lines each, and
//! `docs/embed.md` leads from this contract to them. Whoever drives [`Pex`] or
//! [`peers::PeerManager`] alone finds the same contract in their own events and actions.
//!
//! # Errors
//!
//! `handle` has none: what a peer does wrong is a [`Fault`], in an action. Errors come from what is
//! given in text or bytes, and each says what to write instead:
//!
//! | | of | |
//! |---|---|---|
//! | [`AddressError`], [`NodeIdError`] | [`NodeAddress::parse`], [`NodeId`] | no address as V2 writes it, no id |
//! | [`NetAddressError`] | [`NetAddress`] | no address as V1 writes it |
//! | [`ClaimError`] | [`NodeAddress`] | a host that promises no place |
//! | [`ConfigError`] | [`ConfigBuilder::build`], and the builders of the options | an option out of its bounds, which it names |
//! | [`wire::WireError`], [`wire::PushError`] | [`wire::decode`], [`wire::ResponseBuilder`] | bytes that are no message; an entry that does not fit into one |
//! | [`peers::RecordError`] | [`peers::PeerRecord::decode`] | bytes that are no record |
//! | [`book::BookError`], [`book::AddError`] | [`book::AddrBook`] | a file that is no book; an address that a book does not take |
//! | [`RestoreError`], [`replay::LogError`] | [`Pex::restore`], [`replay`] | bytes that are no dump, or no log |
//! | [`Broken`] | [`Node::check`] | an invariant that does not hold: a mistake of this library's |
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
mod index_key;
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

//! A tokio driver for the [`pex`] core, and the transport that Tendermint and CometBFT nodes speak.
//!
//! How much of it to use:
//!
//! | you have | use | and it does |
//! |---|---|---|
//! | nothing yet | [`Driver`] | everything: it listens, dials, shakes hands, talks, and tells you |
//! | connections of your own, on tokio | [`Discovery`] | clock, timer and machine; you report, and carry out orders |
//! | another executor, or threads | [`transport::Conversation`] and [`pex::Node`] | both without a socket or a clock: see `examples/` |
//! | a book of V1 on disk | [`v1::V1Node`] | a [`Driver`] in the manner of V1, and its `addrbook.json` |
//!
//! [`crawl`], [`seed`], [`serve`] and [`demo`] are what the `pex` binary does with it; [`vault`] and [`Archive`]
//! keep what a machine knows, [`book_file`] a book, [`transport::NodeKey`] a key.
//!
//! # What a driver here keeps to
//!
//! The contract is that of [`pex`]'s first page. How it is kept, in [`Driver`] and, where it is yours,
//! in what drives a [`Discovery`]:
//!
//! - **Bounded queues.** 1,024 inputs for the machine, [`TransportConfig::send_queue`] messages for
//!   each peer, 1,024 handshakes of those who come. A full queue makes those wait who fill it.
//! - **Cancel safety.** `next` may be dropped at any time: nothing is lost, and what it would have
//!   returned comes at the next call. Nothing happens while nobody calls it, so call it in a loop.
//! - **Dropping.** A dropped [`Driver`] ends its connections and tasks at once, and what was queued is
//!   not sent; [`Driver::close`] also waits until the disk has everything. A dropped [`Discovery`]
//!   makes its [`Reporter`]s fail with [`Gone`].
//! - **Runtime.** tokio with time and I/O; [`Discovery`] needs time alone. One task drives the machine.
//!
//! # Features
//!
//! `system`, on by default, is everything that needs an operating system: sockets, files, the command.
//! Without it there is what runs anywhere, a sandbox of WASI included: [`transport::Conversation`] and
//! what it is made of, [`Discovery`], and [`Clock`].
//!
//! # Errors
//!
//! | | when |
//! |---|---|
//! | [`transport::TransportError`] | a connection did not come to be, or ended; says what to do |
//! | [`transport::SendError`] | a message could not be queued |
//! | [`transport::SecretError`], [`transport::PacketError`], [`transport::NodeInfoError`] | its parts: the handshake, the packets, the node infos |
//! | [`transport::KeyError`] | a `node_key.json` can't be read, made or written |
//! | [`DialError`] | an address could not be dialed; [`DialError::verdict`] is what the machine is told |
//! | [`Gone`] | nobody takes reports any more |
//! | [`book_file::BookFileError`], [`vault::VaultError`] | a book, or a store, can't be read or written |
//!
//! [`TransportConfig::send_queue`]: transport::TransportConfig::send_queue

#![cfg_attr(
    not(feature = "system"),
    expect(
        dead_code,
        reason = "what nodes of an operating system ask of the parts they share"
    )
)]

#[cfg(feature = "system")]
pub mod book_file;
#[cfg(feature = "system")]
pub mod crawl;
#[cfg(feature = "system")]
pub mod demo;
#[cfg(feature = "system")]
pub mod inspect;
#[cfg(feature = "system")]
pub mod observe;
#[cfg(feature = "system")]
pub mod peers_file;
#[cfg(feature = "system")]
pub mod seed;
#[cfg(feature = "system")]
pub mod serve;
#[cfg(feature = "system")]
pub mod settings;
pub mod transport;
#[cfg(feature = "system")]
pub mod v1;
#[cfg(feature = "system")]
pub mod vault;

#[cfg(feature = "system")]
mod archive;
#[cfg(feature = "system")]
mod book_store;
mod chance;
mod clock;
mod crowd;
#[cfg(feature = "system")]
mod descriptors;
mod discovery;
#[cfg(feature = "system")]
mod door;
#[cfg(feature = "system")]
mod driver;
#[cfg(feature = "system")]
mod handshakes;
#[cfg(feature = "system")]
mod hosts;
mod kind;
#[cfg(feature = "system")]
mod links;
#[cfg(feature = "system")]
mod listen;
mod notice;
#[cfg(feature = "system")]
mod refusals;
mod report;
#[cfg_attr(
    not(feature = "system"),
    expect(
        dead_code,
        reason = "without a system there is no file but the node key"
    )
)]
mod whole_file;

#[cfg(feature = "system")]
pub use archive::Archive;
#[cfg(feature = "system")]
pub use book_store::BookStore;
pub use chance::fresh_seed;
pub use clock::Clock;
pub use crowd::Crowd;
#[cfg(feature = "system")]
pub use descriptors::Descriptors;
pub use discovery::{Discovery, Reporter};
#[cfg(feature = "system")]
pub use driver::Driver;
pub use kind::{VERSION, kind_of_version};
#[cfg(feature = "system")]
pub use listen::listen;
pub use notice::{DialError, Notice};
/// How far a place is visible: what [`Driver::dial`] may go near.
pub use pex::Reach;
pub use report::{Gone, Report};

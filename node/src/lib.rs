//! A tokio driver for the [`pex`] core, and the transport that Tendermint and CometBFT nodes speak.
//!
//! [`transport`] turns sockets into messages, [`Driver`] carries messages to the machine and its
//! actions back, and [`crawl`], [`serve`], [`v1`] and [`demo`] are what the `pex` binary does with it.

pub mod book_file;
pub mod crawl;
pub mod demo;
pub mod inspect;
pub mod peers_file;
pub mod serve;
pub mod transport;
pub mod v1;
pub mod vault;

mod archive;
mod chance;
mod clock;
mod driver;
mod handshakes;
mod hosts;
mod kind;
mod links;
mod notice;
mod whole_file;

pub use archive::Archive;
pub use chance::fresh_seed;
pub use clock::Clock;
pub use driver::Driver;
pub use kind::{VERSION, kind_of_version};
pub use notice::{DialError, Notice};
/// How far a place is visible: what [`Driver::dial`] may go near.
pub use pex::Reach;

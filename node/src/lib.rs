//! A tokio driver for the [`pex`] core, and the transport that Tendermint and CometBFT nodes speak.

pub mod transport;

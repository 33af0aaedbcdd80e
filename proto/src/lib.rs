//! The protobuf messages of Tendermint's peer-to-peer layer: handshake, packets, peer exchange, and
//! the records of its peer store.
//!
//! The source is `proto/tendermint/**/*.proto`, written from the wire facts of Tendermint v0.34.24
//! and v0.35.9 and of CometBFT v0.38. The Rust is generated from it ahead of time and checked in,
//! so that building needs neither `protoc` nor a build script. `tests/generated_is_current.rs`
//! generates it again and compares; run it with `PEX_REWRITE=1` after editing a `.proto`.
//!
//! The node's transport uses these types. The core has its own codec and uses them only in tests,
//! as an independent opinion on the same bytes.
#![no_std]

#[rustfmt::skip]
#[expect(
    clippy::pedantic,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "prost decides the shape of what it generates"
)]
mod generated;

pub use generated::{crypto, p2p};

//! Any bytes from a peer, as a message, to our decoder and to prost's.
#![no_main]

#[path = "../../tests/fuzz_bodies/message_prost.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::message_prost(data));

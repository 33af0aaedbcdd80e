//! Any bytes from a peer, as a message.
#![no_main]

#[path = "../../tests/fuzz_bodies/message.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::message(data));

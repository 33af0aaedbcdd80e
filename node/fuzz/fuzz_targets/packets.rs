//! Any bytes from a peer, as packets.
#![no_main]

#[path = "../../tests/fuzz_bodies/packets.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::packets(data));

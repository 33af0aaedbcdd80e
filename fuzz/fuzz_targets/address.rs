//! Bytes that claim to be an address. What must hold of them is in `tests/fuzz_bodies`.
#![no_main]

#[path = "../../tests/fuzz_bodies/address.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::address(data));

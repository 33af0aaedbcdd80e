//! Any bytes, as the dump of an exchange machine.
#![no_main]

#[path = "../../tests/fuzz_bodies/restore.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::restore(data));

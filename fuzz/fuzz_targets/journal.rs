//! Any bytes, as the journal of an address book.
#![no_main]

#[path = "../../tests/fuzz_bodies/journal.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::journal(data));

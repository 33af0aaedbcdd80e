//! Any bytes, as the file of an address book.
#![no_main]

#[path = "../../tests/fuzz_bodies/book_load.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::book_load(data));

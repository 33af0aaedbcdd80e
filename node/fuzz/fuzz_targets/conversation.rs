//! A stranger who does as the bytes say, to a conversation.
#![no_main]
#![allow(dead_code)]

#[path = "../../tests/fuzz_bodies/conversation.rs"]
mod conversation_body;
#[path = "../../tests/fuzz_bodies/packets.rs"]
mod packets_body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| conversation_body::conversation(data));

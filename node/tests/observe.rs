//! What a node shows over HTTP, and what those who look can't do to it.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

#[path = "observe/client.rs"]
mod client;
#[path = "observe/pages.rs"]
mod pages;
#[path = "observe/siege.rs"]
mod siege;

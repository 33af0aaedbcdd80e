//! Addresses as strangers write them: against the Go implementation, against the `url` crate,
//! against the protocol's own table, and against chance.

#[cfg(test)]
#[path = "addresses/corpus.rs"]
mod corpus;
/// What the fuzzer runs, so that its findings can be replayed here.
#[path = "fuzz_bodies/address.rs"]
pub mod fuzz_body;
#[cfg(test)]
#[path = "addresses/generate.rs"]
mod generate;
#[cfg(test)]
#[path = "addresses/limits.rs"]
mod limits;
#[cfg(test)]
#[path = "addresses/other_parser.rs"]
mod other_parser;
#[cfg(test)]
#[path = "addresses/properties.rs"]
mod properties;
#[cfg(test)]
#[path = "addresses/table.rs"]
mod table;
#[cfg(test)]
#[path = "addresses/vectors.rs"]
mod vectors;

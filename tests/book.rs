//! V1's address book: what it takes in, where it puts it, who has to go, what it tells, and what
//! stands in its file.
//!
//! Each test's name is a sentence. `reference` and `texts` hold the tests of the reference, under
//! its names; `vectors` holds what its own code answered; the others take the rules one by one.
#![expect(
    clippy::unchecked_time_subtraction,
    reason = "spans of a test, of which the longer stands first"
)]

#[cfg(test)]
#[path = "book/add.rs"]
mod add;
#[cfg(test)]
#[path = "book/adopt.rs"]
mod adopt;
#[cfg(test)]
#[path = "book/bad.rs"]
mod bad;
#[cfg(test)]
#[path = "book/bans.rs"]
mod bans;
#[cfg(test)]
#[path = "book/buckets.rs"]
mod buckets;
#[cfg(test)]
#[path = "book/damage.rs"]
mod damage;
#[cfg(test)]
#[path = "book/file.rs"]
mod file;
#[cfg(test)]
#[path = "book/hostile.rs"]
mod hostile;
#[cfg(test)]
#[path = "book/journal.rs"]
mod journal;
#[cfg(test)]
#[path = "book/kit.rs"]
mod kit;
#[cfg(test)]
#[path = "book/old.rs"]
mod old;
#[cfg(test)]
#[path = "book/pick.rs"]
mod pick;
#[cfg(test)]
#[path = "book/reference.rs"]
mod reference;
#[cfg(test)]
#[path = "book/same.rs"]
mod same;
#[cfg(test)]
#[path = "book/texts.rs"]
mod texts;
#[cfg(test)]
#[path = "book/vectors.rs"]
mod vectors;

//! What holds after every event, whatever the events are, and what it means if it does not.

use core::fmt;

/// An invariant that does not hold: a bug of ours, whatever the events were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// The number of the invariant.
    pub invariant: u8,
    /// What is wrong.
    pub what: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {} is broken: {}", self.invariant, self.what)
    }
}

impl core::error::Error for Broken {}

pub(crate) const fn hold(invariant: u8, holds: bool, what: &'static str) -> Result<(), Broken> {
    if holds {
        Ok(())
    } else {
        Err(Broken { invariant, what })
    }
}

//! What holds after every event, whatever the events are, and what it means if it does not.

use alloc::vec::Vec;
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

/// How many of these are the same, at most.
pub(crate) fn most_alike<T: Ord>(mut of: Vec<T>) -> usize {
    of.sort_unstable();
    let alike = of.chunk_by(|one, other| one == other);
    alike.map(<[T]>::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_most_of_is_counted_wherever_it_stands() {
        assert_eq!(most_alike(Vec::from([3, 1, 3, 2, 3, 1])), 3);
        assert_eq!(most_alike(Vec::<u8>::new()), 0);
    }
}

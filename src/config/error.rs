//! Why options can't be together, of whichever machine they are.

use core::fmt;

/// Holds an option to its bounds.
pub(crate) const fn check(
    option: &'static str,
    value: u128,
    min: u128,
    max: u128,
) -> Result<(), ConfigError> {
    if min <= value && value <= max {
        Ok(())
    } else {
        Err(ConfigError::OutOfBounds {
            option,
            value,
            min,
            max,
        })
    }
}

/// Why a configuration can't be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// An option is outside its bounds. Durations are in milliseconds.
    OutOfBounds {
        /// The builder's method that sets it.
        option: &'static str,
        /// What it was set to.
        value: u128,
        /// The least it may be.
        min: u128,
        /// The most it may be.
        max: u128,
    },
    /// Two options disagree: the first may not be larger than the second. Durations are in
    /// milliseconds.
    Disagree {
        /// The first, in words.
        option: &'static str,
        /// What it was set to.
        value: u128,
        /// The second.
        other: &'static str,
        /// What that one was set to.
        bound: u128,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfBounds {
                option,
                value,
                min,
                max,
            } => {
                write!(
                    f,
                    "{option} is {value}; set it to a value from {min} to {max}"
                )
            }
            Self::Disagree {
                option,
                value,
                other,
                bound,
            } => write!(
                f,
                "{option} {value} and {other} is {bound}; lower the first or raise the second"
            ),
        }
    }
}

impl core::error::Error for ConfigError {}

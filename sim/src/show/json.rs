//! Outcomes as JSON, which is the same for the same scenario and seed, byte for byte.

use core::fmt;
use std::io::{self, Write};

use crate::Outcome;

/// Writes an outcome, as one line.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_json(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, outcome).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Reads what [`write_json`] has written; several may stand below each other.
///
/// # Errors
///
/// If the text is something else, or was cut off.
pub fn read_json(text: &str) -> Result<Vec<Outcome>, OutcomeError> {
    let all = serde_json::Deserializer::from_str(text).into_iter();
    let outcomes: Vec<Outcome> = all
        .collect::<Result<_, _>>()
        .map_err(|error| OutcomeError::NoOutcome(error.to_string()))?;
    if outcomes.is_empty() {
        return Err(OutcomeError::Empty);
    }
    Ok(outcomes)
}

/// Why a text holds no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutcomeError {
    /// It is not what a run writes, or was cut off; what is wrong, and where.
    NoOutcome(String),
    /// There is nothing in it.
    Empty,
}

impl fmt::Display for OutcomeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOutcome(why) => write!(
                f,
                "this is not what `pex sim --json` writes, or it was cut off; run it again: {why}"
            ),
            Self::Empty => f.write_str("there is nothing in it; run it again"),
        }
    }
}

impl core::error::Error for OutcomeError {}

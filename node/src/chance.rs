//! The only place where the operating system is asked for chance on behalf of the core.

use std::io;

use pex::Seed;
use rand_core::{OsRng, RngCore as _};

/// A seed that nobody can guess.
///
/// # Errors
///
/// If the operating system has no random bytes to give.
pub fn fresh_seed() -> io::Result<Seed> {
    let mut bytes = [0; 32];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| io::Error::other(error.to_string()))?;
    Ok(Seed::new(bytes))
}

//! The peer manager against a naive model of it: random lives of eight peers.
//!
//! The machine picks by chance whom it dials and, among equals, who has to go. The model does not
//! guess: it says which choices are allowed and when one must be made, follows the machine's, and
//! works out everything else for itself, with plain lists and no index.
//!
//! A failure prints the seed and the shortest program that was found. `PEX_SEED` runs other
//! programs, `PEX_TESTS` another number of them.

#[cfg(test)]
#[path = "peers_model/naive.rs"]
mod naive;
#[cfg(test)]
#[path = "peers_model/program.rs"]
mod program;
#[cfg(test)]
#[path = "peers_model/run.rs"]
mod run;

use std::sync::atomic::{AtomicU64, Ordering};

use quickcheck::{Gen, QuickCheck};

use program::Program;

/// Events that all programs together have brought.
static EVENTS: AtomicU64 = AtomicU64::new(0);

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).unwrap_or_default();
    text.parse().unwrap_or(default)
}

#[test]
fn over_a_million_events_the_peer_manager_does_what_the_naive_model_allows() {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "quickcheck hands programs over"
    )]
    fn holds(program: Program) -> Result<(), String> {
        EVENTS.fetch_add(program.ops.len() as u64, Ordering::Relaxed);
        run::run(&program)
    }
    let seed = number("PEX_SEED", 1);
    println!("PEX_SEED={seed}");
    let tests = number("PEX_TESTS", 3_600);
    QuickCheck::new()
        .rng(Gen::from_size_and_seed(500, seed))
        .tests(tests)
        .quickcheck(holds as fn(Program) -> Result<(), String>);
    let events = EVENTS.load(Ordering::Relaxed);
    println!("{events} events");
    assert!(tests < 3_600 || events >= 1_000_000, "{events}");
}

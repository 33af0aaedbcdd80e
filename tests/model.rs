//! The machine against a naive model of itself: any program of events has the same effects on both.
//!
//! A failure prints the seed and the shortest program that was found. `PEX_SEED` runs other
//! programs, `PEX_TESTS` another number of them.

#[path = "model/answers.rs"]
mod answers;
#[path = "model/limits.rs"]
mod limits;
#[path = "model/naive.rs"]
mod naive;
#[path = "model/program.rs"]
mod program;
#[path = "model/run.rs"]
mod run;
#[path = "model/store.rs"]
mod store;
#[path = "model/turns.rs"]
mod turns;

use quickcheck::{Gen, QuickCheck};

use program::Program;

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).unwrap_or_default();
    text.parse().unwrap_or(default)
}

#[test]
fn the_machine_does_what_the_naive_model_does() {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "quickcheck hands programs over"
    )]
    fn holds(program: Program) -> Result<(), String> {
        run::run(&program)
    }
    let seed = number("PEX_SEED", 1);
    println!("PEX_SEED={seed}");
    QuickCheck::new()
        .rng(Gen::from_size_and_seed(120, seed))
        .tests(number("PEX_TESTS", 3_000))
        .quickcheck(holds as fn(Program) -> Result<(), String>);
}

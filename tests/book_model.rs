//! Random histories of a small address book, against a naive model of its documented rules.
//!
//! All nodes live within one site, in one group, so a few hundred of them overfill the buckets that
//! they can reach, and no bound on networks hides the rules of the buckets.

#[cfg(test)]
#[path = "book_model/naive.rs"]
mod naive;
#[cfg(test)]
#[path = "book_model/program.rs"]
mod program;
#[cfg(test)]
#[path = "book_model/run.rs"]
mod run;

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use quickcheck::{Gen, QuickCheck};

    use super::*;
    use program::Program;

    const PROGRAMS: u64 = 160;

    /// What must have happened in some program, or the test has shown nothing of it.
    const RULES: [&str; 16] = [
        "new",
        "again",
        "known",
        "private",
        "private source",
        "ours",
        "banned",
        "too many of a node",
        "expired a bad one",
        "expired the longest not seen",
        "promoted",
        "challenged",
        "kept its place",
        "lost its place",
        "reinstated",
        "read back",
    ];

    #[test]
    fn the_book_does_what_the_naive_model_does() {
        thread_local! {
            static FIRED: RefCell<BTreeMap<&'static str, u64>> = const { RefCell::new(BTreeMap::new()) };
        }
        #[expect(clippy::needless_pass_by_value, reason = "quickcheck hands it over")]
        fn follows(program: Program) -> Result<(), String> {
            let fired = run::run(&program)?;
            FIRED.with_borrow_mut(|all| {
                for (rule, times) in fired {
                    *all.entry(rule).or_default() += times;
                }
            });
            Ok(())
        }
        QuickCheck::new()
            .rng(Gen::new(900))
            .tests(PROGRAMS)
            .quickcheck(follows as fn(Program) -> Result<(), String>);
        FIRED.with_borrow(|all| {
            println!("{all:#?}");
            for rule in RULES {
                assert!(all.contains_key(rule), "never: {rule}");
            }
        });
    }
}

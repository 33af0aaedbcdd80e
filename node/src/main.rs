//! The `pex` command.

mod commands;

use std::process::ExitCode;

use clap::Parser;

use commands::{Cli, Outcome, last_words};

fn main() -> ExitCode {
    // Each connection takes a descriptor. Where no more may be had, it is said when they are short.
    let _raised = pex_node::Descriptors::raise();
    match commands::run(Cli::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CutShort) => ExitCode::from(3),
        Err(failure) => {
            last_words(format_args!("pex: {failure}"));
            ExitCode::from(failure.code())
        }
    }
}

//! The `pex` command.

mod commands;

use std::process::ExitCode;

use clap::Parser;

use commands::{Cli, Outcome};

fn main() -> ExitCode {
    match commands::run(Cli::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CutShort) => ExitCode::from(3),
        Err(failure) => {
            eprintln!("pex: {failure}");
            ExitCode::FAILURE
        }
    }
}

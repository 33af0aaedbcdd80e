//! The `pex` command.

mod commands;

use std::io::{Write as _, stderr};
use std::process::ExitCode;

use clap::Parser;

use commands::{Cli, Outcome};

fn main() -> ExitCode {
    // Each connection takes a descriptor. Where no more may be had, it is said when they are short.
    let _raised = pex_node::Descriptors::raise();
    match commands::run(Cli::parse()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::CutShort) => ExitCode::from(3),
        Err(failure) => {
            // The exit code says it too, so it may be that nobody reads this.
            let _unread = writeln!(stderr(), "pex: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

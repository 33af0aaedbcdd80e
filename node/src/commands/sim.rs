//! `pex sim`.

mod args;
mod children;
mod job;
mod memory;
mod one;
mod outputs;
mod plan;
mod report;
mod said;
mod tables;

use super::{Failure, Outcome};
pub(super) use args::SimArgs;
use args::SimCommand;
use plan::Plan;

pub(super) fn run(args: &SimArgs) -> Result<Outcome, Failure> {
    match &args.command {
        Some(SimCommand::Report(args)) => return report::run(args),
        Some(SimCommand::Tables(args)) => return tables::run(args),
        None => {}
    }
    let plan = Plan::of(args)?;
    if args.print {
        return plan.print_scenarios();
    }
    if args.many.print_commands {
        if args.output.json.is_some() || args.output.html.is_some() {
            return Err(Failure::usage(
                "--print-commands runs nothing; write --json and --html of pex sim report, once all is run",
            ));
        }
        return plan.print_commands();
    }
    if args.minimise && (plan.jobs.len() > 1 || args.many.out.is_some()) {
        return Err(Failure::usage(
            "--minimise is of one run; leave out --out and give one scenario, one seed and no --sweep",
        ));
    }
    outputs::must_be_writable(&args.output)?;
    match plan.jobs.as_slice() {
        [job] if args.many.out.is_none() => one::run(job, args),
        jobs => {
            let outcomes = children::run(jobs, &args.many, args.output.quiet)?;
            outputs::write_all(outcomes, &args.output)
        }
    }
}

#[cfg(test)]
mod tests;

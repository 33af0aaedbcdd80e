//! `pex crawl`.

mod args;
mod diff;
mod every;
mod output;
mod watch;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use clap::CommandFactory as _;
use pex::{NodeAddress, NodeId};
use pex_node::crawl::{Crawl, Outcome as NodeOutcome, Report, State};
use pex_node::transport::{OUT_OF_DESCRIPTORS, TransportConfig};

use super::signals::Stop;
use super::terminal::complain;
use super::{Cli, Failure, Outcome, in_runtime, setup};
use output::Outputs;
use watch::{End, watch};

pub(super) use args::CrawlArgs;
use args::CrawlCommand;

/// Where a crawler that nobody can dial says it listens. Nodes that keep what others say of
/// themselves refuse this address, and port 0 is none, so it does not get into their books.
const NOWHERE: &str = "tcp://0.0.0.0:0";

pub(super) fn run(args: &CrawlArgs) -> Result<Outcome, Failure> {
    if let Some(CrawlCommand::Diff { old, new, json }) = &args.command {
        return diff::run(old, new, *json);
    }
    let pace = args.pace.options().map(|_| ());
    if let Err(wrong) = pace.and_then(|()| output::refuse_shared(args)) {
        let mut command = Cli::command();
        // So that its usage is that of the whole line.
        command.build();
        let own = command.find_subcommand("crawl").cloned();
        own.unwrap_or(command)
            .error(clap::error::ErrorKind::ValueValidation, wrong)
            .exit();
    }
    let outputs = Outputs::of(&args.output, args.repeat.out.is_some());
    outputs.must_be_writable()?;
    let stop = Stop::listen()?;
    in_runtime(async {
        if args.repeat.out.is_some() {
            return every::run(args, &stop).await;
        }
        let crawled = once(args, &stop).await?;
        let written = outputs.write(&crawled.report);
        first_failure([written, crawled.state, blame(&crawled.report, &args.seeds)])?;
        Ok(outcome(crawled.end))
    })
}

const fn outcome(end: End) -> Outcome {
    match end {
        End::Complete => Outcome::Done,
        End::Starved | End::OutOfTime | End::Interrupted => Outcome::CutShort,
    }
}

/// The first of these failures is to end the command. The others are told at once.
fn first_failure(results: impl IntoIterator<Item = Result<(), Failure>>) -> Result<(), Failure> {
    let mut failures = results.into_iter().filter_map(Result::err);
    let Some(first) = failures.next() else {
        return Ok(());
    };
    for other in failures {
        complain(format_args!("pex: {other}"));
    }
    Err(first)
}

/// What a crawl has come to.
struct Crawled {
    report: Report,
    end: End,
    /// Whether how it stands is on the disk, if it is to be. What was found is no worse for it.
    state: Result<(), Failure>,
}

/// Crawls once, or goes on with a crawl that was cut off.
async fn once(args: &CrawlArgs, stop: &Stop) -> Result<Crawled, Failure> {
    let chain_id = args.chain_id.as_deref().unwrap_or_default();
    let local = setup::local(&args.identity, chain_id, NOWHERE)?;
    let (seed, options) = (setup::seed()?, args.pace.options().map_err(Failure::usage)?);
    let path = args.repeat.state.as_deref();
    let state = match path {
        Some(path) => load(path, chain_id)?,
        None => None,
    };
    let config = TransportConfig::default();
    let mut crawl = Crawl::with(local, config, seed, &args.seeds, options, state);
    if let Some(path) = path {
        // That it can't be written is to be known now, and not when it is needed.
        output::save_to(path, &crawl.state())?;
    }
    let end = watch(&mut crawl, args.max_time, path, stop).await;
    let state = path.map_or(Ok(()), |path| output::save_to(path, &crawl.state()));
    let report = crawl.into_report(end == End::Complete);
    let end = match end {
        End::Complete if !report.complete => End::Starved,
        end => end,
    };
    Ok(Crawled { report, end, state })
}

/// The state in a file; none if there is no file, or the crawl in it came to its end.
fn load(path: &Path, chain_id: &str) -> Result<Option<State>, Failure> {
    let named = |why: &dyn core::fmt::Display| {
        Failure::new(format_args!("state {}: {why}", path.display()))
    };
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(named(&super::what_to_do(&error))),
        Ok(bytes) => bytes,
    };
    let state = State::parse(&bytes, chain_id).map_err(|error| named(&error))?;
    if state.is_complete() {
        return Ok(None);
    }
    complain(format_args!(
        "pex: goes on from {}: {} nodes known, {} of them visited",
        path.display(),
        state.nodes(),
        state.visited(),
    ));
    Ok(Some(state))
}

/// Names the seeds that failed, one a line. If no node was reached though there was time for it,
/// the crawl has failed, and the last line is the failure's.
fn blame(report: &Report, seeds: &[NodeAddress]) -> Result<(), Failure> {
    let mut named: Vec<NodeId> = Vec::new();
    let mut lines = Vec::new();
    for id in seeds.iter().map(NodeAddress::id) {
        let Some(found) = report.map.nodes().get(&id).filter(|_| !named.contains(&id)) else {
            continue;
        };
        named.push(id);
        if let (NodeOutcome::Failed { why, .. }, Some(address)) = (&found.outcome, &found.address) {
            lines.push(format!("seed {address}: {why}"));
        }
    }
    if report.starved {
        complain(format_args!(
            "pex: some dials had to wait: {OUT_OF_DESCRIPTORS}"
        ));
    }
    let nobody = report.reached() == 0;
    if nobody && !report.complete && !report.starved {
        lines.push("cut short before any node was reached; give --max-time more".to_owned());
    }
    let failure = (nobody && report.complete).then(|| lines.pop().unwrap_or_default());
    for line in lines {
        complain(format_args!("pex: {line}"));
    }
    match failure {
        Some(line) => Err(Failure::new(format_args!("no node was reached; {line}"))),
        None => Ok(()),
    }
}

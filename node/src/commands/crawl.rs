//! `pex crawl`.

use core::time::Duration;
use std::io::{BufWriter, Write, stdout};

use indicatif::{ProgressBar, ProgressStyle};
use pex_node::crawl::{Crawl, Outcome as NodeOutcome, Report, in_words, write_json, write_table};
use pex_node::transport::TransportConfig;
use tokio::time::{Instant, interval, sleep_until};

use super::{CrawlArgs, Failure, Outcome, setup};

/// Where a crawler that nobody can dial says it listens. Nodes that keep what others say of
/// themselves refuse this address, so it does not get into their books.
const NOWHERE: &str = "tcp://0.0.0.0:26656";

const FRAME: Duration = Duration::from_millis(200);

pub(super) async fn run(args: &CrawlArgs) -> Result<Outcome, Failure> {
    let local = setup::local(&args.identity, &args.chain_id, NOWHERE)?;
    let seed = setup::seed()?;
    let mut crawl = Crawl::new(local, TransportConfig::default(), seed, &args.seeds);
    let complete = watch(&mut crawl, args.max_time).await;
    let report = crawl.into_report(complete);

    let mut out = BufWriter::new(stdout().lock());
    let written = if args.json {
        write_json(&report, &mut out)
    } else {
        write_table(&report, &mut out)
    };
    written.and_then(|()| out.flush()).or_else(unless_closed)?;
    if report.reached() == 0 {
        return Err(why_nobody(&report));
    }
    Ok(if complete {
        Outcome::Done
    } else {
        Outcome::CutShort
    })
}

/// Crawls to the end, or until the time is over or somebody presses Ctrl-C; false if cut short.
async fn watch(crawl: &mut Crawl, max_time: Duration) -> bool {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
        bar.set_style(style);
    }
    let deadline = Instant::now().checked_add(max_time);
    let time_is_over = async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => core::future::pending().await,
        }
    };
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            core::future::pending::<()>().await;
        }
    };
    tokio::pin!(time_is_over, interrupted);
    let mut frames = interval(FRAME);
    let complete = loop {
        tokio::select! {
            goes_on = crawl.step() => if !goes_on { break true },
            _ = frames.tick() => {
                let at = crawl.progress();
                bar.tick();
                bar.set_message(format!(
                    "{} found, {} reached, {} failed, visiting {}; network size {}",
                    at.found, at.reached, at.failed, at.visiting, in_words(at.estimate),
                ));
            }
            () = &mut time_is_over => break false,
            () = &mut interrupted => break false,
        }
    };
    bar.finish_and_clear();
    complete
}

/// A reader that has gone (`pex crawl | head`) has what it wanted.
fn unless_closed(error: std::io::Error) -> Result<(), std::io::Error> {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error)
    }
}

/// Why no node could be reached: the reason of the first seed.
fn why_nobody(report: &Report) -> Failure {
    let reason = report
        .map
        .nodes()
        .iter()
        .find_map(|(_, found)| match &found.outcome {
            NodeOutcome::Failed { why } => Some((found.address()?, why)),
            _ => None,
        });
    match reason {
        Some((address, why)) => {
            Failure::new(format_args!("no node could be reached; {address}: {why}"))
        }
        None => Failure::new("no node could be reached in time; give --max-time more"),
    }
}

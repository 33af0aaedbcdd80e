//! `pex crawl`.

use core::time::Duration;
use std::io::{BufWriter, Write as _};

use indicatif::{ProgressBar, ProgressStyle};
use pex::{NodeAddress, NodeId};
use pex_node::crawl::{Crawl, Outcome as NodeOutcome, Report, in_words, write_json, write_table};
use pex_node::transport::TransportConfig;
use tokio::time::{Instant, interval, sleep_until};

use super::terminal::{Output, complain};
use super::{CrawlArgs, Failure, Outcome, setup};

/// Where a crawler that nobody can dial says it listens. Nodes that keep what others say of
/// themselves refuse this address, and port 0 is none, so it does not get into their books.
const NOWHERE: &str = "tcp://0.0.0.0:0";

const FRAME: Duration = Duration::from_millis(200);

pub(super) async fn run(args: &CrawlArgs) -> Result<Outcome, Failure> {
    let local = setup::local(&args.identity, &args.chain_id, NOWHERE)?;
    let seed = setup::seed()?;
    let mut crawl = Crawl::new(local, TransportConfig::default(), seed, &args.seeds);
    let complete = watch(&mut crawl, args.max_time).await;
    let report = crawl.into_report(complete);

    let mut out = BufWriter::new(Output::new());
    if args.json {
        write_json(&report, &mut out)?;
    } else {
        write_table(&report, &mut out)?;
    }
    out.flush()?;
    blame(&report, &args.seeds)?;
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
        if let (NodeOutcome::Failed { why }, Some(address)) = (&found.outcome, &found.address) {
            lines.push(format!("seed {address}: {why}"));
        }
    }
    let nobody = report.reached() == 0;
    if nobody && !report.complete {
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

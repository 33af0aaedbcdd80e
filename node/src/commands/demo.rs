//! `pex demo`, which is also `pex` alone.

use core::time::Duration;
use std::io::{self, Write};

use pex_node::crawl::{Crawl, Progress, Report, in_words};
use pex_node::demo::Network;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::terminal::Output;
use super::{DemoArgs, Failure, Outcome, setup};

/// How long the newcomer may search before the demonstration has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// In slow motion, the longest pause after a node was found or reached, so that an eye can follow.
const PAUSE_MAX: Duration = Duration::from_millis(30);

/// In slow motion, the pauses after the nodes are found, and again after they are reached,
/// together. So a large network is done in time as well.
const PAUSES: Duration = Duration::from_millis(1_500);

/// How often the screen shows how far the newcomer is.
const FRAME: Duration = Duration::from_millis(100);

pub(super) async fn run(args: &DemoArgs) -> Result<Outcome, Failure> {
    let seed = setup::seed()?;
    let nodes = usize::from(args.nodes);
    let mut out = Output::new();
    let network = Network::start(nodes, seed).await?;
    let first = network.addresses().first().map(ToString::to_string);
    writeln!(
        out,
        "{nodes} nodes listen on loopback, each knows a few others."
    )?;
    writeln!(
        out,
        "A newcomer knows one of them: {}\n",
        first.unwrap_or_default()
    )?;

    let pause = if args.fast {
        Duration::ZERO
    } else {
        PAUSE_MAX.min(PAUSES / u32::from(args.nodes))
    };
    let mut crawl = network.newcomer(seed.derive(u64::MAX))?;
    let complete = watch(&mut crawl, nodes, pause, &mut out).await?;
    let report = crawl.into_report(complete);
    summarise(&report, nodes, &mut out)?;
    let (found, reached) = (report.map.nodes().len(), report.reached());
    if found == nodes && reached == nodes {
        writeln!(out, "The newcomer found all of them.")?;
        return Ok(Outcome::Done);
    }
    Err(Failure::new(format_args!(
        "the newcomer reached {reached} of {nodes} nodes"
    )))
}

/// One step of the search, and a pause if a node was found or reached in it. No pause is none: even
/// an empty sleep lasts a millisecond.
async fn slowly(crawl: &mut Crawl, pause: Duration) -> bool {
    let counts = |crawl: &Crawl| (crawl.map().nodes().len(), crawl.map().reached());
    let before = counts(crawl);
    let goes_on = crawl.step().await;
    if !pause.is_zero() && before != counts(crawl) {
        sleep(pause).await;
    }
    goes_on
}

/// Lets the newcomer search, and shows how it goes; false if it took too long.
async fn watch(
    crawl: &mut Crawl,
    nodes: usize,
    pause: Duration,
    out: &mut Output,
) -> io::Result<bool> {
    let started = Instant::now();
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = usize::MAX;
    let complete = loop {
        tokio::select! {
            goes_on = slowly(crawl, pause) => if !goes_on { break true },
            _ = frames.tick() => {
                let progress = crawl.progress();
                if progress.reached != last {
                    last = progress.reached;
                    show(progress, nodes, started, out)?;
                }
            }
            () = sleep_until(started + PATIENCE) => break false,
        }
    };
    show(crawl.progress(), nodes, started, out)?;
    Ok(complete)
}

/// One line of a bar chart: time, nodes found and reached, and the estimate beside the truth.
fn show(
    progress: Progress,
    nodes: usize,
    started: Instant,
    out: &mut impl Write,
) -> io::Result<()> {
    const WIDTH: usize = 40;
    let columns = |count: usize| (count * WIDTH).div_ceil(nodes).min(WIDTH);
    let (reached, found) = (columns(progress.reached), columns(progress.found));
    let bar: String = (0..WIDTH)
        .map(|column| {
            if column < reached {
                '█'
            } else if column < found {
                '▒'
            } else {
                '·'
            }
        })
        .collect();
    writeln!(
        out,
        "{:5.2} s {bar} {:>3} found, {:>3} reached of {nodes}; size seems {}",
        started.elapsed().as_secs_f64(),
        progress.found,
        progress.reached,
        in_words(progress.estimate),
    )
}

fn summarise(report: &Report, nodes: usize, out: &mut impl Write) -> io::Result<()> {
    let seconds = report.elapsed.as_secs_f64();
    writeln!(out, "\n  nodes in the network   {nodes:>6}")?;
    writeln!(
        out,
        "  found                  {:>6}",
        report.map.nodes().len()
    )?;
    writeln!(out, "  reached                {:>6}", report.reached())?;
    writeln!(
        out,
        "  estimated size         {:>6}",
        in_words(report.estimate)
    )?;
    writeln!(out, "  faults of peers        {:>6}", report.faults)?;
    writeln!(out, "  time                   {seconds:>6.2} s\n")
}

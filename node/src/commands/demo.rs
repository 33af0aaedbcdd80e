//! `pex demo`, which is also `pex` alone.

use core::time::Duration;

use pex_node::crawl::{Crawl, Progress, in_words};
use pex_node::demo::Network;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::{DemoArgs, Failure, Outcome, setup};

/// How long the newcomer may search before the demonstration has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// In slow motion, the pause after each thing that happens, so that an eye can follow.
const SLOW_MOTION: Duration = Duration::from_millis(8);

/// How often the screen shows how far the newcomer is.
const FRAME: Duration = Duration::from_millis(100);

pub(super) async fn run(args: &DemoArgs) -> Result<Outcome, Failure> {
    let seed = setup::seed()?;
    let nodes = usize::from(args.nodes);
    let network = Network::start(nodes, seed).await?;
    let first = network
        .addresses()
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    println!("{nodes} nodes listen on loopback, each knows a few others.");
    println!("A newcomer knows one of them: {first}\n");

    let started = Instant::now();
    let mut crawl = network.newcomer(seed.derive(u64::MAX))?;
    let pause = if args.fast {
        Duration::ZERO
    } else {
        SLOW_MOTION
    };
    let complete = watch(&mut crawl, nodes, started, pause).await;
    let report = crawl.into_report(complete);

    let (found, reached) = (report.map.nodes().len(), report.reached());
    println!("\n  nodes in the network   {nodes:>6}");
    println!("  found                  {found:>6}");
    println!("  reached                {reached:>6}");
    println!("  estimated size         {:>6}", in_words(report.estimate));
    println!("  faults of peers        {:>6}", report.faults);
    println!(
        "  time                   {:>6.2} s\n",
        report.elapsed.as_secs_f64()
    );
    if found == nodes && reached == nodes {
        println!("The newcomer found all of them.");
        return Ok(Outcome::Done);
    }
    Err(Failure::new(format_args!(
        "the newcomer reached {reached} of {nodes} nodes"
    )))
}

/// Lets the newcomer search, and shows how it goes; false if it took too long.
async fn watch(crawl: &mut Crawl, nodes: usize, started: Instant, pause: Duration) -> bool {
    let mut frames = interval(FRAME);
    frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = usize::MAX;
    loop {
        tokio::select! {
            goes_on = async { sleep(pause).await; crawl.step().await } => if !goes_on { break },
            _ = frames.tick() => {
                let progress = crawl.progress();
                if progress.reached != last {
                    last = progress.reached;
                    show(progress, nodes, started);
                }
            }
            () = sleep_until(started + PATIENCE) => return false,
        }
    }
    show(crawl.progress(), nodes, started);
    true
}

/// One line of a bar chart: time, nodes found and reached, and the estimate beside the truth.
fn show(progress: Progress, nodes: usize, started: Instant) {
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
    println!(
        "{:5.2} s {bar} {:>3} found, {:>3} reached of {nodes}; size seems {}",
        started.elapsed().as_secs_f64(),
        progress.found,
        progress.reached,
        in_words(progress.estimate),
    );
}

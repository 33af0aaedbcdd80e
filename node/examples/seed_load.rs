//! A load test of a seed node on loopback, with real handshakes.
//!
//! The seed is another process, and this one is everybody else: a crowd that connects from many
//! addresses and stays, others who ask all the time, and newcomers whose patience is measured.
//!
//! ```text
//! cargo build --release -p pex-node && cargo run --release -p pex-node --example seed_load
//! ```

#[path = "seed_load/crowd.rs"]
mod crowd;
#[path = "seed_load/process.rs"]
mod process;

use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Parser;

use crowd::{Crowd, Failed, median};
use process::{SeedProcess, write_book};

#[derive(Debug, Parser)]
struct Args {
    /// The command whose seed node is loaded
    #[arg(long, default_value = "target/release/pex")]
    pex: PathBuf,
    /// Load this CometBFT in seed mode instead
    #[arg(long)]
    cometbft: Option<PathBuf>,
    /// Connections that are held at once
    #[arg(long, default_value_t = 2_000)]
    hold: usize,
    /// Handshakes of the crowd under way at once
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Nodes that connect, ask, are answered, and come again at once
    #[arg(long, default_value_t = 500)]
    ask: usize,
    /// Newcomers whose answer is waited for, one after another
    #[arg(long, default_value_t = 50)]
    newcomers: usize,
    /// Addresses that the seed can tell
    #[arg(long, default_value_t = 1_000)]
    known: u32,
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let args = Args::parse();
    let most = rlimit::increase_nofile_limit(u64::MAX)?;
    let needed = args.hold + args.ask + 100;
    if usize::try_from(most).is_ok_and(|most| most < needed) {
        return Err(format!("{needed} files and sockets are needed, {most} may be open").into());
    }
    let folder = tempfile::tempdir()?;
    let book = folder.path().join("addrbook.json");
    write_book(&book, args.known)?;
    let seed = match &args.cometbft {
        Some(cometbft) => SeedProcess::start_cometbft(cometbft, folder.path(), &book)?,
        None => SeedProcess::start(&args.pex, &book)?,
    };
    let mut out = stdout();
    let before = seed.resident()?;
    let mut crowd = Crowd::new(seed.place());

    let worked = seed.worked()?;
    let opened = crowd.hold(args.hold, args.at_once).await?;
    let held = u64::try_from(args.hold)?.max(1);
    let rate = held * 1_000 / u64::try_from(opened.as_millis())?.max(1);
    let each = seed.worked()?.saturating_sub(worked).as_micros() / u128::from(held);
    writeln!(
        out,
        "held: {held} connections, opened in {opened:.1?}, {rate} handshakes/s; {each} us of \
         processor time of the seed a handshake"
    )?;
    let after = seed.resident()?;
    let each = after.saturating_sub(before) / held;
    writeln!(
        out,
        "memory of the seed: {} alone, {} with them, {each} bytes a connection",
        mib(before),
        mib(after)
    )?;

    let (began, worked) = (Instant::now(), seed.worked()?);
    let asking = crowd.ask_all_the_time(args.ask);
    // The first burst is part of the test: the newcomers come into it.
    let (mut waits, mut told) = (Vec::new(), 0);
    for _ in 0..args.newcomers {
        let answer = crowd.newcomer().await?;
        waits.push(answer.waited);
        told += answer.told;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (answers, failures) = asking.stop().await;
    let asked_for = began.elapsed();
    let worked = seed.worked()?.saturating_sub(worked);
    waits.sort_unstable();
    let (median, worst) = (median(&waits), waits.last().copied().unwrap_or_default());
    writeln!(
        out,
        "newcomers while {} ask: {} answered, {} addresses each, median {median:.0?}, worst {worst:.0?}",
        args.ask,
        waits.len(),
        told / waits.len().max(1)
    )?;
    writeln!(
        out,
        "those who asked: {answers} answers, {failures} times none, {:.0} answers/s; {} us of processor \
         time of the seed an answer",
        Duration::from_secs(answers).as_secs_f64() / asked_for.as_secs_f64(),
        worked.as_micros() / u128::from(answers.max(1))
    )?;
    writeln!(
        out,
        "memory of the seed at most: {}",
        mib(seed.most_resident()?)
    )?;
    writeln!(out, "still held: {}", crowd.still_held())?;
    Ok(())
}

fn mib(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

//! `pex testnet`.

use std::io::Write as _;

use clap::Args;
use pex_node::VERSION;
use pex_node::demo::{CHAIN, Network};

use super::signals::Stop;
use super::terminal::Output;
use super::{Failure, Outcome, setup, values};

/// Serve a whole network on this machine, to try things with
///
/// Starts nodes on loopback that each know a few others, a third of them each as CometBFT 0.38, as
/// Tendermint 0.35 and as pex would have it. Prints a line `listening on id@host:port` of the first,
/// and serves until it is stopped. No other network is touched.
///
/// Example: pex testnet --nodes 200
#[derive(Debug, Args)]
pub(crate) struct TestnetArgs {
    /// How many nodes to start
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    nodes: u32,
    /// At how many IP addresses they are, each in a network (/16) of its own; more than one are there
    /// on Linux
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    hosts: u8,
    /// How many more nodes are told of that are not there
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000))]
    gone: u32,
    /// The chain that the nodes are of
    #[arg(long, value_name = "ID", default_value = CHAIN, value_parser = values::chain_id)]
    chain_id: String,
}

/// What the nodes say of themselves, in turn: as the two dialects have it, and our own.
const VERSIONS: [&str; 3] = ["0.38.17", "0.35.9", VERSION];

pub(super) async fn run(args: &TestnetArgs, stop: &Stop) -> Result<Outcome, Failure> {
    let (nodes, gone) = (args.nodes as usize, args.gone as usize);
    let seed = setup::seed()?;
    let network = Network::of(nodes, args.hosts, gone, &args.chain_id, &VERSIONS, seed).await?;
    let first = network.addresses().first().map(ToString::to_string);
    let first = first.unwrap_or_default();
    let mut out = Output::new();
    let place = first.strip_prefix("mconn://").unwrap_or(&first);
    writeln!(out, "listening on {place}")?;
    writeln!(
        out,
        "{nodes} nodes of chain {} serve until stopped",
        args.chain_id
    )?;
    out.flush()?;
    stop.asked().await;
    Ok(Outcome::Done)
}

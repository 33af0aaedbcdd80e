//! What `pex crawl` takes.

use core::time::Duration;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use pex::NodeAddress;
use pex_node::crawl::CrawlOptions;

use crate::commands::{IdentityArgs, values};

/// Find every node of a network
///
/// Dials the seeds, asks each node for others, and visits them in turn. Prints a table, JSON lines,
/// CSV or an HTML report, with who told of each node and whether it could be reached, how large the
/// network seems to be, and how complete the crawl is. A seed that can't be reached is named on
/// standard error, and the others go on.
///
/// `pex crawl diff OLD NEW` says what has changed between two crawls.
///
/// Example: pex crawl --chain-id cosmoshub-4 --seed 0123…@seed.example.com:26656
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct CrawlArgs {
    #[command(subcommand)]
    pub(super) command: Option<CrawlCommand>,
    /// Where to start, as id@host:port; may be given more than once, or with commas
    #[arg(
        long = "seed",
        value_name = "ID@HOST:PORT",
        required = true,
        value_delimiter = ','
    )]
    pub(super) seeds: Vec<NodeAddress>,
    /// The chain that the nodes are of
    #[arg(long, value_name = "ID", required = true, value_parser = values::chain_id)]
    pub(super) chain_id: Option<String>,
    /// Stop after this time and print what there is, such as 90s, 5m or 1h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    pub(super) max_time: Duration,
    #[command(flatten)]
    pub(super) output: OutputArgs,
    #[command(flatten)]
    pub(super) pace: PaceArgs,
    #[command(flatten)]
    pub(super) repeat: RepeatArgs,
    #[command(flatten)]
    pub(super) identity: IdentityArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum CrawlCommand {
    /// Say what has changed between two crawls
    ///
    /// Reads two results that `pex crawl --json` has written, and prints the nodes that are new or
    /// gone, reached now or no longer, or changed in version, moniker or address; and a summary.
    ///
    /// Example: pex crawl diff monday.json tuesday.json
    #[command(verbatim_doc_comment)]
    Diff {
        /// The older result
        old: PathBuf,
        /// The newer result
        new: PathBuf,
        /// Print JSON, one line a change and a summary line at the end
        #[arg(long)]
        json: bool,
    },
}

/// What a result is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people, with a summary below it
    Table,
    /// JSON, one line a node and a summary line at the end
    Json,
    /// Comma-separated values, for spreadsheets
    Csv,
    /// A page with pictures, for browsers
    Html,
    /// The summary below the table, and not the table
    Summary,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// What to print [default: table; summary if files are written]
    #[arg(long, value_name = "FORMAT")]
    pub(super) output: Option<Format>,
    /// Write the table to a file
    #[arg(long, value_name = "FILE")]
    pub(super) table: Option<PathBuf>,
    /// Write JSON lines to a file; without FILE, print them
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "output",
        num_args = 0..=1,
        default_missing_value = "-"
    )]
    pub(super) json: Option<PathBuf>,
    /// Write CSV to a file
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    /// Write the HTML report to a file
    #[arg(long, value_name = "FILE")]
    pub(super) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(super) struct PaceArgs {
    /// Dials under way at once; four times as many connections are held at most
    #[arg(long, value_name = "N", alias = "max-dials", default_value_t = CrawlOptions::default().workers)]
    workers: usize,
    /// Dials and connections at once with one IP address (or /64 of IPv6), and with one name
    /// [default: 4, and any number with this machine]
    #[arg(long, value_name = "N")]
    per_host: Option<usize>,
    /// Dials in any second
    #[arg(long, value_name = "N", value_parser = parse_rate, default_value_t = CrawlOptions::default().rate)]
    rate: u32,
    /// How often an address is dialed again that could not be reached
    #[arg(long, value_name = "N", default_value_t = CrawlOptions::default().retries)]
    retries: u16,
    /// How long to wait before that; each time four times as long
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = humantime::parse_duration)]
    retry_after: Duration,
}

/// A number of dials in a second, with or without `/s`.
fn parse_rate(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    number
        .parse()
        .map_err(|_| "give a number of dials in a second, as 50 or 50/s".to_owned())
}

impl PaceArgs {
    /// The options, or which flag is wrong, and what to set it to.
    pub(super) fn options(&self) -> Result<CrawlOptions, String> {
        let mut options = CrawlOptions::default();
        options.workers = self.workers;
        options.per_host = self.per_host;
        options.rate = self.rate;
        options.retries = self.retries;
        options.retry_after = self.retry_after;
        // The options are called as the flags are.
        options.check().map_err(|why| format!("--{why}"))?;
        Ok(options)
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Going on, and again")]
pub(super) struct RepeatArgs {
    /// Write down every few seconds how the crawl stands, and go on from there if it was cut off
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
    /// Crawl again and again, beginning so often, such as 1h; print what has changed
    #[arg(long, value_name = "TIME", requires = "out", value_parser = values::some_time)]
    pub(super) every: Option<Duration>,
    /// Write each result as JSON lines into a file of this folder, named by its date
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How many results to keep in that folder; the oldest go
    #[arg(long, value_name = "N", requires = "out", default_value_t = 100, value_parser = parse_keep)]
    pub(super) keep: usize,
    /// Stop after so many crawls [default: never]
    #[arg(long, value_name = "N", requires = "every", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) runs: Option<u32>,
}

fn parse_keep(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|keep| *keep > 0);
    number.ok_or_else(|| "give a number from 1".to_owned())
}

//! What the command line offers.

mod ahead;
mod book;
mod crawl;
mod demo;
mod init;
mod inspect;
mod log;
mod node;
mod observe;
mod peers;
mod seed;
mod serve;
mod setup;
mod signals;
mod sim;
mod terminal;
mod testnet;
mod values;

use core::fmt;
use std::io;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use pex::{NodeAddress, NodeId};
use pex_node::transport::{OUT_OF_DESCRIPTORS, is_out_of_descriptors};
use tokio::runtime::Runtime;

use signals::Stop;
pub(crate) use terminal::last_words;

/// Peer exchange for Tendermint and CometBFT networks.
///
/// Without a command, `pex` shows itself: it starts 50 nodes on this machine and lets a newcomer
/// who knows one of them find the others.
#[derive(Debug, Parser)]
#[command(name = "pex", version = env!("PEX_VERSION"), after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

const AFTER_HELP: &str = "\
Examples:
  pex                     see a newcomer find 50 nodes on this machine
  pex demo --nodes 100    the same with 100 nodes
  pex crawl --chain-id cosmoshub-4 --seed 0123…@seed.example.com:26656
                          find every node of a network
  pex init --chain-id cosmoshub-4 && pex seed
                          write the settings of a seed node, and run it
  pex show-node-id        see who the seed node is
  pex node --chain-id cosmoshub-4 --listen 0.0.0.0:26656 --seeds 0123…@seed.example.com:26656
                          take part in a network as a node of V1 does
  pex sim --nodes 1000    run a network of 1,000 nodes in virtual time
  pex testnet             serve a small network on this machine, to try a crawl with
  pex serve --listen 127.0.0.1:26656 --chain-id test --known 0123…@10.0.0.1:26656
                          tell an address to whoever asks
  pex peers show peers.pex
                          see what is in a store of peers
  pex book check ~/.gaia/config/addrbook.json
                          see whether an address book is whole
  echo '\"00112233445566778899aabbccddeeff00112233@[::1]:26656\"' | pex address
                          see what is made of an address
  echo 1a00 | pex message
                          see what is made of a message

Exit codes:
  0  done
  1  failed: no node was reached, a port is in use, an input line is wrong, a book is damaged,
     something did not hold in a simulation that must
  2  the command line is wrong, or settings or a scenario are, wherever they stand
  3  a crawl was cut short by --max-time, Ctrl-C or SIGTERM, be it before any node was reached, or
     had no file descriptors for the dials that were left; what it found is printed";

#[derive(Debug, Subcommand)]
enum Command {
    Demo(DemoArgs),
    Crawl(Box<crawl::CrawlArgs>),
    Sim(Box<sim::SimArgs>),
    Testnet(testnet::TestnetArgs),
    Serve(ServeArgs),
    Seed(Box<seed::SeedArgs>),
    Init(Box<init::InitArgs>),
    ShowNodeId(init::ShowArgs),
    Node(Box<NodeArgs>),
    /// Show, import, export or check a store of peers
    ///
    /// A store is the file that `pex serve --store FILE` keeps.
    ///
    /// Example: pex peers show peers.pex
    #[command(subcommand, verbatim_doc_comment)]
    Peers(PeersCommand),
    /// Show, check, repair, convert or edit an address book
    ///
    /// An address book is the addrbook.json of CometBFT and Tendermint, usually in the folder
    /// config under the home of the node. Exit codes are as for pex: 0 done, 1 failed, 2 wrong usage.
    ///
    /// Example: pex book check ~/.gaia/config/addrbook.json
    #[command(subcommand, verbatim_doc_comment)]
    Book(book::BookCommand),
    /// Show what is made of an address
    ///
    /// Reads one JSON string a line on standard input, and prints one JSON record a line.
    ///
    /// Example: echo '"00112233445566778899aabbccddeeff00112233@127.0.0.1:26656"' | pex address
    #[command(verbatim_doc_comment)]
    Address,
    /// Show what is made of a message
    ///
    /// Reads one hexadecimal string a line on standard input, and prints one JSON record a line.
    ///
    /// Example: echo 1a00 | pex message
    #[command(verbatim_doc_comment)]
    Message,
}

/// Start a network on this machine and let a newcomer find it
///
/// Every node has its own key, a real TCP socket on loopback, and the same transport that Go nodes
/// speak. No other network is touched.
///
/// Example: pex demo --nodes 100
#[derive(Debug, Args)]
struct DemoArgs {
    /// How many nodes to start, from 1 to 500
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=500))]
    nodes: u16,
    /// As fast as it goes, not in slow motion
    #[arg(long)]
    fast: bool,
}

/// Tell a list of addresses to whoever asks
///
/// Prints a line `listening on id@host:port` and serves until it is stopped.
///
/// Example: pex serve --listen 127.0.0.1:26656 --chain-id test --known 0123…@10.0.0.1:26656
#[derive(Debug, Args)]
struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT")]
    listen: core::net::SocketAddr,
    /// The chain that this node is of
    #[arg(long, value_name = "ID", value_parser = values::chain_id)]
    chain_id: String,
    /// An address to tell; may be given more than once, or with commas
    #[arg(long, value_name = "ID@HOST:PORT", value_delimiter = ',', value_parser = values::address)]
    known: Vec<NodeAddress>,
    /// Where to keep what is known over a restart; made if the file is not there. `pex peers` shows
    /// it [default: nowhere]
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    #[command(flatten)]
    extension: ExtensionArgs,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    log: log::LogArgs,
}

/// Take part in a network as a node of V1 does
///
/// Keeps an address book, dials until it has enough peers, lets others in, and answers them, as the
/// p2p part of CometBFT does; with --seed-mode it crawls, answers once and hangs up. Names are those
/// of CometBFT's config.toml. Prints a line `listening on id@host:port`, and what happens on standard
/// error; runs until it is stopped.
///
/// Example: pex node --chain-id cosmoshub-4 --listen 0.0.0.0:26656 --seeds 0123…@seed.example.com:26656 --book addrbook.json
#[derive(Debug, Args)]
struct NodeArgs {
    /// The chain that this node is of
    #[arg(long, value_name = "ID", value_parser = values::chain_id)]
    chain_id: String,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT")]
    listen: core::net::SocketAddr,
    /// Nodes to ask when nobody else is known; may be given more than once, or with commas
    #[arg(long, value_name = "ID@HOST:PORT", value_delimiter = ',', value_parser = values::address)]
    seeds: Vec<NodeAddress>,
    /// Nodes to be connected with, come what may
    #[arg(long, value_name = "ID@HOST:PORT", value_delimiter = ',', value_parser = values::address)]
    persistent_peers: Vec<NodeAddress>,
    /// Nodes whose connections take no place
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    unconditional_peer_ids: Vec<NodeId>,
    /// Nodes that nobody may hear of from us
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    private_peer_ids: Vec<NodeId>,
    /// Where others can reach this node, to be told to them [default: they take it from the
    /// connection]
    #[arg(long, value_name = "HOST:PORT", value_parser = values::outside)]
    external_address: Option<String>,
    /// How many peers to dial
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = values::places)]
    max_num_outbound_peers: usize,
    /// How many peers to let in [default: 40, or 10000 with --seed-mode]
    #[arg(long, value_name = "N", value_parser = values::places)]
    max_num_inbound_peers: Option<usize>,
    /// The address book, an addrbook.json as CometBFT's; made if the file is not there
    /// [default: nowhere]
    #[arg(long, value_name = "FILE")]
    book: Option<PathBuf>,
    /// Take in addresses that not everybody can route to, for a network within a site:
    /// addr_book_strict = false
    #[arg(long)]
    lax: bool,
    /// Dial several nodes at one IP address, or of one network
    #[arg(long)]
    allow_duplicate_ip: bool,
    /// Crawl, tell only of those that were reached, answer once and hang up
    #[arg(long)]
    seed_mode: bool,
    #[command(flatten)]
    extension: ExtensionArgs,
    #[command(flatten)]
    identity: IdentityArgs,
    #[command(flatten)]
    observe: observe::ObserveArgs,
    #[command(flatten)]
    log: log::LogArgs,
}

#[derive(Debug, Subcommand)]
enum PeersCommand {
    /// Show what is in a store, as a table
    ///
    /// Example: pex peers show peers.pex
    #[command(verbatim_doc_comment)]
    Show {
        /// The store
        store: PathBuf,
        /// Print JSON, one line a node
        #[arg(long)]
        json: bool,
    },
    /// Print a store as JSON lines, which `import` reads
    ///
    /// Example: pex peers export peers.pex > peers.jsonl
    #[command(verbatim_doc_comment)]
    Export {
        /// The store
        store: PathBuf,
    },
    /// Take records into a store, which is made if it is not there
    ///
    /// A record of a node that the store has already takes the place of the one there.
    ///
    /// Example: pex peers import peers.pex ~/.tendermint/data/peerstore.db
    #[command(verbatim_doc_comment)]
    Import {
        /// The store
        store: PathBuf,
        /// JSON lines as `export` prints them, or the peerstore.db folder of a Tendermint node
        from: PathBuf,
    },
    /// Read every record of a store, and say what is damaged
    ///
    /// Example: pex peers check peers.pex
    #[command(verbatim_doc_comment)]
    Check {
        /// The store
        store: PathBuf,
    },
}

#[derive(Debug, Args)]
struct ExtensionArgs {
    /// Take nodes that run this software for nodes of V2 like any other: tell them no arcs, and ask them
    /// no faster
    #[arg(long)]
    no_extension: bool,
}

#[derive(Debug, Args)]
struct IdentityArgs {
    /// The key of this node, a node_key.json; made if the file is not there [default: a new key]
    #[arg(long, value_name = "FILE")]
    node_key: Option<PathBuf>,
    /// What this node calls itself
    #[arg(long, default_value = "pex", value_parser = values::moniker)]
    moniker: String,
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    CutShort,
}

/// Why a command failed, as one line that says what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    code: u8,
}

impl Failure {
    /// Something that was right as it was written went wrong.
    fn new(what: impl fmt::Display) -> Self {
        let what = what.to_string();
        Self { what, code: 1 }
    }

    /// What was written is wrong, be it a flag, a setting or a scenario: trying again is of no use.
    fn usage(what: impl fmt::Display) -> Self {
        Self {
            code: 2,
            ..Self::new(what)
        }
    }

    /// The exit code that says so.
    pub(crate) const fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(what_to_do(&error))
    }
}

/// What the operating system said, and what to do about it, as far as that is known.
fn what_to_do(error: &io::Error) -> String {
    if is_out_of_descriptors(error) {
        return OUT_OF_DESCRIPTORS.to_owned();
    }
    match error.kind() {
        io::ErrorKind::AddrInUse => format!("{error}; choose another port"),
        io::ErrorKind::AddrNotAvailable => format!("{error}; choose an address of this machine"),
        io::ErrorKind::PermissionDenied => format!("{error}; choose what this user may use"),
        _ => error.to_string(),
    }
}

pub(crate) fn run(cli: Cli) -> Result<Outcome, Failure> {
    let command = cli.command.unwrap_or(Command::Demo(DemoArgs {
        nodes: 50,
        fast: false,
    }));
    match command {
        Command::Address => inspect::addresses(),
        Command::Message => inspect::messages(),
        Command::Demo(args) => in_runtime(demo::run(&args)),
        Command::Crawl(args) => crawl::run(&args),
        Command::Sim(args) => sim::run(&args),
        Command::Testnet(args) => in_runtime(testnet::run(&args, &Stop::listen()?)),
        Command::Serve(args) => in_runtime(serve::run(&args, &Stop::listen()?)),
        Command::Node(args) => in_runtime(node::run(&args, &Stop::listen()?)),
        Command::Seed(args) => seed::run(&args),
        Command::Init(args) => init::run(&args),
        Command::ShowNodeId(args) => init::show(&args),
        Command::Peers(command) => peers::run(&command),
        Command::Book(command) => book::run(command),
    }
}

/// Runs what talks to others, to its end.
fn in_runtime(network: impl Future<Output = Result<Outcome, Failure>>) -> Result<Outcome, Failure> {
    // Its threads begin here, and signals are taken before any thread is there.
    let runtime = Runtime::new()?;
    let outcome = runtime.block_on(network);
    // Tasks that still write to peers are not waited for.
    runtime.shutdown_background();
    outcome
}

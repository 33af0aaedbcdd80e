//! What the command line of `pex book` offers.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use pex::{NetAddress, NodeId};

use crate::commands::values;

#[derive(Debug, Subcommand)]
pub(crate) enum BookCommand {
    /// Show what is in a book, as a table
    ///
    /// Shows whatever can be read, also of a book that is damaged.
    ///
    /// Example: pex book show ~/.gaia/config/addrbook.json
    #[command(verbatim_doc_comment)]
    Show {
        /// The book
        file: PathBuf,
        /// Print JSON, one line an address, and one a node that is banned
        #[arg(long)]
        json: bool,
        /// Only those that have proved good
        #[arg(long, conflicts_with = "new")]
        old: bool,
        /// Only those that were only heard of
        #[arg(long)]
        new: bool,
    },
    /// Say what is wrong in a book, entry by entry
    ///
    /// Nothing is written. The exit code is 1 if anything would be lost or changed.
    ///
    /// Example: pex book check ~/.gaia/config/addrbook.json
    #[command(verbatim_doc_comment)]
    Check {
        /// The book
        file: PathBuf,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Save what can be saved of a damaged book
    ///
    /// The damaged file is kept beside it, as FILE.damaged, FILE.damaged.1 and so on.
    ///
    /// Example: pex book repair ~/.gaia/config/addrbook.json
    #[command(verbatim_doc_comment)]
    Repair {
        /// The book
        file: PathBuf,
        /// Write to this file, and leave the book as it is
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Make an address book of a store of peers, or the other way round
    ///
    /// FROM is recognised by what is in it: an addrbook.json, the store of `pex serve --store`, the
    /// JSON lines of `pex peers export`, or the peerstore.db folder of a Tendermint node. What TO
    /// becomes is said by its ending: .json is an address book, .pex a store, .jsonl JSON lines;
    /// or by --to.
    ///
    /// Old entries become addresses with their last success, and the other way round. A book can
    /// hold no names, four addresses of a node at most, no scores and no inactive nodes: what is
    /// left out is counted, and the exit code is 1.
    ///
    /// Example: pex book convert ~/.gaia/config/addrbook.json peers.pex
    ///          pex book convert peers.pex addrbook.json
    #[command(verbatim_doc_comment)]
    Convert {
        /// What there is
        from: PathBuf,
        /// What is made; there must be nothing yet
        to: PathBuf,
        /// What TO is to be, whatever its ending
        #[arg(long = "to", value_enum, value_name = "FORM")]
        form: Option<Form>,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Add addresses to a book, which is made if it is not there
    ///
    /// Stop the node first: it has its book in memory, and writes over what was changed.
    ///
    /// Example: pex book add addrbook.json 0123…@203.0.113.7:26656
    #[command(verbatim_doc_comment)]
    Add {
        /// The book
        file: PathBuf,
        /// What to add
        #[arg(required = true, value_name = "ID@IP:PORT")]
        addresses: Vec<NetAddress>,
        /// Who told of them [default: each of itself]
        #[arg(long, value_name = "ID@IP:PORT")]
        source: Option<NetAddress>,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Remove addresses, or all addresses of a node
    ///
    /// Stop the node first: it has its book in memory, and writes over what was changed.
    ///
    /// Example: pex book remove addrbook.json 00112233445566778899aabbccddeeff00112233
    #[command(verbatim_doc_comment)]
    Remove {
        /// The book
        file: PathBuf,
        /// What to remove: a node or one address
        #[arg(required = true, value_name = "ID-OR-ADDRESS")]
        which: Vec<Target>,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Mark addresses as good: their nodes were reached there just now
    ///
    /// One that is not in the book is added. Stop the node first: it has its book in memory, and
    /// writes over what was changed.
    ///
    /// Example: pex book good addrbook.json 0123…@203.0.113.7:26656
    #[command(verbatim_doc_comment)]
    Good {
        /// The book
        file: PathBuf,
        /// What is good
        #[arg(required = true, value_name = "ID@IP:PORT")]
        addresses: Vec<NetAddress>,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Ban nodes: their addresses leave the book until the ban ends
    ///
    /// CometBFT does not know of bans in the file, and just does not find the addresses. Stop the
    /// node first: it has its book in memory, and writes over what was changed.
    ///
    /// Example: pex book ban addrbook.json 00112233445566778899aabbccddeeff00112233 --for 7d
    #[command(verbatim_doc_comment)]
    Ban {
        /// The book
        file: PathBuf,
        /// Whom to ban
        #[arg(required = true, value_name = "ID")]
        ids: Vec<NodeId>,
        /// For how long, such as 30m, 24h or 7d; a longer ban stays as it is
        #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = values::some_time)]
        how_long: Duration,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// End bans: what was known of the nodes is new again
    ///
    /// Stop the node first: it has its book in memory, and writes over what was changed.
    ///
    /// Example: pex book unban addrbook.json 00112233445566778899aabbccddeeff00112233
    #[command(verbatim_doc_comment)]
    Unban {
        /// The book
        file: PathBuf,
        /// Whose ban to end
        #[arg(required = true, value_name = "ID")]
        ids: Vec<NodeId>,
        #[command(flatten)]
        strictness: Strictness,
    },
    /// Take what other books know into a book, which is made if it is not there
    ///
    /// Of an address that both know, the later attempt counts, and the last success. Bans are taken
    /// over, the longer one counts. Stop the node first: it has its book in memory, and writes over
    /// what was changed.
    ///
    /// Example: pex book merge addrbook.json other/addrbook.json
    #[command(verbatim_doc_comment)]
    Merge {
        /// The book
        file: PathBuf,
        /// The others, which stay as they are
        #[arg(required = true, value_name = "OTHER")]
        others: Vec<PathBuf>,
        #[command(flatten)]
        strictness: Strictness,
    },
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Strictness {
    /// Take in what not everybody can route to, as with addr_book_strict = false: for networks
    /// within a site
    #[arg(long)]
    lax: bool,
}

impl Strictness {
    pub(super) const fn is_strict(self) -> bool {
        !self.lax
    }
}

/// What a file of peers can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// An address book, addrbook.json
    Book,
    /// The store of `pex serve --store`
    Store,
    /// JSON lines, as `pex peers export` prints them
    Lines,
}

/// A node, or one of its addresses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Node(NodeId),
    Address(NetAddress),
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('@') {
            let address = text.parse().map(Self::Address);
            return address.map_err(|error: pex::NetAddressError| error.to_string());
        }
        let id = NodeId::parse(text).map(Self::Node);
        id.map_err(|error| error.to_string())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(id) => write!(f, "node {id}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

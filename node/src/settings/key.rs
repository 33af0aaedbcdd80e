//! Every key that may be set, with its bounds, its default and what it means.

use core::time::Duration;

use super::value::{self, Wrong};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);
const MS: Duration = Duration::from_millis(1);

/// Where a key stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Section {
    /// Before the first table.
    Top,
    /// In `[p2p]`; before the first table as well, as stand-alone seed nodes have it.
    P2p,
    /// In `[instrumentation]`.
    Instrumentation,
    /// In `[status]`.
    Status,
}

impl Section {
    /// The name of its table; none for the top.
    #[must_use]
    pub const fn table(self) -> Option<&'static str> {
        match self {
            Self::Top => None,
            Self::P2p => Some("p2p"),
            Self::Instrumentation => Some("instrumentation"),
            Self::Status => Some("status"),
        }
    }
}

/// Of what a key says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Of the whole process.
    Process,
    /// Of each network; what is not set in its `[[network]]` is taken from the rest of the file.
    Shared,
    /// Of one network alone.
    Network,
}

/// What the value of a key looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Any text.
    Text,
    /// What a node calls itself.
    Moniker,
    /// What the names of metrics begin with.
    Namespace,
    /// The id of a chain.
    ChainId,
    /// The path of a file, relative to the home.
    File,
    /// true or false.
    Switch,
    /// A whole number between these.
    Number(u64, u64),
    /// A duration between these, as Go writes it.
    Time(Duration, Duration),
    /// Where to listen.
    Place,
    /// Where to listen, or nothing.
    MaybePlace,
    /// Where others reach us: host and port, or nothing.
    Outside,
    /// Addresses of nodes, with commas.
    Addresses,
    /// Ids of nodes, with commas.
    Ids,
    /// How much is logged.
    Level,
    /// How it is logged.
    Format,
}

impl Kind {
    /// Whether a text is such a value.
    ///
    /// # Errors
    ///
    /// What is wrong, and what to write instead.
    pub fn check(self, text: &str) -> Result<(), Wrong> {
        match self {
            Self::Text => Ok(()),
            Self::Moniker => value::moniker(text),
            Self::Namespace => value::namespace(text),
            Self::ChainId => value::chain_id(text).map(|_| ()),
            Self::File => value::file(text).map(|_| ()),
            Self::Switch => value::switch(text).map(|_| ()),
            Self::Number(min, max) => value::number(text, min, max).map(|_| ()),
            Self::Time(min, max) => value::time(text, min, max).map(|_| ()),
            Self::Place => value::place(text).map(|_| ()),
            Self::MaybePlace => value::maybe_place(text).map(|_| ()),
            Self::Outside => value::outside(text).map(|_| ()),
            Self::Addresses => value::addresses(text).map(|_| ()),
            Self::Ids => value::ids(text).map(|_| ()),
            Self::Level => value::level(text).map(|_| ()),
            Self::Format => value::format(text).map(|_| ()),
        }
    }

    /// A value that is right, as the file can have it: a number may be given with zeros before it,
    /// and with `_` where no file could have one.
    pub(super) fn plain(self, text: &str) -> String {
        let number = match self {
            Self::Number(min, max) => value::number(text, min, max).ok(),
            _ => None,
        };
        number.map_or_else(|| text.to_owned(), |number| number.to_string())
    }

    /// Whether the file has it without quotes.
    #[must_use]
    pub const fn is_bare(self) -> bool {
        matches!(self, Self::Switch | Self::Number(..))
    }
}

/// A key that may be set in the file, by an environment variable, and by a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Key {
    /// What it is called among all keys; its variable and its flag are made of it.
    pub id: &'static str,
    /// Where it stands in the file.
    pub section: Section,
    /// Its name there.
    pub name: &'static str,
    /// Of what it says something.
    pub scope: Scope,
    /// What its value looks like.
    pub kind: Kind,
    /// The value where nothing is set, as the file has it. Empty where there is none.
    pub default: &'static str,
    /// Whether a running seed takes over a new value on SIGHUP.
    pub reloads: bool,
    /// What it means, as sentences.
    pub about: &'static str,
}

impl Key {
    /// The key with this id.
    #[must_use]
    pub fn with_id(id: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.id == id)
    }

    /// Its name with its table, such as `p2p.laddr`.
    #[must_use]
    pub fn path(&self) -> String {
        match self.section.table() {
            Some(table) => format!("{table}.{}", self.name),
            None => self.name.to_owned(),
        }
    }

    /// Its environment variable, such as `PEX_LADDR`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("PEX_{}", self.id.to_uppercase())
    }

    /// Its flag, such as `--chain-id`.
    #[must_use]
    pub fn flag(&self) -> String {
        let id = if self.id == "laddr" {
            "listen"
        } else {
            self.id
        };
        format!("--{}", id.replace('_', "-"))
    }

    /// As the file would have it.
    #[must_use]
    pub fn line(&self, value: &str) -> String {
        if self.kind.is_bare() {
            format!("{} = {}", self.name, self.kind.plain(value))
        } else {
            format!("{} = {}", self.name, toml_text(value))
        }
    }
}

/// A text as TOML has it between quotes.
fn toml_text(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.extend(format!("\\u{:04X}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

const fn key(id: &'static str, section: Section, scope: Scope, kind: Kind) -> Key {
    Key {
        id,
        section,
        name: id,
        scope,
        kind,
        default: "",
        reloads: false,
        about: "",
    }
}

impl Key {
    const fn or(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    const fn says(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    const fn reloaded(mut self) -> Self {
        self.reloads = true;
        self
    }
}

use Scope::{Network, Process, Shared};
use Section::{Instrumentation, P2p, Status, Top};

/// Every key, in the order of the file.
pub const KEYS: &[Key] = &[
    key("chain_id", Top, Network, Kind::ChainId)
        .says("The network that is served. CometBFT has it in its genesis file."),
    key("moniker", Top, Process, Kind::Moniker)
        .or("pex")
        .says("What this node calls itself."),
    key("log_level", Top, Process, Kind::Level)
        .or("info")
        .reloaded()
        .says("How much is logged: none, error, warn, info, debug or trace."),
    key("log_format", Top, Process, Kind::Format)
        .or("plain")
        .says("How it is logged: plain or json."),
    key("node_key_file", Top, Shared, Kind::File)
        .or("config/node_key.json")
        .says("The key of this node; made if the file is not there. The id that others know this node \
               by follows from it: back it up."),
    key("laddr", P2p, Network, Kind::Place)
        .or("tcp://0.0.0.0:26656")
        .says("Where to listen for other nodes; port 0 takes a free one."),
    key("external_address", P2p, Network, Kind::Outside)
        .says("Where others reach this node, as host:port. It is told in the handshake, and once in \
               each connection to whoever asks; we never dial it. Empty: they take it from the \
               connection."),
    key("seeds", P2p, Network, Kind::Addresses)
        .reloaded()
        .says("Nodes to begin with, as id@host:port with commas. They are asked when nobody else is \
               known, and again and again if they can't be reached or resolved. None are needed where \
               the address book is filled."),
    key("persistent_peers", P2p, Network, Kind::Addresses)
        .says("Nodes to be connected with all the time, as id@host:port with commas."),
    key("unconditional_peer_ids", P2p, Network, Kind::Ids)
        .reloaded()
        .says("Ids of nodes that take no place of max_num_inbound_peers, with commas."),
    key("private_peer_ids", P2p, Network, Kind::Ids)
        .reloaded()
        .says("Ids of nodes that nobody hears of from us, with commas. What they tell is not told on."),
    key("addr_book_file", P2p, Network, Kind::File)
        .or("config/addrbook.json")
        .says("The address book, as CometBFT's. With several networks the default of each is \
               <chain-id>/addrbook.json."),
    key("peer_store_file", P2p, Network, Kind::File)
        .or("data/peerstore.pex")
        .says("The nodes that were reached, as Tendermint 0.35's peer store has them: pex peers show prints \
               it. With several networks the default of each is <chain-id>/peerstore.pex."),
    key("addr_book_strict", P2p, Shared, Kind::Switch)
        .or("true")
        .says("Whether addresses that not everybody can route to are refused. Set it to false for a \
               network within a site."),
    key("max_num_inbound_peers", P2p, Shared, Kind::Number(0, 1_000_000))
        .or("10000")
        .reloaded()
        .says("How many nodes may be connected that came to us. When all places are taken, whoever has \
               been here for longest goes. Each takes a file descriptor."),
    key("max_inbound_per_ip", P2p, Shared, Kind::Number(1, 1_000_000))
        .or("64")
        .reloaded()
        .says("How many of them may come from one IP address of the internet."),
    key("seed_disconnect_wait_period", P2p, Shared, Kind::Time(SECOND, DAY))
        .or("5m")
        .reloaded()
        .says("How long a node that came to us may stay if it does not ask. Once it is answered, it has \
               all it came for, and the connection is closed when the answer is sent."),
    key("check_workers", P2p, Shared, Kind::Number(1, 10_000))
        .or("64")
        .reloaded()
        .says("How many addresses are dialed at once, and how many are begun in a second, to see whether \
               the node is there. Only those that were reached are told to others."),
    key("check_period", P2p, Shared, Kind::Time(SECOND, DAY))
        .or("30m")
        .reloaded()
        .says("How long after a node was reached it is dialed again, so that the dead are told no longer."),
    key("persistent_peers_max_dial_period", P2p, Shared, Kind::Time(Duration::ZERO, DAY))
        .or("5m")
        .reloaded()
        .says("The longest pause before a persistent peer or a seed is dialed again; 0s for the default."),
    key("handshake_timeout", P2p, Shared, Kind::Time(MS, DAY))
        .or("5s")
        .says("How long a handshake may take, from the open connection to the end."),
    key("dial_timeout", P2p, Shared, Kind::Time(MS, DAY))
        .or("3s")
        .says("How long a connection may take to open, or a name to be resolved."),
    key("recv_rate", P2p, Shared, Kind::Number(1, u32::MAX as u64))
        .or("512000")
        .says("Bytes a second that are read from one node in the long run."),
    key("save_every", P2p, Shared, Kind::Time(SECOND, DAY))
        .or("2m")
        .reloaded()
        .says("How often the address book is written while it changes. It is written at the end as well."),
    key("prometheus", Instrumentation, Process, Kind::Switch)
        .or("false")
        .says("Whether metrics are served for Prometheus."),
    key("prometheus_listen_addr", Instrumentation, Process, Kind::Place)
        .or(":26660")
        .says("Where they are served, under /metrics."),
    key("namespace", Instrumentation, Process, Kind::Namespace)
        .or("cometbft")
        .says("What the names of the metrics begin with."),
    key("status_listen_addr", Status, Process, Kind::MaybePlace)
        .named("listen_addr")
        .says("Where a page is served that shows how the seed does, and /healthz. Empty: nowhere."),
];

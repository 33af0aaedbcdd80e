//! What an operator sets: a file, environment variables and flags, and what they come to.
//!
//! The file is TOML, with the names of CometBFT's `config.toml` and of the common stand-alone seed
//! nodes where they mean the same. [`KEYS`] lists all that there are. A whole file of CometBFT's is
//! read: what means nothing to a seed is told as a note, and what nobody knows is an error that names
//! the line and what to write instead. Flags go before environment variables, those before the file,
//! and the file before the defaults.
//!
//! ```
//! use std::path::Path;
//! use pex_node::settings::Inputs;
//!
//! let file = r#"
//! chain_id = "cosmoshub-4"
//! [p2p]
//! seeds = "00112233445566778899aabbccddeeff00112233@seed.example.com:26656"
//! "#;
//! let settings = Inputs::new(Path::new("/srv/pex")).with_file("config.toml", file).read()?;
//! assert_eq!(settings.networks[0].seeds.len(), 1);
//! assert_eq!(settings.networks[0].book, Path::new("/srv/pex/config/addrbook.json"));
//!
//! let file = "chain_id = \"cosmoshub-4\"\n[p2p]\nladr = \"tcp://0.0.0.0:26656\"\n";
//! let error = Inputs::new(Path::new("/srv/pex")).with_file("config.toml", file).read().unwrap_err();
//! assert_eq!(error.to_string(), "config.toml:3: there is no key ladr; did you mean laddr?");
//! # Ok::<(), pex_node::settings::SettingsError>(())
//! ```

mod file;
mod key;
mod merge;
mod other;
mod problem;
mod reload;
mod text;
mod value;

#[cfg(test)]
mod tests;

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pex::{ConfigError, NodeAddress, NodeId, v1};

use crate::descriptors::Descriptors;
use crate::transport::TransportConfig;

pub use key::{KEYS, Key, Kind, Scope, Section};
pub use problem::{Problem, SettingsError, Source};
pub use value::{LogFormat, LogLevel, Wrong};

/// Where the settings come from.
#[derive(Clone, Debug)]
pub struct Inputs {
    home: PathBuf,
    file: Option<(PathBuf, String)>,
    variables: BTreeMap<String, String>,
    flags: BTreeMap<&'static str, String>,
}

impl Inputs {
    /// Nothing but the defaults. Files are relative to `home`.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self {
            home: home.to_owned(),
            file: None,
            variables: BTreeMap::new(),
            flags: BTreeMap::new(),
        }
    }

    /// With the text of a file.
    #[must_use]
    pub fn with_file(mut self, path: impl AsRef<Path>, text: impl Into<String>) -> Self {
        self.file = Some((path.as_ref().to_owned(), text.into()));
        self
    }

    /// With environment variables, of which those count that begin with `PEX_`.
    #[must_use]
    pub fn with_variables(mut self, all: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = all.into_iter().filter(|(name, _)| name.starts_with("PEX_"));
        self.variables.extend(ours);
        self
    }

    /// With a flag for the key of this [`id`](Key::id).
    #[must_use]
    pub fn with_flag(mut self, id: &'static str, value: impl Into<String>) -> Self {
        self.flags.insert(id, value.into());
        self
    }

    /// What they come to.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names everything that is wrong.
    pub fn read(&self) -> Result<Settings, SettingsError> {
        merge::settings(self).map_err(SettingsError)
    }
}

/// All settings of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What this node calls itself.
    pub moniker: String,
    /// How much is logged.
    pub log_level: LogLevel,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Where metrics are served for Prometheus, if they are.
    pub prometheus: Option<SocketAddr>,
    /// What their names begin with.
    pub namespace: String,
    /// Where the status page is served, if it is.
    pub status: Option<SocketAddr>,
    /// The networks that are served; at least one.
    pub networks: Vec<NetworkSettings>,
    /// The file that they are from, if there is one.
    pub file: Option<PathBuf>,
    /// What has no effect, and what may not be meant, as a sentence each.
    pub notes: Vec<String>,
    effective: Effective,
}

/// The settings of one network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkSettings {
    /// Which network.
    pub chain_id: String,
    /// What this node calls itself.
    pub moniker: String,
    /// The file of this node's key.
    pub node_key: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where others reach this node, as host:port.
    pub external_address: Option<String>,
    /// Nodes to begin with.
    pub seeds: Vec<NodeAddress>,
    /// Nodes to be connected with all the time.
    pub persistent_peers: Vec<NodeAddress>,
    /// Nodes that take no place.
    pub unconditional_peer_ids: Vec<NodeId>,
    /// Nodes that nobody hears of from us.
    pub private_peer_ids: Vec<NodeId>,
    /// The file of the address book.
    pub book: PathBuf,
    /// The file of the peer store.
    pub peer_store: PathBuf,
    /// Whether addresses that not everybody can route to are refused.
    pub strict: bool,
    /// How many may be connected who came to us.
    pub inbound_max: usize,
    /// How many of them from one IP address.
    pub inbound_per_ip: usize,
    /// How long somebody who came may stay.
    pub newcomer_stays: Duration,
    /// How many checks there are at once, and begin in a second.
    pub check_workers: u32,
    /// How long after a check the next of the same node comes.
    pub check_period: Duration,
    /// The longest pause before a persistent peer or a seed is dialed again, if not the default.
    pub redial_max: Option<Duration>,
    /// How often the book is written while it changes.
    pub save_every: Duration,
    /// Times and limits of connections.
    pub transport: TransportConfig,
}

impl NetworkSettings {
    /// The options of a seed node with these settings, which is `id`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] if there are more seeds than there may be, or the like.
    pub fn options(&self, id: NodeId) -> Result<v1::Options, ConfigError> {
        let own = self.external_address.as_ref();
        let own = own.and_then(|place| NodeAddress::parse(&format!("{id}@{place}")).ok());
        // A seed that is ourselves is no seed.
        let seeds = self.seeds.iter().filter(|seed| seed.id() != id);
        let workers = self.check_workers as usize;
        let mut options = v1::Options::seed()
            .seeds(seeds.cloned().collect())
            .persistent(self.persistent_peers.clone())
            .unconditional(self.unconditional_peer_ids.iter().copied())
            .private(self.private_peer_ids.iter().copied())
            .own_addresses(own.into_iter().collect())
            .slots(0, self.inbound_max)
            .inbound_per_ip(self.inbound_per_ip)
            .newcomer_stays(self.newcomer_stays)
            .crawl(CRAWL_PERIOD, self.check_period, workers)
            .dials(workers, self.check_workers)
            .save_every(self.save_every);
        if let Some(max) = self.redial_max {
            options = options.retry_persistent_max(max);
        }
        options.build()
    }
}

impl NetworkSettings {
    /// Fits the places to the files and sockets that may be open, and what the door lets in to the
    /// limits of the node behind it. Returns how many places were wanted.
    pub(crate) fn fit(&mut self, files: Descriptors) -> usize {
        let (wanted, door) = (self.inbound_max, &mut self.transport.inbound);
        // Beside those who stay there are those who shake hands, and those who leave.
        door.per_ip = door.per_ip.max(self.inbound_per_ip.saturating_mul(2));
        door.per_network = door.per_network.max(door.per_ip.saturating_mul(8));
        let checks = self.check_workers as usize;
        self.inbound_max = files.fit(door, checks, wanted);
        wanted
    }
}

/// How often the book is looked through for whom to check.
const CRAWL_PERIOD: Duration = Duration::from_secs(30);

/// Every key with its value and where it comes from: those of the process, and those of each network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Effective {
    process: Vec<file::Set>,
    networks: Vec<Vec<file::Set>>,
    /// Whether the networks stand in `[[network]]`.
    several: bool,
}

impl Settings {
    /// All settings as a file, each with where it comes from.
    #[must_use]
    pub fn to_toml(&self) -> String {
        text::effective(&self.effective)
    }

    /// What a running seed with these settings takes over, if they become `new`, a sentence each.
    #[must_use]
    pub fn changes(&self, new: &Self) -> Vec<String> {
        reload::changes(self, new)
    }

    /// What a running seed with these settings would have to be restarted for, if they were `new`.
    #[must_use]
    pub fn needs_restart(&self, new: &Self) -> Vec<String> {
        reload::needs_restart(self, new)
    }

    /// The file that `pex init` writes: every key, its default, and what it means.
    #[must_use]
    pub fn template(values: &BTreeMap<&'static str, String>) -> String {
        text::template(values)
    }
}

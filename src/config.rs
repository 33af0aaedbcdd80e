//! The options, with their bounds. A wrong configuration can't be built.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use crate::pex::pace::{LONGEST, Policy};
use crate::{Kind, NodeAddress, NodeId};

mod error;

pub use error::ConfigError;
pub(crate) use error::check;

/// The options of a [`Pex`](crate::Pex) machine. Made by [`Config::builder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub(crate) policy: Policy,
    pub(crate) extension: bool,
    pub(crate) gap_v1: Duration,
    pub(crate) gap_v2: Duration,
    pub(crate) gap_kin: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) outstanding_max: usize,
    pub(crate) asked_first: usize,
    pub(crate) grant_burst: u32,
    pub(crate) grant_gap_v1: Duration,
    pub(crate) grant_gap_v2: Duration,
    pub(crate) strikes_max: u32,
    pub(crate) strike_fades: Duration,
    pub(crate) peers_max: usize,
    pub(crate) remembered_max: usize,
    pub(crate) seen_max: usize,
    pub(crate) resolve_timeout: Duration,
    pub(crate) resolve_max: usize,
    pub(crate) own_addresses: Vec<NodeAddress>,
    pub(crate) private_ids: BTreeSet<NodeId>,
    pub(crate) private_addresses: Vec<NodeAddress>,
}

/// The most peers that an exchange may have, and the most questions that may be open.
pub(crate) const PEERS_MAX: usize = 1_000_000;

impl Default for Config {
    fn default() -> Self {
        Self {
            policy: Policy::Unseen,
            extension: true,
            gap_v1: Duration::from_secs(12),
            gap_v2: Duration::from_millis(300),
            gap_kin: Duration::from_millis(110),
            request_timeout: Duration::from_secs(10),
            outstanding_max: 64,
            asked_first: 12,
            grant_burst: 3,
            grant_gap_v1: Duration::from_secs(10),
            grant_gap_v2: Duration::from_millis(100),
            strikes_max: 8,
            strike_fades: Duration::from_secs(60),
            peers_max: 10_000,
            remembered_max: 8_192,
            seen_max: 1 << 18,
            resolve_timeout: Duration::from_secs(3),
            resolve_max: 16,
            own_addresses: Vec::new(),
            private_ids: BTreeSet::new(),
            private_addresses: Vec::new(),
        }
    }
}

impl Config {
    /// How it is decided whom to ask when.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// Peers at once, at most. Whoever comes beyond them is released.
    #[must_use]
    pub const fn peers_max(&self) -> usize {
        self.peers_max
    }

    /// The options at their defaults, to be changed one by one.
    ///
    /// ```
    /// use core::time::Duration;
    /// use pex::{Config, ConfigError};
    ///
    /// let config = Config::builder().request_timeout(Duration::from_secs(5)).build()?;
    /// let wrong = Config::builder().request_timeout(Duration::ZERO).build();
    /// assert!(matches!(wrong, Err(ConfigError::OutOfBounds { option: "request_timeout", .. })));
    /// # Ok::<(), ConfigError>(())
    /// ```
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder(Self::default())
    }

    /// The kind as which a peer of this kind is treated.
    pub(crate) const fn treated_as(&self, kind: Kind) -> Kind {
        if matches!(kind, Kind::Kin) && !self.extension {
            Kind::V2
        } else {
            kind
        }
    }

    /// The shortest time between two requests of ours to a peer of this kind.
    pub(crate) const fn gap(&self, kind: Kind) -> Duration {
        match kind {
            Kind::V1 => self.gap_v1,
            Kind::V2 => self.gap_v2,
            Kind::Kin => self.gap_kin,
        }
    }

    /// The time between two requests that we grant to a peer of this kind.
    pub(crate) const fn grant_gap(&self, kind: Kind) -> Duration {
        match kind {
            Kind::V1 => self.grant_gap_v1,
            Kind::V2 | Kind::Kin => self.grant_gap_v2,
        }
    }
}

/// Sets options, and checks them all at the end.
#[derive(Clone, Debug)]
#[must_use]
pub struct ConfigBuilder(Config);

impl From<Config> for ConfigBuilder {
    fn from(config: Config) -> Self {
        Self(config)
    }
}

impl ConfigBuilder {
    /// A builder that begins with these options, right or wrong.
    pub(crate) const fn from_config(config: Config) -> Self {
        Self(config)
    }

    /// How the machine decides when to ask. Default: [`Policy::Unseen`].
    pub const fn policy(mut self, policy: Policy) -> Self {
        self.0.policy = policy;
        self
    }

    /// Whether [`Kind::Kin`] is told arcs, and asked as somebody who tells them: see
    /// `docs/extension.md`. Without, it is a peer of V2 like any other. Default: yes.
    pub const fn extension(mut self, on: bool) -> Self {
        self.0.extension = on;
        self
    }

    /// The shortest time between two requests of ours to one peer, for each [`Kind`], reconnects
    /// included. Defaults: 12 s for V1, since CometBFT accepts one in 10 s and bans for 24 hours
    /// whoever comes sooner; 300 ms for V2, since releases grant one in 100 or 200 ms, counted
    /// from arrival; 110 ms for kin, who grant one in 100 ms. Shorter gaps make honest peers drop
    /// us. From 1 ms to 10 min.
    pub const fn ask_gaps(mut self, v1: Duration, v2: Duration, kin: Duration) -> Self {
        self.0.gap_v1 = v1;
        self.0.gap_v2 = v2;
        self.0.gap_kin = kin;
        self
    }

    /// How long a peer may take to answer. After that it is asked again later, and an answer that
    /// still comes is dropped without blame. Default 10 s; from 1 ms to 10 min. The reference
    /// waits for ever, and a silent peer is lost to it.
    pub const fn request_timeout(mut self, timeout: Duration) -> Self {
        self.0.request_timeout = timeout;
        self
    }

    /// The most requests that may be under way at once, to different peers. Default 64; from 1 to
    /// 1,000,000. It bounds the answers that can arrive at once to 64,000 bytes times this. While so
    /// many peers are silent, the others wait for one of them to time out; so a seed node of V1 has as
    /// many as it lets in, if that is more.
    pub const fn outstanding_max(mut self, max: usize) -> Self {
        self.0.outstanding_max = max;
        self
    }

    /// How many peers are asked before anything is known of the network; the others when what those
    /// tell shows that it is worth it, or in time. Whoever is to ask each peer whatever it costs, as a
    /// crawler is, sets the most. Default 12, which hold most of a network of a thousand nodes; from 1
    /// to 10,000.
    pub const fn asked_first(mut self, peers: usize) -> Self {
        self.0.asked_first = peers;
        self
    }

    /// How many requests of one peer are answered at once before the time between them counts.
    /// Default 3, as CometBFT's two free ones and the first; from 1 to 100.
    pub const fn grant_burst(mut self, burst: u32) -> Self {
        self.0.grant_burst = burst;
        self
    }

    /// The time between two requests that we grant to one peer, for V1 and V2, reconnects
    /// included. Defaults: 10 s and 100 ms, the values that the releases themselves keep to. Both
    /// from 1 ms to 10 min.
    pub const fn grant_gaps(mut self, v1: Duration, v2: Duration) -> Self {
        self.0.grant_gap_v1 = v1;
        self.0.grant_gap_v2 = v2;
        self
    }

    /// How many minor faults (requests too soon, unusable addresses) a peer may commit before it
    /// is disconnected, and how long it takes until one of them is forgotten. Defaults 8 and 60 s;
    /// from 1 to 1,000, and from 1 ms to 24 h.
    pub const fn strikes(mut self, max: u32, fades: Duration) -> Self {
        self.0.strikes_max = max;
        self.0.strike_fades = fades;
        self
    }

    /// The most peers that may be up at once; one more is disconnected. A node of V1 has room for all
    /// whom its switch lets in, if that is more. Default 10,000; from 1 to 1,000,000. A peer takes about
    /// 300 bytes; one of V1 whose answer waits for names takes up to 24 kB for as long.
    pub const fn peers_max(mut self, max: usize) -> Self {
        self.0.peers_max = max;
        self
    }

    /// The most peers that are gone and whose limits are still remembered, so that reconnecting
    /// resets none. The one gone longest is forgotten first, and from then on nobody who is not
    /// remembered is asked before he may be. Default 8,192; from 1 to 1,000,000. A remembered peer
    /// takes about 80 bytes.
    pub const fn remembered_max(mut self, max: usize) -> Self {
        self.0.remembered_max = max;
        self
    }

    /// The most node ids that the machine remembers having heard of, to judge what is new. Default
    /// 262,144, which takes up to 2.5 MiB when it is full; from 2 to 16,777,216. In a network with
    /// more nodes than half of this, old ones begin to look new, and the machine asks more often
    /// than it need.
    pub const fn seen_max(mut self, max: usize) -> Self {
        self.0.seen_max = max;
        self
    }

    /// How long an answer to a V1 peer waits for names to be resolved. Default 3 s, as the
    /// reference (which waits that long for each name); from 1 ms to 1 min.
    pub const fn resolve_timeout(mut self, timeout: Duration) -> Self {
        self.0.resolve_timeout = timeout;
        self
    }

    /// The most names that one answer to a V1 peer may have resolved; addresses with further names
    /// are left out. Default 16; from 0 to 100.
    pub const fn resolve_max(mut self, max: usize) -> Self {
        self.0.resolve_max = max;
        self
    }

    /// Where we can be reached ourselves. The first is told to each peer once a connection, in its
    /// first answer; none is ever taken from others. At most 16. Default: none.
    pub fn own_addresses(mut self, addresses: Vec<NodeAddress>) -> Self {
        self.0.own_addresses = addresses;
        self
    }

    /// Nodes that nobody may hear of from us, by id. Default: none.
    pub fn private_ids(mut self, ids: impl IntoIterator<Item = NodeId>) -> Self {
        self.0.private_ids = ids.into_iter().collect();
        self
    }

    /// Where private nodes live: an address with this host and port is told to nobody, whatever
    /// id somebody has put in front of it. At most 1,024. Default: none.
    pub fn private_addresses(mut self, addresses: Vec<NodeAddress>) -> Self {
        self.0.private_addresses = addresses;
        self
    }

    /// The configuration, if it is a right one.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the first option that is wrong, and its bounds.
    pub fn build(self) -> Result<Config, ConfigError> {
        let config = self.0;
        let ms = Duration::from_millis(1);
        for (option, value, max) in [
            ("ask_gaps", config.gap_v1, LONGEST),
            ("ask_gaps", config.gap_v2, LONGEST),
            ("ask_gaps", config.gap_kin, LONGEST),
            ("request_timeout", config.request_timeout, LONGEST),
            ("grant_gaps", config.grant_gap_v1, LONGEST),
            ("grant_gaps", config.grant_gap_v2, LONGEST),
            (
                "strikes",
                config.strike_fades,
                Duration::from_secs(24 * 3600),
            ),
            (
                "resolve_timeout",
                config.resolve_timeout,
                Duration::from_secs(60),
            ),
        ] {
            check(option, value.as_millis(), ms.as_millis(), max.as_millis())?;
        }
        for (option, value, min, max) in [
            (
                "outstanding_max",
                config.outstanding_max,
                1,
                PEERS_MAX as u128,
            ),
            ("asked_first", config.asked_first, 1, 10_000),
            ("grant_burst", config.grant_burst as usize, 1, 100),
            ("strikes", config.strikes_max as usize, 1, 1_000),
            ("peers_max", config.peers_max, 1, PEERS_MAX as u128),
            ("remembered_max", config.remembered_max, 1, 1_000_000),
            ("seen_max", config.seen_max, 2, 1 << 24),
            ("resolve_max", config.resolve_max, 0, 100),
            ("own_addresses", config.own_addresses.len(), 0, 16),
            (
                "private_addresses",
                config.private_addresses.len(),
                0,
                1_024,
            ),
        ] {
            check(option, value as u128, min, max)?;
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_a_right_configuration() {
        assert_eq!(Config::builder().build(), Ok(Config::default()));
    }

    #[test]
    fn a_wrong_option_is_named_with_its_bounds() {
        let error = Config::builder().peers_max(0).build().unwrap_err();
        assert_eq!(
            alloc::format!("{error}"),
            "peers_max is 0; set it to a value from 1 to 1000000"
        );
        let zero = Duration::ZERO;
        assert!(
            Config::builder()
                .ask_gaps(zero, zero, zero)
                .build()
                .is_err()
        );
        assert!(Config::builder().seen_max(1 << 25).build().is_err());
        assert!(
            Config::builder()
                .resolve_timeout(Duration::MAX)
                .build()
                .is_err()
        );
    }
}

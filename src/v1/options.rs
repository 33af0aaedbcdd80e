//! The options of a V1 node, each with its bound and its reason. A wrong set can't be built.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use crate::config::check;
use crate::{ConfigError, NodeAddress, NodeId};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// The options of a [`Switch`](super::Switch). Made by [`Options::builder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub(crate) seeds: Vec<NodeAddress>,
    pub(crate) persistent: Vec<NodeAddress>,
    pub(crate) unconditional: BTreeSet<NodeId>,
    pub(crate) private: BTreeSet<NodeId>,
    pub(crate) own_addresses: Vec<NodeAddress>,

    pub(crate) outbound_max: usize,
    pub(crate) inbound_max: usize,
    pub(crate) inbound_per_ip: usize,
    pub(crate) allow_duplicate_ip: bool,

    pub(crate) ensure_period: Duration,
    pub(crate) dialing_max: usize,
    pub(crate) dials_per_second: u32,
    pub(crate) hearsay_dials_per_subnet: usize,
    pub(crate) attempts_max: u32,
    pub(crate) retry_min: Duration,
    pub(crate) retry_max: Duration,
    pub(crate) retry_persistent_max: Duration,
    pub(crate) feeler_every: Option<Duration>,
    pub(crate) outbound_life: Option<Duration>,
    pub(crate) anchors: usize,
    pub(crate) ban: Duration,
    pub(crate) save_every: Duration,

    pub(crate) seed_mode: bool,
    pub(crate) newcomer_stays: Duration,
    pub(crate) crawl_period: Duration,
    pub(crate) check_again: Duration,
    pub(crate) checks_at_once: usize,
    pub(crate) tells_unchecked: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seeds: Vec::new(),
            persistent: Vec::new(),
            unconditional: BTreeSet::new(),
            private: BTreeSet::new(),
            own_addresses: Vec::new(),
            outbound_max: 10,
            inbound_max: 40,
            inbound_per_ip: 4,
            allow_duplicate_ip: false,
            ensure_period: SECOND.saturating_mul(30),
            dialing_max: 8,
            dials_per_second: 10,
            hearsay_dials_per_subnet: 2,
            attempts_max: 16,
            retry_min: MINUTE,
            retry_max: HOUR.saturating_mul(8),
            retry_persistent_max: MINUTE.saturating_mul(5),
            feeler_every: Some(MINUTE.saturating_mul(2)),
            outbound_life: Some(HOUR.saturating_mul(8)),
            anchors: 2,
            ban: DAY,
            save_every: MINUTE.saturating_mul(2),
            seed_mode: false,
            newcomer_stays: MINUTE.saturating_mul(5),
            crawl_period: SECOND.saturating_mul(30),
            check_again: MINUTE.saturating_mul(30),
            checks_at_once: 16,
            tells_unchecked: true,
        }
    }
}

impl Options {
    /// The options at their defaults, to be changed one by one.
    ///
    /// ```
    /// use pex::v1::Options;
    ///
    /// let options = Options::builder().slots(20, 80).build()?;
    /// let error = Options::builder().slots(20_000_000, 80).build().unwrap_err();
    /// assert_eq!(error.to_string(), "slots is 20000000; set it to a value from 0 to 1000000");
    /// # Ok::<(), pex::ConfigError>(())
    /// ```
    pub fn builder() -> OptionsBuilder {
        OptionsBuilder(Self::default())
    }

    /// The options of a seed node: it crawls, tells only of those it has reached, answers once and
    /// hangs up. As many as 10,000 newcomers at once, and 64 checks at once and a second.
    pub fn seed() -> OptionsBuilder {
        OptionsBuilder(Self {
            seed_mode: true,
            inbound_max: 10_000,
            inbound_per_ip: 64,
            checks_at_once: 64,
            dials_per_second: 64,
            tells_unchecked: false,
            feeler_every: None,
            outbound_life: None,
            ..Self::default()
        })
    }

    /// Places for peers whom we dial, and for those who come.
    #[must_use]
    pub const fn slots(&self) -> (usize, usize) {
        (self.outbound_max, self.inbound_max)
    }

    /// Dials in a minute in one subnet on the word of strangers; the largest number stands for no
    /// bound.
    #[must_use]
    pub const fn hearsay_dials_per_subnet(&self) -> usize {
        self.hearsay_dials_per_subnet
    }

    /// The shortest time for which an address is left alone of which a dial has failed.
    #[must_use]
    pub const fn retry_min(&self) -> Duration {
        self.retry_min
    }

    /// Whether this is a seed node.
    #[must_use]
    pub const fn is_seed(&self) -> bool {
        self.seed_mode
    }

    pub(crate) fn is_persistent(&self, id: NodeId) -> bool {
        self.persistent.iter().any(|address| address.id() == id)
    }

    pub(crate) fn is_seed_node(&self, id: NodeId) -> bool {
        self.seeds.iter().any(|address| address.id() == id)
    }
}

/// Sets options, and checks them all at the end.
#[derive(Clone, Debug)]
#[must_use]
pub struct OptionsBuilder(Options);

impl From<Options> for OptionsBuilder {
    fn from(options: Options) -> Self {
        Self(options)
    }
}

impl OptionsBuilder {
    /// Nodes to ask when nobody else is known, or nobody else can be dialed while less than a third of
    /// our places is taken: `seeds` of the reference. One of them is asked every half minute
    /// ([`OptionsBuilder::ensure_period`]) too as long as less than a third has a peer, whoever else could
    /// be dialed: he may be made up. And as long as one of our places has no peer, those that were never
    /// tried since the node has started are asked one by one: those with whom we are may know only each
    /// other. A node whose book held nobody proved good when it started keeps its last place for them, if it
    /// has more than one. At most 1,024. Default: none.
    pub fn seeds(mut self, seeds: Vec<NodeAddress>) -> Self {
        self.0.seeds = seeds;
        self
    }

    /// Nodes to be connected with, come what may: `persistent_peers`. They are dialed whoever else
    /// is connected, never given up, banned, rotated or sent away. At most 1,024. Default: none.
    pub fn persistent(mut self, peers: Vec<NodeAddress>) -> Self {
        self.0.persistent = peers;
        self
    }

    /// Nodes whose connections take no place: `unconditional_peer_ids`. Default: none.
    pub fn unconditional(mut self, ids: impl IntoIterator<Item = NodeId>) -> Self {
        self.0.unconditional = ids.into_iter().collect();
        self
    }

    /// Nodes that nobody may hear of from us: `private_peer_ids`. Neither they nor what they tell
    /// come into the book. Default: none.
    pub fn private(mut self, ids: impl IntoIterator<Item = NodeId>) -> Self {
        self.0.private = ids.into_iter().collect();
        self
    }

    /// Where we can be reached ourselves, to be told and never dialed. At most 16. Default:
    /// none.
    pub fn own_addresses(mut self, addresses: Vec<NodeAddress>) -> Self {
        self.0.own_addresses = addresses;
        self
    }

    /// Places for peers whom we dial, and for those who come: `max_num_outbound_peers` and
    /// `max_num_inbound_peers`, with the reference's defaults of 10 and 40; of a seed node 10 and
    /// 10,000. Up to 1,000,000 each.
    pub const fn slots(mut self, outbound: usize, inbound: usize) -> Self {
        self.0.outbound_max = outbound;
        self.0.inbound_max = inbound;
        self
    }

    /// Connections that may come from one IP address of the world, or one /64 of IPv6. Default 4, of a
    /// seed node 64; at least 1.
    pub const fn inbound_per_ip(mut self, inbound: usize) -> Self {
        self.0.inbound_per_ip = inbound;
        self
    }

    /// Whether we dial several nodes at one IP address, or of one network: `allow_duplicate_ip`,
    /// for a network that lives on few machines. Default: no. Within a site it is always so.
    pub const fn allow_duplicate_ip(mut self, allow: bool) -> Self {
        self.0.allow_duplicate_ip = allow;
        self
    }

    /// How often the number of peers is looked at, whatever else happens: `ensurePeersPeriod`.
    /// Default 30 s, a tenth more or less; from 1 s to 1 h.
    pub const fn ensure_period(mut self, period: Duration) -> Self {
        self.0.ensure_period = period;
        self
    }

    /// Dials at once, and in any second. Defaults 8 and 10, of a seed node 64 and 64; 1 to 10,000.
    pub const fn dials(mut self, at_once: usize, per_second: u32) -> Self {
        self.0.dialing_max = at_once;
        self.0.dials_per_second = per_second;
        self
    }

    /// Dials in any minute to one subnet (/24, /64) of which we have only heard. Default 2; at
    /// least 1. One place is dialed eight times in a day at most, unless this is without bound
    /// (`usize::MAX`).
    pub const fn hearsay_dials_per_subnet(mut self, per_minute: usize) -> Self {
        self.0.hearsay_dials_per_subnet = per_minute;
        self
    }

    /// Failures in a row after which an address is given up: `maxAttemptsToDial`, with the
    /// reference's default of 16; from 1 to 1,000. What was never reached is given up after 3.
    pub const fn attempts_max(mut self, attempts: u32) -> Self {
        self.0.attempts_max = attempts;
        self
    }

    /// How long an address is left alone after a failure, and at most: four times as long each time.
    /// Defaults 1 min and 8 h; from 1 ms to a year. The reference begins with a second and doubles,
    /// which is 11 dials of a dead address in the first hour.
    pub const fn retry(mut self, min: Duration, max: Duration) -> Self {
        self.0.retry_min = min;
        self.0.retry_max = max;
        self
    }

    /// The same for a persistent peer, and for a seed: `persistent_peers_max_dial_period`. Default
    /// 5 min; from 1 ms to a year.
    pub const fn retry_persistent_max(mut self, max: Duration) -> Self {
        self.0.retry_persistent_max = max;
        self
    }

    /// How often one address is tested that we have only heard of. Default 2 min, as Bitcoin Core's
    /// feelers, and never by a seed node, which checks all; from 100 ms to a day, or never.
    pub const fn feeler_every(mut self, every: Option<Duration>) -> Self {
        self.0.feeler_every = every;
        self
    }

    /// How long a connection of ours lasts on average before its place goes to another, lest an
    /// attacker who never hangs up collect them all. Default 8 h, of a seed node never; from 1 h to a
    /// year, or never. Persistent peers and those in use stay.
    pub const fn outbound_life(mut self, mean: Option<Duration>) -> Self {
        self.0.outbound_life = mean;
        self
    }

    /// Peers that are dialed first after a restart, since they have lasted. Default 2; up to 100.
    pub const fn anchors(mut self, anchors: usize) -> Self {
        self.0.anchors = anchors;
        self
    }

    /// How long a ban lasts: `defaultBanTime`, 24 h; from 1 s to a year.
    pub const fn ban(mut self, ban: Duration) -> Self {
        self.0.ban = ban;
        self
    }

    /// How often the book is to be saved while it changes: `dumpAddressInterval`. Default
    /// 2 min; from 1 s to a day.
    pub const fn save_every(mut self, every: Duration) -> Self {
        self.0.save_every = every;
        self
    }

    /// How long a newcomer may stay with a seed node, asked or not:
    /// `seed_disconnect_wait_period`, which is 28 h or nothing in the reference. Default 5 min; from
    /// 1 s to a day.
    pub const fn newcomer_stays(mut self, stays: Duration) -> Self {
        self.0.newcomer_stays = stays;
        self
    }

    /// A seed node's crawl: how often it looks whom to check (`crawlPeerPeriod`), how long after a
    /// check the next of the same node comes (`minTimeBetweenCrawls` is 2 min), and how many checks
    /// are under way at once. Defaults 30 s, 30 min and 64; from 1 s to a day, and 1 to 10,000.
    pub const fn crawl(mut self, period: Duration, again: Duration, at_once: usize) -> Self {
        self.0.crawl_period = period;
        self.0.check_again = again;
        self.0.checks_at_once = at_once;
        self
    }

    /// Whether others are told of those whom we have only heard of. Default: yes, after the others;
    /// of a seed node: no.
    pub const fn tells_unchecked(mut self, tells: bool) -> Self {
        self.0.tells_unchecked = tells;
        self
    }

    /// The options, if they are right.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the first that is wrong, and its bounds.
    pub fn build(self) -> Result<Options, ConfigError> {
        let options = self.0;
        for (option, value, min, max) in [
            ("seeds", options.seeds.len(), 0, 1_024),
            ("persistent", options.persistent.len(), 0, 1_024),
            ("own_addresses", options.own_addresses.len(), 0, 16),
            ("slots", options.outbound_max, 0, 1_000_000),
            ("slots", options.inbound_max, 0, 1_000_000),
            ("inbound_per_ip", options.inbound_per_ip, 1, usize::MAX),
            ("dials", options.dialing_max, 1, 10_000),
            ("dials", options.dials_per_second as usize, 1, 10_000),
            (
                "hearsay_dials_per_subnet",
                options.hearsay_dials_per_subnet,
                1,
                usize::MAX,
            ),
            ("attempts_max", options.attempts_max as usize, 1, 1_000),
            ("anchors", options.anchors, 0, 100),
            ("crawl", options.checks_at_once, 1, 10_000),
        ] {
            check(option, value as u128, min, max as u128)?;
        }
        let ms = Duration::from_millis(1);
        let feeler = options.feeler_every.unwrap_or(MINUTE);
        let life = options.outbound_life.unwrap_or(HOUR);
        for (option, value, min, max) in [
            ("ensure_period", options.ensure_period, SECOND, HOUR),
            ("retry", options.retry_min, ms, YEAR),
            ("retry", options.retry_max, ms, YEAR),
            (
                "retry_persistent_max",
                options.retry_persistent_max,
                ms,
                YEAR,
            ),
            ("feeler_every", feeler, Duration::from_millis(100), DAY),
            ("outbound_life", life, HOUR, YEAR),
            ("ban", options.ban, SECOND, YEAR),
            ("save_every", options.save_every, SECOND, DAY),
            ("newcomer_stays", options.newcomer_stays, SECOND, DAY),
            ("crawl", options.crawl_period, SECOND, DAY),
            ("crawl", options.check_again, SECOND, DAY),
        ] {
            check(option, value.as_millis(), min.as_millis(), max.as_millis())?;
        }
        if options.retry_min > options.retry_max {
            return Err(ConfigError::Disagree {
                option: "retry's first is",
                value: options.retry_min.as_millis(),
                other: "its second",
                bound: options.retry_max.as_millis(),
            });
        }
        Ok(options)
    }
}

//! The options of a peer manager, each with its bound and its reason. A wrong set can't be built.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::{NodeAddress, NodeId, Reach};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const MONTH: Duration = Duration::from_secs(30 * 86_400);
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// What is picked first when somebody is to be dialed, so that nobody with many addresses is picked
/// more often than somebody with few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fairness {
    /// A network (see [`Group`](crate::Group)): whoever has many addresses in few networks gets no
    /// more of our connections for it.
    Network,
    /// A teller: whoever tells of many nodes does not keep us from those of others. For a crawler,
    /// which visits everybody once.
    Teller,
}

/// The options of a [`PeerManager`](super::PeerManager). Made by [`Options::builder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub(crate) addresses_max: usize,
    pub(crate) addresses_per_node: usize,
    pub(crate) addresses_per_ip: usize,
    pub(crate) teller_percent: u8,
    pub(crate) addresses_per_network: usize,
    pub(crate) tested_per_network: u32,
    pub(crate) nearest: Reach,
    pub(crate) fairness: Fairness,

    pub(crate) connected_max: usize,
    pub(crate) outbound_max: usize,
    pub(crate) inbound_max: usize,
    pub(crate) upgrade_max: usize,
    pub(crate) outbound_per_network: u32,
    pub(crate) inbound_per_ip: usize,

    pub(crate) dialing_max: usize,
    pub(crate) dials_per_second: u32,
    pub(crate) hearsay_dials_per_subnet: usize,
    pub(crate) tested_percent: u8,
    pub(crate) probation: Duration,
    pub(crate) retry_min: Duration,
    pub(crate) retry_max: Duration,
    pub(crate) retry_persistent_max: Duration,
    pub(crate) cooldown: Duration,
    /// The largest number stands for never.
    pub(crate) failures_max: u16,
    pub(crate) dead_after: Duration,

    pub(crate) feeler_every: Option<Duration>,
    pub(crate) outbound_life: Option<Duration>,
    pub(crate) anchors: usize,
    pub(crate) ban: Duration,
    pub(crate) persist_every: Duration,

    pub(crate) persistent: BTreeSet<NodeId>,
    pub(crate) unconditional: BTreeSet<NodeId>,
    pub(crate) private: BTreeSet<NodeId>,
    pub(crate) scores: BTreeMap<NodeId, u16>,
    pub(crate) own_addresses: Vec<NodeAddress>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            addresses_max: 10_000,
            addresses_per_node: 4,
            addresses_per_ip: 4,
            teller_percent: 10,
            addresses_per_network: 32,
            tested_per_network: 8,
            nearest: Reach::World,
            fairness: Fairness::Network,
            connected_max: 64,
            outbound_max: 12,
            inbound_max: 52,
            upgrade_max: 4,
            outbound_per_network: 1,
            inbound_per_ip: 4,
            dialing_max: 8,
            dials_per_second: 10,
            hearsay_dials_per_subnet: 2,
            tested_percent: 90,
            probation: DAY,
            retry_min: MINUTE,
            retry_max: Duration::from_secs(8 * 3_600),
            retry_persistent_max: Duration::from_secs(300),
            cooldown: Duration::from_secs(30),
            failures_max: 3,
            dead_after: Duration::from_secs(7 * 86_400),
            feeler_every: Some(Duration::from_secs(120)),
            outbound_life: Some(Duration::from_secs(35 * 3_600)),
            anchors: 2,
            ban: DAY,
            persist_every: Duration::from_millis(500),
            persistent: BTreeSet::new(),
            unconditional: BTreeSet::new(),
            private: BTreeSet::new(),
            scores: BTreeMap::new(),
            own_addresses: Vec::new(),
        }
    }
}

impl Options {
    /// The options at their defaults, to be changed one by one.
    ///
    /// ```
    /// use pex::peers::{Options, OptionsError};
    ///
    /// let options = Options::builder().connected_max(20).slots(8, 12).build()?;
    /// let wrong = Options::builder().connected_max(20).slots(8, 13).build();
    /// let error = wrong.unwrap_err().to_string();
    /// assert_eq!(error, "slots add up to 21 and connected_max is 20; lower the first or raise the second");
    /// # Ok::<(), OptionsError>(())
    /// ```
    pub fn builder() -> OptionsBuilder {
        OptionsBuilder(Self::default())
    }

    /// The options of a crawler, which visits every node once and keeps no connection: no feelers,
    /// no rotation, no bounds on networks, turns by teller. What fails is kept, so that it is not dialed
    /// again when others tell of it. Up to 512 visits and 128 dials at once.
    #[must_use]
    pub fn crawler() -> Self {
        Self {
            addresses_max: 400_000,
            addresses_per_node: 16,
            addresses_per_ip: 400_000,
            teller_percent: 100,
            addresses_per_network: usize::MAX,
            tested_per_network: u32::MAX,
            nearest: Reach::Host,
            fairness: Fairness::Teller,
            connected_max: 513,
            outbound_max: 512,
            inbound_max: 1,
            upgrade_max: 0,
            outbound_per_network: u32::MAX,
            dialing_max: 128,
            dials_per_second: 1_000,
            hearsay_dials_per_subnet: usize::MAX,
            tested_percent: 0,
            probation: Duration::ZERO,
            retry_min: MONTH,
            retry_max: MONTH,
            retry_persistent_max: MONTH,
            cooldown: YEAR,
            failures_max: u16::MAX,
            feeler_every: None,
            outbound_life: None,
            anchors: 0,
            ..Self::default()
        }
    }

    /// A percentage of all addresses, and at least as many as one node may have.
    pub(crate) fn share(&self, percent: u8) -> usize {
        let share = self.addresses_max.saturating_mul(percent.into()) / 100;
        share.max(self.addresses_per_node)
    }

    /// Whether a node is one that the operator chose: it goes before all others.
    pub(crate) fn is_chosen(&self, id: NodeId) -> bool {
        self.persistent.contains(&id) || self.scores.contains_key(&id)
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
    /// The most addresses that are kept. Default 10,000, about 1.2 MB; from 1 to 4,000,000. The
    /// reference's `MaxPeers` counts nodes, 260 by default, and bounds their addresses not at all.
    pub const fn addresses_max(mut self, max: usize) -> Self {
        self.0.addresses_max = max;
        self
    }

    /// The most addresses that are kept of one node, and of one IP address whatever nodes are said
    /// to be there. Defaults 4 and 4; from 1 to 16, and from 1. One teller, with those in its
    /// network, may fill a quarter of each, at least one, so a lie told first leaves room for the
    /// truth. Addresses that only this site can reach are not counted by IP address.
    pub const fn addresses_per(mut self, node: usize, ip: usize) -> Self {
        self.0.addresses_per_node = node;
        self.0.addresses_per_ip = ip;
        self
    }

    /// How much of the store the untested addresses of one teller, or of all tellers in one
    /// network, may fill, in hundredths. Default 10: nine tenths stay for the others; from 1 to
    /// 100.
    pub const fn teller_percent(mut self, percent: u8) -> Self {
        self.0.teller_percent = percent;
        self
    }

    /// How many addresses in one network (a /16 of IPv4, a /32 of IPv6) are kept, and how many of
    /// them may be tested. Defaults 32 and 8: with 256 addresses in one network nobody holds more
    /// than a tenth of what we have heard of in a network of a thousand nodes, or 2 % of what we
    /// have tested. Raise them where all nodes live with a few hosters. Both from 1.
    pub const fn network_share(mut self, addresses: usize, tested: u32) -> Self {
        self.0.addresses_per_network = addresses;
        self.0.tested_per_network = tested;
        self
    }

    /// The nearest addresses that are taken from others. Default [`Reach::World`]: private ranges
    /// and loopback are refused, as nobody outside can mean them. [`Reach::Site`] or
    /// [`Reach::Host`] are for networks that live there, and then an address is taken only from who
    /// is as near. What the operator says is always taken.
    pub const fn nearest(mut self, nearest: Reach) -> Self {
        self.0.nearest = nearest;
        self
    }

    /// What is picked first when somebody is to be dialed. Default [`Fairness::Network`].
    pub const fn fairness(mut self, fairness: Fairness) -> Self {
        self.0.fairness = fairness;
        self
    }

    /// The most peers connected at once, in both directions. Default 64, as `max-connections` of
    /// the reference; from 1 to 1,000,000.
    pub const fn connected_max(mut self, max: usize) -> Self {
        self.0.connected_max = max;
        self
    }

    /// How many of the connections are for those that we dial, and for those who dial us. Defaults
    /// 12, as `max-outgoing-connections`, and 52. Both from 0; together no more than
    /// [`connected_max`](Self::connected_max), so that nobody who dials us takes the place of those
    /// whom we choose.
    pub const fn slots(mut self, outbound: usize, inbound: usize) -> Self {
        self.0.outbound_max = outbound;
        self.0.inbound_max = inbound;
        self
    }

    /// Connections beyond the most, for peers of higher score while those whose place they take
    /// leave. Default 4, as the reference; from 0 to 1,000.
    pub const fn upgrade_max(mut self, max: usize) -> Self {
        self.0.upgrade_max = max;
        self
    }

    /// How many connections of ours may go to one network, and how many others may come from one
    /// IP address. Defaults 1 and 4: an attacker must hold as many networks as we have places, and
    /// a household can have a few nodes. Addresses that only this site can reach are not counted,
    /// and those whom the operator chose are let in all the same. Both from 1.
    pub const fn per_network(mut self, outbound: u32, inbound_of_ip: usize) -> Self {
        self.0.outbound_per_network = outbound;
        self.0.inbound_per_ip = inbound_of_ip;
        self
    }

    /// The most dials under way at once, and in a second. Defaults 8 and 10; from 1 to 10,000
    /// each. A burst of thousands of dials looks like an attack, and can be made into one.
    pub const fn dials(mut self, at_once: usize, per_second: u32) -> Self {
        self.0.dialing_max = at_once;
        self.0.dials_per_second = per_second;
        self
    }

    /// How many addresses that we have only heard of are dialed in a minute in one subnet (a /24
    /// of IPv4, a /64 of IPv6). Default 2; from 1. Strangers choose these addresses, and must not
    /// be able to point us at somebody.
    pub const fn hearsay_dials_per_subnet(mut self, per_minute: usize) -> Self {
        self.0.hearsay_dials_per_subnet = per_minute;
        self
    }

    /// How many of a hundred picks are of nodes that were reached before. Default 90; from 0 to
    /// 100. Where there is nobody of one sort, the other is taken.
    pub const fn tested_percent(mut self, percent: u8) -> Self {
        self.0.tested_percent = percent;
        self
    }

    /// How long ago a node must have been reached for the first time before it is picked like
    /// others. Default a day; at most 30 days. Until then it is picked only where eight picks in a
    /// row bring nobody who is known for longer. An attacker who comes with more networks than
    /// there are honest ones can't be told from a crowd of newcomers, but he has to wait as they
    /// do.
    pub const fn probation(mut self, probation: Duration) -> Self {
        self.0.probation = probation;
        self
    }

    /// How long a node that could not be reached is left alone: the first time, and at most. Each
    /// failure makes it four times as long, and up to a quarter more by chance, so that a node that
    /// comes back is not met by all at once. Defaults 1 min and 8 h, at most 8 dials in a day; both
    /// from 1 ms to 30 days, the second no less than the first. The reference begins at 250 ms.
    pub const fn retry(mut self, min: Duration, max: Duration) -> Self {
        self.0.retry_min = min;
        self.0.retry_max = max;
        self
    }

    /// The longest that a persistent peer is left alone, and everybody while we are connected with
    /// nobody, but for addresses of which we have only heard. Default 5 min, as
    /// `MaxRetryTimePersistent`; no less than the first of [`retry`](Self::retry).
    pub const fn retry_persistent_max(mut self, max: Duration) -> Self {
        self.0.retry_persistent_max = max;
        self
    }

    /// How long a node is left alone after a connection with it has ended. Default 30 s; at most a
    /// year. A connection that lasted less than a minute counts as a failure besides.
    pub const fn cooldown(mut self, cooldown: Duration) -> Self {
        self.0.cooldown = cooldown;
        self
    }

    /// After how many failures an address that was never reached is forgotten, and how long ago one
    /// that was reached must have answered for the last time to be forgotten as well. Defaults 3
    /// and 7 days, as V1's address book; from 1 to 1,000, and from 1 h to a year. What the operator
    /// has named is not forgotten.
    pub const fn forget(mut self, failures: u16, dead_after: Duration) -> Self {
        self.0.failures_max = failures;
        self.0.dead_after = dead_after;
        self
    }

    /// How often an address that we have only heard of is dialed, to see whether it is there.
    /// Default 2 min, as Bitcoin Core's feelers; from 100 ms to a day, or never.
    pub const fn feeler_every(mut self, every: Option<Duration>) -> Self {
        self.0.feeler_every = every;
        self
    }

    /// The mean time after which a connection of ours that nothing needs is given up for another.
    /// Default 35 h; from an hour to a year, or never. Attackers never hang up, so without this
    /// they collect our connections one by one.
    pub const fn outbound_life(mut self, mean: Option<Duration>) -> Self {
        self.0.outbound_life = mean;
        self
    }

    /// How many of the nodes that we have been connected with for longest are dialed first after a
    /// restart. Default 2, as Bitcoin Core; from 0 to 100.
    pub const fn anchors(mut self, anchors: usize) -> Self {
        self.0.anchors = anchors;
        self
    }

    /// How long a node is banned. Default 24 h, as V1; from a second to a year.
    pub const fn ban(mut self, ban: Duration) -> Self {
        self.0.ban = ban;
        self
    }

    /// How long changes may wait before they are to be written down. Default 500 ms, so that with
    /// the time to write them no more than a second is lost; from 1 ms to an hour.
    pub const fn persist_every(mut self, every: Duration) -> Self {
        self.0.persist_every = every;
        self
    }

    /// Nodes that we always want to be connected with: dialed before all others, never evicted for
    /// another, rotated or forgotten. Those that are not unconditional as well need a place each, so
    /// there are no more of them than the first of [`slots`](Self::slots). Default: none.
    pub fn persistent(mut self, ids: impl IntoIterator<Item = NodeId>) -> Self {
        self.0.persistent = ids.into_iter().collect();
        self
    }

    /// Nodes that may connect however many there are, as V1's `unconditional_peer_ids`. They are
    /// not counted. Default: none.
    pub fn unconditional(mut self, ids: impl IntoIterator<Item = NodeId>) -> Self {
        self.0.unconditional = ids.into_iter().collect();
        self
    }

    /// Nodes that nobody is told of. Default: none.
    pub fn private(mut self, ids: impl IntoIterator<Item = NodeId>) -> Self {
        self.0.private = ids.into_iter().collect();
        self
    }

    /// Scores that stay as they are, above those that nodes earn, which end at 100; zero counts as
    /// no score. The highest are dialed first, and when there is no place for them, a peer of lower
    /// score has to go. Default: none.
    pub fn scores(mut self, scores: impl IntoIterator<Item = (NodeId, u16)>) -> Self {
        self.0.scores = scores.into_iter().filter(|(_, score)| *score > 0).collect();
        self
    }

    /// Where we can be reached ourselves: never stored, never dialed. At most 16. Default: none.
    pub fn own_addresses(mut self, addresses: Vec<NodeAddress>) -> Self {
        self.0.own_addresses = addresses;
        self
    }

    /// The options, if they are right.
    ///
    /// # Errors
    ///
    /// [`OptionsError`] names the first option that is wrong and its bounds, or two that disagree.
    pub fn build(self) -> Result<Options, OptionsError> {
        let options = self.0;
        options.check_numbers()?;
        options.check_times()?;
        options.check_pairs()?;
        Ok(options)
    }
}

impl Options {
    fn check_numbers(&self) -> Result<(), OptionsError> {
        const ANY: usize = usize::MAX;
        for (option, value, min, max) in [
            ("addresses_max", self.addresses_max, 1, 4_000_000),
            ("addresses_per", self.addresses_per_node, 1, 16),
            ("addresses_per", self.addresses_per_ip, 1, ANY),
            ("teller_percent", self.teller_percent.into(), 1, 100),
            ("network_share", self.addresses_per_network, 1, ANY),
            ("network_share", self.tested_per_network as usize, 1, ANY),
            ("connected_max", self.connected_max, 1, 1_000_000),
            ("upgrade_max", self.upgrade_max, 0, 1_000),
            ("per_network", self.outbound_per_network as usize, 1, ANY),
            ("per_network", self.inbound_per_ip, 1, ANY),
            ("dials", self.dialing_max, 1, 10_000),
            ("dials", self.dials_per_second as usize, 1, 10_000),
            (
                "hearsay_dials_per_subnet",
                self.hearsay_dials_per_subnet,
                1,
                ANY,
            ),
            ("tested_percent", self.tested_percent.into(), 0, 100),
            ("forget", self.failures_max.into(), 1, 1_000),
            ("anchors", self.anchors, 0, 100),
            ("own_addresses", self.own_addresses.len(), 0, 16_usize),
        ] {
            check(option, value as u128, min, max as u128)?;
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), OptionsError> {
        let ms = Duration::from_millis(1);
        let feeler = self.feeler_every.unwrap_or(MINUTE);
        let life = self.outbound_life.unwrap_or(HOUR);
        for (option, value, min, max) in [
            ("retry", self.retry_min, ms, MONTH),
            ("retry", self.retry_max, ms, MONTH),
            ("retry_persistent_max", self.retry_persistent_max, ms, MONTH),
            ("cooldown", self.cooldown, Duration::ZERO, YEAR),
            ("forget", self.dead_after, HOUR, YEAR),
            ("probation", self.probation, Duration::ZERO, MONTH),
            ("feeler_every", feeler, Duration::from_millis(100), DAY),
            ("outbound_life", life, HOUR, YEAR),
            ("ban", self.ban, Duration::from_secs(1), YEAR),
            ("persist_every", self.persist_every, ms, HOUR),
        ] {
            check(option, value.as_millis(), min.as_millis(), max.as_millis())?;
        }
        Ok(())
    }

    fn check_pairs(&self) -> Result<(), OptionsError> {
        let slots = self.outbound_max.saturating_add(self.inbound_max);
        let all = self.connected_max.saturating_add(self.upgrade_max);
        for (option, value, other, bound) in [
            (
                "slots add up to",
                slots as u128,
                "connected_max",
                self.connected_max as u128,
            ),
            (
                "persistent nodes (less the unconditional) are",
                self.persistent.difference(&self.unconditional).count() as u128,
                "the first of slots",
                self.outbound_max as u128,
            ),
            (
                "connected_max and upgrade_max add up to",
                all as u128,
                "addresses_max",
                self.addresses_max as u128,
            ),
            (
                "retry begins at (ms)",
                self.retry_min.as_millis(),
                "its end",
                self.retry_max.as_millis(),
            ),
            (
                "retry begins at (ms)",
                self.retry_min.as_millis(),
                "retry_persistent_max",
                self.retry_persistent_max.as_millis(),
            ),
        ] {
            if value > bound {
                return Err(OptionsError::Disagree {
                    option,
                    value,
                    other,
                    bound,
                });
            }
        }
        Ok(())
    }
}

const fn check(
    option: &'static str,
    value: u128,
    min: u128,
    max: u128,
) -> Result<(), OptionsError> {
    if min <= value && value <= max {
        return Ok(());
    }
    Err(OptionsError::OutOfBounds {
        option,
        value,
        min,
        max,
    })
}

/// Why options can't be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionsError {
    /// An option is outside its bounds. Durations are in milliseconds.
    OutOfBounds {
        /// The builder's method that sets it.
        option: &'static str,
        /// What it was set to.
        value: u128,
        /// The least it may be.
        min: u128,
        /// The most it may be.
        max: u128,
    },
    /// Two options disagree: the first may not be larger than the second.
    Disagree {
        /// The first, in words.
        option: &'static str,
        /// What it was set to.
        value: u128,
        /// The second.
        other: &'static str,
        /// What that one was set to.
        bound: u128,
    },
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfBounds {
                option,
                value,
                min,
                max,
            } => write!(
                f,
                "{option} is {value}; set it to a value from {min} to {max}"
            ),
            Self::Disagree {
                option,
                value,
                other,
                bound,
            } => write!(
                f,
                "{option} {value} and {other} is {bound}; lower the first or raise the second"
            ),
        }
    }
}

impl core::error::Error for OptionsError {}

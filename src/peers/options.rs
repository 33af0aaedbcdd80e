//! The options of a peer manager, each with its bound and its reason. A wrong set can't be built.

mod builder;
mod check;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use crate::{ConfigError, NodeAddress, NodeId, Reach};

pub use builder::OptionsBuilder;

/// Why options can't be built.
pub type OptionsError = ConfigError;

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
    pub(crate) oldest_of: u32,
    pub(crate) retry_min: Duration,
    pub(crate) retry_max: Duration,
    pub(crate) retry_persistent_max: Duration,
    pub(crate) cooldown: Duration,
    /// The largest number stands for never.
    pub(crate) failures_max: u16,
    /// The largest number stands for no end.
    pub(crate) tries: u16,
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
    pub(crate) tells: bool,
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
            oldest_of: 12,
            retry_min: MINUTE,
            retry_max: Duration::from_secs(8 * 3_600),
            retry_persistent_max: Duration::from_secs(300),
            cooldown: Duration::from_secs(30),
            failures_max: 3,
            tries: u16::MAX,
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
            tells: true,
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
    /// no rotation, no bounds on networks, turns by teller. It tells nobody of anybody: it goes from
    /// network to network, and knows seeds that are its user's own. What fails is kept, so that it is not dialed
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
            oldest_of: 1,
            retry_min: MONTH,
            retry_max: MONTH,
            retry_persistent_max: MONTH,
            cooldown: YEAR,
            failures_max: u16::MAX,
            tries: 1,
            feeler_every: None,
            outbound_life: None,
            anchors: 0,
            tells: false,
            ..Self::default()
        }
    }

    /// Connections that are for those whom we dial.
    #[must_use]
    pub const fn outbound_max(&self) -> usize {
        self.outbound_max
    }

    /// Connections that others make, at most.
    #[must_use]
    pub const fn inbound_max(&self) -> usize {
        self.inbound_max
    }

    /// Dials at once.
    #[must_use]
    pub const fn dialing_max(&self) -> usize {
        self.dialing_max
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

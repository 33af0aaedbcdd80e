//! The builder of the options: what each is for, its default, its bound and its reason.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Fairness, Options, OptionsError};
use crate::{NodeAddress, NodeId, Reach};

/// Sets options, and checks them all at the end.
#[derive(Clone, Debug)]
#[must_use]
pub struct OptionsBuilder(pub(super) Options);

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
    /// a household can have a few nodes. A /64 of IPv6 is one IP address. Addresses that only this
    /// site can reach are not counted, and those whom the operator chose are let in all the same.
    /// Both from 1. A network holds no more than one connection of ours with one IP address, unless
    /// the first is [`u32::MAX`].
    pub const fn per_network(mut self, outbound: u32, inbound_of_ip: usize) -> Self {
        self.0.outbound_per_network = outbound;
        self.0.inbound_per_ip = inbound_of_ip;
        self
    }

    /// The most dials under way at once, and in a second. Defaults 8 and 10; from 0 and from 1 to
    /// 10,000. With none at once, nobody is dialed but by the driver's own choice. A burst of
    /// thousands of dials looks like an attack, and can be made into one.
    pub const fn dials(mut self, at_once: usize, per_second: u32) -> Self {
        self.0.dialing_max = at_once;
        self.0.dials_per_second = per_second;
        self
    }

    /// How many addresses that we have only heard of are dialed in a minute in one subnet (a /24
    /// of IPv4, a /64 of IPv6). Default 2; from 1. Strangers choose these addresses, and must not
    /// be able to point us at somebody. One place, an IP address or name and a port, is dialed eight
    /// times in a day at most, unless this is without bound (`usize::MAX`). All names together are one
    /// subnet, as they may all lead to one place.
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

    /// Of how many draws of nodes that were reached before the one is picked that was first reached
    /// longest ago. Default 12; from 1, where age counts for nothing, to 100. An attacker who comes
    /// later than the honest nodes, and holds half of all networks, is picked once in 4,096 times
    /// with 12 draws.
    pub const fn oldest_of(mut self, draws: u32) -> Self {
        self.0.oldest_of = draws;
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
    /// nobody of our own choice, but for addresses of which we have only heard. Default 5 min, as
    /// `MaxRetryTimePersistent`; no less than the first of [`retry`](Self::retry).
    pub const fn retry_persistent_max(mut self, max: Duration) -> Self {
        self.0.retry_persistent_max = max;
        self
    }

    /// How long a node is left alone after a connection with it has ended. Default 30 s; at most a
    /// year. A persistent peer is left alone for 5 s at most, the `reconnectInterval` of CometBFT. A
    /// connection that lasted less than a minute counts as a failure besides.
    pub const fn cooldown(mut self, cooldown: Duration) -> Self {
        self.0.cooldown = cooldown;
        self
    }

    /// After how many failures an address that was never reached is forgotten, and how long ago one
    /// that was reached must have answered for the last time to be forgotten as well. Defaults 3
    /// and 7 days, as V1's address book; from 1 to 1,000, and from 1 h to a year. What the operator
    /// has named is not forgotten; with [`u16::MAX`] failures nothing is.
    pub const fn forget(mut self, failures: u16, dead_after: Duration) -> Self {
        self.0.failures_max = failures;
        self.0.dead_after = dead_after;
        self
    }

    /// After how many failures in a row an address is left alone for as long as the second of
    /// [`retry`](Self::retry) says, however short the pauses before were; at once where the failure
    /// says that nobody of that id lives there. Default: never, the pauses only grow. From 1. For a
    /// crawler, which tries an address once or twice and then takes it to be gone.
    pub const fn tries(mut self, failures: u16) -> Self {
        self.0.tries = failures;
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

    /// Whether others are told of the nodes that are known. Default: they are.
    pub const fn tells(mut self, tells: bool) -> Self {
        self.0.tells = tells;
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

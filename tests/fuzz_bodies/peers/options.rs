//! The options of a peer manager, as a fuzzer can make them up.

use arbitrary::Arbitrary;
use pex::peers::{Fairness, Options, OptionsBuilder};
use pex::{NodeAddress, NodeId, Reach};

use super::places::NODES;
use crate::judge::Judge;
use crate::nodes::{ME, PORT, host, id, ms, secs};

/// The options, as raw numbers that are brought within their bounds.
#[derive(Arbitrary, Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub(crate) struct RawOptions {
    crawler: bool,
    sizes: [u8; 12],
    shares: [u8; 4],
    spans: [u16; 9],
    nearest: u8,
    feels: bool,
    rotates: bool,
    by_teller: bool,
    silent: bool,
    /// How many of the nodes are persistent, fixed in score, unconditional and private.
    lists: [u8; 4],
    own: bool,
}

impl RawOptions {
    pub(crate) fn options(&self) -> Options {
        let [
            stored,
            node,
            ip,
            net,
            tested,
            places,
            ours,
            upgrade,
            dials,
            rate,
            hearsay,
            anchors,
        ] = self.sizes.map(usize::from);
        let [teller, of_tested, oldest, failures] = self.shares;
        let [
            retry,
            longer,
            persistent,
            cooldown,
            dead,
            feeler,
            life,
            ban,
            persist,
        ] = self.spans.map(u64::from);
        let connected = 1 + places % 9;
        let (outbound, upgrade) = (ours % (connected + 1), upgrade % 4);
        let retry = 1 + retry * 40;
        let base = if self.crawler {
            Options::crawler()
        } else {
            Options::default()
        };
        let small = |size: usize| u32::try_from(size).unwrap_or(1);
        let per_network = if net % 8 == 0 {
            u32::MAX
        } else {
            small(net % 8)
        };
        let options = OptionsBuilder::from(base)
            .addresses_max(connected + upgrade + stored)
            .addresses_per(1 + node % 16, 1 + ip % 16)
            .teller_percent(1 + teller % 100)
            .network_share(1 + net / 8, small(1 + tested % 16))
            .nearest(reach(self.nearest))
            .fairness(if self.by_teller {
                Fairness::Teller
            } else {
                Fairness::Network
            })
            .connected_max(connected)
            .slots(outbound, connected - outbound)
            .upgrade_max(upgrade)
            .per_network(per_network, 1 + ip / 16)
            .dials(dials % 12, small(1 + rate % 24))
            .hearsay_dials_per_subnet(1 + hearsay % 4)
            .tested_percent(of_tested % 101)
            .oldest_of(1 + u32::from(oldest % 100))
            .retry(ms(retry), ms(retry + longer * 1_000))
            .retry_persistent_max(ms(retry + persistent * 100))
            .cooldown(ms(cooldown * 100))
            .forget(failures.into_failures(), secs(3_600 + dead * 100))
            .tries(1 + u16::from(oldest))
            .feeler_every(self.feels.then(|| ms(100 + feeler * 100)))
            .outbound_life(self.rotates.then(|| secs(3_600 + life)))
            .anchors(anchors % 5)
            .ban(secs(1 + ban))
            .persist_every(ms(1 + persist))
            .persistent(self.persistent().take(outbound))
            .scores(self.scored().map(|id| (id, u16::from(failures))))
            .unconditional(self.unconditional())
            .private(self.private())
            .own_addresses(self.own().into_iter().collect())
            .tells(!self.silent)
            .build();
        assert!(
            options.is_ok(),
            "options out of bounds: {:?}",
            options.err()
        );
        options.unwrap_or_default()
    }

    /// The bounds to which an onlooker holds a machine with these options.
    pub(crate) fn judge(&self, options: &Options) -> Judge {
        let [.., net, _, _, _, _, dials, rate, hearsay, _] = self.sizes.map(usize::from);
        let mut judge = Judge::default();
        judge.dialing_max = dials % 12;
        judge.dials_per_second = 1 + rate % 24;
        judge.hearsay_per_subnet = 1 + hearsay % 4;
        judge.nearest = reach(self.nearest);
        let persistent = self.persistent().take(options.outbound_max());
        judge.persistent.extend(persistent);
        judge.chosen.extend(judge.persistent.iter().copied());
        judge.chosen.extend(self.scored());
        if net % 8 == 0 {
            // Any number of them may live at one IP address.
            judge.chosen.extend((0..NODES).map(id));
        }
        judge
    }

    fn persistent(&self) -> impl Iterator<Item = NodeId> + use<> {
        let [count, ..] = self.lists;
        (0..u32::from(count % 4)).map(|n| id(3 + n))
    }

    fn scored(&self) -> impl Iterator<Item = NodeId> + use<> {
        let [_, count, ..] = self.lists;
        (0..u32::from(count % 4)).map(|n| id(5 + n))
    }

    fn unconditional(&self) -> impl Iterator<Item = NodeId> + use<> {
        let [_, _, count, _] = self.lists;
        (0..u32::from(count % 3)).map(|n| id(8 + n))
    }

    pub(crate) fn private(&self) -> impl Iterator<Item = NodeId> + use<> {
        let [.., count] = self.lists;
        (0..u32::from(count % 3)).map(|n| id(10 + n))
    }

    pub(crate) fn own(&self) -> Option<NodeAddress> {
        self.own.then(|| NodeAddress::mconn(ME, host(7, 7), PORT))
    }
}

const fn reach(number: u8) -> Reach {
    match number % 4 {
        0 | 1 => Reach::World,
        2 => Reach::Site,
        _ => Reach::Host,
    }
}

trait IntoFailures {
    /// Up to 100 failures, or without an end.
    fn into_failures(self) -> u16;
}

impl IntoFailures for u8 {
    fn into_failures(self) -> u16 {
        if self == Self::MAX {
            u16::MAX
        } else {
            1 + u16::from(self % 100)
        }
    }
}

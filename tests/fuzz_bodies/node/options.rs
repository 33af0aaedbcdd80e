//! The options of V1's switch, as a fuzzer can make them up.

use arbitrary::Arbitrary;
use pex::v1::Options;
use pex::{NodeAddress, NodeId, Reach};

use crate::judge::Judge;
use crate::nodes::{ME, PORT, host, id, ms, node, secs, text};
use crate::peers_body::places::NODES;

/// The options, as raw numbers that are brought within their bounds.
#[derive(Arbitrary, Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub(crate) struct RawOptions {
    seed_mode: bool,
    pub(crate) strict: bool,
    same_ip: bool,
    feels: bool,
    rotates: bool,
    tells_unchecked: bool,
    own: bool,
    sizes: [u8; 8],
    spans: [u16; 10],
    /// How many of the nodes are seeds, persistent, unconditional and private.
    lists: [u8; 4],
}

impl RawOptions {
    pub(crate) fn options(&self) -> Options {
        let [ours, theirs, per_ip, dials, rate, hearsay, attempts, checks] =
            self.sizes.map(usize::from);
        let small = |size: usize| u32::try_from(size).unwrap_or(1);
        let [
            ensure,
            retry,
            longer,
            persistent,
            feeler,
            life,
            ban,
            save,
            stays,
            crawl,
        ] = self.spans.map(u64::from);
        let base = if self.seed_mode {
            Options::seed()
        } else {
            Options::builder()
        };
        let options = base
            .seeds(self.seeds())
            .persistent(self.persistent())
            .unconditional(self.unconditional())
            .private(self.private())
            .own_addresses(self.own().into_iter().collect())
            .slots(ours % 6, theirs % 6)
            .inbound_per_ip(1 + per_ip % 8)
            .allow_duplicate_ip(self.same_ip)
            .ensure_period(secs(1 + ensure % 3_600))
            .dials(1 + dials % 12, small(1 + rate % 24))
            .hearsay_dials_per_subnet(1 + hearsay % 4)
            .attempts_max(1 + small(attempts))
            .retry(ms(1 + retry), ms(1 + retry + longer * 100))
            .retry_persistent_max(ms(1 + persistent * 10))
            .feeler_every(self.feels.then(|| ms(100 + feeler * 100)))
            .outbound_life(self.rotates.then(|| secs(3_600 + life)))
            .anchors(attempts % 5)
            .ban(secs(1 + ban))
            .save_every(secs(1 + save))
            .newcomer_stays(secs(1 + stays))
            .crawl(secs(1 + crawl % 600), secs(1 + crawl), 1 + checks % 16)
            .tells_unchecked(self.tells_unchecked)
            .build();
        assert!(
            options.is_ok(),
            "options out of bounds: {:?}",
            options.err()
        );
        options.unwrap_or_default()
    }

    /// The bounds to which an onlooker holds a machine with these options.
    pub(crate) fn judge(&self) -> Judge {
        let [_, _, _, dials, rate, hearsay, _, checks] = self.sizes.map(usize::from);
        let mut judge = Judge::default();
        judge.dialing_max = 1 + dials % 12;
        if self.seed_mode {
            judge.dialing_max = judge.dialing_max.max(1 + checks % 16);
        }
        judge.dials_per_second = 1 + rate % 24;
        judge.hearsay_per_subnet = 1 + hearsay % 4;
        if !self.strict {
            judge.nearest = Reach::Host;
        }
        let named: Vec<NodeAddress> = self.seeds().into_iter().chain(self.persistent()).collect();
        judge.chosen.extend(named.iter().map(NodeAddress::id));
        for address in &named {
            judge.trust(address);
        }
        if self.same_ip {
            // Any number of them may live at one IP address.
            judge.chosen.extend((0..NODES).map(id));
            judge.chosen.extend((0..600).map(id));
        }
        let persistent = self.persistent();
        judge
            .persistent
            .extend(persistent.iter().map(NodeAddress::id));
        judge
    }

    fn seeds(&self) -> Vec<NodeAddress> {
        let [count, ..] = self.lists;
        let seeds = [node(12), text(13, "n13.example.org:26656")];
        seeds.into_iter().take((count % 3).into()).collect()
    }

    fn persistent(&self) -> Vec<NodeAddress> {
        let [_, count, ..] = self.lists;
        let peers = [node(3), text(4, "n4.example.org:26656"), node(5)];
        peers.into_iter().take((count % 4).into()).collect()
    }

    fn unconditional(&self) -> impl Iterator<Item = NodeId> + use<> {
        let [_, _, count, _] = self.lists;
        (0..u32::from(count % 3)).map(|n| id(8 + n))
    }

    pub(crate) fn private(&self) -> impl Iterator<Item = NodeId> + use<> {
        let [.., count] = self.lists;
        (0..u32::from(count % 3)).map(|n| id(10 + n))
    }

    fn own(&self) -> Option<NodeAddress> {
        self.own.then(|| NodeAddress::mconn(ME, host(7, 7), PORT))
    }
}

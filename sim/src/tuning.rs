//! Nodes with other options than the defaults: at the ends of their ranges, or such that nothing is left
//! of what they do against hostile nodes, to see what that is worth.

use core::time::Duration;

use pex::peers::{Fairness, OptionsBuilder};
use pex::{ConfigBuilder, Policy, v1};

use crate::chance::{Chance, Use};
use crate::scenario::Tuning;

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// All options of a node.
#[derive(Clone, Debug)]
pub(crate) struct Builders {
    pub(crate) config: ConfigBuilder,
    pub(crate) peers: OptionsBuilder,
    pub(crate) switch: v1::OptionsBuilder,
}

impl Builders {
    /// Sets them as a group has them; `nth` is the number of the group.
    pub(crate) fn tune(self, tuning: Tuning, seed: u64, nth: u64) -> Self {
        match tuning {
            Tuning::Default => self,
            Tuning::Undefended => self.undefended(),
            Tuning::Bounds => self.at_bounds(&mut Chance::new(seed ^ nth << 32, Use::Tuning)),
        }
    }

    /// One pace for all peers, everything granted and forgiven, and nobody counts networks or tellers:
    /// the dialing of the reference's V2 as far as options can say it.
    fn undefended(self) -> Self {
        let config = self.config.policy(Policy::Tendermint0359);
        let config = config.grant_burst(100).grant_gaps(MS, MS);
        let any = usize::MAX;
        let peers = self.peers.addresses_per(16, any).teller_percent(100);
        let peers = peers
            .network_share(any, u32::MAX)
            .per_network(u32::MAX, any);
        let peers = peers
            .fairness(Fairness::Teller)
            .hearsay_dials_per_subnet(any);
        let peers = peers.tested_percent(50).oldest_of(1).anchors(0);
        let peers = peers.retry(Duration::from_millis(250), 10 * MINUTE);
        let peers = peers.feeler_every(Some(SECOND)).outbound_life(None);
        Self {
            config: config.strikes(1_000, MS),
            peers: peers.forget(1_000, 365 * DAY).cooldown(Duration::ZERO),
            switch: self.switch,
        }
    }

    /// Each option as it is, or at one end of what it may be: the least, or the most.
    fn at_bounds(self, chance: &mut Chance) -> Self {
        Self {
            config: config_at_bounds(self.config, chance),
            ..self
        }
        .managers_at_bounds(chance)
    }

    fn managers_at_bounds(self, chance: &mut Chance) -> Self {
        let Self {
            config,
            mut peers,
            mut switch,
        } = self;
        let mut pick = |least, most| end(chance, least, most);
        if let Some(each) = pick(1, 16) {
            peers = peers.addresses_per(each, if each == 1 { 1 } else { usize::MAX });
        }
        if let Some(percent) = pick(1, 100) {
            peers = peers.teller_percent(percent as u8);
        }
        if let Some(share) = pick(1, usize::MAX) {
            peers = peers.network_share(share, share.min(u32::MAX as usize) as u32);
        }
        if let Some(each) = pick(1, usize::MAX) {
            peers = peers.per_network(each.min(u32::MAX as usize) as u32, each);
        }
        if let Some(most) = pick(0, 1_000) {
            peers = peers.upgrade_max(most);
        }
        if let Some(at_once) = pick(0, 10_000) {
            peers = peers.dials(at_once, 10);
            switch = switch.dials(at_once.max(1), 10);
        }
        if let Some(most) = pick(1, usize::MAX) {
            peers = peers.hearsay_dials_per_subnet(most);
            switch = switch.hearsay_dials_per_subnet(most);
        }
        if let Some(percent) = pick(0, 100) {
            peers = peers.tested_percent(percent as u8);
        }
        if let Some(draws) = pick(1, 100) {
            peers = peers.oldest_of(draws as u32);
        }
        if let Some(retry) = time([MS, 30 * DAY], pick(0, 1)) {
            peers = peers.retry(retry, retry).retry_persistent_max(retry);
            switch = switch.retry(retry, retry).retry_persistent_max(retry);
        }
        if let Some(cooldown) = time([Duration::ZERO, 365 * DAY], pick(0, 1)) {
            peers = peers.cooldown(cooldown);
        }
        if let Some(failures) = pick(1, usize::from(u16::MAX)) {
            let dead = if failures == 1 { HOUR } else { 365 * DAY };
            peers = peers.forget(failures as u16, dead);
            switch = switch.attempts_max(failures.min(1_000) as u32);
        }
        if let Some(tries) = pick(1, usize::from(u16::MAX)) {
            peers = peers.tries(tries as u16);
        }
        if let Some(feeler) = time([SECOND / 10, DAY], pick(0, 1)) {
            peers = peers.feeler_every(Some(feeler));
            switch = switch.feeler_every(Some(feeler));
        }
        if let Some(life) = time([HOUR, 365 * DAY], pick(0, 1)) {
            peers = peers.outbound_life(Some(life));
            switch = switch.outbound_life(Some(life));
        }
        if let Some(anchors) = pick(0, 100) {
            peers = peers.anchors(anchors);
            switch = switch.anchors(anchors);
        }
        if let Some(ban) = time([SECOND, 365 * DAY], pick(0, 1)) {
            peers = peers.ban(ban);
            switch = switch.ban(ban);
        }
        if let Some(every) = time([MS, HOUR], pick(0, 1)) {
            peers = peers.persist_every(every);
            switch = switch.save_every(every.max(SECOND));
        }
        if let Some(period) = time([SECOND, HOUR], pick(0, 1)) {
            switch = switch.ensure_period(period).newcomer_stays(period);
        }
        if let Some(most) = pick(1, usize::MAX) {
            switch = switch.inbound_per_ip(most);
        }
        Self {
            config,
            peers,
            switch,
        }
    }
}

/// One of two ends, or neither.
fn end(chance: &mut Chance, least: usize, most: usize) -> Option<usize> {
    match chance.below(8) {
        0 => Some(least),
        1 => Some(most),
        _ => None,
    }
}

fn time(ends: [Duration; 2], picked: Option<usize>) -> Option<Duration> {
    picked.map(|end| ends[end])
}

fn config_at_bounds(mut config: ConfigBuilder, chance: &mut Chance) -> ConfigBuilder {
    let mut pick = |least, most| end(chance, least, most);
    if let Some(most) = pick(1, 10_000) {
        config = config.outstanding_max(most);
    }
    if let Some(burst) = pick(1, 100) {
        config = config.grant_burst(burst as u32);
    }
    if let Some(gap) = time([MS, 10 * MINUTE], pick(0, 1)) {
        config = config.grant_gaps(gap, gap);
    }
    if let Some(strikes) = pick(1, 1_000) {
        config = config.strikes(strikes as u32, if strikes == 1 { MS } else { DAY });
    }
    if let Some(most) = pick(1, 1_000_000) {
        config = config.peers_max(most);
    }
    if let Some(most) = pick(1, 1_000_000) {
        config = config.remembered_max(most);
    }
    if let Some(most) = pick(2, 1 << 16) {
        config = config.seen_max(most);
    }
    if let Some(most) = pick(0, 100) {
        config = config.resolve_max(most);
    }
    config
}

//! The invariants of the peer manager, stated as code.
//!
//! The numbers are those of the list in `tests/INVARIANTS.md`.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::PeerManager;
use super::entry::{Stamp, Turn};
use super::lanes::LaneKey;
use super::life::Life;
use super::sources::NOBODY;
use crate::invariant::{Broken, hold, most_alike};

impl PeerManager {
    /// Checks the invariants that can be seen from inside, in time linear in what is stored.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    pub fn check(&self) -> Result<(), Broken> {
        self.check_bounds()?;
        self.check_entries()?;
        self.check_tellers()?;
        self.check_shares_of_hearsay()?;
        self.check_live()?;
        self.check_company()?;
        let deadline = self.deadline();
        hold(
            5,
            deadline.is_none_or(|at| at > self.now),
            "the deadline lies ahead",
        )
    }

    fn check_bounds(&self) -> Result<(), Broken> {
        let options = &self.options;
        hold(
            17,
            self.store.len() <= options.addresses_max,
            "addresses are bounded",
        )?;
        hold(19, self.store.is_sound(), "every index finds every entry")?;
        hold(
            19,
            self.chosen_are_listed(),
            "the chosen are listed as they are",
        )?;
        hold(21, self.conduct.is_sound(), "bans and scores are bounded")?;
        hold(
            28,
            self.challenged.len() <= 10 && self.sources.len() <= self.store.len(),
            "what is kept beside the store is bounded",
        )
    }

    fn check_entries(&self) -> Result<(), Broken> {
        for (slot, entry) in self.store.iter() {
            let of_node = self.store.of_node(entry.id);
            hold(16, entry.id != self.me, "we do not store ourselves")?;
            hold(
                17,
                of_node.len() <= self.options.addresses_per_node,
                "addresses of a node are bounded",
            )?;
            hold(
                20,
                !entry.tested || entry.success != Stamp::NEVER,
                "only who was reached is tested",
            )?;
            let live = self.live.get(entry.id).is_some();
            hold(
                9,
                live == (entry.turn == Turn::Busy),
                "who is dialed or connected is dialed by nobody else",
            )?;
            let banned = self.conduct.banned_until(entry.id, self.now).is_some();
            let told = entry.told != super::entry::NOWHERE;
            hold(
                21,
                !banned || entry.turn != Turn::Ready && !told,
                "who is banned is neither dialed nor told of",
            )?;
            let private = self.options.private.contains(&entry.id);
            hold(15, !private || !told, "who is private is not told of")?;
            if let Some(until) = self.store.waits_until(slot) {
                let longest = self
                    .options
                    .retry_max
                    .saturating_mul(2)
                    .max(self.options.ban)
                    .max(self.options.cooldown)
                    .max(core::time::Duration::from_secs(60));
                hold(
                    6,
                    until <= self.now + longest,
                    "nobody is left alone for longer than the options say",
                )?;
            }
        }
        Ok(())
    }

    fn check_tellers(&self) -> Result<(), Broken> {
        let mut counted = BTreeMap::new();
        for (_, entry) in self.store.iter() {
            let (told, untested) = counted.entry(entry.source).or_insert((0_u32, 0_u32));
            *told = told.saturating_add(1);
            *untested = untested.saturating_add(u32::from(!entry.tested));
        }
        let mut tellers = self.sources.numbers();
        hold(
            17,
            tellers.all(|number| self.sources.counted(number) == counted.get(&number).copied()),
            "what a teller told is counted",
        )
    }

    /// What was never reached keeps to the share of its teller and of its network, but for what the
    /// operator named and what was known before.
    fn check_shares_of_hearsay(&self) -> Result<(), Broken> {
        let (mut tellers, mut lanes) = (Vec::new(), Vec::new());
        let local = self.store.lanes.find(LaneKey::LOCAL);
        for (_, entry) in self.store.iter() {
            let reached = entry.tested || entry.success != Stamp::NEVER;
            if reached || entry.source == NOBODY || self.is_named(entry) {
                continue;
            }
            if self.sources.id(entry.source).is_some() {
                tellers.push(entry.source);
            }
            if Some(entry.lane) != local {
                lanes.push(entry.lane);
            }
        }
        let share = self.options.share(self.options.teller_percent);
        hold(
            17,
            most_alike(tellers) <= share,
            "nobody tells more than his share of the store",
        )?;
        hold(
            17,
            most_alike(lanes) <= self.options.addresses_per_network,
            "no network has more than its share of the store",
        )
    }

    /// With whom we are connected, beside those whom the operator chose.
    fn check_company(&self) -> Result<(), Broken> {
        let options = &self.options;
        let is_any = |id| !options.is_chosen(id) && !options.unconditional.contains(&id);
        let banned = |id| self.conduct.banned_until(id, self.now).is_some();
        let mut stay = self.live.iter().filter(|it| it.1.staying().is_some());
        hold(
            21,
            stay.all(|(id, _)| !is_any(id) || !banned(id)),
            "who is banned has to go",
        )?;
        let is_there = |life: &Life| life.staying().is_some() || matches!(life, Life::Dialing(_));
        let at_ip = self.live.at_ips(|id, life| is_any(id) && is_there(life));
        let ours = if options.outbound_per_network < u32::MAX {
            1
        } else {
            usize::MAX
        };
        hold(
            22,
            at_ip.values().all(|(dialed, _)| *dialed <= ours),
            "one connection of ours or dial an IP address",
        )?;
        hold(
            22,
            at_ip
                .values()
                .all(|(_, came)| *came <= options.inbound_per_ip),
            "few newcomers an IP address",
        )
    }

    fn check_live(&self) -> Result<(), Broken> {
        let (tally, options) = (self.live.tally(), &self.options);
        hold(19, self.live.is_sound(), "peers are counted as they are")?;
        let all = tally
            .connected()
            .saturating_add(tally.evicting)
            .saturating_add(tally.upgrading)
            .saturating_add(tally.dialing_to_keep);
        let unconditional = options.unconditional.len();
        hold(
            22,
            all <= options
                .connected_max
                .saturating_add(options.upgrade_max)
                .saturating_add(unconditional),
            "connections and dials are bounded",
        )?;
        hold(
            22,
            tally.outbound <= options.outbound_max && tally.inbound <= options.inbound_max,
            "each direction keeps to its places",
        )?;
        hold(
            22,
            tally.dialing <= options.dialing_max && tally.feeling <= 1,
            "dials are bounded",
        )?;
        for (id, life) in self.live.iter() {
            hold(
                16,
                id != self.me || !matches!(life, Life::Dialing(_)),
                "we do not dial ourselves",
            )?;
            if let Life::Claimed { by, .. } = life {
                hold(
                    22,
                    matches!(self.live.get(*by), Some(Life::Dialing(_))),
                    "a place is promised to somebody who is being dialed",
                )?;
            }
        }
        Ok(())
    }
}

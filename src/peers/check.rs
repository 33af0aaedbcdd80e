//! The invariants of the peer manager, stated as code.
//!
//! The numbers are those of the list in `tests/INVARIANTS.md`.

use super::PeerManager;
use super::entry::Turn;
use super::life::Life;
use crate::invariant::{Broken, hold};

impl PeerManager {
    /// Checks the invariants that can be seen from inside, in time linear in what is stored.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    pub fn check(&self) -> Result<(), Broken> {
        self.check_bounds()?;
        self.check_entries()?;
        self.check_live()?;
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
                !entry.tested || entry.success != super::entry::Stamp::NEVER,
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
        for number in self.sources.numbers() {
            let (mut told, mut untested) = (0_u32, 0_u32);
            for (_, entry) in self.store.iter().filter(|(_, it)| it.source == number) {
                told = told.saturating_add(1);
                untested = untested.saturating_add(u32::from(!entry.tested));
            }
            let counted = self.sources.counted(number);
            hold(
                17,
                counted == Some((told, untested)),
                "what a teller told is counted",
            )?;
        }
        Ok(())
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

//! The invariants of the switch, as code.

use super::Switch;
use crate::Broken;
use crate::invariant::hold;
use crate::peers::life::{Life, Purpose};

impl Switch {
    /// Checks what holds after every event, whatever the events were.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    pub fn check(&self) -> Result<(), Broken> {
        self.book.check()?;
        hold(
            22,
            self.live.is_sound(),
            "what is counted of peers is what they are",
        )?;
        let tally = self.live.tally();
        let kept = self.live.iter().filter(|(id, _)| self.is_kept(*id)).count();
        let outbound = tally.outbound.saturating_add(tally.dialing_to_keep);
        hold(
            22,
            self.options.seed_mode || outbound <= self.options.outbound_max.saturating_add(kept),
            "no more peers of ours, and dials for them, than there are places",
        )?;
        hold(
            22,
            tally.inbound <= self.options.inbound_max.saturating_add(kept),
            "no more newcomers than there are places",
        )?;
        hold(
            16,
            self.live.get(self.me).is_none_or(is_refused),
            "we are no peer of ours",
        )?;
        let mut dialed = self.dialing.keys().map(|id| self.live.get(*id));
        let dialed = dialed.all(|life| matches!(life, Some(Life::Dialing(_))));
        hold(
            22,
            dialed && tally.dialing == self.dialing.len(),
            "what is dialed is known",
        )?;
        let feels =
            |life: &Life| matches!(life, Life::Dialing(dial) if dial.purpose == Purpose::Feel);
        hold(
            25,
            self.live.iter().filter(|(_, life)| feels(life)).count() == tally.feeling,
            "checks are counted",
        )?;
        let checking = self.checking.iter();
        let mut lives = checking.map(|id| self.live.get(*id));
        hold(
            10,
            lives.all(|life| life.is_some_and(|life| life.staying().is_some())),
            "who is checked is connected",
        )?;
        let mut banned = self.live.iter().filter(|(id, _)| self.is_banned(*id));
        hold(
            21,
            banned.all(|(_, life)| life.staying().is_none()),
            "who is banned has to go",
        )?;
        let bans = self.book.bans().filter(|(_, ban)| ban.until > self.now);
        let mut of_them = bans.map(|(id, _)| self.book.addresses_of(id));
        hold(
            21,
            of_them.all(|addresses| addresses.is_empty()),
            "who is banned is not in the book",
        )?;
        self.check_company()?;
        let places = self.places.keys();
        let mut places = places.map(|id| self.live.get(*id));
        hold(
            10,
            places.all(|life| life.is_some_and(|life| life.link().is_some())),
            "nothing is kept of a connection that is over",
        )
    }

    /// With whom we are connected, beside those who have a place whoever else is.
    fn check_company(&self) -> Result<(), Broken> {
        let stays = |id, life: &Life| life.staying().is_some() && !self.is_kept(id);
        let at_ip = self.live.at_ips(stays);
        let most = self.ours_per_ip();
        hold(
            22,
            at_ip.values().all(|(ours, _)| *ours <= most),
            "one connection of ours an IP address",
        )?;
        let most = self.options.inbound_per_ip;
        hold(
            22,
            at_ip.values().all(|(_, came)| *came <= most),
            "few newcomers an IP address",
        )
    }
}

const fn is_refused(life: &Life) -> bool {
    matches!(life, Life::Refused(_) | Life::Evicting(_))
}

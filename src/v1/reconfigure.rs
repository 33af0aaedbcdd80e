//! Other limits and times while the switch runs.

use alloc::vec::Vec;
use core::mem;

use super::{Options, Switch};
use crate::network::machine_at;
use crate::peers::life::{Life, Link, Purpose};
use crate::peers::{Action, Eviction};
use crate::{Actions, NodeId, Time};

impl Switch {
    /// Takes over the limits and times of `options`, while all who fit stay connected. Returns what
    /// is to be done, as [`Switch::handle`] does.
    ///
    /// Who we are and whom the operator named stays as it was when the switch was made, whatever
    /// `options` say: seeds, persistent peers, unconditional and private ids, our own addresses, and
    /// whether this is a seed node. [`Switch::reconfigure_with_lists`] takes over some of these.
    ///
    /// Where a limit is lower than before, those above it are told to go: of those who came to a
    /// seed node whoever has been there for longest, as they had time to ask, and else whoever has
    /// the lowest score; those in use last. Persistent and unconditional peers stay. Dials under way
    /// for a place that is no more only see whether somebody is there. A newcomer's time with a seed
    /// node counts from its arrival. What was drawn or planned for a single peer, such as a backoff, a
    /// ban or the life of a connection of ours, stays.
    ///
    /// ```
    /// use pex::book::AddrBook;
    /// use pex::v1::{Options, Switch};
    /// use pex::{NodeId, Seed, Time};
    ///
    /// let (me, seed, now) = (NodeId::new([1; 20]), Seed::new([7; 32]), Time::from_secs(1));
    /// let book = AddrBook::new(true, seed.derive(1));
    /// let mut switch = Switch::new(Options::seed().build()?, book, me, seed, now);
    ///
    /// let _actions = switch.reconfigure(now, Options::seed().slots(0, 500).build()?);
    /// assert_eq!(switch.options().slots(), (0, 500));
    /// # Ok::<(), pex::ConfigError>(())
    /// ```
    #[must_use = "what is not carried out has not happened"]
    pub fn reconfigure(&mut self, now: Time, options: Options) -> Actions<Action> {
        self.advance(now);
        self.reconfigure_now(options)
    }

    pub(super) fn reconfigure_now(&mut self, options: Options) -> Actions<Action> {
        let mut out = Actions::default();
        let before = self.take_over(options);
        if self.options.feeler_every != before.feeler_every {
            self.plan_feeler();
        }
        if self.options.newcomer_stays != before.newcomer_stays {
            self.count_stays_anew();
        }
        self.give_up_places_of_dials();
        self.send_away_above_limits(&mut out);
        self.look_no_later_than_before();
        self.finish(&mut out);
        out
    }

    /// Puts new options in the place of the old, but for whom and what we are; returns the old.
    fn take_over(&mut self, options: Options) -> Options {
        let mut before = mem::replace(&mut self.options, options);
        let now = &mut self.options;
        now.seed_mode = before.seed_mode;
        now.seeds = mem::take(&mut before.seeds);
        now.persistent = mem::take(&mut before.persistent);
        now.unconditional = mem::take(&mut before.unconditional);
        now.private = mem::take(&mut before.private);
        now.own_addresses = mem::take(&mut before.own_addresses);
        before
    }

    /// Connections that stay, of those who have a place like any other.
    fn ordinary(&self) -> impl Iterator<Item = (NodeId, &Link)> {
        let staying = self.live.iter();
        let staying = staying.filter_map(|(id, life)| Some((id, life.staying()?)));
        staying.filter(|(id, link)| link.counted && !self.is_kept(*id))
    }

    /// The time that newcomers may stay with a seed node has changed.
    fn count_stays_anew(&mut self) {
        if !self.options.seed_mode {
            return;
        }
        let ids: Vec<NodeId> = self.ordinary().map(|(id, _)| id).collect();
        for id in ids {
            let Some(mut life) = self.live.get(id).copied() else {
                continue;
            };
            if let Some(link) = life.link_mut() {
                link.rotates_at = Some(link.since + self.options.newcomer_stays);
            }
            self.live.set(id, Some(life));
        }
    }

    /// Where there are more peers of ours and dials for them than places, or than an IP address may
    /// have, a dial is no more for one.
    fn give_up_places_of_dials(&mut self) {
        let ids: Vec<NodeId> = self.dialing.keys().copied().collect();
        for id in ids.into_iter().rev() {
            let Some(Life::Dialing(mut dial)) = self.live.get(id).copied() else {
                continue;
            };
            let tally = self.live.tally();
            let taken = tally.outbound.saturating_add(tally.dialing_to_keep);
            let there = dial.ip.map_or(0, |ip| self.live.with_ip(ip).0);
            if (taken > self.options.outbound_max || there > self.ours_per_ip())
                && dial.purpose == Purpose::Keep
                && !self.is_kept(id)
            {
                dial.purpose = Purpose::Feel;
                self.live.set(id, Some(Life::Dialing(dial)));
            }
        }
    }

    fn send_away_above_limits(&mut self, out: &mut Actions<Action>) {
        // Who has to go first stands first.
        let mut all: Vec<_> = self
            .ordinary()
            .map(|(id, link)| {
                (
                    (link.in_use, link.score, link.tie),
                    link.outbound,
                    link.ip,
                    id,
                )
            })
            .collect();
        all.sort_unstable();
        // Nobody counts who may stay whatever others there are.
        let counts = |id, life: &Life| {
            let link = life.staying();
            link.is_some_and(|link| !link.outbound || link.counted) && !self.is_kept(id)
        };
        let kept = |outbound: bool| {
            let stays = self.live.iter().filter(|(id, _)| self.is_kept(*id));
            let links = stays.filter_map(|(_, life)| life.staying());
            links
                .filter(|link| link.counted && link.outbound == outbound)
                .count()
        };
        let [kept_in, kept_out] = [false, true].map(kept);
        let mut at_ips = self.live.at_ips(counts);
        for (_, outbound, ip, id) in all {
            let tally = self.live.tally();
            let (taken, places, per_ip) = if outbound {
                let places = self.options.outbound_max.saturating_add(kept_out);
                (tally.outbound, places, self.ours_per_ip())
            } else {
                let places = self.options.inbound_max.saturating_add(kept_in);
                (tally.inbound, places, self.options.inbound_per_ip)
            };
            let here = ip.and_then(|ip| at_ips.get_mut(&machine_at(ip)));
            let mut here = here.map(|(ours, came)| if outbound { ours } else { came });
            let why = if taken > places {
                Eviction::Full
            } else if here.as_ref().is_some_and(|count| **count > per_ip) {
                Eviction::NetworkFull
            } else {
                continue;
            };
            if let Some(count) = &mut here {
                **count = count.saturating_sub(1);
            }
            self.evict(id, why, out);
        }
    }

    /// What is planned by a period that is shorter now comes by the new one.
    fn look_no_later_than_before(&mut self) {
        let (now, options) = (self.now, &self.options);
        let soonest = |at: Time, period| at.min(now + period);
        self.ensure_at = soonest(self.ensure_at, options.ensure_period);
        self.upkeep_at = soonest(self.upkeep_at, options.ensure_period);
        self.save_at = self.save_at.map(|at| soonest(at, options.save_every));
        self.crawl_at = self.crawl_at.map(|at| soonest(at, options.crawl_period));
    }
}

//! What others may be told, and what a node wants of its switch.

use alloc::vec::Vec;
use core::ops::ControlFlow;
use core::time::Duration;

use super::Switch;
use crate::book::NEEDED;
use crate::config::PEERS_MAX;
use crate::node::Manager;
use crate::peers::life::Life;
use crate::peers::told::Told;
use crate::peers::{Action, Event};
use crate::{Actions, Broken, Config, Cursor, Directory, NetAddress, NodeAddress, NodeId, Time};

/// How long somebody who has come to us is not asked. The reference does not ask him either until
/// chance picks him; a crowd that comes and goes would else fill the book as fast as it can talk.
const NEWCOMERS_WAIT: Duration = Duration::from_secs(120);

/// Newcomers that a seed node's exchange asks before it knows anything of the network: all of them.
const ASKED_FIRST: usize = 10_000;

/// What may be told: addresses that have proved good and, but for a seed node, after them those that
/// we have only heard of; 23 % of the book in one answer at most. The order is shuffled, and says
/// nothing about who is connected.
impl Directory for Switch {
    fn walk(&self, from: Cursor, visit: &mut dyn FnMut(Cursor, &NodeAddress) -> ControlFlow<()>) {
        let book = &self.book.shelf;
        let mut tell = |(cursor, slot)| {
            let entry = book.get(slot).filter(|it| !it.is_bad(self.now));
            entry.is_some_and(|it| visit(cursor, &it.address.into()).is_break())
        };
        if self.options.tells_unchecked {
            book.told.walk(from).any(&mut tell);
        } else {
            book.told.walk_tested(from).any(&mut tell);
        }
    }

    fn start(&self, chance: u64) -> Cursor {
        Told::start(chance)
    }

    /// A seed node tells only of whom it has reached, and of those there is no ring.
    fn arc_start(&self, chance: u64) -> Option<NodeId> {
        let book = &self.book.shelf;
        let ring = book.told.ring().filter(|_| self.options.tells_unchecked);
        let slot = ring.and_then(|_| book.told.any(chance));
        slot.and_then(|slot| book.get(slot))
            .map(|it| it.address.id())
    }

    fn walk_arc(&self, from: NodeId, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let mut entries = self.book.shelf.ring_from(from);
        // With other options now there may be an arc that was begun before.
        entries.any(|it| {
            self.options.tells_unchecked
                && !it.is_bad(self.now)
                && visit(&it.address.into()).is_break()
        });
    }

    fn learned(&self) -> u64 {
        self.book.shelf.told.learned()
    }

    /// A seed node checks before it tells.
    fn walk_news(&self, since: u64, visit: &mut dyn FnMut(&NodeAddress) -> ControlFlow<()>) {
        let entries = self.book.shelf.news_since(since);
        let mut entries = entries.filter(|it| self.options.tells_unchecked && !it.is_bad(self.now));
        entries.any(|it| visit(&it.address.into()).is_break());
    }

    fn answer_max(&self) -> usize {
        self.book.selection_size()
    }

    fn knows(&self, address: &NodeAddress) -> bool {
        NetAddress::try_from(address).is_ok_and(|it| self.book.has_address(&it))
    }

    /// Of what the book needs, not of what it can hold: with so many, each peer is asked seldom. Of
    /// what one network has told a tenth of that counts, or one teller would have nobody else asked.
    fn fill_percent(&self) -> u8 {
        let heard = self.book.shelf.tellers.in_shares();
        let known = self.book.old().saturating_add(heard);
        let percent = known.saturating_mul(100) / NEEDED;
        u8::try_from(percent.min(100)).unwrap_or(100)
    }
}

impl Manager for Switch {
    fn me(&self) -> NodeId {
        self.me
    }

    fn catch_up(&mut self, now: Time) {
        self.catch_up(now);
    }

    fn handle(&mut self, now: Time, event: Event) -> Actions<Action> {
        self.handle(now, event)
    }

    fn learn_all(
        &mut self,
        now: Time,
        from: NodeId,
        addresses: Vec<NodeAddress>,
        back: &mut dyn FnMut(NodeAddress, bool),
    ) -> Actions<Action> {
        let mut out = Actions::default();
        self.advance(now);
        for address in addresses {
            let is_new = self.learn(&address, from);
            back(address, is_new);
        }
        self.finish(&mut out);
        out
    }

    fn on_answer_from(&mut self, now: Time, peer: NodeId) -> Actions<Action> {
        let mut out = Actions::default();
        self.advance(now);
        self.on_answered(peer, &mut out);
        self.finish(&mut out);
        out
    }

    fn on_answer_to(&mut self, now: Time, peer: NodeId) -> Actions<Action> {
        let mut out = Actions::default();
        if self.options.seed_mode {
            self.advance(now);
            self.on_served(peer, &mut out);
            self.finish(&mut out);
        }
        out
    }

    fn is_guest(&self, peer: NodeId) -> bool {
        self.is_guest(peer)
    }

    fn tell_arcs(&mut self) {
        if self.options.tells_unchecked {
            self.book.shelf.keep_ring();
        }
    }

    fn newcomers_wait(&self) -> Option<Duration> {
        Some(NEWCOMERS_WAIT)
    }

    fn deadline(&self) -> Option<Time> {
        self.deadline()
    }

    fn rewind(&mut self, now: Time) {
        self.rewind(now);
    }

    fn is_up(&self, id: NodeId) -> bool {
        self.live.get(id).is_some_and(Life::is_ready)
    }

    fn ups(&self) -> usize {
        self.live.tally().ready
    }

    fn check(&self) -> Result<(), Broken> {
        self.check()
    }

    fn make_room(&self, config: &mut Config) {
        let options = &self.options;
        let most = [
            options.inbound_max,
            options.outbound_max,
            options.checks_at_once,
            options.persistent.len(),
            options.unconditional.len(),
        ];
        let most = most.into_iter().fold(0_usize, usize::saturating_add);
        let most = most.min(PEERS_MAX);
        config.peers_max = config.peers_max.max(most);
        if options.seed_mode {
            // Any number of newcomers may be silent, and none of them keeps others from being asked.
            config.outstanding_max = config.outstanding_max.max(most);
        }
    }

    fn configure(&self, config: &mut Config) {
        self.make_room(config);
        if self.options.seed_mode {
            config.asked_first = ASKED_FIRST;
        }
        config.private_ids.extend(&self.options.private);
        let own = &self.options.own_addresses;
        for address in own {
            if !config.own_addresses.contains(address) {
                config.own_addresses.push(address.clone());
            }
        }
    }
}

//! What answers a request, and in which dialect.
//!
//! An address is told unless it is the asker's own, ours, or private, by id or by place. V1 can't
//! carry names, so those are resolved first; what has not come back in time is left out.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::agenda::{Due, Entry};
use super::rotation::Slot;
use super::{Pex, Phase};
use crate::stats::count;
use crate::wire::{
    Dialect, MAX_ANSWER_ADDRESSES, MAX_ANSWER_ADDRESSES_V1, MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES,
    Message, ResponseBuilder,
};
use crate::{Action, Actions, Directory, Fault, Kind, NodeAddress, QueryId};

/// IP addresses of one name that are told.
const IPS_OF_A_NAME: usize = 16;

/// An answer that waits for names to be resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Draft {
    pub(crate) ready: Vec<NodeAddress>,
    pub(crate) waiting: Vec<(u64, NodeAddress)>,
    #[serde(skip)]
    pub(crate) entry: Option<Entry>,
}

impl Pex {
    pub(super) fn on_request(
        &mut self,
        slot: Slot,
        dialect: Dialect,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if let Err(wait) = peer.standing.request(self.now, &self.config, peer.kind) {
            count(&mut self.stats.requests_too_soon, 1);
            self.strike(slot, Fault::RequestTooSoon { wait }, out);
            return;
        }
        // A peer that asks again while names are being resolved gets what there is.
        self.send_draft(slot, out);
        match dialect {
            Dialect::V2 => {
                let max = self.room(slot, MAX_ANSWER_ADDRESSES, directory);
                let mut answer = ResponseBuilder::with_limits(dialect, max, MAX_ANSWER_BYTES);
                self.choose(slot, directory, max, |address| {
                    answer.push_address(address).is_ok()
                });
                self.send(slot, answer, out);
            }
            Dialect::V1 => {
                let mut chosen = Vec::new();
                let max = self.room(slot, self.limits_v1(slot).0, directory);
                self.choose(slot, directory, max, |address| {
                    let room = chosen.len() < max;
                    if room {
                        chosen.push(address.clone());
                    }
                    room
                });
                self.resolve_and_send(slot, chosen, out);
            }
        }
    }

    fn resolve_and_send(&mut self, slot: Slot, chosen: Vec<NodeAddress>, out: &mut Actions) {
        let deadline = self.now + self.config.resolve_timeout;
        let mut draft = Draft {
            ready: Vec::new(),
            waiting: Vec::new(),
            entry: None,
        };
        for address in chosen {
            if address.ip().is_some() {
                draft.ready.push(address);
            } else if let Some(name) = address.name()
                && draft.waiting.len() < self.config.resolve_max
                && self.may_look_up(slot)
            {
                self.queries_made = self.queries_made.saturating_add(1);
                let query = QueryId(self.queries_made);
                self.queries.insert(query, slot);
                out.push(Action::Resolve {
                    query,
                    name: name.to_string(),
                    deadline,
                });
                draft.waiting.push((query.0, address));
            }
        }
        if draft.waiting.is_empty() {
            self.send_v1(slot, &draft.ready, out);
            return;
        }
        draft.entry = Some(self.agenda.add(deadline, slot, Due::Answer));
        if let Some(peer) = self.peers.get_mut(slot) {
            peer.draft = Some(Box::new(draft));
        }
    }

    fn may_look_up(&mut self, slot: Slot) -> bool {
        let peer = self.peers.get_mut(slot);
        peer.is_some_and(|peer| peer.standing.look_up(self.now, &self.config))
    }

    pub(super) fn on_resolved(&mut self, query: QueryId, ips: &[IpAddr], out: &mut Actions) {
        let Some(slot) = self.queries.remove(&query) else {
            count(&mut self.stats.stray_events, 1);
            return;
        };
        let Some(draft) = self
            .peers
            .get_mut(slot)
            .and_then(|peer| peer.draft.as_mut())
        else {
            return;
        };
        if let Some(place) = draft
            .waiting
            .iter()
            .position(|(waiting, _)| *waiting == query.0)
        {
            let (_, address) = draft.waiting.swap_remove(place);
            let ours = address.id() == self.me;
            let may_tell = |address: &NodeAddress| {
                !self.private_places.contains(address)
                    && (ours || !self.own_places.contains(address))
            };
            let found = ips
                .iter()
                .take(IPS_OF_A_NAME)
                .map(|&ip| address.with_ip(ip));
            draft.ready.extend(found.filter(may_tell));
        }
        if draft.waiting.is_empty() {
            self.send_draft(slot, out);
        }
    }

    /// Sends the answer that waits for names, if there is one, with those that have come.
    pub(super) fn send_draft(&mut self, slot: Slot, out: &mut Actions) {
        if let Some(draft) = self.drop_draft(slot) {
            self.send_v1(slot, &draft.ready, out);
        }
    }

    /// Takes back the answer that waits for names, and the questions about them.
    pub(super) fn drop_draft(&mut self, slot: Slot) -> Option<Box<Draft>> {
        let draft = self.peers.get_mut(slot)?.draft.take()?;
        if let Some(entry) = draft.entry {
            self.agenda.remove(entry);
        }
        for (query, _) in &draft.waiting {
            self.queries.remove(&QueryId(*query));
        }
        Some(draft)
    }

    /// How many addresses an answer may hold: as many as the protocol and the store allow, our own
    /// aside.
    fn room(&self, slot: Slot, max: usize, directory: &(impl Directory + ?Sized)) -> usize {
        let is_first = self.peers.get(slot).is_some_and(|it| it.telling.is_none());
        let own = is_first && !self.config.own_addresses.is_empty();
        let store = directory.answer_max().saturating_add(usize::from(own));
        max.min(store)
    }

    /// How many addresses and bytes an answer in V1's words may hold. A node of V2 takes as many as
    /// of its own kind.
    fn limits_v1(&self, slot: Slot) -> (usize, usize) {
        match self.peers.get(slot).map(|peer| peer.kind) {
            Some(Kind::V1) => (MAX_ANSWER_ADDRESSES_V1, MAX_MESSAGE_BYTES),
            _ => (MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES),
        }
    }

    fn send_v1(&mut self, slot: Slot, addresses: &[NodeAddress], out: &mut Actions) {
        let (addresses_max, bytes_max) = self.limits_v1(slot);
        let mut answer = ResponseBuilder::with_limits(Dialect::V1, addresses_max, bytes_max);
        let mut told = BTreeSet::new();
        // Whoever has become private while the answer waited for names is not in it.
        let private = &self.config.private_ids;
        for address in addresses.iter().filter(|it| !private.contains(&it.id())) {
            // V1 says no more of an address than this, so several may become one.
            let Some(ip) = address.ip() else {
                continue;
            };
            if told.insert((address.id(), ip, address.port()))
                && answer.push_address(address).is_err()
            {
                break;
            }
        }
        self.send(slot, answer, out);
    }

    fn send(&mut self, slot: Slot, answer: ResponseBuilder, out: &mut Actions) {
        let Some(peer) = self.peers.get(slot) else {
            return;
        };
        debug_assert_ne!(peer.phase, Phase::Cut, "a peer that is cut is not answered");
        count(&mut self.stats.requests_served, 1);
        let message = Message::Response(answer.finish());
        out.push(Action::Send {
            to: peer.id,
            epoch: peer.epoch,
            message,
        });
    }
}

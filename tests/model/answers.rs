//! What the naive model tells whom.

use core::net::IpAddr;

use pex::wire::Dialect;
use pex::{Kind, NodeAddress};

use super::naive::{Deed, Draft, Naive};
use super::program::{ME, OWN_PLACE, Options, PRIVATE, PRIVATE_PLACE, address, id};
use super::store::Store;

/// Addresses that one answer holds: in the words of V1 to a peer of V1, and any other.
const fn most(kind: Kind, dialect: Dialect) -> usize {
    match (kind, dialect) {
        (Kind::V1, Dialect::V1) => 250,
        _ => 100,
    }
}

fn is_at(told: &NodeAddress, place: &str) -> bool {
    let there = address(id(1), place);
    there.ip() == told.ip() && there.port() == told.port()
}

impl Naive {
    /// A request that may have been answered. `walked_from` is where the machine began its walk: the
    /// first of a connection is drawn by chance, and none after that is.
    pub(crate) fn asked(
        &mut self,
        place: usize,
        dialect: Dialect,
        store: &Store,
        walked_from: Option<u64>,
    ) -> Result<(), String> {
        if !self.grants(place) {
            return Ok(());
        }
        self.send_draft(place);
        let from = walked_from.ok_or("the machine looked into no store")?;
        let mut told = Vec::new();
        match self.peers[place].cursor {
            None if self.options.own => told.push(address(ME, OWN_PLACE)),
            Some(cursor) if cursor != from => return Err("the cursor was lost".to_owned()),
            _ => {}
        }
        let asker = self.peers[place].id;
        let most = most(self.peers[place].kind, dialect);
        let mut order: Vec<(usize, &NodeAddress)> = store.addresses.iter().enumerate().collect();
        let first = order
            .iter()
            .position(|(index, _)| Store::position(*index) > from);
        order.rotate_left(first.unwrap_or_default());
        let mut cursor = from;
        for (index, address) in order {
            let ours = self.options.own && is_at(address, OWN_PLACE);
            let secret = address.id() == PRIVATE || is_at(address, PRIVATE_PLACE);
            if address.id() != asker && address.id() != ME && !ours && !secret {
                // With the first that finds no room the next answer begins.
                if told.len() == most {
                    break;
                }
                told.push(address.clone());
            }
            cursor = Store::position(index);
        }
        self.peers[place].cursor = Some(cursor);
        if dialect == Dialect::V2 {
            self.send(place, told);
        } else {
            self.resolve(place, told);
        }
        Ok(())
    }

    fn resolve(&mut self, place: usize, told: Vec<NodeAddress>) {
        let until = self.now + Options::RESOLVE_TIMEOUT;
        let (ready, names): (Vec<_>, Vec<_>) = told.into_iter().partition(|a| a.ip().is_some());
        let mut waiting = Vec::new();
        for address in names.into_iter().take(self.options.resolve_max) {
            let name = address.name().unwrap_or_default().to_owned();
            self.out.push(Deed::Resolve(self.questions, name, until));
            waiting.push((self.questions, address));
            self.questions += 1;
        }
        if waiting.is_empty() {
            self.send_v1(place, &ready);
            return;
        }
        self.steps += 1;
        self.peers[place].draft = Some(Draft {
            ready,
            waiting,
            until,
            since: self.steps,
        });
    }

    pub(crate) fn resolved(&mut self, question: usize, ips: &[IpAddr]) {
        let drafts = self.peers.iter_mut().enumerate();
        let asked = drafts.filter_map(|(place, peer)| Some((place, peer.draft.as_mut()?)));
        let found = asked.into_iter().find_map(|(place, draft)| {
            let is_it = |(number, _): &(usize, NodeAddress)| *number == question;
            let at = draft.waiting.iter().position(is_it)?;
            Some((place, draft, at))
        });
        let Some((place, draft, at)) = found else {
            self.stats.stray_events += 1;
            return;
        };
        let (_, named) = draft.waiting.remove(at);
        for ip in ips {
            let address = named.with_ip(*ip);
            let ours = self.options.own && is_at(&address, OWN_PLACE);
            if !is_at(&address, PRIVATE_PLACE) && !ours {
                draft.ready.push(address);
            }
        }
        if draft.waiting.is_empty() {
            self.send_draft(place);
        }
    }

    pub(crate) fn send_draft(&mut self, place: usize) {
        if let Some(draft) = self.peers[place].draft.take() {
            self.send_v1(place, &draft.ready);
        }
    }

    /// V1 says an id, an IP and a port, each once.
    fn send_v1(&mut self, place: usize, ready: &[NodeAddress]) {
        let mut told: Vec<NodeAddress> = Vec::new();
        for address in ready {
            let ip = address.ip().unwrap_or_else(|| unreachable!("{address}"));
            let entry = NodeAddress::mconn(address.id(), ip, address.port());
            if !told.contains(&entry) && told.len() < most(self.peers[place].kind, Dialect::V1) {
                told.push(entry);
            }
        }
        self.send(place, told);
    }

    fn send(&mut self, place: usize, told: Vec<NodeAddress>) {
        self.stats.requests_served += 1;
        let peer = &self.peers[place];
        self.out.push(Deed::Answer(peer.id, peer.epoch, told));
    }
}

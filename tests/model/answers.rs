//! What the naive model tells whom.

use core::net::IpAddr;
use core::time::Duration;

use pex::wire::Dialect;
use pex::{Kind, NodeAddress, NodeId, Time};

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

/// How far a peer has been told.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    from: From,
    /// Where those who are told apart go on, with an arc.
    apart_from: Option<u64>,
    learned: usize,
    at: Time,
}

/// Where a walk begins: in the secret order, or in that of ids.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum From {
    Cursor(u64),
    Arc(NodeId),
}

impl Naive {
    /// A request that may have been answered. The store knows where the machine began its walks: the
    /// first of a connection is drawn by chance, and so is each new arc, and nothing else is.
    pub(crate) fn asked(
        &mut self,
        place: usize,
        dialect: Dialect,
        store: &Store,
    ) -> Result<(), String> {
        if !self.grants(place) {
            return Ok(());
        }
        self.send_draft(place);
        let from = store.walked_from.get();
        let from = from.ok_or("the machine looked into no store")?;
        let apart_from = store.walked_apart_from.get();
        self.check_start(place, from, apart_from, store)?;
        let most = most(self.peers[place].kind, dialect);
        let (mut first, apart_next) = self.apart(place, apart_from, most / 4, store);
        let telling = self.peers[place].telling.as_ref();
        if let Some(before) = telling {
            let news = self.news(place, before.learned, store);
            for address in news {
                if first.len() < most / 2 && !first.contains(&address) {
                    first.push(address);
                }
            }
        }
        let own = (telling.is_none() && self.options.own).then(|| address(ME, OWN_PLACE));
        let mut told: Vec<_> = own.into_iter().chain(first.iter().cloned()).collect();
        let mut walked: Vec<(usize, &NodeAddress)> = Vec::new();
        for (index, address) in store.order(from) {
            if self.tellable(place, address) && !first.contains(address) {
                // With the first that finds no room the next answer begins.
                if told.len() == most {
                    let begun = walked.iter().position(|(_, it)| it.id() == address.id());
                    // A node is told as a whole, unless it fills an answer by itself.
                    if let (From::Arc(_), Some(begun @ 1..)) = (from, begun) {
                        walked.truncate(begun);
                    }
                    break;
                }
                told.push(address.clone());
            }
            walked.push((index, address));
        }
        let next = walked.last().map(|(index, address)| match from {
            From::Cursor(_) => From::Cursor(Store::position(*index)),
            From::Arc(_) => From::Arc(address.id()),
        });
        self.peers[place].telling = Some(Telling {
            from: next.unwrap_or(from),
            apart_from: apart_next,
            learned: store.addresses.len(),
            at: self.now,
        });
        if dialect == Dialect::V2 {
            self.send(place, told);
        } else {
            self.resolve(place, told);
        }
        Ok(())
    }

    /// Whether the machine may have begun there.
    fn check_start(
        &self,
        place: usize,
        from: From,
        apart_from: Option<u64>,
        store: &Store,
    ) -> Result<(), String> {
        let peer = &self.peers[place];
        let is_arc = matches!(from, From::Arc(_));
        if is_arc != (peer.kind == Kind::Kin) {
            return Err("kin is told arcs, and nobody else is".to_owned());
        }
        if is_arc != apart_from.is_some() {
            return Err("with an arc some are told apart, and with nothing else".to_owned());
        }
        let before = peer.telling.as_ref().and_then(|it| it.apart_from);
        if before.is_some() && before != apart_from {
            return Err("the place among those told apart was lost".to_owned());
        }
        let goes_on = |before: &&Telling| !is_arc || self.now - before.at < Duration::from_secs(1);
        match (peer.telling.as_ref().filter(goes_on), from) {
            (Some(before), _) if before.from != from => Err("the place was lost".to_owned()),
            (None, From::Arc(id)) if store.addresses.iter().all(|it| it.id() != id) => {
                Err("an arc begins at nobody".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Who is told apart, and where that goes on.
    fn apart(
        &self,
        place: usize,
        from: Option<u64>,
        most: usize,
        store: &Store,
    ) -> (Vec<NodeAddress>, Option<u64>) {
        let (mut told, mut next) = (Vec::new(), from);
        for (index, address) in from.map(|from| store.apart(from)).unwrap_or_default() {
            if told.len() == most {
                break;
            }
            if self.tellable(place, address) {
                told.push(address.clone());
            }
            next = Some(Store::position(index));
        }
        (told, next)
    }

    /// What was learned since there were so many, the latest first.
    fn news(&self, place: usize, since: usize, store: &Store) -> Vec<NodeAddress> {
        let news = store.addresses[since..].iter().rev();
        let news = news.filter(|address| self.tellable(place, address));
        news.cloned().collect()
    }

    fn tellable(&self, place: usize, address: &NodeAddress) -> bool {
        let ours = self.options.own && is_at(address, OWN_PLACE);
        let secret = address.id() == PRIVATE || is_at(address, PRIVATE_PLACE);
        address.id() != self.peers[place].id && address.id() != ME && !ours && !secret
    }

    fn resolve(&mut self, place: usize, told: Vec<NodeAddress>) {
        let until = self.now + Options::RESOLVE_TIMEOUT;
        let (ready, names): (Vec<_>, Vec<_>) = told.into_iter().partition(|a| a.ip().is_some());
        let mut waiting = Vec::new();
        let most = u32::try_from(self.options.resolve_max).unwrap_or(u32::MAX);
        let each = Options::RESOLVE_TIMEOUT / most.max(1);
        for address in names.into_iter().take(self.options.resolve_max) {
            // So many at once, and as many again in the time that an answer may wait for them.
            let looked_up = &mut self.peers[place].limits.names;
            if looked_up.take(self.now, each, most).is_err() {
                break;
            }
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

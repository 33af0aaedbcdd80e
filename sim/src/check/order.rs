//! What each order of a node has to keep to.

use core::time::Duration;

use pex::peers::{DIAL_PATIENCE, Eviction};
use pex::wire::{
    Dialect, MAX_ANSWER_ADDRESSES, MAX_ANSWER_ADDRESSES_V1, MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES,
    Message, Response,
};
use pex::{Epoch, Group, HangUp, Kind, NodeAction, NodeAddress, NodeId};

use super::judge::{Judge, PATIENCE, words};
use super::{Verdict, hold};
use crate::machine::Machine;

/// Which place of an answer is looked at between its first and its last, counted from the last.
const FROM_THE_END: usize = 10;

/// Whether a connection ends for somebody else's sake, or because its time is over.
const fn is_for_another(why: HangUp) -> bool {
    use Eviction::{Full, NetworkFull, Rotated, Served, Stayed, Upgraded};
    matches!(
        why,
        HangUp::Evicted(Full | NetworkFull | Rotated | Served | Stayed | Upgraded)
    )
}

impl Judge {
    /// Holds an order to what must always be so.
    pub(super) fn order(&mut self, order: &NodeAction) -> Verdict {
        match order {
            NodeAction::Send { to, epoch, message } => self.send(*to, *epoch, message),
            NodeAction::Dial { address, .. } => self.dial(address),
            NodeAction::Up { peer, epoch } => {
                let connection = self.connections.get_mut(peer);
                let it = connection.filter(|it| it.epoch == *epoch && !it.up && !it.hung_up);
                let is_there = it.map(|it| it.up = true).is_some();
                hold(2, is_there, || format!("{peer} is up, and is connected"))?;
                self.spreads(*peer)
            }
            NodeAction::Down { peer, epoch } => {
                if let Some(it) = self.connections.get_mut(peer)
                    && it.epoch == *epoch
                {
                    it.up = false;
                }
                Ok(())
            }
            // A connection with oneself is none, and has to go.
            NodeAction::HangUp { peer, .. } if *peer == self.own.id() => Ok(()),
            NodeAction::HangUp { peer, epoch, why } => {
                let is_up = self
                    .connections
                    .get(peer)
                    .is_some_and(|it| it.epoch == *epoch && it.up);
                let stays = is_up && self.persistent.contains(peer);
                hold(24, !stays || !is_for_another(*why), || {
                    format!("{peer} is persistent, and has to go: {why}")
                })?;
                let connection = self.connections.get_mut(peer);
                let it = connection.filter(|it| it.epoch == *epoch && !it.hung_up);
                let is_there = it.map(|it| it.hung_up = true).is_some();
                hold(2, is_there, || {
                    format!("{peer} is hung up on once, while connected")
                })
            }
            NodeAction::Answered { peer, .. } => {
                self.answered = Some(*peer);
                Ok(())
            }
            NodeAction::SetTimer(at) => {
                self.armed = Some(*at);
                Ok(())
            }
            NodeAction::Heard { address, .. } => hold(16, address.id() != self.own.id(), || {
                "our own id was taken in".to_owned()
            }),
            _ => Ok(()),
        }
    }

    /// Holds a connection that is up to the networks of the others: ours are in different ones, unless
    /// less than a third of the places is taken, or the operator wants it. How many may be in one is an
    /// option.
    fn spreads(&self, peer: NodeId) -> Verdict {
        let is_wanted = self.persistent.contains(&peer);
        let bounded = self.terms.is_plain && !is_wanted;
        let Some(most) = self.terms.outbound_max.filter(|_| bounded) else {
            return Ok(());
        };
        let ours = |id: &NodeId| {
            let it = self.connections.get(id)?;
            it.dialed.filter(|_| it.up && !it.hung_up).map(Group::of)
        };
        let Some(group) = ours(&peer) else {
            return Ok(());
        };
        let others = self.connections.keys().filter(|id| **id != peer);
        let others: Vec<Group> = others.filter_map(ours).collect();
        let is_starving = others.len() * 3 < most;
        hold(23, is_starving || !others.contains(&group), || {
            format!("{peer} is up, in the network of another one that we have dialed")
        })
    }

    fn send(&mut self, to: NodeId, epoch: Epoch, message: &Message<'static>) -> Verdict {
        let connection = self.connections.get(&to);
        let usable = connection.is_some_and(|it| it.epoch == epoch && it.up && !it.hung_up);
        hold(2, usable, || format!("{to} is sent something, and is up"))?;
        match message {
            Message::Request(dialect) => self.request(to, *dialect),
            Message::Response(response) => self.response(to, response, message.encoded_len()),
            _ => Ok(()),
        }
    }

    fn request(&mut self, to: NodeId, dialect: Dialect) -> Verdict {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&to) else {
            return Ok(());
        };
        let kind = connection.kind;
        hold(2, dialect == kind.dialect(), || {
            format!("{to} is asked in its own words")
        })?;
        let awaiting = connection.awaiting.is_some_and(|at| now < at + PATIENCE);
        hold(1, !awaiting, || format!("{to} is asked once at a time"))?;
        let may_be_over = self.answered == Some(to);
        connection.awaiting = (!may_be_over).then_some(now);
        connection.is_unsure = may_be_over;
        connection.asked += 1;
        let gap = match kind {
            Kind::V1 => Duration::from_secs(12),
            Kind::Kin => Duration::from_millis(110),
            _ => Duration::from_millis(300),
        };
        let last = self.asked.insert(to, (now, kind));
        // A node that is known as two kinds is known to be neither; this world has none.
        let since = last
            .filter(|(_, as_what)| *as_what == kind)
            .map(|(at, _)| now - at);
        let held = since.is_none_or(|since| since >= gap);
        hold(7, held, || format!("{to} is asked again after {since:?}"))
    }

    fn response(&mut self, to: NodeId, response: &Response<'_>, bytes: usize) -> Verdict {
        let Some(connection) = self.connections.get_mut(&to) else {
            return Ok(());
        };
        let (most, most_bytes) = match (connection.kind, response.dialect()) {
            (Kind::V1, Dialect::V1) => (MAX_ANSWER_ADDRESSES_V1, MAX_MESSAGE_BYTES),
            _ => (MAX_ANSWER_ADDRESSES, MAX_ANSWER_BYTES),
        };
        let fits = response.len() <= most && bytes <= most_bytes;
        hold(13, fits, || {
            format!("{} addresses, {bytes} bytes", response.len())
        })?;
        connection.answers += 1;
        let [v1, v2] = connection.questions;
        let answers = connection.answers;
        hold(12, answers <= v1 + v2, || {
            format!(
                "{to} is answered {answers} times, and has asked {} times",
                v1 + v2
            )
        })?;
        let asked = connection.questions[words(response.dialect())] > 0;
        hold(2, asked, || {
            format!(
                "{to} is answered in {:?}, in which it has not asked",
                response.dialect()
            )
        })?;
        if self.terms.is_plain {
            self.rates.answer(self.now, to, connection.kind)?;
        }
        let mut told = Vec::with_capacity(response.len());
        for entry in response.entries() {
            let Ok(address) = entry.parse() else {
                return Err((
                    14,
                    "an answer of ours has an address that we refuse".to_owned(),
                ));
            };
            hold(13, address.id() != to, || format!("{to} is told of itself"))?;
            if address.id() == self.own.id() && response.dialect() == Dialect::V2 {
                let first = !core::mem::replace(&mut connection.told_ourselves, true);
                hold(16, first, || "we are told of once a connection".to_owned())?;
            }
            self.memory.tells(self.own.id(), &address)?;
            told.push(address);
        }
        let is_other = |it: &&NodeAddress| it.id() != self.own.id();
        let marks = (
            told.iter().find(is_other).cloned(),
            told.iter().rev().nth(FROM_THE_END).cloned(),
            told.last().filter(is_other).cloned(),
        );
        told.sort_unstable();
        if let Some([twice, _]) = told.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err((13, format!("{twice} is told twice")));
        }
        let (Some(first), Some(amid), Some(last)) = marks else {
            return Ok(());
        };
        // Those reached come before the others, whose order has a beginning of its own.
        let is_reached = self.memory.has_reached(&last);
        let alike = (told.iter()).filter(|it| self.memory.has_reached(it) == is_reached);
        self.rates
            .answers(to, [&first, &amid, &last], alike.count())
    }

    fn dial(&mut self, address: &NodeAddress) -> Verdict {
        let (now, id) = (self.now, address.id());
        hold(16, id != self.own.id(), || {
            "we do not dial ourselves".to_owned()
        })?;
        hold(22, !self.connections.contains_key(&id), || {
            format!("{id} is connected")
        })?;
        let before = self.dialing.insert(id, (now, address.clone()));
        let waits = before.is_some_and(|(at, _)| now < at + DIAL_PATIENCE);
        hold(22, !waits, || format!("{id} is being dialed"))?;
        let second = Duration::from_secs(1);
        while self.recent.front().is_some_and(|at| *at + second <= now) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        let most = self.terms.dials_per_second;
        hold(25, self.recent.len() <= most, || {
            format!("more than {most} dials in a second")
        })?;
        if self.terms.bounds_hearsay && self.memory.is_hearsay(address) {
            self.rates.dial(now, address, self.terms.is_plain)?;
        }
        Ok(())
    }

    /// Holds how soon somebody is dialed again who has failed twice, once reached. Who never was may
    /// have been forgotten meanwhile, and told again.
    pub(super) fn dials_again(&self, address: &NodeAddress, machine: &Machine) -> Verdict {
        if self.terms.is_plain && machine.has_reached(address) {
            self.rates.dials_again(self.now, address)
        } else {
            Ok(())
        }
    }
}

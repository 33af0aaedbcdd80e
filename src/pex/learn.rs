//! What an answer teaches.

use smallvec::SmallVec;

use super::Pex;
use super::arc::{Arc, ORDERED};
use super::pace::{self, Lesson};
use super::peers::Phase;
use super::rotation::Slot;
use super::turns::{Order, Worth};
use crate::directory::nearly_full;
use crate::stats::count;
use crate::wire::{Dialect, Response};
use crate::{Action, Actions, Directory, Fault, Kind, NodeAddress};

/// The most addresses that an answer to us may hold: `maxAddresses` of V2, `maxGetSelection` of V1.
const ANSWER_MAX_V2: usize = 100;
const ANSWER_MAX_V1: usize = 250;

/// Addresses at the end of an answer that tell whether an arc goes on into what is not known. Of so
/// many that are drawn from a network of which half is known, one is new all but once in a thousand
/// times.
const END: usize = 10;

impl Pex {
    pub(super) fn on_response(
        &mut self,
        slot: Slot,
        response: &Response<'_>,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if !matches!(peer.phase, Phase::Awaiting { .. }) {
            if peer.late > 0 {
                peer.late = peer.late.saturating_sub(1);
                count(&mut self.stats.late_responses, 1);
            } else {
                count(&mut self.stats.unsolicited_responses, 1);
                self.cut(slot, Fault::UnsolicitedResponse, out);
            }
            return;
        }
        let found = response.len();
        let max = match response.dialect() {
            Dialect::V1 => ANSWER_MAX_V1,
            Dialect::V2 => ANSWER_MAX_V2,
        };
        if found > max {
            count(&mut self.stats.oversized_responses, 1);
            self.cut(slot, Fault::TooManyAddresses { found, max }, out);
            return;
        }
        self.leave_phase(slot);
        let bad = self.judge(response);
        let lesson = self.learn(slot, directory, out);
        self.put_back(slot, lesson);
        if bad > found / 2 {
            self.strike(slot, Fault::BadAddresses { bad, of: found }, out);
        }
    }

    /// Judges an answer as a whole, before anything of it is taken; returns how many of its
    /// addresses are none, and are held against who tells them.
    fn judge(&mut self, response: &Response<'_>) -> usize {
        let (mut bad, mut excused, mut own) = (0, 0_u64, 0);
        self.judged.reserve(response.len());
        for address in response.addresses() {
            match address {
                // V1 does not leave the asker out of its answers, so this is no fault.
                Ok(address) if self.is_ours(&address) => count(&mut own, 1),
                Ok(address) => self.judged.push(address),
                Err(error) => {
                    count(&mut bad, 1);
                    count(&mut excused, u64::from(error.is_ours_alone()));
                }
            }
        }
        count(&mut self.stats.responses_accepted, 1);
        count(&mut self.stats.addresses_bad, bad);
        count(&mut self.stats.addresses_own, own);
        usize::try_from(bad.saturating_sub(excused)).unwrap_or(usize::MAX)
    }

    fn is_ours(&self, address: &NodeAddress) -> bool {
        address.id() == self.me || self.own_places.contains(address)
    }

    /// Takes what is good of the answer that was judged.
    fn learn(
        &mut self,
        slot: Slot,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) -> Lesson {
        let from = self.peers.get(slot).map_or(self.me, |peer| peer.id);
        let kind = self.peers.get(slot).map(|peer| peer.kind);
        let mut judged = core::mem::take(&mut self.judged);
        let mut lesson = Lesson {
            told: u32::try_from(judged.len()).unwrap_or(u32::MAX),
            fresh: 0,
            ends_fresh: false,
            is_disorderly: false,
            available: self.available(),
            full: nearly_full(directory),
        };
        let end = judged.len().saturating_sub(END);
        let hashes = judged.iter().map(|it| self.key.hash(it.id().as_bytes()));
        let mut told: SmallVec<[(u64, bool); 128]> = hashes.map(|hash| (hash, false)).collect();
        for (place, (hash, is_fresh)) in told.iter_mut().enumerate() {
            *is_fresh = self.seen.insert(*hash);
            if *is_fresh {
                lesson.fresh = lesson.fresh.saturating_add(1);
                lesson.ends_fresh |= place >= end;
            }
        }
        let ids = judged.iter().zip(&told);
        let ids = ids.map(|(address, &(_, is_fresh))| (address.id(), is_fresh));
        let arc = (kind == Some(Kind::Kin)).then(|| Arc::of(from, ids));
        let arc = arc.flatten();
        if kind == Some(Kind::Kin) {
            // Who goes on to tell of new nodes where others have told all, makes them up.
            let goes_on = |arc: &Arc| !self.census.is_told(arc.end());
            lesson.is_disorderly = arc.is_none() && told.len() >= ORDERED;
            lesson.ends_fresh &= arc.as_ref().is_none_or(goes_on) && !lesson.is_disorderly;
        }
        let (teller, is_here) = (self.key.of(from), |hash| self.peers.is_here(hash));
        let mark = self.census.open(self.now, teller, arc.as_ref(), is_here);
        for (hash, _) in told {
            self.census.count(hash, mark);
        }
        self.census.close();
        if let Some(aside) = &mut self.aside {
            *aside = judged;
        } else {
            let fresh = judged.drain(..).filter(|it| !directory.knows(it));
            out.extend(fresh.map(|address| Action::AddPeer { address, from }));
            self.judged = judged;
        }
        count(&mut self.stats.addresses_told, u64::from(lesson.told));
        count(&mut self.stats.addresses_fresh, u64::from(lesson.fresh));
        lesson.fresh = self.of_use(slot, lesson.fresh);
        self.put_worth(slot, lesson, arc.is_some());
        lesson
    }

    /// How many of so many new addresses are believed to be of use. The policies of the reference do not
    /// ask.
    fn of_use(&mut self, slot: Slot, fresh: u32) -> u32 {
        let is_ours = self.gate.is_open();
        let peer = self.peers.get_mut(slot).filter(|_| is_ours);
        peer.map_or(fresh, |peer| peer.credit.tell(fresh))
    }

    /// Has what an answer told pay for further questions.
    fn put_worth(&mut self, slot: Slot, lesson: Lesson, is_arc: bool) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let (is_kin, is_first) = (peer.kind == Kind::Kin, !peer.answered);
        peer.answered = true;
        let is_here = |hash| self.peers.is_here(hash);
        let worth = Worth {
            is_kin,
            is_first,
            told: lesson.told,
            fresh: lesson.fresh,
            order: match (is_arc, lesson.is_disorderly) {
                (true, _) => Order::Arc(self.census.by_most_arcs(is_here)),
                (false, true) => Order::Disorder,
                (false, false) => Order::Any,
            },
        };
        self.turns.on_answer(self.now, worth);
    }

    /// A peer has answered: to the back of the rotation, when its time comes.
    fn put_back(&mut self, slot: Slot, lesson: Lesson) {
        self.gate.on_answer(self.now, lesson);
        let (now, open) = (self.now, self.gate.is_open());
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        let gap = self.config.gap(peer.kind);
        peer.misses = 0;
        // Counted from the answer: only then is it certain that the request has arrived, and a
        // peer counts from the arrival of one request to that of the next.
        peer.standing.ask_at = now + gap;
        if open {
            let last = peer.interval;
            peer.interval = match peer.kind {
                Kind::Kin => pace::along_an_arc(gap, last, lesson, self.turns.asked(true)),
                Kind::V1 | Kind::V2 => pace::unseen(gap, last, lesson),
            };
        }
        let at = now + peer.interval;
        self.wait(slot, at);
    }
}

//! What an answer teaches.

use super::Pex;
use super::pace::{self, Lesson};
use super::peers::Phase;
use super::rotation::Slot;
use crate::directory::nearly_full;
use crate::stats::count;
use crate::wire::{Dialect, Response};
use crate::{Action, Actions, Directory, Fault, NodeAddress};

/// The most addresses that an answer to us may hold: `maxAddresses` of V2, `maxGetSelection` of V1.
const ANSWER_MAX_V2: usize = 100;
const ANSWER_MAX_V1: usize = 250;

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
        let lesson = self.learn(slot, response, directory, out);
        self.put_back(slot, lesson);
        let told = lesson.told as usize;
        let bad = found.saturating_sub(told);
        if bad > found / 2 {
            self.strike(slot, Fault::BadAddresses { bad, of: found }, out);
        }
    }

    /// Judges an answer as a whole, and only then takes what is good of it.
    pub(super) fn learn(
        &mut self,
        slot: Slot,
        response: &Response<'_>,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) -> Lesson {
        let from = self.peers.get(slot).map_or(self.me, |peer| peer.id);
        let mut judged = core::mem::take(&mut self.judged);
        let usable =
            |address: &NodeAddress| address.id() != self.me && !self.own_places.contains(address);
        judged.extend(
            response
                .entries()
                .filter_map(|entry| entry.parse().ok())
                .filter(usable),
        );

        let mut lesson = Lesson {
            told: u32::try_from(judged.len()).unwrap_or(u32::MAX),
            fresh: 0,
            available: self.available(),
            full: nearly_full(directory),
        };
        let mark = self.census.open(from);
        for address in judged.drain(..) {
            let hash = self.key.hash(address.id().as_bytes());
            self.census.count(hash, mark);
            if self.seen.insert(hash) {
                lesson.fresh = lesson.fresh.saturating_add(1);
            }
            if !directory.knows(&address) {
                out.push(Action::AddPeer { address, from });
            }
        }
        self.judged = judged;
        count(&mut self.stats.responses_accepted, 1);
        count(&mut self.stats.addresses_told, u64::from(lesson.told));
        count(&mut self.stats.addresses_fresh, u64::from(lesson.fresh));
        let bad = response.len().saturating_sub(lesson.told as usize);
        count(&mut self.stats.addresses_bad, bad as u64);
        lesson
    }

    /// A peer has answered: to the back of the rotation, when its time comes.
    pub(super) fn put_back(&mut self, slot: Slot, lesson: Lesson) {
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
            peer.interval = pace::unseen(gap, peer.interval, lesson);
        }
        let at = now + peer.interval;
        self.wait(slot, at);
    }
}

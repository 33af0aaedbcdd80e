//! Asking: who is asked when, and what becomes of a request.

use super::Pex;
use super::agenda::Due;
use super::pace;
use super::peers::Phase;
use super::rotation::Slot;
use crate::directory::nearly_full;
use crate::stats::count;
use crate::wire::Message;
use crate::{Action, Actions, Directory, Fault, Kind, Time};

/// Requests in a row without an answer from which a peer is reported.
pub(super) const SILENCE_REPORTED: u32 = 3;

impl Pex {
    pub(super) fn do_what_is_due(
        &mut self,
        directory: &(impl Directory + ?Sized),
        out: &mut Actions,
    ) {
        while let Some((slot, due)) = self.agenda.take_due(self.now) {
            match due {
                Due::Ask => {
                    self.line_up(slot);
                }
                Due::Silence => self.on_silence(slot, out),
                Due::Answer => self.send_draft(slot, out),
            }
            // Who became ready first is asked first, whatever else is due.
            self.ask(directory, out);
        }
    }

    pub(super) fn on_silence(&mut self, slot: Slot, out: &mut Actions) {
        self.outstanding = self.outstanding.saturating_sub(1);
        count(&mut self.stats.timeouts, 1);
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        peer.misses = peer.misses.saturating_add(1);
        peer.late = peer.late.saturating_add(1);
        let gap = self.config.gap(peer.kind);
        self.turns.on_silence(self.now, peer.kind == Kind::Kin);
        // The request may have arrived just now, so the peer's own clock starts here.
        peer.standing.ask_at = self.now + gap;
        let at = self.now + pace::after_silence(gap, peer.misses);
        if peer.misses >= SILENCE_REPORTED {
            let fault = Fault::NoAnswer {
                in_a_row: peer.misses,
            };
            out.push(Action::Report {
                peer: peer.id,
                fault,
            });
        }
        self.wait(slot, at);
    }

    /// Asks whose turn it is, and the next, as long as policy and bounds allow.
    pub(super) fn ask(&mut self, directory: &(impl Directory + ?Sized), out: &mut Actions) {
        while self.may_ask() && self.gate.next() <= self.now {
            let Some(slot) = self.turns.next(self.now) else {
                return;
            };
            let due = self.now + self.config.request_timeout;
            let entry = self.agenda.add(due, slot, Due::Silence);
            self.peers.set_phase(slot, Phase::Awaiting { entry });
            self.outstanding = self.outstanding.saturating_add(1);
            count(&mut self.stats.requests_sent, 1);
            let Some(peer) = self.peers.get_mut(slot) else {
                return;
            };
            peer.standing.ask_at = self.now + self.config.gap(peer.kind);
            if !peer.asked {
                peer.asked = true;
                self.turns.on_first_question(peer.kind == Kind::Kin);
            }
            let message = Message::Request(peer.kind.dialect());
            out.push(Action::Send {
                to: peer.id,
                epoch: peer.epoch,
                message,
            });
            self.gate
                .on_asked(self.now, self.available(), nearly_full(directory));
        }
    }

    pub(super) const fn may_ask(&self) -> bool {
        self.outstanding < self.config.outstanding_max
    }

    /// The peers that could be asked now or later.
    pub(super) fn available(&self) -> u32 {
        let not = self.outstanding.saturating_add(self.cut);
        u32::try_from(self.peers.len().saturating_sub(not)).unwrap_or(u32::MAX)
    }

    /// Leaves a peer alone until `at`, and no longer than our longest interval, whatever clock
    /// `at` was reckoned by.
    pub(super) fn wait(&mut self, slot: Slot, at: Time) {
        if at <= self.now {
            self.line_up(slot);
        } else {
            let at = at.min(self.now + pace::LONGEST);
            let entry = self.agenda.add(at, slot, Due::Ask);
            self.peers.set_phase(slot, Phase::Waiting { entry });
        }
    }

    /// Has a peer wait for its turn, behind all others of its line.
    fn line_up(&mut self, slot: Slot) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        peer.phase = Phase::Ready;
        let line = self.turns.line(peer.kind == Kind::Kin, peer.asked);
        self.turns.push_back(slot, line);
    }

    /// Takes a peer out of its line or the agenda, whichever it is in.
    pub(super) fn leave_phase(&mut self, slot: Slot) {
        match self.peers.get(slot).map(|peer| peer.phase) {
            Some(Phase::Ready) => self.turns.remove(slot),
            Some(Phase::Waiting { entry }) => self.agenda.remove(entry),
            Some(Phase::Awaiting { entry }) => {
                self.agenda.remove(entry);
                self.outstanding = self.outstanding.saturating_sub(1);
            }
            Some(Phase::Cut) => self.cut = self.cut.saturating_sub(1),
            None => {}
        }
    }

    pub(super) fn on_unsent(&mut self, slot: Slot) {
        let Some(peer) = self.peers.get_mut(slot) else {
            return;
        };
        if !matches!(peer.phase, Phase::Awaiting { .. }) {
            return;
        }
        // A driver may be wrong about it, so an answer that comes all the same is no fault.
        peer.late = peer.late.saturating_add(1);
        let gap = self.config.gap(peer.kind);
        peer.standing.ask_at = self.now + gap;
        let at = self.now + gap.max(pace::RETRY_UNSENT);
        self.turns.on_silence(self.now, peer.kind == Kind::Kin);
        self.leave_phase(slot);
        self.wait(slot, at);
    }
}

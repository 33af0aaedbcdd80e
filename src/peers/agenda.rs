//! When there is something to do, and what is due.

use core::time::Duration;

use super::entry::Turn;
use super::life::Life;
use super::{Action, DialFailure, PeerManager};
use crate::{Actions, Time};

/// Entries whose waiting ends that are looked at in one event.
const WAKE_MAX: usize = 256;

impl PeerManager {
    pub(super) fn do_what_is_due(&mut self, out: &mut Actions<Action>) {
        self.end_bans();
        while let Some((_, peer)) = self.live.first_due().filter(|(at, _)| *at <= self.now) {
            match self.live.get(peer).copied() {
                Some(Life::Dialing(dial)) => {
                    self.on_dial_over(peer, dial, DialFailure::Unreachable);
                }
                Some(_) => self.rotate(peer, out),
                None => return,
            }
        }
        self.hurry();
        self.wake();
    }

    /// Whose ban is over may be told of again, be he connected or not.
    fn end_bans(&mut self) {
        while let Some(id) = self.conduct.end_ban(self.now) {
            self.mark(id);
            for slot in self.store.of_node(id) {
                self.retell(slot);
            }
        }
    }

    /// Lets those be dialed again whose waiting is over, a bounded number at a time.
    fn wake(&mut self) {
        for _ in 0..WAKE_MAX {
            let Some((_, slot)) = self.store.first_waiting().filter(|it| it.0 <= self.now) else {
                return;
            };
            self.set_turn(slot, Turn::Ready, self.now);
            self.retell(slot);
        }
    }

    pub(super) fn set_timer(&mut self, out: &mut Actions<Action>) {
        let deadline = self.deadline();
        if deadline != self.armed {
            self.armed = deadline;
            out.extend(deadline.map(Action::SetTimer));
        }
    }

    /// When the machine next has something to do by itself; `None` if only an event can wake it.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        // A feeler that is due and could not be sent waits for what hinders it.
        let feeler = self
            .feel_at
            .filter(|at| self.live.tally().feeling == 0 && *at > self.now);
        // Where all places are taken, only those whom the operator chose may get one.
        let waiting = if self.has_place_of_ours() {
            self.store.first_waiting()
        } else {
            self.chosen_waiting.first().copied()
        };
        let due = self.live.first_due();
        let times = [
            due.map(|(at, _)| at),
            waiting.map(|(at, _)| at),
            feeler,
            self.dial_at,
            self.persist_at,
            self.hurry_at.map(|(at, _)| at),
        ];
        let first = times.into_iter().flatten().min();
        // What could not be done at once is not tried again before a moment has passed.
        first.map(|at| at.max(self.now + Duration::from_millis(1)))
    }

    /// Whether there is a place for which somebody might be dialed.
    pub(super) fn wants_more(&self) -> bool {
        self.has_place_of_ours() || !self.chosen.is_empty()
    }

    /// Sets the machine's time back to `now`, and with it everything that is due: what was to
    /// happen in a minute still happens in a minute. Does nothing if `now` is not in the past. Arm
    /// the timer anew afterwards, from [`PeerManager::deadline`].
    pub fn rewind(&mut self, now: Time) {
        let back = self.now - now;
        self.now = self.now.min(now);
        let mut changed = self.store.rewind(self.now, back);
        changed.extend(self.conduct.banned());
        self.live.rewind(back, |link| link.tie);
        self.conduct.rewind(back);
        self.forgotten.rewind(back);
        self.rate.rewind(back);
        for at in [&mut self.dial_at, &mut self.feel_at, &mut self.persist_at] {
            *at = at.map(|at| at.back(back));
        }
        self.hurry_at = self.hurry_at.map(|(at, slot)| (at.back(back), slot));
        let waiting = core::mem::take(&mut self.chosen_waiting).into_iter();
        self.chosen_waiting = waiting.map(|(at, slot)| (at.back(back), slot)).collect();
        for id in changed {
            self.mark(id);
        }
        self.armed = self.deadline();
    }
}

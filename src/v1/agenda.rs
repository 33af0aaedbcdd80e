//! When there is something to do, and what is due.

use core::time::Duration;

use super::Switch;
use super::named::{Named, Role};
use crate::peers::life::Life;
use crate::peers::{Action, DialFailure};
use crate::{Actions, Time};

impl Switch {
    pub(super) fn do_what_is_due(&mut self, out: &mut Actions<Action>) {
        while let Some((_, peer)) = self.live.first_due().filter(|(at, _)| *at <= self.now) {
            match self.live.get(peer) {
                Some(Life::Dialing(_)) => self.on_dial_over(peer, DialFailure::Unreachable),
                Some(_) => self.on_time_over(peer, out),
                None => return,
            }
        }
        if self.upkeep_at <= self.now {
            self.upkeep_at = self.now + self.options.ensure_period;
            self.choose_anchors();
            self.count_free_places();
            if self.book.reinstate_bad_peers(self.now) > 0 {
                self.hurry();
            }
        }
    }

    /// The book is saved some time after it has changed, and not before it has changed again.
    pub(super) fn plan_save(&mut self, out: &mut Actions<Action>) {
        if self.save_at.is_some_and(|at| at <= self.now) {
            self.save_at = None;
            self.saved = self.book.revision();
            out.push(Action::SaveBook);
        } else if self.save_at.is_none() && self.book.revision() != self.saved {
            self.save_at = Some(self.now + self.options.save_every);
        }
    }

    /// Whether the book has changed since it was last to be saved, such as before the process ends.
    #[must_use]
    pub const fn is_unsaved(&self) -> bool {
        self.book.revision() != self.saved
    }

    pub(super) fn set_timer(&mut self, out: &mut Actions<Action>) {
        let deadline = self.deadline();
        if deadline != self.armed {
            self.armed = deadline;
            out.extend(deadline.map(Action::SetTimer));
        }
    }

    /// When the machine next has something to do by itself.
    #[must_use]
    pub fn deadline(&self) -> Option<Time> {
        let (live, me) = (&self.live, self.me);
        let missing = |it: &Named| {
            let id = it.address.id();
            live.get(id).is_none() && id != me
        };
        let feeler = self.feel_at.filter(|_| self.live.tally().feeling == 0);
        let persistent = self.names.first(Role::Persistent, missing);
        let dials = [persistent, self.next_look(), self.next_crawl(), feeler];
        let dial = dials.into_iter().flatten().min();
        // While as many are under way as may be, the end of one has others dialed; while as many were
        // made in this second as may be, the next.
        let full = self.live.tally().dialing >= self.dialing_max();
        let dial = dial.map(|at| self.dial_at.map_or(at, |free| at.max(free)));
        let due = self.live.first_due();
        let times = [
            due.map(|(at, _)| at),
            dial.filter(|_| !full),
            self.save_at,
            Some(self.upkeep_at),
        ];
        let first = times.into_iter().flatten().min();
        // What could not be done at once is not tried again before a moment has passed.
        first.map(|at| at.max(self.now + Duration::from_millis(1)))
    }

    /// Sets the machine's time back to `now`, and with it everything that is due: what was to
    /// happen in a minute still happens in a minute. Does nothing if `now` is not in the past. Arm
    /// the timer anew afterwards, from [`Switch::deadline`].
    pub fn rewind(&mut self, now: Time) {
        let back = self.now - now;
        self.now = self.now.min(now);
        self.book.rewind(self.now, back);
        let by_age = self.options.seed_mode;
        self.live.rewind(back, |link| {
            if by_age {
                link.since.as_nanos()
            } else {
                link.tie
            }
        });
        self.names.rewind(back);
        self.forgotten.rewind(back);
        self.rate.rewind(back);
        for until in self.resting.values_mut() {
            *until = until.back(back);
        }
        for at in [&mut self.ensure_at, &mut self.upkeep_at] {
            *at = at.back(back);
        }
        for at in [
            &mut self.dial_at,
            &mut self.feel_at,
            &mut self.crawl_at,
            &mut self.met_at,
            &mut self.save_at,
        ] {
            *at = at.map(|at| at.back(back));
        }
        self.armed = self.deadline();
    }
}

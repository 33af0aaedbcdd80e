//! A clock that was ahead, and was corrected.

use super::Pex;
use super::agenda::Agenda;
use crate::Time;

impl Pex {
    /// Sets the machine's time back to `now`, and with it everything that is due: what was to
    /// happen in a minute still happens in a minute. Does nothing if `now` is not in the past.
    ///
    /// By itself a machine never lets its time run backwards, so one that was told a time a year
    /// ahead stands still until that year has come. A driver that finds its clock corrected calls
    /// this, and so does one that restores a dump from such a time. Arm the timer anew afterwards,
    /// from [`Pex::deadline`].
    pub fn rewind(&mut self, now: Time) {
        let back = self.now - now;
        self.now = self.now.min(now);
        self.gate.rewind(back);
        self.turns.rewind(back);
        self.census.rewind(back);
        let agenda = core::mem::replace(&mut self.agenda, Agenda::after(0));
        self.agenda = agenda.rewound(back);
        self.peers.each_mut(|peer| peer.rewind(back));
        self.remembered.rewind(back);
        self.armed = self.deadline();
    }
}

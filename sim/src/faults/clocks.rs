//! Clocks that are wrong.

use super::Mishap;
use crate::simulation::{Simulation, What};

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
const YEAR: i64 = 365 * 24 * HOUR;

/// The longest that a clock stands still.
const STOP: u64 = 600_000_000_000;

impl Simulation {
    /// Somebody's clock stops, or jumps: by an hour or a year forward, by a nanosecond or an hour back;
    /// of those back an hour its driver notices half. After a while it is right again.
    pub(super) fn upset_clock(&mut self) {
        let Some(node) = self.somebody() else {
            return;
        };
        let member = &mut self.members[node as usize];
        if member.stopped.is_some() || member.jumped != 0 {
            return;
        }
        let jump = match self.faults.chance.below(6) {
            0 => {
                member.stopped = Some(member.clock(self.now));
                0
            }
            1 => HOUR,
            2 => YEAR,
            3 => -1,
            _ => -HOUR,
        };
        let notices = jump == -HOUR && self.faults.chance.below(2) == 0;
        member.jumped = jump;
        if notices {
            self.rewind(node);
        }
        let lasts = self.faults.chance.up_to(STOP);
        self.queue
            .push(self.now + lasts, What::Fault(Mishap::Mend { node }));
    }

    /// A driver has found its clock set back, and tells its machine.
    fn rewind(&mut self, node: u32) {
        let member = &mut self.members[node as usize];
        let clock = member.clock(self.now);
        member.machine.rewind(clock);
        if let Some(check) = &mut self.check {
            check.rewinds(node, clock, &member.machine);
        }
        let deadline = member.machine.deadline();
        if let Some(deadline) = deadline.filter(|_| member.alive) {
            let at = member.moment(self.now, deadline);
            self.set_timer(node, at);
        }
    }

    /// A clock is set right, and its driver notices, as it does where a clock was ahead.
    pub(super) fn mend_clock(&mut self, node: u32) {
        let member = &mut self.members[node as usize];
        let was_ahead = member.jumped > 0;
        if member.stopped.is_none() && member.jumped == 0 {
            return;
        }
        member.stopped = None;
        member.jumped = 0;
        if was_ahead {
            self.rewind(node);
        }
        let member = &self.members[node as usize];
        if member.alive
            && let Some(deadline) = member.machine.deadline()
        {
            self.set_timer(node, member.moment(self.now, deadline));
        }
    }
}

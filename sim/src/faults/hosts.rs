//! Hosts that crash or hang, and disks that are not what they were.

use super::{Faults, Mishap};
use crate::chance::Likelihood;
use crate::disk::Disk;
use crate::simulation::{Simulation, What};

/// The longest that a host is down, or hangs.
const DOWN: u64 = 120_000_000_000;
const HANGS: u64 = 300_000_000_000;

impl Faults {
    /// The disk of a node that is born.
    pub(crate) fn new_disk(&self) -> Disk {
        if self.odds.old_disk == Likelihood::default() {
            Disk::default()
        } else {
            Disk::with_copies()
        }
    }
}

impl Simulation {
    pub(super) fn crash_somebody(&mut self) {
        if let Some(node) = self.somebody() {
            self.crash(node);
        }
    }

    /// A node crashes. It starts again after a while, from what its disk is by then: as it was left,
    /// empty, damaged, or somebody else's; or as it was minutes ago.
    pub(super) fn crash(&mut self, node: u32) {
        let silently = self.faults.chance.below(3) == 0;
        match self.faults.chance.below(6) {
            0 => {
                if let Some(disk) = &mut self.members[node as usize].disk {
                    disk.clear();
                }
            }
            1 => self.damage_disk(node),
            2 => {
                if let Some(other) = self.somebody() {
                    let foreign = self.members[other as usize].disk.clone();
                    self.members[node as usize].disk = foreign;
                }
            }
            _ => {}
        }
        if self.faults.copies.happens(self.faults.odds.old_disk)
            && let Some(disk) = &mut self.members[node as usize].disk
        {
            disk.restore_copy();
        }
        self.die(node, silently);
        let down = 1 + self.faults.chance.up_to(DOWN);
        self.queue.push(self.now + down, What::Start { node });
    }

    /// Cuts or bends some of what is on a disk.
    fn damage_disk(&mut self, node: u32) {
        let chance = &mut self.faults.chance;
        let Some(disk) = self.members[node as usize].disk.as_mut() else {
            return;
        };
        disk.damage(|value| match chance.below(4) {
            0 => value.truncate(chance.index(value.len())),
            1 => {
                let place = chance.index(value.len());
                if let Some(byte) = value.get_mut(place) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            _ => {}
        });
    }

    /// A node falls silent for a while: it neither hears nor ticks, and its connections stay.
    pub(super) fn hang_somebody(&mut self) {
        if let Some(node) = self.somebody() {
            self.members[node as usize].stuck = true;
            let lasts = 1 + self.faults.chance.up_to(HANGS);
            self.queue
                .push(self.now + lasts, What::Fault(Mishap::Wake { node }));
        }
    }

    /// A node goes on that had fallen silent.
    pub(super) fn wake(&mut self, node: u32) {
        let member = &mut self.members[node as usize];
        if member.stuck {
            member.stuck = false;
            self.set_timer(node, self.now);
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use crate::{Scenario, Simulation};

    #[test]
    fn whoever_hangs_does_nothing_until_it_goes_on() {
        let text = "duration = '10min'\n[[nodes]]\ncount = 12\n\
                    [[nodes]]\ncount = 1\nknows = { some = 6 }\nstarts = '1min'\n";
        for seed in 0..8 {
            let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), seed).unwrap();
            let node = simulation.members.iter().position(|it| it.group == 1);
            let node = node.unwrap_or(12);
            // Its first dials are under way, or its first connections are there.
            let mut at = Duration::ZERO;
            while simulation.crowds[1].dials == 0 {
                at += Duration::from_millis(5);
                simulation.run_until(at);
            }
            let done = |simulation: &Simulation| {
                let machine = &simulation.members[node].machine;
                let stats = machine.exchange().map(|it| format!("{:?}", it.stats()));
                (simulation.crowds[1].dials, stats)
            };
            let before = done(&simulation);
            simulation.members[node].stuck = true;
            simulation.run_until(at + Duration::from_secs(100));
            assert_eq!(done(&simulation), before, "seed {seed}");
            simulation.wake(node as u32);
            simulation.run_until(at + Duration::from_secs(160));
            assert_ne!(done(&simulation), before, "seed {seed}");
        }
    }

    #[test]
    fn whoever_crashes_may_find_its_disk_as_it_was_minutes_ago() {
        let text = "duration = '10min'\n[[nodes]]\ncount = 12\nknows = { some = 3 }\n\
                    [faults]\ncrashes = 0.001\nold-disks = 1.0\n";
        let mut older = 0;
        for seed in 0..8 {
            let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), seed).unwrap();
            simulation.run_until(Duration::from_secs(240));
            let node = simulation.living[0];
            let disk = |simulation: &Simulation| {
                let disk = simulation.members[node as usize].disk.as_ref();
                disk.unwrap().clone()
            };
            let (before, mut copy) = (disk(&simulation), disk(&simulation));
            copy.restore_copy();
            simulation.crash(node);
            let [before, copy, after] =
                [before, copy, disk(&simulation)].map(|disk| format!("{disk:?}"));
            older += usize::from(after == copy && after != before);
        }
        // The others have the copy of somebody else's.
        assert!(older >= 4, "{older} of 8");
    }
}

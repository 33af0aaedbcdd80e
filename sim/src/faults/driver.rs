//! Drivers that do badly: they forget what they were told to do, or do it twice, tick when they
//! should not, and report what has not happened.

use pex::peers::DialFailure;
use pex::{Epoch, Kind, NodeAction, NodeEvent, NodeId, Pex};

use super::Faults;
use crate::member::Member;
use crate::simulation::Simulation;

/// The longest that a tick is late.
const LATE: u64 = 30_000_000_000;

/// The longest that a dial lasts beyond its time. It is longer than a machine waits for one.
const LASTS: u64 = 150_000_000_000;

/// Ticks that come at once where nothing is due: many, at one moment.
const TICKS: u32 = 1_000;

impl Faults {
    /// Whether drivers do badly at all.
    pub(crate) fn meddles(&self) -> bool {
        self.odds.forget != super::Likelihood::default()
    }

    /// How late a tick comes.
    pub(crate) fn late_tick(&mut self) -> u64 {
        if self.chance.happens(self.odds.late_tick) {
            self.chance.up_to(LATE)
        } else {
            0
        }
    }

    /// Whether somebody else has answered a dial than who was to.
    pub(crate) fn is_stranger(&mut self) -> bool {
        self.chance.happens(self.odds.stranger)
    }

    /// How much longer than it should a dial lasts.
    pub(crate) fn dial_lasts(&mut self) -> u64 {
        if self.chance.happens(self.odds.dial) {
            self.chance.up_to(LASTS)
        } else {
            0
        }
    }
}

impl Simulation {
    /// A driver forgets orders, or does them twice; or its whole node crashes before they are done.
    pub(crate) fn meddle(&mut self, node: u32, orders: &mut Vec<NodeAction>) {
        let odds = self.faults.odds;
        if self.faults.chance.happens(odds.crash_at_work) {
            orders.clear();
            self.crash(node);
            return;
        }
        let chance = &mut self.faults.chance;
        let mut twice = Vec::new();
        orders.retain(|order| {
            if chance.happens(odds.repeat) {
                twice.push(order.clone());
            }
            !chance.happens(odds.forget)
        });
        orders.extend(twice);
    }

    /// Somebody's driver reports what has not happened.
    pub(super) fn invent(&mut self) {
        let (Some(node), Some(other)) = (self.somebody(), self.somebody()) else {
            return;
        };
        if self.members[node as usize].stuck {
            return;
        }
        let (peer, address) = (self.places.id(other), self.places.address(other));
        let epoch = self.members[node as usize].link_with(other);
        let old = epoch.unwrap_or_default();
        let (kind, ip) = (Kind::V2, address.ip());
        let chance = self.faults.chance.below(8);
        let event = match chance {
            // The same connection once more.
            0 => NodeEvent::Accepted {
                peer,
                epoch: old,
                kind,
                ip,
                listen: None,
            },
            1 => NodeEvent::Dialed {
                address,
                epoch: old,
                kind,
                ip,
            },
            // The end of one that never was.
            2 => NodeEvent::Down {
                peer,
                epoch: Epoch::new(old.number().wrapping_add(1)),
            },
            // The outcome of a dial that was not made.
            3 => NodeEvent::DialFailed {
                address,
                why: DialFailure::Unreachable,
            },
            4 => NodeEvent::DialFailed {
                address,
                why: DialFailure::NotThisNode,
            },
            // A request that could be sent could not.
            5 => NodeEvent::Unsent {
                to: peer,
                epoch: old,
            },
            6 => {
                for _ in 0..TICKS {
                    self.tell(node, NodeEvent::Tick);
                }
                self.rearm(node);
                return;
            }
            // Up and down within one moment, on a connection of its own.
            _ => {
                let epoch = Epoch::new(u64::MAX - self.events);
                let listen = None;
                let up = NodeEvent::Accepted {
                    peer,
                    epoch,
                    kind,
                    ip,
                    listen,
                };
                if old == Epoch::default() {
                    self.tell(node, up);
                }
                NodeEvent::Down { peer, epoch }
            }
        };
        self.tell(node, event);
    }

    /// A driver says of each connection that it had told of, and that there is not, that it is over.
    pub(super) fn take_back_inventions(&mut self, node: u32) {
        for (peer, epoch) in self.inventions(node) {
            self.tell(node, NodeEvent::Down { peer, epoch });
        }
    }

    /// The connections of which a node was told, and that there are not.
    fn inventions(&self, node: u32) -> Vec<(NodeId, Epoch)> {
        let Member { machine, open, .. } = &self.members[node as usize];
        let mut told = machine.exchange().map(Pex::peers).unwrap_or_default();
        told.retain(|(_, epoch)| !open.iter().any(|(_, it)| it == epoch));
        told
    }

    fn rearm(&mut self, node: u32) {
        let member = &self.members[node as usize];
        if let Some(deadline) = member.machine.deadline() {
            self.set_timer(node, member.moment(self.now, deadline));
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use crate::{Scenario, Simulation};

    #[test]
    fn when_all_faults_end_nobody_believes_in_a_connection_that_is_not() {
        let text = "duration = '20min'\nsample-every = '1min'\n[[nodes]]\ncount = 30\n\
                    [faults]\nswarm = true\nuntil = '10min'\n";
        let mut before = 0;
        for seed in 0..10 {
            let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), seed).unwrap();
            let mut believed = |minutes: u64| -> usize {
                simulation.run_until(Duration::from_secs(60 * minutes));
                let living = simulation.living.iter();
                living.map(|node| simulation.inventions(*node).len()).sum()
            };
            before += believed(9);
            assert_eq!(believed(11), 0, "seed {seed}");
        }
        assert!(before > 0, "no driver has invented a connection");
    }
}

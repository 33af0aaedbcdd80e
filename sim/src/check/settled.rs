//! What an hour of peace makes of a network.

use core::time::Duration;
use std::collections::BTreeSet;

use pex::Group;

use super::network::LARGE;
use crate::chance::nanos;
use crate::machine::Machine;
use crate::member::Member;
use crate::scenario::{self, Tuning};
use crate::simulation::Simulation;

/// The share of the others that a node is to know.
const KNOWN: f64 = 0.95;

/// When all dials are over that began before, the slowest of which drivers made slower.
const DIALS_END: Duration = Duration::from_secs(300);

impl Simulation {
    /// Everybody knows nearly everybody, and has the peers of its own choice.
    pub(super) fn is_settled(&mut self, quiet: Duration) {
        // Where dials go on failing, trouble has not ended for those who dial.
        let is_calm = self.scenario.network.dials_fail == 0.0;
        let is_small = (2..=LARGE).contains(&self.living.len());
        if !is_calm || !is_small || !self.began_as_one() {
            return;
        }
        if self.all_can_be_known() {
            self.knows_nearly_all();
        }
        self.has_its_peers(quiet);
    }

    /// Whether what all knew when they started leads from each to each.
    fn began_as_one(&self) -> bool {
        let mut introduced = self.introduced();
        let mut islands = self.living.iter().map(|node| introduced.of(*node));
        let first = islands.next();
        islands.all(|island| Some(island) == first)
    }

    /// Whether every store has room for all who ever lived, no options are at the ends of what they may be,
    /// and nobody keeps another private, since a book doesn't take what those tell.
    fn all_can_be_known(&self) -> bool {
        let born: u64 = self.crowds.iter().map(|crowd| crowd.born).sum();
        let can_know = |group: &scenario::Group| {
            let has_room = group.store.is_none_or(|store| u64::from(store) >= born);
            group.tuning == Tuning::Default && has_room && group.keeps_private == 0
        };
        self.crowds.iter().all(|crowd| can_know(&crowd.group))
    }

    /// Everybody knows nearly everybody who stays: whoever hangs up on all who dial him, as seed nodes do,
    /// is soon told of no more.
    fn knows_nearly_all(&mut self) {
        let stays = |node: &u32| !self.is_seed(*node);
        let staying: Vec<u32> = self.living.iter().copied().filter(stays).collect();
        let too_few = self.living.iter().copied().find_map(|node| {
            let member = &self.members[node as usize];
            let others = staying.iter().copied().filter(|other| *other != node);
            // Whom one is connected with, one knows, even if no address of his has answered.
            let is_peer = |other: u32| member.open.iter().any(|(peer, _)| *peer == other);
            let not_known = (others.clone())
                .filter(|other| !self.watch.knows(node, *other) && !is_peer(*other))
                .count();
            // Who found places dead while there was trouble doesn't believe in them again for a day: so
            // many more it need not know.
            let gave_up = match &member.machine {
                Machine::V2(machine) => machine.peers().counts().dropped,
                Machine::V1(machine) => machine.peers().counts().given_up,
                _ => u64::MAX,
            };
            let others = others.count();
            let missing = (not_known as u64).saturating_sub(gave_up);
            (missing as f64 > (1.0 - KNOWN) * others as f64).then_some((node, not_known, others))
        });
        if let Some((node, not_known, others)) = too_few {
            let what = format!(
                "an hour after all faults it does not know {not_known} of {others} who stay"
            );
            self.break_off(35, what, node);
        }
    }

    /// Whether nobody has answered a node's dials of another since before all was quiet. After four dials
    /// in vain it leaves him alone for more than an hour.
    fn failed_in_trouble(&self, node: u32, other: u32, quiet: Duration) -> bool {
        let member = &self.members[node as usize];
        let clock = |ago: Duration| member.clock(self.now.saturating_sub(nanos(ago)));
        // A dial that began in trouble may end after it.
        let in_peace = clock(quiet.saturating_sub(DIALS_END))..=clock(Duration::ZERO);
        let failures = member.machine.failures(&self.places.address(other));
        failures.is_some_and(|(count, last)| {
            count > 0 && !last.is_some_and(|last| in_peace.contains(&last))
        })
    }

    /// Everybody has the peers of its own choice.
    fn has_its_peers(&mut self, quiet: Duration) {
        // Seed nodes hang up on everybody.
        let stays = |node: &u32| !self.is_seed(*node);
        let staying: Vec<u32> = self.living.iter().copied().filter(stays).collect();
        let networks = staying.iter().map(|it| Group::of(self.places.ip(*it)));
        let networks: BTreeSet<Group> = networks.collect();
        let short = staying.iter().copied().find(|&node| {
            let Member { machine, open, .. } = &self.members[node as usize];
            let Some(wants) = machine.wants().filter(|_| machine.exchange().is_some()) else {
                return false;
            };
            let ours = open
                .iter()
                .filter(|(_, epoch)| self.links.side(*epoch, node) == Some(0));
            let others = staying.iter().filter(|other| {
                let is_peer = open.iter().any(|(peer, _)| peer == *other);
                **other != node && !is_peer && !self.failed_in_trouble(node, **other, quiet)
            });
            // Where there are few networks, a third of the places is enough; and a place or two may be
            // changing hands.
            let enough_networks = networks.len() >= wants + 2;
            enough_networks && ours.count() + 2 < wants && others.count() > 2
        });
        if let Some(node) = short {
            let what = "an hour after all faults it has places for peers that it does not fill";
            self.break_off(35, what, node);
        }
    }
}

#[cfg(test)]
mod tests {
    use pex::NodeAction;
    use pex::wire::{Message, ResponseBuilder};

    use crate::check::tests::Bug;
    use crate::{Scenario, Simulation};

    /// Which invariant is broken by an hour and a half of peace, with a bug.
    fn broken(group: &str, bug: Bug) -> Option<u8> {
        let text =
            format!("duration = '90min'\nsample-every = '1min'\n[[nodes]]\ncount = 40\n{group}\n");
        let mut simulation = Simulation::new(Scenario::parse(&text).unwrap(), 1).unwrap();
        simulation.bug = Some(bug);
        simulation.run().breach.map(|breach| breach.invariant)
    }

    const TELLS_NOTHING: Bug = |orders| {
        for order in orders {
            if let NodeAction::Send {
                message: Message::Response(response),
                ..
            } = order
            {
                *response = ResponseBuilder::new(response.dialect()).finish();
            }
        }
    };

    #[test]
    fn nodes_that_never_hear_of_most_others_are_found() {
        let knows_four = "knows = { some = 4 }";
        assert_eq!(broken(knows_four, TELLS_NOTHING), Some(35));
        assert_eq!(broken(knows_four, |_| ()), None);
    }

    #[test]
    fn nobody_is_expected_to_know_more_than_it_can_keep() {
        let small = "knows = { some = 4 }\nconnected = 4\nstore = 8";
        assert_eq!(broken(small, |_| ()), None);
    }

    #[test]
    fn nodes_that_stop_dialing_though_others_have_places_are_found() {
        // Of the others, one in six is ever dialed by anybody.
        let dials_few: Bug = |orders| {
            orders.retain(|it| match it {
                NodeAction::Dial { address, .. } => address.id().as_bytes()[0] < 40,
                _ => true,
            });
        };
        assert_eq!(broken("knows = 'everyone'", dials_few), Some(35));
    }
}

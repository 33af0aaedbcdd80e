//! What an hour of peace makes of a network.

use core::time::Duration;
use std::collections::BTreeSet;

use pex::Group as Network;

use super::network::LARGE;
use crate::machine::Machine;
use crate::scenario::{Group, Tuning};
use crate::simulation::Simulation;

/// The share of the others that a node is to know.
const KNOWN: f64 = 0.95;

impl Simulation {
    /// Everybody knows nearly everybody, and has its peers, where nothing has gone wrong for so long.
    pub(super) fn is_settled(&mut self, quiet: Duration) {
        // Where dials go on failing, trouble has not ended for those who dial.
        let is_calm = self.scenario.network.dials_fail == 0.0;
        let is_small = (2..=LARGE).contains(&self.living.len());
        if !is_calm || !is_small || !self.began_as_one() {
            return;
        }
        if self.all_can_be_known() && self.is_one() {
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
        let can_know = |group: &Group| {
            let has_room = group.store.is_none_or(|store| u64::from(store) >= born);
            group.tuning == Tuning::Default && has_room && group.keeps_private == 0
        };
        self.crowds.iter().all(|crowd| can_know(&crowd.group))
    }

    /// Whether all are connected who stay. With a place or two each, some are full without the others.
    fn is_one(&self) -> bool {
        let mut connected = self.connected(|_| true);
        let stays = self.living.iter().filter(|node| !self.is_seed(**node));
        let islands: BTreeSet<u32> = stays.map(|node| connected.of(*node)).collect();
        islands.len() <= 1
    }

    /// Everybody knows nearly everybody.
    fn knows_nearly_all(&mut self) {
        // Whom one is connected with, one knows, even if no address of his has answered; and who is full
        // lets in nobody who could tell that he lives.
        let others = (self.living.len() - 1) as f64;
        let shares = self.watch.shares(&self.members).map(|(node, share)| {
            let open = &self.members[node as usize].open;
            let is_excused = |other: &&u32| {
                let is_peer = open.iter().any(|(peer, _)| peer == *other);
                is_peer || !self.free_places(**other)[1]
            };
            let unknown = (self.living.iter())
                .filter(|other| **other != node && !self.watch.knows(node, **other));
            (
                node,
                share + unknown.filter(is_excused).count() as f64 / others,
            )
        });
        // Who found places dead while there was trouble doesn't believe in them again for a day.
        let gave_up = |node: u32| match &self.members[node as usize].machine {
            Machine::V2(machine) => machine.peers().counts().dropped > 0,
            Machine::V1(machine) => machine.peers().counts().given_up > 0,
            _ => true,
        };
        let knows_too_few = |(node, share): &(u32, f64)| *share < KNOWN && !gave_up(*node);
        let too_few = shares.into_iter().find(knows_too_few);
        if let Some((node, share)) = too_few {
            let percent = 100.0 * share;
            let what = format!("an hour after all faults it knows {percent:.1} % of the living");
            self.break_off(35, what, node);
        }
    }

    /// Everybody has the peers of its own choice.
    fn has_its_peers(&mut self, quiet: Duration) {
        let networks = self
            .living
            .iter()
            .map(|it| Network::of(self.places.ip(*it)));
        let networks: BTreeSet<Network> = networks.collect();
        let short = (self.living.iter().copied()).find(|node| {
            let machine = &self.members[*node as usize].machine;
            let wants = machine.wants().filter(|_| machine.exchange().is_some());
            // Where there are few networks, a third of the places is enough.
            wants.is_some_and(|wants| {
                networks.len() >= wants + 2 && self.has_too_few_peers(*node, wants, quiet)
            })
        });
        if let Some(node) = short {
            let what = "an hour after all faults it has places for peers that it does not fill";
            self.break_off(35, what, node);
        }
    }

    /// Whether a node that wants so many peers of its own choice lacks more than a place or two, which may
    /// be changing hands, and there are more than so many others who would have it as a peer.
    fn has_too_few_peers(&self, node: u32, wants: usize, quiet: Duration) -> bool {
        let open = &self.members[node as usize].open;
        let ours = open
            .iter()
            .filter(|(_, epoch)| self.links.side(*epoch, node) == Some(0));
        let others = self.living.iter().copied().filter(|other| {
            let is_peer = open.iter().any(|(peer, _)| peer == other);
            // Seed nodes hang up on everybody.
            let stays = *other != node && !self.is_seed(*other);
            stays && !is_peer && self.may_dial(&[node], &[*other], quiet)
        });
        ours.count() + 2 < wants && others.count() > 2
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

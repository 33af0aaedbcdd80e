//! The simulation against closed forms, with a victim so simple that they hold for it.

use core::time::Duration;
use std::rc::Rc;

use pex::Time;

use crate::chance::Chance;
use crate::victim::{Action, Arm, Event, Link, Slots, V2, Victim};
use crate::world::{Attacker, Node, Population, World};

/// S, the slots of the victim's store.
const STORE: u32 = 256;

/// n, its outbound links.
const OUTBOUND: u32 = 4;

const SLOT_TABLE: Arm = Arm {
    name: "slot table",
    protocol: V2,
    build: |world, seed| Box::new(SlotTable::new(&world, seed)),
};

/// A store of slots, full of honest nodes at first. An address that was never heard of goes to a
/// slot of chance, and throws out whoever is there; dials go to slots of chance.
#[derive(Debug)]
struct SlotTable {
    chance: Chance,
    slots: Vec<Node>,
    heard: Vec<bool>,
    links: Vec<Link>,
}

impl SlotTable {
    fn new(world: &Rc<World>, seed: u64) -> Self {
        Self {
            chance: Chance::new(seed, 2),
            slots: world.honest().collect(),
            heard: world
                .honest()
                .map(|_| true)
                .chain(world.attackers().map(|_| false))
                .collect(),
            links: Vec::new(),
        }
    }

    fn wake(now: Time) -> Action {
        Action::WakeAt(now + Duration::from_secs(1))
    }
}

impl Victim for SlotTable {
    fn slots(&self) -> Slots {
        Slots {
            outbound: OUTBOUND,
            inbound: 8,
        }
    }

    fn start(&mut self, now: Time) -> Vec<Action> {
        self.links.clear();
        let mut places: Vec<_> = (0..self.slots.len()).collect();
        let drawn = self
            .chance
            .draw(self.slots().outbound as usize, &mut places);
        let dials = drawn.iter().map(|place| Action::Dial(self.slots[*place]));
        dials.chain([Self::wake(now)]).collect()
    }

    fn handle(&mut self, now: Time, event: Event<'_>) -> Vec<Action> {
        match event {
            Event::Dialed(link) | Event::Accepted(link) => self.links.push(link),
            Event::Disconnected(link) => self.links.retain(|other| *other != link),
            Event::DialFailed(node) => unreachable!("{node:?} is alive"),
            Event::Answered { told, .. } => {
                for node in told {
                    if !core::mem::replace(&mut self.heard[node.index()], true) {
                        let place = self.chance.below(self.slots.len());
                        self.slots[place] = *node;
                    }
                }
            }
            Event::Timer => {
                let asked = self.chance.draw(1, &mut self.links).first();
                let asked = asked.map(|link| Action::Ask(*link));
                return asked.into_iter().chain([Self::wake(now)]).collect();
            }
        }
        Vec::new()
    }

    fn untested(&self) -> Vec<Node> {
        self.slots.clone()
    }

    fn tested(&self) -> Vec<Node> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::share;
    use crate::siege::Siege;
    use crate::table::Mean;

    const SEEDS: u64 = 200;
    const RESTARTS: u32 = 200;

    /// The share of the store that is the attacker's once all its addresses were heard, and of the
    /// restarts those after which it has all outbound links.
    fn besiege(addresses: u32, seed: u64) -> (f64, f64) {
        let population = Population {
            honest: STORE,
            groups: 300,
            alive: STORE,
        };
        let attacker = Attacker {
            addresses,
            groups: 1,
        };
        let mut siege = Siege::new(World::new(population, attacker, seed), SLOT_TABLE, seed);
        siege.attack();
        siege.run(Duration::from_secs(180));
        let filled = share(&siege, &siege.victim().untested()).unwrap();
        let mut eclipses = 0;
        for _ in 0..RESTARTS {
            siege.restart();
            siege.run(Duration::from_millis(500));
            let held = siege.outbound();
            assert_eq!(held.attacker + held.honest, OUTBOUND);
            eclipses += u32::from(held.honest == 0);
        }
        (filled, f64::from(eclipses) / f64::from(RESTARTS))
    }

    #[test]
    fn an_attacker_takes_slots_and_links_as_often_as_the_closed_forms_say() {
        let (slots, links) = (f64::from(STORE), f64::from(OUTBOUND));
        // Addresses for a chance of one half: -S ln(1 - q^(1/n)).
        let needed = -slots * (1.0 - 0.5_f64.powf(1.0 / links)).ln();
        let addresses = 471;
        assert!((needed - f64::from(addresses)).abs() < 0.5, "{needed}");
        let runs: Vec<_> = (0..SEEDS).map(|seed| besiege(addresses, seed)).collect();
        // Slots filled by t addresses: 1 - (1 - 1/S)^t.
        let filled = 1.0 - (1.0 - 1.0 / slots).powf(f64::from(addresses));
        Mean::assert_close(
            "slots that 471 addresses fill",
            runs.iter().map(|run| run.0),
            filled,
        );
        // All n links: f^n.
        let (all, his) = (filled.powf(links), runs.iter().map(|run| run.1));
        Mean::assert_close("links that are all his", his.clone(), all);
        Mean::assert_close("which it takes 471 addresses to make one in two", his, 0.5);
    }
}

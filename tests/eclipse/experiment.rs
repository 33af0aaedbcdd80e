//! One run: a day without the attacker, a siege, a restart; and what became of the victim.

use core::time::Duration;

use pex::Time;

use crate::siege::Siege;
use crate::victim::Arm;
use crate::world::{Attacker, Node, Population, World};

/// The honest network: half of it answers, about as in networks of today.
pub(crate) const NETWORK: Population = Population {
    honest: 1_000,
    groups: 300,
    alive: 500,
};

/// A larger one, as many networks as nodes go, of which fewer answer.
pub(crate) const LARGE: Population = Population {
    honest: 10_000,
    groups: 3_000,
    alive: 2_800,
};

/// One hoster; a larger one; the infrastructure and the botnet of Heilman et al. (2015).
pub(crate) const ATTACKERS: [Attacker; 4] = [
    Attacker {
        addresses: 256,
        groups: 1,
    },
    Attacker {
        addresses: 1_024,
        groups: 4,
    },
    Attacker {
        addresses: 8_192,
        groups: 32,
    },
    Attacker {
        addresses: 4_600,
        groups: 4_600,
    },
];

/// Ids cost nothing: one hoster who has made up more than he has IP addresses. To V1, which keeps few
/// addresses of an IP, he is no more than a hoster.
pub(crate) const FREE_IDS: Attacker = Attacker {
    addresses: 100_000,
    groups: 1,
};

/// How long a victim lives before the attacker appears.
const WARM_UP: Duration = Duration::from_secs(24 * 3_600);

/// How long it has to find peers after a restart.
const REFILL: Duration = Duration::from_secs(15 * 60);

/// Among whom a victim lives, and for how long it is besieged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) network: Population,
    pub(crate) siege_hours: u32,
}

/// What became of a victim. Shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) besieged: Held,
    pub(crate) restarted: Held,
    /// Shares of the store that are the attacker's, at the end of the siege; `None` of nothing.
    pub(crate) untested: Option<f64>,
    pub(crate) tested: Option<f64>,
    /// Seconds from the first start to eight outbound links; `None` if it never had as many.
    pub(crate) first_eight: Option<f64>,
    /// Before the attacker appeared.
    pub(crate) dials_an_hour: f64,
}

/// The outbound slots at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Held {
    /// The share that the attacker holds.
    pub(crate) attacker: f64,
    /// The share in which there is anybody.
    pub(crate) filled: f64,
    /// Whether the victim reached nobody but the attacker.
    pub(crate) eclipsed: bool,
}

/// The life of one victim of this kind.
pub(crate) fn run(arm: Arm, attacker: Attacker, course: Course, seed: u64) -> Outcome {
    let world = World::new(course.network, attacker, seed);
    let mut siege = Siege::new(world, arm, seed);
    siege.run(WARM_UP);
    let first_eight = siege.first_eight();
    let dials = siege.dials();
    siege.attack();
    siege.run(Duration::from_secs(3_600) * course.siege_hours);
    let besieged = held(&siege);
    let untested = share(&siege, &siege.victim().untested());
    let tested = share(&siege, &siege.victim().tested());
    siege.restart();
    siege.run(REFILL);
    Outcome {
        besieged,
        restarted: held(&siege),
        untested,
        tested,
        first_eight: first_eight.map(|at| (at - Time::EPOCH).as_secs_f64()),
        dials_an_hour: f64::from(dials) / (WARM_UP.as_secs_f64() / 3_600.0),
    }
}

fn held(siege: &Siege) -> Held {
    let held = siege.outbound();
    let filled = held.attacker + held.honest;
    // Whoever has more links than slots for a moment has no slot free.
    let slots = siege.victim().slots().outbound.max(filled);
    Held {
        attacker: f64::from(held.attacker) / f64::from(slots),
        filled: f64::from(filled) / f64::from(slots),
        eclipsed: held.honest == 0,
    }
}

/// The share of these that is the attacker's.
pub(crate) fn share(siege: &Siege, nodes: &[Node]) -> Option<f64> {
    let all = u32::try_from(nodes.len()).expect("a store is small");
    let its = |node: &&Node| siege.world().is_attacker(**node);
    let attackers = u32::try_from(nodes.iter().filter(its).count()).expect("so is a part of it");
    (all > 0).then(|| f64::from(attackers) / f64::from(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::REFERENCE;

    #[test]
    fn a_run_follows_from_its_seed() {
        let course = Course {
            network: NETWORK,
            siege_hours: 1,
        };
        let run = |seed| run(REFERENCE, ATTACKERS[0], course, seed);
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}

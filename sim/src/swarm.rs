//! Small networks of every sort, drawn from a seed: what nodes run and with which options, who is out for
//! harm, who comes and goes, and what goes wrong. Each has a random part of all there is, since
//! everything at once hides more than it shows.

mod whole;

use core::time::Duration;

use crate::chance::{Chance, Use};
use crate::hostile;
use crate::scenario::{
    Churn, Claim, Faults, Group, Knows, Network, Program, Range, Scenario, Tuning,
};

const MINUTE: u64 = 60;

/// Sorts that came when many seeds had been run. They are drawn by themselves, so that a seed without
/// them has the network that it had.
const LATER: &[&str] = &["misnamer"];

/// From this seed on some nodes have persistent peers: those before it had been run without.
const PERSISTS_FROM: u64 = 26_000;

/// From this one on some groups live in one network, and some nodes of V1 have no extension.
const NEIGHBOURS_FROM: u64 = 30_000;

/// From this one on two networks of sixteen are such that something is expected of them as a whole.
const WHOLE_FROM: u64 = 100_000;

/// The scenario of a seed. Run with the same seed, everything else in it is drawn from that too.
///
/// ```
/// use pex_sim::{Simulation, swarm};
///
/// assert_eq!(swarm(7), swarm(7));
/// assert!(Simulation::new(swarm(7), 7).is_ok());
/// ```
#[must_use]
pub fn swarm(seed: u64) -> Scenario {
    let mut whole = Chance::new(seed, Use::Whole);
    match whole.below(16) {
        0 if seed >= WHOLE_FROM => whole::left_in_peace(seed, &mut whole),
        1 if seed >= WHOLE_FROM => whole::among_a_few_liars(seed, &mut whole),
        _ => in_trouble(seed),
    }
}

/// Nodes of any sort with any options, honest or not, among whom anything may go wrong.
fn in_trouble(seed: u64) -> Scenario {
    let mut chance = Chance::new(seed, Use::Shape);
    let mut nodes: Vec<_> = (0..=chance.below(3)).map(|_| honest(&mut chance)).collect();
    for sort in hostile::sorts().filter(|sort| !LATER.contains(sort)) {
        if chance.below(8) == 0 {
            nodes.push(out_for_harm(sort, &mut chance));
        }
    }
    let mut later = Chance::new(seed, Use::Later);
    for sort in LATER {
        if later.below(8) == 0 {
            nodes.push(out_for_harm(sort, &mut later));
        }
    }
    let mut friends = Chance::new(seed, Use::Friends);
    for group in nodes.iter_mut().filter(|_| seed >= PERSISTS_FROM) {
        let honest = !matches!(group.runs, Program::Hostile(_));
        if honest && friends.below(3) == 0 {
            group.persists = 1 + friends.below(2);
        }
    }
    let mut places = Chance::new(seed, Use::Neighbours);
    for group in nodes.iter_mut().filter(|_| seed >= NEIGHBOURS_FROM) {
        let (one_network, v1_alone) = (places.below(4) == 0, places.below(2) == 0);
        group.neighbours = one_network && !matches!(group.runs, Program::Hostile(_));
        if v1_alone && group.is_v1() {
            group.claims = Claim::V1;
        }
    }
    let minutes = 2 + u64::from(chance.below(20));
    let ends = (chance.below(2) == 0).then(|| Duration::from_secs(minutes * MINUTE / 2));
    Scenario {
        title: format!("swarm {seed}"),
        duration: Duration::from_secs(minutes * MINUTE),
        sample_every: Duration::from_secs(MINUTE),
        until_known: None,
        nodes,
        network: network(&mut chance),
        churn: Churn {
            replaced_a_minute: share(&mut chance, 0.1),
            restarted_a_minute: share(&mut chance, 0.1),
            until: ends,
            ..Churn::default()
        },
        faults: Faults {
            swarm: chance.below(4) > 0,
            until: ends,
            ..Faults::default()
        },
        check: true,
        check_budget: None,
    }
}

/// Nothing, or a random share up to `most`.
fn share(chance: &mut Chance, most: f64) -> f64 {
    let part = chance.below(1_000) + 1;
    if chance.below(2) == 0 {
        return 0.0;
    }
    most * f64::from(part) / 1_000.0
}

fn honest(chance: &mut Chance) -> Group {
    let runs = match chance.below(6) {
        0..=2 => Program::Pex,
        3 => Program::PexPlain,
        4 => Program::PexV1,
        _ => Program::PexSeed,
    };
    let mut group = Group::new(1 + chance.below(12), runs);
    group.knows = match chance.below(4) {
        0 => Knows::Everyone,
        1 => Knows::First(1 + chance.below(3)),
        _ => Knows::Some(chance.below(6)),
    };
    group.tuning = if chance.below(2) == 0 {
        Tuning::Bounds
    } else {
        Tuning::Default
    };
    let connected = [1, 2, 3, 8, 16, 64];
    if chance.below(2) == 0 {
        group.connected = Some(connected[chance.index(connected.len())]);
    }
    let is_v2 = matches!(group.runs, Program::Pex | Program::PexPlain);
    if is_v2 && group.tuning == Tuning::Default && chance.below(8) > 0 {
        // No less than a store may be with so many peers; a small one is full at once, and quick to
        // be checked as a whole after each event.
        let least = group.connected.unwrap_or(64) + 4;
        let more = [0, 1, 30, 200];
        group.store = Some(least + more[chance.index(more.len())]);
    }
    group.behind_nat = chance.below(8) == 0;
    group.keeps_private = chance.below(3);
    if chance.below(3) == 0 {
        group.starts = Duration::from_secs(chance.below(120).into());
    }
    if chance.below(3) == 0 {
        group.clock_skew = Duration::from_secs(chance.below(86_400).into());
    }
    group
}

fn out_for_harm(sort: &str, chance: &mut Chance) -> Group {
    let runs = Program::Hostile(sort.to_owned());
    let mut group = Group::new(1 + chance.below(5), runs);
    group.claims = match chance.below(4) {
        0 | 1 => Claim::Kin,
        2 => Claim::V2,
        _ => Claim::V1,
    };
    group.behind_nat = chance.below(8) == 0;
    if chance.below(3) == 0 {
        group.starts = Duration::from_secs(chance.below(300).into());
    }
    group
}

fn network(chance: &mut Chance) -> Network {
    let mut network = Network::default();
    let mut range = |most: u32| {
        let (one, other) = (chance.below(most), chance.below(most));
        Range {
            from: Duration::from_millis(one.min(other).into()),
            to: Duration::from_millis(one.max(other).into()),
        }
    };
    network.latency = range(1_000);
    network.dial = range(4_000);
    network.dials_fail = share(chance, 0.5);
    network
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_draw_every_program_and_every_sort_of_harm_and_all_can_be_run() {
        let seeds = || (0..400).chain(NEIGHBOURS_FROM..NEIGHBOURS_FROM + 100);
        let all: Vec<_> = seeds().map(swarm).collect();
        let has = |runs: &Program| {
            all.iter()
                .any(|it| it.nodes.iter().any(|it| it.runs == *runs))
        };
        for runs in [
            Program::Pex,
            Program::PexPlain,
            Program::PexV1,
            Program::PexSeed,
        ] {
            assert!(has(&runs), "{runs:?}");
        }
        for sort in hostile::sorts() {
            assert!(has(&Program::Hostile(sort.to_owned())), "{sort}");
        }
        let some = |is: fn(&Group) -> bool| all.iter().any(|it| it.nodes.iter().any(is));
        assert!(some(|it| it.neighbours));
        assert!(some(|it| it.is_v1() && it.claims == Claim::V1));
        for (seed, scenario) in seeds().zip(all) {
            let made = crate::Simulation::new(scenario, seed);
            assert!(made.is_ok(), "{seed}: {:?}", made.err());
        }
    }
}

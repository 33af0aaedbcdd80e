//! Networks of which something is expected as a whole. Most that are drawn are in too much trouble for that:
//! they end before an hour of peace is over, or have more liars than a node can be asked to put up with.

use core::time::Duration;

use super::{MINUTE, honest, network, share};
use crate::chance::Chance;
use crate::faults::drawn;
use crate::hostile;
use crate::scenario::{Churn, Claim, Faults, Group, Knows, Network, Program, Scenario, Tuning};

/// Honest nodes alone, whose stores have room for all, and who have as many peers as by default: anything
/// may go wrong for ten minutes, and then nothing for more than an hour.
pub(super) fn left_in_peace(seed: u64, chance: &mut Chance) -> Scenario {
    let trouble = Duration::from_secs(10 * MINUTE);
    let mut nodes: Vec<_> = (0..=chance.below(3)).map(|_| honest(chance)).collect();
    for group in &mut nodes {
        group.behind_nat = false;
        group.keeps_private = 0;
        group.tuning = Tuning::Default;
        (group.store, group.connected) = (None, None);
    }
    let mut faults = drawn(
        &Faults {
            swarm: true,
            until: Some(trouble),
            ..Faults::default()
        },
        seed,
    );
    // Whoever is made to look hostile may be banned for longer than a run, and nothing is expected of
    // his network.
    if chance.below(8) > 0 {
        (faults.garble, faults.duplicate) = (0.0, 0.0);
        (faults.delay, faults.strangers) = (0.0, 0.0);
    }
    Scenario {
        title: format!("swarm {seed}: left in peace"),
        duration: Duration::from_secs(75 * MINUTE),
        sample_every: Duration::from_secs(MINUTE),
        until_known: None,
        nodes,
        network: Network {
            dials_fail: 0.0,
            ..network(chance)
        },
        churn: Churn {
            replaced_a_minute: share(chance, 0.1),
            restarted_a_minute: share(chance, 0.1),
            until: Some(trouble),
            ..Churn::default()
        },
        faults,
        check: true,
        check_budget: None,
    }
}

/// Nodes as they are by default, of whom a tenth or fewer lie, and one of a hundred at most is replaced
/// in a minute.
pub(super) fn among_a_few_liars(seed: u64, chance: &mut Chance) -> Scenario {
    let programs = [Program::Pex, Program::PexPlain, Program::PexV1];
    let mut nodes: Vec<Group> = (0..=chance.below(2))
        .map(|_| {
            let runs = programs[chance.index(programs.len())].clone();
            let mut group = Group::new(18 + chance.below(20), runs);
            group.knows = Knows::Some(6 + chance.below(6));
            group
        })
        .collect();
    let honest: u32 = nodes.iter().map(|group| group.count).sum();
    let sorts: Vec<_> = hostile::sorts().collect();
    // Liars of one sort do more of the same harm than a few of each.
    let (mut sort, all_alike) = (chance.index(sorts.len()), chance.below(2) == 0);
    let mut left = honest / 9;
    while left > 0 {
        let count = if all_alike {
            left
        } else {
            1 + chance.below(left)
        };
        let mut group = Group::new(count, Program::Hostile(sorts[sort].to_owned()));
        sort = chance.index(sorts.len());
        group.claims = [Claim::Kin, Claim::V2, Claim::V1][chance.index(3)];
        left -= group.count;
        nodes.push(group);
    }
    Scenario {
        title: format!("swarm {seed}: among a few liars"),
        duration: Duration::from_secs((15 + u64::from(chance.below(10))) * MINUTE),
        sample_every: Duration::from_secs(MINUTE),
        until_known: None,
        nodes,
        network: Network::default(),
        churn: Churn {
            replaced_a_minute: share(chance, 0.01),
            ..Churn::default()
        },
        faults: Faults::default(),
        check: true,
        check_budget: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{WHOLE_FROM, swarm};
    use super::*;

    #[test]
    fn an_eighth_of_networks_is_left_in_peace_or_has_few_liars() {
        let drawn: Vec<_> = (WHOLE_FROM..WHOLE_FROM + 320).map(swarm).collect();
        let of = |title: &str| {
            let its = drawn.iter().filter(|it| it.title.ends_with(title));
            its.collect::<Vec<_>>()
        };
        let (peace, liars) = (of("left in peace"), of("among a few liars"));
        assert!((12..=28).contains(&peace.len()), "{}", peace.len());
        assert!((12..=28).contains(&liars.len()), "{}", liars.len());
        let blames = |it: &Faults| it.garble + it.duplicate + it.delay + it.strangers > 0.0;
        let blaming = peace.iter().filter(|it| blames(&it.faults)).count();
        assert!(blaming * 4 <= peace.len(), "{blaming}");
        let is_liar = |group: &&Group| matches!(group.runs, Program::Hostile(_));
        for scenario in liars {
            let lying: u32 = scenario
                .nodes
                .iter()
                .filter(is_liar)
                .map(|it| it.count)
                .sum();
            let all: u32 = scenario.nodes.iter().map(|it| it.count).sum();
            assert!(lying > 0 && lying * 10 <= all, "{lying} of {all}");
        }
        assert!((peace.iter()).all(|scenario| !scenario.nodes.iter().any(|it| is_liar(&it))));
    }
}

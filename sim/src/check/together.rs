//! Whether the honest become one network among a few liars, and stay one while nodes come and go.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::chance::nanos;
use crate::scenario::{Depth, Knows, Tuning};
use crate::simulation::{Crowd, Simulation};

/// So long after the beginning the honest are one network.
const CONNECTS: Duration = Duration::from_secs(600);

/// So long a newborn may take to come to the others: whom it knows may be liars, or have gone.
const SETTLES: Duration = Duration::from_secs(180);

/// The most liars, and the most nodes that are replaced in a minute.
const LIARS: f64 = 0.1;
const REPLACED: f64 = 0.01;

/// The fewest that a node may know when it starts, so that not all of them are liars.
const KNOWN: u32 = 6;

impl Crowd {
    /// Whether these are as they are by default, but for what they run.
    fn is_plain(&self) -> bool {
        let group = &self.group;
        let knows_enough = match group.knows {
            Knows::Everyone => true,
            Knows::Some(others) => others >= KNOWN,
            Knows::First(_) => false,
        };
        let is_whole =
            self.watched && group.depth == Depth::Full && group.tuning == Tuning::Default;
        let bounds = group.connected.or(group.store);
        let held_back = group.behind_nat || group.neighbours || group.keeps_private > 0;
        is_whole && knows_enough && bounds.is_none() && !held_back
    }
}

impl Simulation {
    /// Whether liars and churn are no more than the honest are to stay connected among, with nothing else
    /// that goes wrong.
    fn has_few_liars(&self) -> bool {
        let (honest, liars): (Vec<_>, Vec<_>) =
            self.crowds.iter().partition(|crowd| !crowd.is_hostile());
        let count = |crowds: &[&Crowd]| -> u32 { crowds.iter().map(|it| it.group.count).sum() };
        let (honest_ones, lying) = (count(&honest), count(&liars));
        let churn = &self.scenario.churn;
        lying > 0
            && f64::from(lying) <= LIARS * f64::from(honest_ones + lying)
            && honest.iter().all(|crowd| crowd.is_plain())
            && churn.replaced_a_minute <= REPLACED
            && churn.restarted_a_minute == 0.0
            && !self.faults.drawn.any()
            && self.scenario.network.dials_fail == 0.0
    }

    /// Holds the honest to being one network, but for those who have come a moment ago.
    pub(crate) fn stays_together(&mut self) {
        if self.check.is_none() || self.now < nanos(CONNECTS) || !self.has_few_liars() {
            return;
        }
        let honest: Vec<u32> = (self.living.iter().copied())
            .filter(|node| self.is_of_watched(*node))
            .collect();
        let mut connected = self.connected(|node| self.is_of_watched(node));
        let mut sizes = BTreeMap::<u32, usize>::new();
        for node in &honest {
            *sizes.entry(connected.of(*node)).or_default() += 1;
        }
        let main = sizes.into_iter().max_by_key(|(_, size)| *size);
        let settled = |node: &u32| self.members[*node as usize].born + nanos(SETTLES) <= self.now;
        let apart = (honest.into_iter().filter(settled))
            .find(|node| main.is_some_and(|(main, _)| connected.of(*node) != main));
        if let Some(apart) = apart {
            let what = "the honest are one network among a tenth of liars at most";
            self.break_off(34, what, apart);
        }
    }
}

#[cfg(test)]
mod tests {
    use pex::NodeAction;

    use crate::{Scenario, Simulation};

    /// Which invariant breaks where nobody honest ever dials anybody.
    fn broken_by_nobody_dialing(liars: u32, more: &str) -> Option<u8> {
        let text = format!(
            "duration = '11min'\nsample-every = '10s'\n{more}\n\
             [[nodes]]\ncount = 18\n[[nodes]]\ncount = {liars}\nruns = {{ hostile = 'silent' }}\n"
        );
        let mut simulation = Simulation::new(Scenario::parse(&text).unwrap(), 1).unwrap();
        simulation.bug = Some(|orders| orders.retain(|it| !matches!(it, NodeAction::Dial { .. })));
        simulation.run().breach.map(|breach| breach.invariant)
    }

    #[test]
    fn honest_nodes_that_never_meet_are_found_among_a_tenth_of_liars() {
        assert_eq!(broken_by_nobody_dialing(2, ""), Some(34));
    }

    #[test]
    fn nothing_is_expected_among_more_liars_or_churn_or_where_messages_are_lost() {
        assert_eq!(broken_by_nobody_dialing(3, ""), None);
        for more in [
            "churn = { replaced-a-minute = 0.02 }",
            "faults = { loss = 0.1 }",
        ] {
            assert_eq!(broken_by_nobody_dialing(2, more), None, "{more}");
        }
    }
}

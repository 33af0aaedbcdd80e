//! Connections that break.

use crate::links::State;
use crate::simulation::{Simulation, What};

impl Simulation {
    /// A connection breaks: both ends learn it at once, or one or both of them only by the silence.
    pub(super) fn cut_some_link(&mut self) {
        let place = self.faults.chance.index(self.links.places());
        let Some(epoch) = self.links.near(place).map(|link| link.epoch) else {
            return;
        };
        let silent = self.faults.chance.below(4);
        for side in [0, 1] {
            if silent & 1 << side == 0 {
                self.sever(epoch, side);
            } else {
                self.silence(epoch, side);
            }
        }
    }

    /// One end learns that the connection is over.
    pub(super) fn sever(&mut self, epoch: pex::Epoch, side: usize) {
        let at = self.now + self.network.latency();
        let side = side as u8;
        self.queue.push(at, What::Farewell { epoch, side });
    }

    /// One end hears nothing any more, and is not heard, until it notices.
    pub(super) fn silence(&mut self, epoch: pex::Epoch, side: usize) {
        if let Some(link) = self.links.get_mut(epoch)
            && link.ends[side].state != State::Gone
        {
            link.ends[side].mute = true;
            self.fall_silent(epoch, side);
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::collections::BTreeSet;

    use crate::{Scenario, Simulation};

    #[test]
    fn an_end_that_fell_silent_learns_a_minute_later_what_the_other_knows_at_once() {
        let text = "duration = '10min'\n[[nodes]]\ncount = 2\nknows = { some = 1 }\n";
        let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), 1).unwrap();
        simulation.run_until(Duration::from_secs(100));
        let (_, epoch) = simulation.members[0].open[0];
        let ends = [0, 1].map(|side: usize| simulation.links.get(epoch).unwrap().ends[side].node);
        simulation.sever(epoch, 0);
        simulation.silence(epoch, 1);
        for (at, knows) in [(110, [true, false]), (170, [true, true])] {
            simulation.run_until(Duration::from_secs(at));
            let has = |node: u32| {
                let open = &simulation.members[node as usize].open;
                open.iter().any(|it| it.1 == epoch)
            };
            assert_eq!(ends.map(|node| !has(node)), knows, "after {at} s");
        }
    }

    #[test]
    fn connections_are_cut_as_often_as_there_are_many_from_the_beginning() {
        let text = "duration = '10min'\n[[nodes]]\ncount = 16\nknows = { some = 4 }\n\
                    [faults]\ncuts = 0.2\n";
        for seed in 0..8 {
            let mut simulation = Simulation::new(Scenario::parse(text).unwrap(), seed).unwrap();
            let mut open = [20, 140].map(|at| {
                simulation.run_until(Duration::from_secs(at));
                let all = simulation.members.iter().flat_map(|it| &it.open);
                all.map(|it| it.1).collect::<BTreeSet<_>>()
            });
            let before = open[0].len();
            let [first, later] = &mut open;
            first.retain(|it| later.contains(it));
            // A fifth of some hundred a minute; of three in four, one end or both know a minute later.
            let gone = before - first.len();
            assert!(
                gone * 10 > before && gone * 2 < before,
                "{gone} of {before}"
            );
        }
    }
}

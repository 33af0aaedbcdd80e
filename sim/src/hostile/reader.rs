//! Ask as often as is granted, to have all that a node knows. `private-prober` does it until it could
//! have been told of somebody private (threat 15: the world looks at each answer). `cursor-scraper`
//! wants the whole store of one node, with many ids that go and come again (3 and 16).

use std::collections::{BTreeMap, BTreeSet};

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent, NodeId};

use super::hand::SECOND;
use super::{Hand, Operator, PEERS};

/// A little more than the pause that kin grant.
const PAUSE: u64 = SECOND / 8;

/// A scraper goes and comes again after so many answers.
const STAYS: u64 = 5;

#[derive(Debug)]
pub(super) struct Reader {
    /// All its nodes ask one and the same, and come again and again.
    scrapes: bool,
    target: Option<NodeAddress>,
    told: BTreeSet<NodeId>,
    answers: u64,
    /// Of each of its nodes.
    ticks: BTreeMap<u32, u64>,
}

impl Reader {
    pub(super) const fn new(scrapes: bool) -> Self {
        Self {
            scrapes,
            target: None,
            told: BTreeSet::new(),
            answers: 0,
            ticks: BTreeMap::new(),
        }
    }

    fn scrape(&mut self, hand: &mut Hand<'_>) {
        if self.target.is_none() {
            self.target = hand.honest().map(|node| hand.address(node));
        }
        if hand.open.is_empty()
            && let Some(target) = &self.target
        {
            hand.dial(target.clone());
        }
    }
}

impl Operator for Reader {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => {
                let ticks = self.ticks.entry(hand.node).or_default();
                *ticks += 1;
                let is_time_to_dial = ticks.is_multiple_of(8);
                for &(_, epoch) in hand.open {
                    hand.ask(epoch);
                }
                if is_time_to_dial {
                    if self.scrapes {
                        self.scrape(hand);
                    } else {
                        hand.keep_company(PEERS);
                    }
                }
                hand.wake_in(PAUSE);
            }
            NodeEvent::Message { epoch, message, .. } => match message {
                Message::Request(dialect) => hand.answer(epoch, dialect, &[]),
                Message::Response(response) => {
                    let told = response.entries().filter_map(|entry| entry.parse().ok());
                    self.told.extend(told.map(|address| address.id()));
                    self.answers += 1;
                    if self.scrapes && self.answers.is_multiple_of(STAYS) {
                        hand.hang_up(epoch);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn gains(&self, _world: &crate::Simulation) -> Vec<(&'static str, f64)> {
        vec![
            ("answers", self.answers as f64),
            ("ids read", self.told.len() as f64),
        ]
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::collections::BTreeSet;

    use crate::{Scenario, Simulation};

    #[test]
    fn each_node_of_a_group_comes_to_those_it_reads() {
        for sort in ["cursor-scraper", "private-prober", "flooder"] {
            let text = format!(
                "duration = '10min'\n[[nodes]]\ncount = 2\nknows = {{ some = 1 }}\n\
                 [[nodes]]\ncount = 5\nruns = {{ hostile = '{sort}' }}\n"
            );
            let mut simulation = Simulation::new(Scenario::parse(&text).unwrap(), 1).unwrap();
            let mut came = BTreeSet::new();
            for tenth in 1..600 {
                simulation.run_until(Duration::from_millis(100 * tenth));
                let honest = &simulation.members[..2];
                let guests = honest.iter().flat_map(|it| &it.open).map(|it| it.0);
                came.extend(guests.filter(|it| *it >= 2));
            }
            assert_eq!(came.len(), 5, "{sort}: {came:?}");
        }
    }
}

//! Come and go. `reconnector` asks as much as is free, hangs up and comes again, so that what it has used
//! up is forgotten (threat 2); `hanger-up` goes as soon as it is there (8, 21 and 22).

use std::collections::BTreeMap;

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent};

use super::hand::SECOND;
use super::{Hand, Operator};

const PAUSE: u64 = SECOND / 4;

/// Questions that are free, and one more.
const BURST: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Restless {
    asks: bool,
    /// Whom each of its nodes visits.
    targets: BTreeMap<u32, NodeAddress>,
    visits: u64,
    asked: u64,
    answered: u64,
}

impl Restless {
    pub(super) fn asking() -> Self {
        Self {
            asks: true,
            ..Self::default()
        }
    }
}

impl Operator for Restless {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => {
                if self.asks {
                    for &(_, epoch) in hand.open {
                        hand.hang_up(epoch);
                    }
                }
                let known = self.targets.get(&hand.node).cloned();
                let target = known.or_else(|| hand.honest().map(|node| hand.address(node)));
                if let Some(target) = target {
                    self.targets.insert(hand.node, target.clone());
                    hand.dial(target);
                }
                hand.wake_in(if self.asks { 2 * SECOND } else { PAUSE });
            }
            NodeEvent::Dialed { epoch, .. } => {
                self.visits += 1;
                if self.asks {
                    self.asked += BURST as u64;
                    for _ in 0..BURST {
                        hand.ask(epoch);
                    }
                } else {
                    hand.hang_up(epoch);
                }
            }
            NodeEvent::Message { epoch, message, .. } => match message {
                Message::Request(dialect) => hand.answer(epoch, dialect, &[]),
                _ => self.answered += 1,
            },
            _ => {}
        }
    }

    fn gains(&self, _world: &crate::Simulation) -> Vec<(&'static str, f64)> {
        vec![
            ("visits", self.visits as f64),
            ("questions", self.asked as f64),
            ("answers", self.answered as f64),
        ]
    }
}

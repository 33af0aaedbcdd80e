//! Asks a few nodes from many ids, and guesses who is connected with whom (threat 16). What it has
//! heard of somebody is how often, how early, and on how many connections; the best of its guesses is
//! what counts.

use std::collections::BTreeMap;

use pex::NodeEvent;
use pex::wire::Message;

use super::hand::SECOND;
use super::{Hand, Operator};

const TARGETS: usize = 20;
const PAUSE: u64 = SECOND / 4;

/// After so many answers in all it has heard enough.
const ANSWERS: u64 = 1_000;

/// What was heard of somebody from a target.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    times: u32,
    /// The sum of the places at which it stood.
    places: u32,
    /// The earliest answer on any connection that held it, counted from the last.
    earliness: u32,
}

#[derive(Debug, Default)]
pub(super) struct Spy {
    targets: Vec<u32>,
    heard: BTreeMap<(u32, u32), Heard>,
    /// Answers on each connection.
    nth: BTreeMap<pex::Epoch, u32>,
    answers: u64,
}

impl Operator for Spy {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => {
                while self.targets.len() < TARGETS {
                    let Some(target) = hand.honest() else {
                        break;
                    };
                    self.targets.push(target);
                }
                if self.answers < ANSWERS {
                    let target = self.targets.get(hand.chance.index(self.targets.len()));
                    if let Some(target) = target
                        && hand.open.iter().all(|(peer, _)| peer != target)
                    {
                        hand.dial(hand.address(*target));
                    }
                    for &(_, epoch) in hand.open {
                        hand.ask(epoch);
                    }
                }
                hand.wake_in(PAUSE);
            }
            NodeEvent::Message {
                from,
                epoch,
                message,
            } => match message {
                Message::Request(dialect) => hand.answer(epoch, dialect, &[]),
                Message::Response(response) => {
                    let Some(target) = hand.number(from) else {
                        return;
                    };
                    self.answers += 1;
                    let nth = self.nth.entry(epoch).or_default();
                    *nth += 1;
                    let told = response.entries().filter_map(|entry| entry.parse().ok());
                    for (place, address) in (0..).zip(told) {
                        if let Some(node) = hand.number(address.id()) {
                            let heard = self.heard.entry((target, node)).or_default();
                            heard.times += 1;
                            heard.places += place;
                            heard.earliness = heard.earliness.max(1_000_u32.saturating_sub(*nth));
                        }
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn gains(&self, world: &crate::Simulation) -> Vec<(&'static str, f64)> {
        let mut by: [Vec<(f64, bool)>; 3] = Default::default();
        for target in &self.targets {
            for node in world.living.iter().filter(|node| *node != target) {
                if world.is_hostile(*node) {
                    continue;
                }
                let connected = world.members[*target as usize].link_with(*node).is_some();
                let heard = self.heard.get(&(*target, *node)).copied();
                let it = heard.unwrap_or_default();
                let mean = f64::from(it.places) / f64::from(it.times.max(1));
                let guesses = [f64::from(it.times), -mean, f64::from(it.earliness)];
                for (guesses, guess) in by.iter_mut().zip(guesses) {
                    guesses.push((guess, connected));
                }
            }
        }
        let [times, places, early] = by.map(|mut guesses| area(&mut guesses));
        vec![
            ("answers", self.answers as f64),
            ("AUC by how often", times),
            ("AUC by the place", places),
            ("AUC by how early", early),
        ]
    }
}

/// How well guesses tell those who are from those who are not: the chance that of one of each the
/// former is guessed more likely. A half is no better than a coin.
fn area(guesses: &mut [(f64, bool)]) -> f64 {
    guesses.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let (mut below, mut pairs, mut right) = (0.0, 0.0, 0.0);
    for equal in guesses.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let are = equal.iter().filter(|it| it.1).count() as f64;
        let others = equal.len() as f64 - are;
        right += are * (below + others / 2.0);
        below += others;
        pairs += are;
    }
    right / (pairs * below).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_one_for_who_knows_and_a_half_for_who_does_not() {
        let mut knows = [(3.0, true), (1.0, false), (2.0, false), (4.0, true)];
        let even = |value: f64, wanted: f64| assert!((value - wanted).abs() < 1e-9, "{value}");
        even(area(&mut knows), 1.0);
        even(area(&mut [(1.0, true), (1.0, false), (1.0, false)]), 0.5);
        even(area(&mut [(1.0, true), (2.0, false)]), 0.0);
        even(area(&mut [(2.0, true), (1.0, false), (3.0, false)]), 0.5);
    }
}

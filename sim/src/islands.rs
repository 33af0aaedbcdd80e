//! Who can come to each other, step by step.

use crate::links::State;
use crate::measure::ratio;
use crate::simulation::Simulation;

/// Nodes by their numbers, joined two by two. Each is an island of its own at first.
#[derive(Debug, Default)]
pub(crate) struct Islands {
    /// A node nearer to the one that stands for its island; itself for that one.
    root: Vec<u32>,
}

impl Islands {
    pub(crate) fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.of(one), self.of(other));
        self.root[one as usize] = other;
    }

    /// The node that stands for the island of this one.
    pub(crate) fn of(&mut self, node: u32) -> u32 {
        let known = self.root.len() as u32;
        self.root.extend(known..=node);
        let mut at = node;
        while self.root[at as usize] != at {
            self.root[at as usize] = self.root[self.root[at as usize] as usize];
            at = self.root[at as usize];
        }
        at
    }
}

impl Simulation {
    /// Who is connected with whom, over others too, of those nodes that count.
    pub(crate) fn connected(&self, counts: impl Fn(u32) -> bool) -> Islands {
        let mut connected = Islands::default();
        for link in self.links.iter() {
            let is_open = link.ends.iter().all(|end| end.state == State::Open);
            let [one, other] = link.ends.map(|end| end.node);
            if is_open && counts(one) && counts(other) {
                connected.join(one, other);
            }
        }
        connected
    }

    /// The share of these nodes, which are all that live of watched groups, that is on the largest island.
    pub(crate) fn together(&self, nodes: &[u32]) -> Option<f64> {
        let mut connected = self.connected(|node| self.is_of_watched(node));
        let mut islands: Vec<u32> = nodes.iter().map(|node| connected.of(*node)).collect();
        islands.sort_unstable();
        let sizes = islands
            .chunk_by(|one, other| one == other)
            .map(<[u32]>::len);
        let most = sizes.max()?;
        Some(ratio(most as u64, nodes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_joined_over_others_is_on_one_island_and_nobody_else_is() {
        let mut islands = Islands::default();
        for (one, other) in [(7, 2), (4, 9), (2, 4)] {
            islands.join(one, other);
        }
        let of_seven = islands.of(7);
        let there: Vec<u32> = (0..12).filter(|it| islands.of(*it) == of_seven).collect();
        assert_eq!(there, [2, 4, 7, 9]);
    }
}

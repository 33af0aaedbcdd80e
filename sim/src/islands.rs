//! Who can come to each other, step by step.

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

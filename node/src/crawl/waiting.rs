//! Whose turn it is to be dialed.

use core::ops::Bound;
use std::collections::{BTreeMap, VecDeque};

use pex::NodeId;

/// The nodes that wait to be dialed: a line for each teller, and the tellers take turns. So one
/// who tells of very many does not keep the others' from being visited.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    lines: BTreeMap<Option<NodeId>, VecDeque<NodeId>>,
    /// Whose turn it was last.
    last: Option<NodeId>,
}

impl Waiting {
    pub(super) fn push(&mut self, teller: Option<NodeId>, id: NodeId) {
        self.lines.entry(teller).or_default().push_back(id);
    }

    pub(super) fn pop(&mut self) -> Option<NodeId> {
        let after = (Bound::Excluded(self.last), Bound::Unbounded);
        let next = self.lines.range(after).next();
        let teller = *next.or_else(|| self.lines.first_key_value())?.0;
        self.last = teller;
        let line = self.lines.get_mut(&teller)?;
        let id = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&teller);
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> NodeId {
        NodeId::new([n; 20])
    }

    #[test]
    fn who_tells_of_a_hundred_nodes_does_not_keep_those_of_others_waiting() {
        let mut waiting = Waiting::default();
        (100..200).for_each(|n| waiting.push(Some(id(7)), id(n)));
        waiting.push(Some(id(8)), id(1));
        waiting.push(Some(id(6)), id(2));
        waiting.push(None, id(3));
        let first: Vec<_> = (0..4).filter_map(|_| waiting.pop()).collect();
        assert_eq!(first.len(), 4);
        for n in [1, 2, 3, 100] {
            assert!(first.contains(&id(n)), "{n} is not among {first:?}");
        }
        assert_eq!((0..200).filter_map(|_| waiting.pop()).count(), 99);
        assert!(waiting.lines.is_empty(), "empty lines take no room");
    }
}

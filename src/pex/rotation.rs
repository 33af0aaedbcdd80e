//! Whom to ask next: a linked list of the peers that may be asked now.
//!
//! The front is asked; a peer that has answered, and whose own limit has passed, goes to the back.
//! So between two requests to one peer, every peer that stood in the list all the while is asked
//! once. The reference promised this and lost it when its list became a set (tendermint #6476).
//!
//! The links lie in a vector that is indexed by the peer's slot, so front, back and middle cost
//! O(1), and no slot number ever decides an order.

use alloc::vec::Vec;

/// A peer's place in the table of peers.
pub(crate) type Slot = u32;

/// No slot: ends the list.
const NONE: Slot = Slot::MAX;

/// The neighbours of a slot; a slot that is not in the list is its own neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    before: Slot,
    after: Slot,
}

/// A doubly linked list of slots.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rotation {
    links: Vec<Link>,
    ends: Option<(Slot, Slot)>,
    len: usize,
}

impl Rotation {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn front(&self) -> Option<Slot> {
        self.ends.map(|(front, _)| front)
    }

    pub(crate) fn contains(&self, slot: Slot) -> bool {
        self.links
            .get(slot as usize)
            .is_some_and(|link| link.before != slot)
    }

    /// Puts `slot` at the back; one that is in the list stays where it is.
    pub(crate) fn push_back(&mut self, slot: Slot) {
        if self.contains(slot) {
            return;
        }
        self.make_room(slot);
        let before = self.ends.map_or(NONE, |(_, back)| back);
        self.set(
            slot,
            Link {
                before,
                after: NONE,
            },
        );
        self.set_after(before, slot);
        self.ends = Some((self.front().unwrap_or(slot), slot));
        self.len = self.len.saturating_add(1);
    }

    /// Takes the front off the list.
    pub(crate) fn pop_front(&mut self) -> Option<Slot> {
        let front = self.front()?;
        self.remove(front);
        Some(front)
    }

    /// Takes `slot` out of the list, wherever it stands; false if it was not in it.
    pub(crate) fn remove(&mut self, slot: Slot) -> bool {
        if !self.contains(slot) {
            return false;
        }
        let Some(&Link { before, after }) = self.links.get(slot as usize) else {
            return false;
        };
        self.set(
            slot,
            Link {
                before: slot,
                after: slot,
            },
        );
        self.set_after(before, after);
        self.set_before(after, before);
        self.ends = match self.ends {
            Some((front, back)) if front == slot && back == slot => None,
            Some((front, back)) if front == slot => Some((after, back)),
            Some((front, back)) if back == slot => Some((front, before)),
            ends => ends,
        };
        self.len = self.len.saturating_sub(1);
        true
    }

    /// The slots from front to back.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        core::iter::successors(self.front(), |&slot| {
            self.links
                .get(slot as usize)
                .map(|link| link.after)
                .filter(|&after| after != NONE)
        })
        .take(self.len)
    }

    fn make_room(&mut self, slot: Slot) {
        while self.links.len() <= slot as usize {
            let own = Slot::try_from(self.links.len()).unwrap_or(NONE);
            self.links.push(Link {
                before: own,
                after: own,
            });
        }
    }

    fn set(&mut self, slot: Slot, link: Link) {
        if let Some(place) = self.links.get_mut(slot as usize) {
            *place = link;
        }
    }

    fn set_after(&mut self, slot: Slot, after: Slot) {
        if let Some(link) = self.links.get_mut(slot as usize) {
            link.after = after;
        }
    }

    fn set_before(&mut self, slot: Slot, before: Slot) {
        if let Some(link) = self.links.get_mut(slot as usize) {
            link.before = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::VecDeque;
    use quickcheck::{Arbitrary, Gen, QuickCheck};

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Push(Slot),
        Pop,
        Remove(Slot),
    }

    impl Arbitrary for Step {
        fn arbitrary(g: &mut Gen) -> Self {
            let slot = Slot::from(u8::arbitrary(g) % 12);
            *g.choose(&[
                Self::Push(slot),
                Self::Push(slot),
                Self::Pop,
                Self::Remove(slot),
            ])
            .unwrap()
        }
    }

    #[test]
    fn the_list_does_what_a_queue_with_holes_does() {
        fn holds(steps: Vec<Step>) -> bool {
            let mut list = Rotation::default();
            let mut model: VecDeque<Slot> = VecDeque::new();
            steps.into_iter().all(|step| {
                match step {
                    Step::Push(slot) => {
                        list.push_back(slot);
                        if !model.contains(&slot) {
                            model.push_back(slot);
                        }
                    }
                    Step::Pop => assert_eq!(list.pop_front(), model.pop_front()),
                    Step::Remove(slot) => {
                        assert_eq!(list.remove(slot), model.contains(&slot));
                        model.retain(|&other| other != slot);
                    }
                }
                list.iter().eq(model.iter().copied())
                    && list.len() == model.len()
                    && list.front() == model.front().copied()
                    && (0..12).all(|slot| list.contains(slot) == model.contains(&slot))
            })
        }
        QuickCheck::new()
            .tests(2_000)
            .quickcheck(holds as fn(Vec<Step>) -> bool);
    }

    #[test]
    fn a_slot_alone_in_the_list_is_in_the_list() {
        let mut list = Rotation::default();
        list.push_back(3);
        assert!(list.contains(3));
        assert!(!list.contains(0));
        list.push_back(3);
        assert_eq!(list.len(), 1);
    }
}

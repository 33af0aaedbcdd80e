//! Who is connected with whom.
//!
//! A link has two ends, and each end knows only its own. What one end sends comes to the other later,
//! in order; so does its farewell. An end that has hung up still hears what is under way, and is gone
//! when the other's farewell has come.

use pex::Epoch;

/// What an end has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// In use.
    Open,
    /// It has said farewell, and waits for the other's.
    HungUp,
    /// It knows of no connection any more.
    Gone,
}

/// One end of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) node: u32,
    pub(crate) state: State,
    /// When the last of what it sent arrives.
    pub(crate) arrives: u64,
    /// What a node without a machine has told on this link.
    pub(crate) told: u32,
    /// When it was last asked by the other end, if it has no machine.
    pub(crate) asked_at: u64,
    /// It swallows what it is sent, and says nothing: its host is gone and nobody has noticed.
    pub(crate) mute: bool,
}

/// A connection, or what is left of it. End 0 has dialed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) epoch: Epoch,
    pub(crate) ends: [End; 2],
}

impl Link {
    pub(crate) fn is_open(&self, side: usize) -> bool {
        self.ends[side].state == State::Open
    }
}

/// All links. The epoch of a link is its name at both ends, and says where it is found.
#[derive(Debug, Default)]
pub(crate) struct Links {
    slots: Vec<Option<Link>>,
    free: Vec<u32>,
    made: u64,
}

impl Links {
    /// Links two nodes; the first has dialed.
    pub(crate) fn add(&mut self, dialer: u32, acceptor: u32, now: u64) -> Epoch {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.made += 1;
        let epoch = Epoch::new(self.made << 32 | u64::from(slot));
        let end = |node| End {
            node,
            state: State::Open,
            arrives: now,
            told: 0,
            asked_at: 0,
            mute: false,
        };
        let ends = [end(dialer), end(acceptor)];
        self.slots[slot as usize] = Some(Link { epoch, ends });
        epoch
    }

    pub(crate) fn get(&self, epoch: Epoch) -> Option<&Link> {
        let slot = (epoch.number() & 0xffff_ffff) as usize;
        let link = self.slots.get(slot)?.as_ref();
        link.filter(|link| link.epoch == epoch)
    }

    pub(crate) fn get_mut(&mut self, epoch: Epoch) -> Option<&mut Link> {
        let slot = (epoch.number() & 0xffff_ffff) as usize;
        let link = self.slots.get_mut(slot)?.as_mut();
        link.filter(|link| link.epoch == epoch)
    }

    /// Which end of a link is this node's.
    pub(crate) fn side(&self, epoch: Epoch, node: u32) -> Option<usize> {
        let link = self.get(epoch)?;
        link.ends.iter().position(|end| end.node == node)
    }

    /// Puts an end into another state; a link of which both ends are gone is forgotten.
    pub(crate) fn set(&mut self, epoch: Epoch, side: usize, state: State) {
        let Some(link) = self.get_mut(epoch) else {
            return;
        };
        link.ends[side].state = state;
        if link.ends.iter().all(|end| end.state == State::Gone) {
            let slot = (epoch.number() & 0xffff_ffff) as u32;
            self.slots[slot as usize] = None;
            self.free.push(slot);
        }
    }

    /// Every link there is, in the order of their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Link> {
        self.slots.iter().flatten()
    }

    /// The link at or after this place, for whoever draws one by chance.
    pub(crate) fn near(&self, chance: usize) -> Option<&Link> {
        let len = self.slots.len();
        let (before, after) = self.slots.split_at(chance.min(len));
        after.iter().chain(before).flatten().next()
    }

    /// How many places there are.
    pub(crate) const fn places(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_by_its_epoch_until_both_ends_are_gone() {
        let mut links = Links::default();
        let first = links.add(1, 2, 0);
        assert_eq!(links.side(first, 2), Some(1));
        assert_eq!(links.side(first, 3), None);
        links.set(first, 0, State::Gone);
        assert!(links.get(first).is_some());
        links.set(first, 1, State::Gone);
        assert!(links.get(first).is_none());
        // Its place is taken again, under another name.
        let second = links.add(3, 4, 0);
        assert_ne!(first, second);
        assert!(links.get(first).is_none());
        assert_eq!(links.places(), 1);
    }
}

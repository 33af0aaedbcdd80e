//! How nodes have behaved: scores, and bans that end.

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use crate::{NodeId, Time};

/// The lowest and the highest score that a node can earn. The reference lets scores run to the ends
/// of their type, where they wrap or equal those of persistent peers.
pub(crate) const SCORE_MAX: i16 = 100;

/// Bans that are kept at once. When there are more, the one that ends first ends now.
pub(crate) const BANS_MAX: usize = 8_192;

#[derive(Clone, Debug, Default)]
pub(crate) struct Conduct {
    /// Scores that are not zero, of nodes that are connected or stored.
    scores: BTreeMap<NodeId, i16>,
    bans: BTreeMap<NodeId, Time>,
    bans_by_end: BTreeSet<(Time, NodeId)>,
}

impl Conduct {
    pub(crate) fn score(&self, id: NodeId) -> i16 {
        self.scores.get(&id).copied().unwrap_or_default()
    }

    /// Changes a score; returns what it is then.
    pub(crate) fn change(&mut self, id: NodeId, by: i16) -> i16 {
        let score = self.score(id).saturating_add(by);
        self.set_score(id, score);
        self.score(id)
    }

    pub(crate) fn set_score(&mut self, id: NodeId, score: i16) {
        match score.clamp(-SCORE_MAX, SCORE_MAX) {
            0 => self.scores.remove(&id),
            score => self.scores.insert(id, score),
        };
    }

    /// Bans a node; returns whose ban has to end for it, if there are too many.
    pub(crate) fn ban(&mut self, id: NodeId, until: Time) -> Option<NodeId> {
        self.pardon(id);
        self.bans.insert(id, until);
        self.bans_by_end.insert((until, id));
        let too_many = self.bans.len() > BANS_MAX;
        let first = self.bans_by_end.first().filter(|_| too_many)?.1;
        self.pardon(first);
        Some(first)
    }

    fn pardon(&mut self, id: NodeId) {
        if let Some(until) = self.bans.remove(&id) {
            self.bans_by_end.remove(&(until, id));
        }
    }

    /// Ends the first ban that is over, and says whose it was.
    pub(crate) fn end_ban(&mut self, now: Time) -> Option<NodeId> {
        let &(_, id) = self
            .bans_by_end
            .first()
            .filter(|(until, _)| *until <= now)?;
        self.pardon(id);
        Some(id)
    }

    /// Until when a node is banned, if it is.
    pub(crate) fn banned_until(&self, id: NodeId, now: Time) -> Option<Time> {
        self.bans.get(&id).copied().filter(|until| *until > now)
    }

    pub(crate) fn rewind(&mut self, back: Duration) {
        let bans = core::mem::take(&mut self.bans);
        self.bans_by_end.clear();
        for (id, until) in bans {
            self.ban(id, until.back(back));
        }
    }

    /// Who is banned, or was not long ago.
    pub(crate) fn banned(&self) -> impl Iterator<Item = NodeId> {
        self.bans.keys().copied()
    }

    #[cfg(test)]
    fn bans(&self) -> usize {
        self.bans.len()
    }

    pub(crate) fn is_sound(&self) -> bool {
        let by_end = |(id, until): (&NodeId, &Time)| self.bans_by_end.contains(&(*until, *id));
        self.bans.len() == self.bans_by_end.len()
            && self.bans.len() <= BANS_MAX
            && self.bans.iter().all(by_end)
            && self
                .scores
                .values()
                .all(|score| (-100..=100).contains(score))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u32) -> NodeId {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        NodeId::new(bytes)
    }

    #[test]
    fn a_score_stays_within_a_hundred_of_zero() {
        let mut conduct = Conduct::default();
        assert_eq!(conduct.change(id(1), i16::MIN), -100);
        assert_eq!(conduct.change(id(1), i16::MAX), 100);
        assert_eq!(conduct.change(id(1), -100), 0);
        assert!(conduct.scores.is_empty(), "a score of zero takes no room");
    }

    #[test]
    fn a_ban_ends_when_it_ends_and_not_before() {
        let mut conduct = Conduct::default();
        let (now, end) = (Time::from_secs(1), Time::from_secs(9));
        conduct.ban(id(1), end);
        assert_eq!(conduct.banned_until(id(1), now), Some(end));
        assert_eq!(conduct.banned_until(id(1), end), None);
        assert_eq!(conduct.end_ban(now), None);
        assert_eq!(conduct.end_ban(end), Some(id(1)));
        assert_eq!(conduct.bans(), 0);
    }

    #[test]
    fn of_too_many_bans_the_first_to_end_ends_at_once() {
        let mut conduct = Conduct::default();
        for n in 0..u32::try_from(BANS_MAX).unwrap() {
            assert_eq!(conduct.ban(id(n), Time::from_secs(u64::from(n) + 10)), None);
        }
        assert_eq!(conduct.ban(id(1 << 30), Time::MAX), Some(id(0)));
        assert_eq!(conduct.bans(), BANS_MAX);
        assert!(conduct.is_sound());
    }
}

//! How peers have behaved: scores, bans, and who would have to go first.

use super::Switch;
use crate::peers::life::Life;
use crate::peers::{Action, Eviction, Misconduct};
use crate::stats::count;
use crate::{Actions, NodeId};

/// The lowest score that a node can earn, at which it is banned, and the highest.
const SCORE_MAX: i16 = 100;

/// Scores that are kept at most. For one more, those go of whom nobody is connected: ids are for free,
/// and must not keep others from earning what is theirs.
const SCORES_MAX: usize = 8_192;

impl Switch {
    pub(super) fn on_misbehaved(
        &mut self,
        peer: NodeId,
        how: Misconduct,
        out: &mut Actions<Action>,
    ) {
        if peer == self.me {
            return;
        }
        let points = match how {
            Misconduct::Minor => -1,
            Misconduct::Major => -10,
            Misconduct::Fatal => -SCORE_MAX,
        };
        self.change_score(peer, points);
        // Whom the operator wants to be connected with, he wants to be connected with.
        if self.options.is_persistent(peer) {
            return;
        }
        let banned = how == Misconduct::Fatal || self.score(peer) <= -SCORE_MAX;
        if banned {
            count(&mut self.counts.bans, 1);
            self.scores.remove(&peer);
            self.book.mark_bad(self.now, peer, self.options.ban);
        }
        // A guest who asked too soon is not answered. CometBFT waits for the answer as long as the
        // connection lasts, and asks again half a minute after it has ended.
        if banned || how == Misconduct::Major || self.is_guest(peer) {
            self.evict(peer, Eviction::Misconduct, out);
        }
    }

    /// What a node has earned, from -100 to 100.
    #[must_use]
    pub fn score(&self, id: NodeId) -> i16 {
        self.scores.get(&id).copied().unwrap_or_default()
    }

    pub(super) fn change_score(&mut self, peer: NodeId, by: i16) {
        let score = self.score(peer).saturating_add(by);
        let score = score.clamp(-SCORE_MAX, SCORE_MAX);
        if score == 0 {
            self.scores.remove(&peer);
        } else {
            self.scores.insert(peer, score);
        }
        if self.scores.len() > SCORES_MAX {
            let live = &self.live;
            self.scores.retain(|id, _| live.get(*id).is_some());
        }
        if let Some(mut life) = self.live.get(peer).copied() {
            let rank = self.rank_of(peer, &life);
            if let Some(link) = life.link_mut() {
                link.score = rank;
            }
            self.live.set(peer, Some(life));
        }
    }

    fn rank_of(&self, peer: NodeId, life: &Life) -> i32 {
        match life.link() {
            Some(link) if self.options.seed_mode => link.score,
            _ => self.rank(peer, self.is_kept(peer)),
        }
    }

    /// What decides who has to go first: the score, and with a seed node nothing but who came first.
    /// Those who are kept come last.
    pub(super) fn rank(&self, id: NodeId, kept: bool) -> i32 {
        if kept {
            i32::MAX
        } else if self.options.seed_mode {
            0
        } else {
            self.score(id).into()
        }
    }
}

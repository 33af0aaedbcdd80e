//! The invariants, stated as code.
//!
//! The numbers are those of the list in `tests/INVARIANTS.md`. Every test of the machine and its fuzz
//! target call [`Pex::check`] after every event.

use super::agenda::{Due, Entry};
use super::peers::{Peer, Phase};
use super::rotation::Slot;
use super::turns::Line;
use super::{Pex, pace};
use crate::invariant::{Broken, hold};
use crate::{Kind, QueryId};

impl Pex {
    /// Checks the invariants that can be seen from inside, in time linear in the peers.
    ///
    /// # Errors
    ///
    /// The first invariant that does not hold.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "counts of what lies in memory"
    )]
    pub fn check(&self) -> Result<(), Broken> {
        let (mut ready, mut awaiting, mut cut, mut listed, mut questions) = (0, 0, 0, 0, 0);
        let mut asked = (0_u32, 0_u32);
        for (slot, peer) in self.peers.slots() {
            self.check_turn(slot, peer)?;
            let is_kin = peer.kind == Kind::Kin;
            asked.0 += u32::from(peer.asked && !is_kin);
            asked.1 += u32::from(peer.asked && is_kin);
            match peer.phase {
                Phase::Ready => ready += 1,
                Phase::Waiting { entry } => {
                    listed += 1;
                    self.check_entry(slot, entry, Due::Ask)?;
                    let longest = self.now + pace::LONGEST;
                    hold(
                        6,
                        entry.at <= longest,
                        "nobody is left alone for over ten minutes",
                    )?;
                }
                Phase::Awaiting { entry } => {
                    awaiting += 1;
                    listed += 1;
                    self.check_entry(slot, entry, Due::Silence)?;
                    let latest = self.now + self.config.request_timeout;
                    hold(8, entry.at <= latest, "every request ends by its timeout")?;
                }
                Phase::Cut => cut += 1,
            }
            if let Some(draft) = &peer.draft {
                questions += draft.waiting.len();
                let asked =
                    |&(query, _): &(u64, _)| self.queries.get(&QueryId(query)) == Some(&slot);
                hold(
                    10,
                    draft.waiting.iter().all(asked),
                    "a draft waits for what was asked",
                )?;
                listed += 1;
                hold(
                    9,
                    peer.phase != Phase::Cut,
                    "a peer that is cut is not answered",
                )?;
                hold(8, !draft.waiting.is_empty(), "a draft waits for something")?;
                let entry = draft.entry.unwrap_or(Entry {
                    at: self.now,
                    number: 0,
                });
                self.check_entry(slot, entry, Due::Answer)?;
            }
            hold(
                19,
                self.peers.find(self.key.of(peer.id)) == Some(slot),
                "the index finds every peer",
            )?;
        }
        hold(
            9,
            ready == self.turns.len(),
            "the lines hold the ready and nobody else",
        )?;
        let lines = [Line::Newcomers, Line::Kin, Line::Others];
        let lines = lines.map(|line| self.turns.rotation(line).iter().count());
        hold(
            9,
            lines.iter().sum::<usize>() == ready,
            "the lines are whole",
        )?;
        hold(
            9,
            asked == (self.turns.asked(false), self.turns.asked(true)),
            "those who were asked are counted",
        )?;
        hold(9, cut == self.cut, "those that are cut are counted")?;
        hold(
            1,
            awaiting == self.outstanding,
            "requests are counted as they are",
        )?;
        hold(
            1,
            awaiting <= self.config.outstanding_max,
            "requests are bounded",
        )?;
        hold(
            10,
            listed == self.agenda.len(),
            "the agenda holds nothing but what peers wait for",
        )?;
        hold(
            10,
            questions == self.queries.len(),
            "no question is asked for nobody",
        )?;
        self.check_bounds()?;
        self.check_timer()
    }

    fn check_turn(&self, slot: Slot, peer: &Peer) -> Result<(), Broken> {
        let its = self.turns.line(peer.kind == Kind::Kin, peer.asked);
        for line in [Line::Newcomers, Line::Kin, Line::Others] {
            let wanted = peer.phase == Phase::Ready && line == its;
            hold(
                9,
                self.turns.rotation(line).contains(slot) == wanted,
                "in its line, and in no other, iff ready",
            )?;
        }
        Ok(())
    }

    fn check_entry(&self, slot: Slot, entry: Entry, due: Due) -> Result<(), Broken> {
        hold(
            8,
            self.agenda.get(entry) == Some((slot, due)),
            "whoever waits is in the agenda",
        )
    }

    fn check_bounds(&self) -> Result<(), Broken> {
        let config = &self.config;
        hold(
            28,
            self.peers.len() <= config.peers_max,
            "peers are bounded",
        )?;
        hold(
            28,
            self.remembered.len() <= config.remembered_max,
            "memory of peers is bounded",
        )?;
        hold(
            28,
            self.seen.held() <= config.seen_max,
            "memory of nodes is bounded",
        )?;
        let drafts = self.peers.len().saturating_mul(config.resolve_max);
        hold(
            28,
            self.queries.len() <= drafts,
            "open questions are bounded",
        )
    }

    fn check_timer(&self) -> Result<(), Broken> {
        let deadline = self.deadline();
        // A timer whose work has gone may stay armed: a tick with nothing to do is harmless.
        hold(
            5,
            deadline.is_none() || deadline == self.armed,
            "the timer is set to the deadline",
        )?;
        hold(
            5,
            deadline.is_none_or(|at| at > self.now),
            "what is due is done",
        )
    }
}

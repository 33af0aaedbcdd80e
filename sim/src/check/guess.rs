//! How far one answer moves the estimate.

use std::collections::BTreeSet;

use pex::{Estimate, NodeAction, NodeId};

use super::{Verdict, hold};
use crate::machine::Machine;

/// An estimate is work: it is looked at before and after one answer of so many.
const ANSWERS: u32 = 16;

/// So many have to have told something before one answer can't move it far.
const WITNESSES: usize = 5;

/// The largest size that is given.
const MOST: u64 = 1 << 32;

/// What an onlooker knows of a node's estimate.
#[derive(Clone, Debug, Default)]
pub(super) struct Guess {
    /// Who has told something, up to as many as there have to be.
    tellers: BTreeSet<NodeId>,
    answers: u32,
    /// What it was before the answer in hand.
    before: Option<u64>,
}

impl Guess {
    /// The next event is an answer, to a node of which it is known of how many it was told.
    pub(super) fn before(&mut self, machine: &Machine) {
        self.answers += 1;
        let is_looked_at = self.answers.is_multiple_of(ANSWERS) && self.tellers.len() >= WITNESSES;
        let estimate = is_looked_at.then(|| machine.estimate()).flatten();
        self.before = match estimate {
            Some(Estimate::Known { nodes, .. }) => Some(nodes),
            _ => None,
        };
    }

    /// Holds what has become of it to what may. Of so many the node was told in all: what is there may be
    /// counted at once, and be missed at once.
    pub(super) fn after(
        &mut self,
        orders: &[NodeAction],
        machine: &Machine,
        told: usize,
    ) -> Verdict {
        let missing = WITNESSES - self.tellers.len();
        let tellers = orders.iter().filter_map(|order| match order {
            NodeAction::Answered { peer, .. } => Some(*peer),
            _ => None,
        });
        self.tellers.extend(tellers.take(missing));
        let Some(before) = self.before.take() else {
            return Ok(());
        };
        let Some(Estimate::Known { nodes, low, high }) = machine.estimate() else {
            return Err((27, "an estimate is lost by an answer".to_owned()));
        };
        hold(27, low <= nodes && nodes <= high && high <= MOST, || {
            format!("{nodes} nodes, from {low} to {high}")
        })?;
        // Where a table is full, how many are there is known by a sample.
        let there = told as u64;
        let rises = nodes > (2 * before + 2).max(there + there / 2);
        let falls = before > (2 * nodes + 2).max(there + there / 8);
        hold(27, !rises && !falls, || {
            format!("one answer makes {nodes} nodes of {before}, and {told} were told of in all")
        })
    }
}

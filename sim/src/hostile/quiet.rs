//! Say nothing, or too late.
//!
//! `silent` takes questions and never says a word; `slow` answers after 29 s, when nobody waits any
//! more (threat 18: a question that is waited for without end stops the asking).

use std::collections::VecDeque;

use pex::wire::{Dialect, Message};
use pex::{Epoch, NodeEvent};

use super::hand::SECOND;
use super::{Hand, Operator, PEERS};

#[derive(Debug)]
pub(super) struct Silent;

impl Operator for Silent {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        if let NodeEvent::Tick = event {
            hand.keep_company(PEERS);
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Slow {
    /// What is to be answered when, by which node.
    due: VecDeque<(u64, u32, Epoch, Dialect)>,
}

impl Operator for Slow {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Message {
                epoch,
                message: Message::Request(dialect),
                ..
            } => {
                let at = hand.now + 29 * SECOND;
                self.due.push_back((at, hand.node, epoch, dialect));
            }
            NodeEvent::Tick => {
                let (now, node) = (hand.now, hand.node);
                let is_due = |it: &(u64, u32, _, _)| it.0 <= now && it.1 == node;
                let due: Vec<_> = self.due.iter().filter(|it| is_due(it)).copied().collect();
                self.due.retain(|it| !is_due(it));
                for (.., epoch, dialect) in due {
                    let told = hand.some_honest(20);
                    hand.answer(epoch, dialect, &told);
                }
                hand.keep_company(PEERS);
            }
            _ => {}
        }
    }
}

//! Sends without pause: questions (threats 2 and 19), answers that nobody asked for (1), rubbish, and
//! messages that are too long or hold too much (4, 8, 14). Each of its nodes has one of these ways.

use std::collections::BTreeMap;

use pex::wire::{Dialect, MAX_MESSAGE_BYTES, Message};
use pex::{Epoch, NodeEvent};

use super::hand::SECOND;
use super::{Hand, Operator};

const PAUSE: u64 = SECOND / 20;

#[derive(Debug, Default)]
pub(super) struct Flooder {
    /// Of each of its nodes.
    ticks: BTreeMap<u32, u64>,
    asked: u64,
    answered: u64,
}

impl Flooder {
    fn flood(&mut self, epoch: Epoch, hand: &mut Hand<'_>) {
        match hand.node % 5 {
            0 => {
                self.asked += 1;
                hand.ask(epoch);
            }
            1 => {
                let told = hand.made_up_many(100);
                hand.answer(epoch, Dialect::V2, &told);
            }
            2 => {
                let mut bytes = vec![0; 1 + hand.chance.index(300)];
                hand.chance.fill(&mut bytes);
                hand.throw(epoch, bytes);
            }
            3 => hand.throw(epoch, vec![0x1a; MAX_MESSAGE_BYTES + 1]),
            // Addresses of two bytes, as many as a message holds; only as an answer do they count.
            _ => hand.ask(epoch),
        }
    }

    fn answer(epoch: Epoch, dialect: Dialect, hand: &mut Hand<'_>) {
        if hand.node % 5 == 4 {
            let told = hand.made_up_many(700);
            hand.answer(epoch, dialect, &told);
        } else {
            let told = hand.some_honest(10);
            hand.answer(epoch, dialect, &told);
        }
    }
}

impl Operator for Flooder {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => {
                for &(_, epoch) in hand.open {
                    self.flood(epoch, hand);
                }
                let ticks = self.ticks.entry(hand.node).or_default();
                *ticks += 1;
                if ticks.is_multiple_of(5) {
                    hand.keep_company(4);
                }
                hand.wake_in(PAUSE);
            }
            NodeEvent::Message { epoch, message, .. } => match message {
                Message::Request(dialect) => Self::answer(epoch, dialect, hand),
                _ => self.answered += u64::from(hand.node.is_multiple_of(5)),
            },
            _ => {}
        }
    }

    fn gains(&self, _world: &crate::Simulation) -> Vec<(&'static str, f64)> {
        vec![
            ("questions in the flood", self.asked as f64),
            ("answers to the flood", self.answered as f64),
        ]
    }
}

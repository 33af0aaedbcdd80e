//! Answers before it is asked, twice, and in the next connection what it was asked in the last (threats
//! 1, 21 and 25). Each of its nodes has one of these ways.

use std::collections::BTreeSet;

use pex::wire::{Dialect, Message};
use pex::{Epoch, NodeEvent};

use super::{Hand, Operator, PEERS};

#[derive(Debug, Default)]
pub(super) struct Hasty {
    /// Nodes that owe somebody an answer from a connection that is over.
    owe: BTreeSet<(u32, pex::NodeId)>,
}

impl Hasty {
    fn answer(epoch: Epoch, dialect: Dialect, hand: &mut Hand<'_>) {
        let told = hand.some_honest(50);
        hand.answer(epoch, dialect, &told);
    }
}

impl Operator for Hasty {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        let way = hand.node % 3;
        match event {
            NodeEvent::Tick => hand.keep_company(PEERS),
            NodeEvent::Dialed { epoch, .. } | NodeEvent::Accepted { epoch, .. } if way == 0 => {
                Self::answer(epoch, Dialect::V2, hand);
            }
            NodeEvent::Dialed {
                ref address, epoch, ..
            } if self.owe.remove(&(hand.node, address.id())) => {
                Self::answer(epoch, Dialect::V2, hand);
            }
            NodeEvent::Message {
                from,
                epoch,
                message: Message::Request(dialect),
            } => {
                if way == 2 {
                    self.owe.insert((hand.node, from));
                    hand.hang_up(epoch);
                    if let Some(node) = hand.number(from) {
                        hand.dial(hand.address(node));
                    }
                    return;
                }
                Self::answer(epoch, dialect, hand);
                if way == 1 {
                    Self::answer(epoch, dialect, hand);
                }
            }
            _ => {}
        }
    }
}

//! Tells of nodes that do not exist (threats 5 and 20): new ones in each answer, to be asked without
//! end and to make the network look endless; from one set that all liars share, so that they confirm
//! each other; or always the same.

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent};

use super::{Hand, Operator, PEERS};

/// How many the shared set has.
const SHARED: usize = 2_000;

const ANSWER: usize = 100;

#[derive(Clone, Copy, Debug)]
pub(super) enum Fakes {
    Fresh,
    Shared,
    Same,
}

#[derive(Debug)]
pub(super) struct Inflater {
    fakes: Fakes,
    shared: Vec<NodeAddress>,
}

impl Inflater {
    pub(super) const fn new(fakes: Fakes) -> Self {
        Self {
            fakes,
            shared: Vec::new(),
        }
    }

    fn answer(&mut self, hand: &mut Hand<'_>) -> Vec<NodeAddress> {
        if matches!(self.fakes, Fakes::Fresh) {
            return hand.made_up_many(ANSWER);
        }
        if self.shared.is_empty() {
            self.shared = hand.made_up_many(SHARED);
        }
        let first = match self.fakes {
            // Each of its nodes has always the same hundred, of twenty that there are.
            Fakes::Same => hand.node as usize * ANSWER,
            _ => hand.chance.index(SHARED),
        };
        let from_there = self.shared.iter().cycle().skip(first % SHARED);
        from_there.take(ANSWER).cloned().collect()
    }
}

impl Operator for Inflater {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => hand.keep_company(PEERS),
            NodeEvent::Message {
                epoch,
                message: Message::Request(dialect),
                ..
            } => {
                let told = self.answer(hand);
                hand.answer(epoch, dialect, &told);
            }
            _ => {}
        }
    }
}

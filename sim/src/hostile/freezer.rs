//! Always tells the same few honest nodes: its answers hold nothing new (threat 20: one such answer
//! stops the reference's asking for hours).

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent};

use super::{Hand, Operator, PEERS};

#[derive(Debug, Default)]
pub(super) struct Freezer {
    told: Vec<NodeAddress>,
}

impl Operator for Freezer {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => hand.keep_company(PEERS),
            NodeEvent::Message {
                epoch,
                message: Message::Request(dialect),
                ..
            } => {
                if self.told.is_empty() {
                    self.told = hand.some_honest(4);
                }
                hand.answer(epoch, dialect, &self.told);
            }
            _ => {}
        }
    }
}

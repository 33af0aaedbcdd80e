//! Takes connections and questions, and never says a word (threat 18).

use pex::NodeEvent;

use super::{Hand, Operator};

#[derive(Debug)]
pub(super) struct Silent;

impl Operator for Silent {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        if let NodeEvent::Tick = event {
            hand.keep_company(super::PEERS);
        }
    }
}

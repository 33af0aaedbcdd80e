//! Has as many ids as it likes, on few places, and tells of nobody else (threats 10 and 11).

use pex::NodeEvent;
use pex::wire::Message;

use super::{Hand, Operator, PEERS};
use crate::places::{PORT, Places};

/// So many ids of an operator share one IP address.
const AT_ONE_PLACE: u32 = 64;

#[derive(Debug, Default)]
pub(super) struct Sybil {
    settled: u32,
    /// The IP address where the next ids go.
    ip: u32,
}

impl Operator for Sybil {
    fn settle(&mut self, places: &mut Places) -> u32 {
        let nth = self.settled % AT_ONE_PLACE;
        self.settled += 1;
        if nth > 0 {
            return places.add_at(self.ip, PORT + nth as u16);
        }
        let first = places.add();
        self.ip = places.ip_bits(first);
        first
    }

    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => hand.keep_company(PEERS),
            NodeEvent::Message {
                epoch,
                message: Message::Request(dialect),
                ..
            } => {
                let own: Vec<_> = (0..100).filter_map(|_| hand.accomplice()).collect();
                let told: Vec<_> = own.into_iter().map(|node| hand.address(node)).collect();
                hand.answer(epoch, dialect, &told);
            }
            _ => {}
        }
    }
}

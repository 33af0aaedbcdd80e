//! Has others dial a victim: tells of ever new ids at its place, with other ports and paths (threat 23).
//! The world counts how often anybody dials it.

use core::net::IpAddr;

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent};

use super::{Hand, Operator, PEERS};
use crate::places::{PORT, Places};

#[derive(Debug, Default)]
pub(super) struct Amplifier {
    /// Where the victim lives. Nobody else in this world is there.
    victim: Option<IpAddr>,
}

impl Operator for Amplifier {
    fn settle(&mut self, places: &mut Places) -> u32 {
        if self.victim.is_none() {
            // A place that is taken, so that nobody comes to live there.
            let ip = places.reserve();
            self.victim = Some(ip);
        }
        places.add()
    }

    fn victim(&self) -> Option<IpAddr> {
        self.victim
    }

    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => hand.keep_company(PEERS),
            NodeEvent::Message {
                epoch,
                message: Message::Request(dialect),
                ..
            } => {
                let Some(ip) = self.victim else {
                    return;
                };
                let told: Vec<_> = (0..100)
                    .map(|nth| {
                        let port = PORT + nth % 4 * (nth % 8 / 4);
                        let plain = NodeAddress::mconn(hand.made_up_id(), ip, port);
                        let text = format!("{plain}/{nth}");
                        let with_path = NodeAddress::parse(&text).ok();
                        with_path.filter(|_| nth % 2 == 1).unwrap_or(plain)
                    })
                    .collect();
                hand.answer(epoch, dialect, &told);
            }
            _ => {}
        }
    }
}

//! Tells everybody what he has told himself, his own address first and twice (threat 12).

use std::collections::BTreeMap;

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent, NodeId};

use super::{Hand, Operator, PEERS};

#[derive(Debug, Default)]
pub(super) struct Echo {
    /// What each has told last.
    told: BTreeMap<NodeId, Vec<NodeAddress>>,
}

impl Operator for Echo {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => {
                for &(_, epoch) in hand.open {
                    hand.ask(epoch);
                }
                hand.keep_company(PEERS);
            }
            NodeEvent::Message {
                from,
                epoch,
                message,
            } => match message {
                Message::Request(dialect) => {
                    let his = hand.number(from).map(|node| hand.address(node));
                    let mut told: Vec<_> = his.into_iter().collect();
                    told.extend(self.told.get(&from).into_iter().flatten().cloned());
                    told.extend_from_within(..told.len().min(1));
                    hand.answer(epoch, dialect, &told);
                }
                Message::Response(response) => {
                    let told = response.entries().filter_map(|entry| entry.parse().ok());
                    self.told.insert(from, told.take(98).collect());
                }
                _ => {}
            },
            _ => {}
        }
    }
}

//! Tells honest ids at wrong places. `poisoner` sends whoever believes it to places where nobody lives,
//! and mixes in nodes that do not exist (threats 5 and 7: a dead place must not be held against the
//! id); `squatter` sends him to its own (6: what is told first must not hide the truth).

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent};

use super::{Hand, Operator, PEERS};
use crate::places::PORT;

#[derive(Clone, Copy, Debug)]
pub(super) enum Where {
    Dead,
    Own,
}

#[derive(Debug)]
pub(super) struct Poisoner(pub(super) Where);

impl Poisoner {
    fn told(&self, hand: &mut Hand<'_>) -> Vec<NodeAddress> {
        let mut told = Vec::new();
        for nth in 0..100 {
            let Some(node) = hand.honest() else {
                break;
            };
            let id = hand.address(node).id();
            told.push(match self.0 {
                Where::Own => {
                    let own = hand.own();
                    let ip = own.ip().unwrap_or_else(|| hand.made_up_ip());
                    NodeAddress::mconn(id, ip, own.port())
                }
                Where::Dead if nth % 4 == 0 => hand.made_up(),
                Where::Dead => NodeAddress::mconn(id, hand.made_up_ip(), PORT),
            });
        }
        told
    }
}

impl Operator for Poisoner {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => hand.keep_company(PEERS),
            NodeEvent::Message {
                epoch,
                message: Message::Request(dialect),
                ..
            } => {
                let told = self.told(hand);
                hand.answer(epoch, dialect, &told);
            }
            _ => {}
        }
    }
}

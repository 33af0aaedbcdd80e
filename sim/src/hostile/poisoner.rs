//! Tells of honest nodes with one half wrong. `poisoner` sends whoever believes it to places where nobody
//! lives, and mixes in nodes that do not exist (threats 5 and 7: a dead place must not be held against
//! the id); `squatter` sends him to its own (6: what is told first must not hide the truth); `misnamer`
//! gives places where honest nodes live to ids that nobody has, among some true ones (6 and 7: a wrong id
//! must not be held against the place, nor hide who lives there; 23: nor have it dialed over and over).

use pex::wire::Message;
use pex::{NodeAddress, NodeEvent, NodeId};

use super::{Hand, Operator, PEERS};
use crate::places::PORT;

/// What is wrong about it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lie {
    /// The place: nobody lives there.
    DeadPlace,
    /// The place: it is the liar's own.
    OwnPlace,
    /// The id: nobody has it.
    NobodysId,
}

#[derive(Debug)]
pub(super) struct Poisoner(pub(super) Lie);

impl Poisoner {
    fn told(&self, hand: &mut Hand<'_>) -> Vec<NodeAddress> {
        let mut told = Vec::new();
        for nth in 0..100 {
            let Some(node) = hand.honest() else {
                break;
            };
            let truth = hand.address(node);
            told.push(match self.0 {
                Lie::OwnPlace => at_place_of(&hand.own(), truth.id(), hand),
                Lie::DeadPlace if nth % 4 == 0 => hand.made_up(),
                Lie::DeadPlace => NodeAddress::mconn(truth.id(), hand.made_up_ip(), PORT),
                Lie::NobodysId if nth % 4 == 0 => truth,
                Lie::NobodysId => at_place_of(&truth, hand.made_up_id(), hand),
            });
        }
        told
    }
}

fn at_place_of(other: &NodeAddress, id: NodeId, hand: &mut Hand<'_>) -> NodeAddress {
    let ip = other.ip().unwrap_or_else(|| hand.made_up_ip());
    NodeAddress::mconn(id, ip, other.port())
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

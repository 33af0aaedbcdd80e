//! Takes every place that others have for whoever dials them, and never leaves (threat 11). It is polite
//! otherwise.

use pex::NodeEvent;
use pex::wire::Message;

use super::hand::SECOND;
use super::{Hand, Operator};

/// Dials of one node at once.
const DIALS: usize = 4;

#[derive(Debug)]
pub(super) struct Holder;

impl Operator for Holder {
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>) {
        match event {
            NodeEvent::Tick => {
                for _ in 0..DIALS {
                    let Some(node) = hand.honest() else {
                        break;
                    };
                    if hand.open.iter().all(|(peer, _)| *peer != node) {
                        hand.dial(hand.address(node));
                    }
                }
                hand.wake_in(SECOND);
            }
            NodeEvent::Message {
                epoch,
                message: Message::Request(dialect),
                ..
            } => {
                let told = hand.some_honest(100);
                hand.answer(epoch, dialect, &told);
            }
            _ => {}
        }
    }
}

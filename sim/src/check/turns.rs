//! Whose turn it is: of those who stand in one line, whoever has stood there for longest is asked first.
//! So in any 2k requests to a line each of k who stand in it is asked.

use pex::wire::Message;
use pex::{Kind, NodeAction, NodeId};

use super::judge::{Connection, Judge};
use super::{Verdict, hold};
use crate::machine::Machine;

/// Where a peer stands. Moments are events in which somebody was asked, in the order in which they come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// Since when it was seen in a line.
    since: Option<u64>,
    /// When it was asked last, or has come: whoever stood in a line by then is before it.
    after: u64,
}

impl Standing {
    /// That of whoever comes now.
    pub(super) const fn at(moment: u64) -> Self {
        Self {
            since: None,
            after: moment,
        }
    }
}

/// The lines in which peers stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Newcomers,
    Kin,
    Others,
}

impl Connection {
    /// In which line it stands that was asked so often.
    const fn line(&self, asked: u32, has_lines: bool) -> Line {
        match (has_lines, asked, self.kind) {
            (true, 0, _) => Line::Newcomers,
            (true, _, Kind::Kin) => Line::Kin,
            _ => Line::Others,
        }
    }
}

/// Whom an order asks.
const fn asks(order: &NodeAction) -> Option<NodeId> {
    match order {
        NodeAction::Send {
            to,
            message: Message::Request(_),
            ..
        } => Some(*to),
        _ => None,
    }
}

impl Judge {
    /// Holds whom it has asked to whose turn it was.
    pub(super) fn keeps_turns(&mut self, orders: &[NodeAction], machine: &Machine) -> Verdict {
        let asked: Vec<NodeId> = orders.iter().filter_map(asks).collect();
        let Some(exchange) = machine.exchange().filter(|_| !asked.is_empty()) else {
            return Ok(());
        };
        let line = |it: &Connection, is_asked: bool| {
            it.line(it.asked - u32::from(is_asked), self.terms.has_lines)
        };
        for (nth, id) in asked.iter().enumerate() {
            let Some(it) = self.connections.get(id) else {
                continue;
            };
            let (its, after) = (line(it, true), it.standing.after);
            let later = asked.get(nth + 1..).unwrap_or_default();
            let first = self.connections.iter().find(|(id, other)| {
                let is_asked_later = later.contains(id);
                other.up
                    && !other.hung_up
                    && other.standing.since.is_some_and(|since| since <= after)
                    && (is_asked_later || exchange.is_in_line(**id))
                    && line(other, is_asked_later) == its
            });
            hold(11, first.is_none(), || {
                let first = first.map(|(id, _)| id);
                format!("{id} is asked, and {first:?} has stood in the same line for longer")
            })?;
        }
        self.moment += 1;
        for (id, it) in &mut self.connections {
            if asked.contains(id) {
                it.standing = Standing::at(self.moment);
            } else if exchange.is_in_line(*id) {
                it.standing.since.get_or_insert(self.moment);
            }
        }
        Ok(())
    }
}

//! What an event may lead to, and what all that follows from it has to keep to.

use core::time::Duration;

use pex::wire::{Dialect, MAX_ANSWER_ADDRESSES, MAX_ANSWER_ADDRESSES_V1, Message};
use pex::{Fault, HangUp, NodeAction, NodeEvent, NodeId, Time};

use super::judge::{Judge, PATIENCE, words};
use super::{Verdict, hold};
use crate::machine::Machine;

/// The longest that anybody is left alone who can be asked.
const LONGEST: Duration = Duration::from_secs(600);

/// What the event in hand may lead to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Expects {
    Anything,
    /// It is of somebody who is not connected, and nothing else was due.
    Nothing {
        deadline: Option<Time>,
    },
    /// It is an answer, which counts if it was asked for.
    Answer {
        from: NodeId,
        counts: Option<bool>,
        /// Whether there have been more answers than questions.
        too_many: bool,
        len: usize,
        most: usize,
    },
    /// It is a request, which puts off nothing.
    Request {
        deadline: Option<Time>,
    },
}

impl Judge {
    /// What an event may lead to; counts questions and answers.
    pub(super) fn expect(&mut self, event: &NodeEvent<'_>, deadline: Option<Time>) -> Expects {
        let NodeEvent::Message {
            from,
            epoch,
            message,
        } = event
        else {
            return Expects::Anything;
        };
        let now = self.now;
        let connection = self.connections.get_mut(from);
        let it = connection.filter(|it| it.epoch == *epoch && it.up && !it.hung_up);
        match message {
            Message::Request(dialect) => {
                if let Some(it) = it {
                    it.questions[words(*dialect)] += 1;
                    self.rates.question(now, *from);
                }
                Expects::Request {
                    deadline: deadline.filter(|at| *at > now),
                }
            }
            Message::Response(response) => {
                let (counts, too_many) = it.map_or((Some(false), false), |it| {
                    it.heard += 1;
                    let awaiting = it.awaiting.is_some_and(|at| now < at + PATIENCE);
                    let counts = (!it.is_unsure || awaiting).then_some(awaiting);
                    (counts, it.heard > it.asked)
                });
                Expects::Answer {
                    from: *from,
                    counts,
                    too_many,
                    len: response.len(),
                    most: match response.dialect() {
                        Dialect::V1 => MAX_ANSWER_ADDRESSES_V1,
                        Dialect::V2 => MAX_ANSWER_ADDRESSES,
                    },
                }
            }
            _ => Expects::Anything,
        }
    }

    /// Holds all that was ordered together, and what the machine is now, to what must be so.
    pub(super) fn after(&mut self, orders: &[NodeAction], machine: &Machine) -> Verdict {
        let deadline = machine.deadline();
        hold(5, deadline.is_none() || deadline == self.armed, || {
            format!(
                "the timer is set to {:?}, and {deadline:?} is the deadline",
                self.armed
            )
        })?;
        let exchange = machine.exchange_deadline();
        let longest = self.now + LONGEST;
        hold(6, exchange.is_none_or(|at| at <= longest), || {
            format!("the exchange waits until {exchange:?}, for more than ten minutes")
        })?;
        for (id, before) in &self.scores {
            let score = machine.score(*id);
            // Of whom nothing is kept any more nothing is thought either.
            let is_forgotten = score == 0 && !machine.keeps_node(*id);
            hold(26, score == *before || is_forgotten, || {
                format!("the score of {id} becomes {score}, as somebody tells of it")
            })?;
        }
        for order in orders {
            if let NodeAction::Down { peer, epoch } = order
                && let Some(it) = self.connections.get(peer)
            {
                let ended = it.epoch != *epoch || it.hung_up;
                hold(10, ended, || {
                    format!("{peer} is down, and nobody has hung up")
                })?;
            }
        }
        self.guess
            .after(orders, machine, self.memory.told_in_all())?;
        match self.expects {
            Expects::Anything => Ok(()),
            Expects::Nothing { deadline: before } => {
                // What is done when it is next looked at, as the end of a ban, has no deadline.
                let timer = |order: &NodeAction| matches!(order, NodeAction::SetTimer(_));
                let is_sooner = before.is_none() || deadline.is_some_and(|at| Some(at) <= before);
                hold(33, orders.iter().all(timer) && is_sooner, || {
                    let now = self.now;
                    format!(
                        "what is of no connection leads at {now:?} to {orders:?}, with nothing due before {before:?}"
                    )
                })
            }
            Expects::Request { deadline } => puts_nothing_off(deadline, orders, exchange),
            Expects::Answer {
                from,
                counts,
                too_many,
                len,
                most,
            } => {
                self.counted(from, counts, len <= most, orders)?;
                // What became due with this event may have been the question.
                let settled = |order: &NodeAction| match order {
                    NodeAction::HangUp { peer, .. } | NodeAction::Answered { peer, .. } => {
                        *peer == from
                    }
                    _ => false,
                };
                hold(12, !too_many || orders.iter().any(settled), || {
                    format!("{from} has answered more often than it was asked, and may stay")
                })
            }
        }
    }

    /// An answer counts if, and only if, it was asked for; and it is held against its teller only if
    /// there were more than questions.
    fn counted(
        &self,
        from: NodeId,
        counts: Option<bool>,
        fits: bool,
        orders: &[NodeAction],
    ) -> Verdict {
        let counted = orders
            .iter()
            .any(|order| matches!(order, NodeAction::Answered { peer, .. } if *peer == from));
        hold(13, !counted || fits, || {
            format!("an answer of {from} counts, and holds too many addresses")
        })?;
        let asked = orders.iter().any(|order| {
            matches!(order, NodeAction::Send { to, message: Message::Request(_), .. } if *to == from)
        });
        if let Some(counts) = counts {
            let right = counted == (counts && fits) || asked && counted;
            hold(12, right, || {
                format!("an answer of {from}, awaited: {counts}, counts: {counted}")
            })?;
        }
        let unasked = orders.iter().any(|order| {
            let why = HangUp::Fault(Fault::UnsolicitedResponse);
            matches!(order, NodeAction::HangUp { peer, why: its, .. } if *peer == from && *its == why)
        });
        let more = self
            .connections
            .get(&from)
            .is_none_or(|it| it.heard > it.asked);
        hold(12, !unasked || more, || {
            format!("an answer of {from} is held against it, and was asked for")
        })
    }
}

/// A request does not make us ask later, unless it ends a connection, or a wait for names: who asks
/// again before they are there is answered twice, with what there is and anew.
fn puts_nothing_off(before: Option<Time>, orders: &[NodeAction], after: Option<Time>) -> Verdict {
    let ends =
        |order: &NodeAction| matches!(order, NodeAction::HangUp { .. } | NodeAction::Down { .. });
    let answers = orders.iter().filter(|order| match order {
        NodeAction::Send { message, .. } => matches!(message, Message::Response(_)),
        _ => false,
    });
    let asks = |order: &NodeAction| matches!(order, NodeAction::Resolve { .. });
    let answers = answers.count() + usize::from(orders.iter().any(asks));
    let ends = orders.iter().any(ends) || answers > 1;
    let Some(before) = before.filter(|_| !ends) else {
        return Ok(());
    };
    hold(4, after.is_some_and(|after| after <= before), || {
        format!("a request puts off what was due at {before:?} to {after:?}")
    })
}

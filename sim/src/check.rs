//! What must hold, whatever happens.
//!
//! The machines check themselves after every event. Here they are looked at from outside as well: each
//! has a judge who knows what it was told, and holds what it does to the rules; and the network as a
//! whole loses no message, and knows nobody of whom nobody has told. The numbers are those of
//! `tests/INVARIANTS.md`.

mod after;
mod guess;
mod judge;
mod memory;
mod network;
mod order;
mod rates;
mod settled;
#[cfg(test)]
pub(crate) mod tests;
mod together;
mod turns;
mod twin;

use pex::wire::{Message, Response};
use pex::{NodeAction, NodeAddress, NodeEvent, Time};

use crate::machine::Machine;
use crate::member::Member;
use crate::simulation::Simulation;

use judge::Judge;
pub(crate) use memory::Start;
use twin::Twin;

/// Whether a rule was kept; if not, its number and what was seen.
type Verdict = Result<(), (u8, String)>;

fn hold(invariant: u8, holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds {
        Ok(())
    } else {
        Err((invariant, what()))
    }
}

/// All judges.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// By the number of their nodes; none for those who run no machine of ours.
    judges: Vec<Option<Box<Judge>>>,
    /// What the event in hand tells of, in order.
    told: Vec<NodeAddress>,
    /// Beside the node that has started last.
    twin: Option<Twin>,
    /// By the number of their nodes, how many addresses may be looked at by now.
    credits: Vec<u64>,
    /// Nodes, and whom they knew when they started.
    introduced: Vec<[u32; 2]>,
}

impl Check {
    /// A node starts that knows these, and can dial them.
    pub(crate) fn introduce(&mut self, node: u32, known: &[u32]) {
        self.introduced.extend(known.iter().map(|it| [node, *it]));
    }

    /// A node starts again: of those whom it knew it knows whom its store has kept, since disks get lost.
    pub(crate) fn knows_no_more_than(&mut self, node: u32, kept: &[u32]) {
        self.introduced
            .retain(|[who, whom]| *who != node || kept.contains(whom));
    }

    /// A node has started.
    pub(crate) fn starts(
        &mut self,
        node: u32,
        address: &NodeAddress,
        member: &Member,
        start: &Start<'_>,
    ) {
        let place = node as usize;
        if self.judges.len() <= place {
            self.judges.resize_with(place + 1, || None);
        }
        let dials_per_second = match &member.machine {
            machine if machine.is_seed() => 64,
            Machine::V1(_) | Machine::V2(_) => 10,
            // What is modelled on others keeps their rules.
            _ => return self.ends(node),
        };
        let judge = Judge::new(address.clone(), dials_per_second, start, &member.machine);
        self.judges[place] = Some(Box::new(judge));
        self.twin = Twin::of(node, &member.machine, start);
    }

    /// Whether somebody told a node of this address in the life that it leads.
    fn was_told(&self, node: u32, address: &NodeAddress) -> bool {
        let judge = self.judges.get(node as usize).and_then(Option::as_ref);
        judge.is_some_and(|judge| judge.was_told(address))
    }

    /// A node has died.
    pub(crate) fn ends(&mut self, node: u32) {
        if let Some(judge) = self.judges.get_mut(node as usize) {
            *judge = None;
        }
        self.twin.take_if(|twin| twin.of == node);
    }

    /// A node's clock was wrong, and is set back.
    pub(crate) fn rewinds(&mut self, node: u32, clock: Time, machine: &Machine) {
        if let Some(Some(judge)) = self.judges.get_mut(node as usize) {
            judge.rewind(clock, machine.deadline());
        }
        if let Some(twin) = self.twin.as_mut().filter(|twin| twin.of == node) {
            twin.rewind(clock);
        }
    }

    /// Learns what is about to happen to a node.
    pub(crate) fn before(
        &mut self,
        node: u32,
        now: Time,
        event: &NodeEvent<'_>,
        machine: &Machine,
    ) {
        self.told.clear();
        if let NodeEvent::Message {
            message: Message::Response(response),
            ..
        } = event
        {
            let told = response.entries().filter_map(|entry| entry.parse().ok());
            self.told.extend(told);
            self.told.sort_unstable();
        }
        if let Some(Some(judge)) = self.judges.get_mut(node as usize) {
            judge.before(now, event, &self.told, machine);
        }
        if let Some(twin) = self.twin.as_mut().filter(|twin| twin.of == node) {
            twin.before(now, event.clone());
        }
    }

    /// Sees whether a node's twin has done the same.
    pub(crate) fn compare(&mut self, node: u32, orders: &[NodeAction], machine: &Machine) {
        if let Some(twin) = self.twin.as_mut().filter(|twin| twin.of == node) {
            twin.after(machine, orders);
        }
    }

    /// Whether a machine that keeps so many addresses is to be looked at as a whole.
    fn is_due(&mut self, node: u32, keeps: usize, budget: Option<u32>) -> bool {
        let Some(budget) = budget else {
            return true;
        };
        let place = node as usize;
        if self.credits.len() <= place {
            self.credits.resize(place + 1, 0);
        }
        let credit = &mut self.credits[place];
        *credit += u64::from(budget);
        let is_due = *credit >= keeps as u64;
        if is_due {
            *credit = 0;
        }
        is_due
    }

    fn judge(&mut self, node: u32, orders: &[NodeAction], machine: &Machine) -> Verdict {
        if let Some(Some(judge)) = self.judges.get_mut(node as usize) {
            for order in orders {
                judge.order(order)?;
                if let NodeAction::Dial { address, .. } = order {
                    judge.dials_again(address, machine)?;
                }
            }
            judge.after(orders, machine)?;
            judge.keeps_turns(orders, machine)?;
        }
        if let Some(twin) = self.twin.as_mut().filter(|twin| twin.of == node) {
            twin.is_same()?;
        }
        for order in orders {
            if let NodeAction::Heard { address, .. } = order
                && self.told.binary_search(address).is_err()
            {
                return Err((
                    36,
                    format!("{address} was taken in, and nobody has told it"),
                ));
            }
        }
        Ok(())
    }
}

impl Simulation {
    /// Holds what each node takes for reached to what it has reached.
    pub(crate) fn check_tested(&mut self) {
        let Some(check) = &self.check else {
            return;
        };
        let mut wrong = None;
        for node in &self.living {
            let machine = &self.members[*node as usize].machine;
            if let Some(Some(judge)) = check.judges.get(*node as usize)
                && let Err((invariant, what)) = judge.tested(machine)
            {
                wrong = Some((invariant, what, *node));
                break;
            }
        }
        if let Some((invariant, what, node)) = wrong {
            self.break_off(invariant, what, node);
        }
    }

    /// Where all are honest, and nothing garbles what they say, nobody hears of a place where nobody
    /// has ever lived.
    fn invented<'a>(&self, orders: &'a [NodeAction]) -> Option<&'a NodeAddress> {
        let faults = &self.faults.drawn;
        if !self.trust || faults.garble + faults.crashes > 0.0 {
            return None;
        }
        let heard = orders.iter().filter_map(|order| match order {
            NodeAction::Heard { address, .. } => Some(address),
            _ => None,
        });
        let lives = |address: &NodeAddress| {
            let there = self.places.at(address);
            there.is_some_and(|there| self.places.id(there) == address.id())
        };
        heard.into_iter().find(|address| !lives(address))
    }

    /// Nobody hears from a node of whom it keeps to itself.
    pub(crate) fn keeps_secrets(&mut self, node: u32, response: &Response<'_>) {
        let private = &self.members[node as usize].private;
        if private.is_empty() {
            return;
        }
        let told = response.entries().filter_map(|entry| entry.parse().ok());
        let leak = told.into_iter().find(|address| {
            let (known, there) = (self.places.number(address.id()), self.places.at(address));
            let secret = |node: Option<u32>| node.is_some_and(|node| private.contains(&node));
            secret(known) || secret(there)
        });
        if let Some(leak) = leak {
            self.break_off(15, format!("{leak} is private, and is told"), node);
        }
    }

    /// Looks at a node's machine as a whole, where that is not done after every event.
    pub(crate) fn look_inside(&mut self, node: u32) {
        let is_looked_at = self.check.is_some() && self.scenario.check_budget.is_none();
        let machine = &self.members[node as usize].machine;
        if !is_looked_at && let Err(it) = machine.check() {
            self.break_off(it.invariant, it.what, node);
        }
    }

    /// Holds what a node does, and what it has become, to what must be so.
    pub(crate) fn judge(&mut self, node: u32, is_tick: bool, orders: &[NodeAction]) {
        for order in orders {
            if let NodeAction::Send {
                message: Message::Response(response),
                ..
            } = order
            {
                self.keeps_secrets(node, response);
            }
        }
        let member = &self.members[node as usize];
        let (machine, clock) = (&member.machine, member.clock(self.now));
        let budget = self.scenario.check_budget;
        let is_due = match &mut self.check {
            Some(check) => check.is_due(node, machine.keeps(), budget),
            None => true,
        };
        let inside = if is_due {
            machine.check()
        } else {
            machine.check_exchange()
        };
        let inside = inside.map_err(|it| (it.invariant, it.what.to_owned()));
        // A whole node does with each event what is due, and the exchange alone with a tick.
        let does_all = is_tick || matches!(machine, Machine::V1(_) | Machine::V2(_));
        let late = does_all && machine.deadline().is_some_and(|deadline| deadline <= clock);
        let timer = if late {
            Err((
                5,
                "what is due is done, and the deadline lies ahead".to_owned(),
            ))
        } else {
            Ok(())
        };
        let judged = inside.and(timer);
        let judged = judged.and_then(|()| match &mut self.check {
            Some(check) => check.judge(node, orders, machine),
            None => Ok(()),
        });
        let judged = judged.and_then(|()| match self.invented(orders) {
            Some(address) => Err((36, format!("{address} was never anybody's"))),
            None => Ok(()),
        });
        if let Err((invariant, what)) = judged {
            self.break_off(invariant, what, node);
        }
        let gone = self.ledger.delivered + self.ledger.dropped;
        if self.ledger.sent != gone + self.parcels.len() as u64 {
            let what = "what was sent has arrived, is lost, or is under way";
            self.break_off(36, what, node);
        }
    }
}

//! Nodes that are out for harm.
//!
//! All nodes of a hostile group are of one [`Operator`], who knows everything that happens at any of
//! them, and what chance tells of the honest: who they are and where they live. So liars agree, and a
//! spy adds up what many ids were told. He bends the protocol as he likes, and not the network: he
//! has the connections, the places and the bandwidth of his nodes, and cannot read what others say.

mod hand;
mod silent;

use core::fmt;

use pex::NodeEvent;

use crate::places::Places;
use crate::scenario::{Program, ScenarioError};
use crate::simulation::Simulation;

pub(crate) use hand::{Hand, Order};

/// Who runs the nodes of a hostile group.
pub(crate) trait Operator: fmt::Debug {
    /// A place for one more node of his; by default one of its own somewhere in the world.
    fn settle(&mut self, places: &mut Places) -> u32 {
        places.add()
    }

    /// Something has happened at the node that the hand is of. Its first event is a tick.
    fn handle(&mut self, event: NodeEvent<'_>, hand: &mut Hand<'_>);

    /// What he has got out of it by the end, each with a name.
    fn gains(&self, _world: &Simulation) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}

/// Peers that a hostile node sees to have, if its sort has no reason for another number.
const PEERS: usize = 8;

type Made = fn() -> Box<dyn Operator>;

/// All sorts there are, by name.
const SORTS: &[(&str, Made)] = &[("silent", || Box::new(silent::Silent))];

/// The operator of a group, if what it runs is hostile.
///
/// # Errors
///
/// If there is no such sort.
pub(crate) fn operator(runs: &Program) -> Result<Option<Box<dyn Operator>>, ScenarioError> {
    let Program::Hostile(sort) = runs else {
        return Ok(None);
    };
    if let Some((_, made)) = SORTS.iter().find(|(name, _)| name == sort) {
        return Ok(Some(made()));
    }
    let names: Vec<_> = SORTS.iter().map(|(name, _)| *name).collect();
    let what = format!(
        "'{sort}' is no sort of hostile node; write one of {}",
        names.join(", ")
    );
    Err(ScenarioError::new("hostile", what))
}

impl Simulation {
    /// Whether a node is in the hands of somebody who is out for harm.
    pub(crate) fn is_hostile(&self, node: u32) -> bool {
        let group = usize::from(self.members[node as usize].group);
        self.crowds[group].is_hostile()
    }

    /// Tells an operator what has happened at a node of his, and does what he wants done.
    pub(crate) fn tell_operator(&mut self, node: u32, event: NodeEvent<'_>) {
        let group = usize::from(self.members[node as usize].group);
        let Some(mut operator) = self.crowds[group].operator.take() else {
            return;
        };
        let mut hand = Hand::new(self, node);
        operator.handle(event, &mut hand);
        let orders = hand.into_orders();
        self.crowds[group].operator = Some(operator);
        for order in orders {
            self.serve(node, order);
        }
    }

    fn serve(&mut self, node: u32, order: Order) {
        let crowd = &mut self.crowds[usize::from(self.members[node as usize].group)];
        match order {
            Order::Send { epoch, load } => {
                if let Some(side) = self.links.side(epoch, node)
                    && (self.links.get(epoch)).is_some_and(|link| link.is_open(side))
                {
                    crowd.count(&load);
                    self.ship(epoch, side, load);
                }
            }
            Order::Dial(address) => {
                crowd.dials += 1;
                self.dial(node, address);
            }
            Order::HangUp(epoch) => self.hang_up(node, epoch),
            Order::WakeAt(at) => self.set_timer(node, at),
        }
    }

    /// What the operators have got out of it.
    pub(crate) fn gains(&mut self) -> Vec<crate::outcome::Gain> {
        let mut gains = Vec::new();
        for group in 0..self.crowds.len() {
            let Some(operator) = self.crowds[group].operator.take() else {
                continue;
            };
            for (what, value) in operator.gains(self) {
                let runs = self.crowds[group].group.runs.name();
                let what = what.to_owned();
                gains.push(crate::outcome::Gain { runs, what, value });
            }
            self.crowds[group].operator = Some(operator);
        }
        gains
    }
}

//! Nodes that are out for harm.
//!
//! All nodes of a hostile group are of one [`Operator`], who knows everything that happens at any of
//! them, and what chance tells of the honest: who they are and where they live. So liars agree, and a
//! spy adds up what many ids were told. He bends the protocol as he likes, and not the network: he
//! has the connections, the places and the bandwidth of his nodes, and cannot read what others say.

mod amplifier;
mod echo;
mod flooder;
mod freezer;
mod grinder;
mod hand;
mod hasty;
mod holder;
mod inflater;
mod poisoner;
mod quiet;
mod reader;
mod restless;
mod spy;
mod sybil;

use core::fmt;
use core::net::IpAddr;

use pex::NodeEvent;

use crate::measure::ratio;
use crate::places::Places;
use crate::scenario::{Program, ScenarioError};
use crate::simulation::Simulation;

use amplifier::Amplifier;
use echo::Echo;
use flooder::Flooder;
use freezer::Freezer;
use grinder::{Arc, Grinder};
pub(crate) use hand::{Hand, Order};
use hasty::Hasty;
use holder::Holder;
use inflater::{Fakes, Inflater};
use poisoner::{Lie, Poisoner};
use quiet::{Silent, Slow};
use reader::Reader;
use restless::Restless;
use spy::Spy;
use sybil::Sybil;

/// Who runs the nodes of a hostile group.
pub(crate) trait Operator: fmt::Debug {
    /// A place for one more node of his; by default one of its own somewhere in the world.
    fn settle(&mut self, places: &mut Places) -> u32 {
        places.add()
    }

    /// Where somebody lives whom he wants others to dial.
    fn victim(&self) -> Option<IpAddr> {
        None
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
const SORTS: &[(&str, Made)] = &[
    ("amplifier", || Box::new(Amplifier::default())),
    ("arc-dense", || Box::new(Grinder::new(Arc::Dense))),
    ("arc-grinder", || Box::new(Grinder::new(Arc::Ground))),
    ("arc-sparse", || Box::new(Grinder::new(Arc::Sparse))),
    ("cursor-scraper", || Box::new(Reader::new(true))),
    ("echo", || Box::new(Echo::default())),
    ("flooder", || Box::new(Flooder::default())),
    ("freezer", || Box::new(Freezer::default())),
    ("hanger-up", || Box::new(Restless::default())),
    ("hasty", || Box::new(Hasty::default())),
    ("inflater", || Box::new(Inflater::new(Fakes::Fresh))),
    ("misnamer", || Box::new(Poisoner(Lie::NobodysId))),
    ("poisoner", || Box::new(Poisoner(Lie::DeadPlace))),
    ("private-prober", || Box::new(Reader::new(false))),
    ("reconnector", || Box::new(Restless::asking())),
    ("same-inflater", || Box::new(Inflater::new(Fakes::Same))),
    ("shared-inflater", || Box::new(Inflater::new(Fakes::Shared))),
    ("silent", || Box::new(Silent)),
    ("slot-holder", || Box::new(Holder)),
    ("slow", || Box::new(Slow::default())),
    ("squatter", || Box::new(Poisoner(Lie::OwnPlace))),
    ("sybil", || Box::new(Sybil::default())),
    ("topology-spy", || Box::new(Spy::default())),
];

/// The names of all sorts of hostile nodes.
pub fn sorts() -> impl Iterator<Item = &'static str> {
    SORTS.iter().map(|(name, _)| *name)
}

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
    let names = sorts().collect::<Vec<_>>().join(", ");
    let what = format!("'{sort}' is no sort of hostile node; write one of {names}");
    Err(ScenarioError::new("runs.hostile", what))
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
        self.digest.number(u64::from(node) << 8 | 0xff);
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
            let mut found = operator.gains(self);
            found.extend(self.places_held(group));
            if operator.victim().is_some() {
                found.push(("dials at the victim", self.aim.dials as f64));
                found.push(("most by one in a day", self.aim.most as f64));
            }
            for (what, value) in found {
                let runs = self.crowds[group].group.runs.name();
                let what = what.to_owned();
                gains.push(crate::outcome::Gain { runs, what, value });
            }
            self.crowds[group].operator = Some(operator);
        }
        gains
    }

    /// The share of the connections of honest nodes that a group has: of those that they have dialed,
    /// and of the others.
    fn places_held(&self, group: usize) -> [(&'static str, f64); 2] {
        let (mut held, mut all) = ([0_u64; 2], [0_u64; 2]);
        for link in self.links.iter() {
            for (side, end) in link.ends.iter().enumerate() {
                if link.is_open(side) && !self.is_hostile(end.node) {
                    let other = link.ends[1 - side].node;
                    let theirs = usize::from(self.members[other as usize].group) == group;
                    held[side] += u64::from(theirs);
                    all[side] += 1;
                }
            }
        }
        let share = |side: usize| ratio(held[side], all[side].max(1));
        [("outbound held", share(0)), ("inbound held", share(1))]
    }
}

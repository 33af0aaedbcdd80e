//! Nodes without a machine: they answer, and that is all.
//!
//! So that a million of them fit into memory, there is nothing of them but a place, a life and their
//! connections. Their answers are made from the list of all who live: ours walk it in an order of
//! their own, from where they were on the same connection, or tell kin in the order of ids; the
//! reference's tell the same hundred again and again; `uniform` draws a hundred anew each time from
//! all, which no real node can, or from its store where a scenario gives it one.
//!
//! What is left out: they dial nobody and ask nobody, they know of births and deaths at once, keep no
//! limits (but the reference's own, which refuses what comes too soon), and never refuse a connection.

use core::ops::ControlFlow;
use std::collections::BTreeSet;

use pex::wire::{Dialect, MAX_ANSWER_ADDRESSES, Message, ResponseBuilder};
use pex::{Directory, Epoch, Kind, NodeAddress, NodeEvent, NodeId};

use crate::chance::Chance;
use crate::machine::kind_seen;
use crate::permute;
use crate::scenario::Program;
use crate::shared::{View, World};
use crate::simulation::Simulation;

/// After so long a silence kin is told another arc.
const PAUSE: u64 = 1_000_000_000;

/// The most nodes that each program knows by default.
pub(crate) const fn store_of(program: &Program) -> u32 {
    match program {
        Program::Tendermint0350 => 1_000,
        Program::Tendermint0359 => 260,
        Program::Pex | Program::PexPlain => 10_000,
        _ => u32::MAX,
    }
}

/// The time between two requests that the reference grants.
pub(crate) const fn grants(program: &Program) -> Option<u64> {
    match program {
        Program::Tendermint0350 => Some(100_000_000),
        Program::Tendermint0359 => Some(200_000_000),
        _ => None,
    }
}

impl Simulation {
    /// Tells a node without a machine of something: all that matters to it is that it is asked.
    pub(crate) fn tell_thin(&mut self, node: u32, event: &NodeEvent<'_>) {
        if let NodeEvent::Message {
            from,
            epoch,
            message: Message::Request(dialect),
        } = event
            && self.members[node as usize].alive
        {
            self.answer_thinly(node, *from, *epoch, *dialect);
        }
    }

    /// A node without a machine has been asked.
    fn answer_thinly(&mut self, node: u32, asker: NodeId, epoch: Epoch, dialect: Dialect) {
        self.events += 1;
        let Some(side) = self.links.side(epoch, node) else {
            return;
        };
        let group = usize::from(self.members[node as usize].group);
        let program = self.crowds[group].blueprint.program.clone();
        let now = self.now;
        let Some(end) = self.links.get_mut(epoch).map(|link| &mut link.ends[side]) else {
            return;
        };
        let too_soon = grants(&program)
            .is_some_and(|gap| end.told > 0 && now < end.asked_at.saturating_add(gap));
        if too_soon {
            // 0.35.9 sends nobody away while it has places; before, it did.
            if program == Program::Tendermint0350 {
                self.hang_up(node, epoch);
            }
            return;
        }
        let (told, rests) = (end.told, now.saturating_sub(end.asked_at));
        end.asked_at = now;
        let asked_by = self.links.get(epoch).map(|link| link.ends[1 - side].node);
        let asked_by =
            asked_by.map(|it| &self.crowds[usize::from(self.members[it as usize].group)]);
        let own = self.crowds[group].said();
        let is_kin = asked_by.is_some_and(|crowd| {
            let asker = crowd.said();
            kind_seen(&own, &asker) == Kind::Kin && kind_seen(&asker, &own) == Kind::Kin
        });
        let view = View {
            world: World {
                places: &self.places,
                living: &self.living,
                by_id: &self.by_id,
                watch: &self.watch,
            },
            node,
            key: permute::key(self.seed, node),
            store: self.crowds[group]
                .group
                .store
                .unwrap_or_else(|| store_of(&program)),
            same: grants(&program).is_some(),
        };
        let mut answer = ResponseBuilder::new(dialect);
        if told == 0 {
            // There is room for one in an empty answer.
            let _first = answer.push_address(&self.places.address(node));
        }
        let mut take = |address: &NodeAddress| {
            let is_other = address.id() != asker && address.id() != view.world.places.id(node);
            !is_other || answer.push_address(address).is_ok()
        };
        let told = if is_kin {
            let goes_on = told > 0 && rests < PAUSE;
            tell_arc(
                &view,
                goes_on.then_some(told),
                self.thin.next_u64(),
                &mut take,
            )
        } else if program == Program::Uniform {
            draw(&view, &mut self.thin, &mut take);
            told.saturating_add(1)
        } else {
            // Each connection begins somewhere else, and goes on where it was.
            let begins = permute::key(view.key, (epoch.number() >> 32) as u32);
            told.wrapping_add(tell_on(&view, begins, told, &mut take))
        };
        if let Some(link) = self.links.get_mut(epoch) {
            link.ends[side].told = told.max(1);
        }
        self.send(node, epoch, Message::Response(answer.finish()));
    }
}

/// Tells on in the node's own order, or, as the reference does, from its beginning; returns how many
/// were looked at.
fn tell_on(
    view: &View<'_>,
    begins: u64,
    told: u32,
    take: &mut impl FnMut(&NodeAddress) -> bool,
) -> u32 {
    let len = view.len();
    let first = if view.same {
        0
    } else {
        (begins % u64::from(len.max(1))) as u32 + told % len.max(1)
    };
    for looked in 0..len {
        let other = view.at((first + looked) % len);
        if !take(&view.world.places.address(other)) {
            return looked;
        }
    }
    len
}

/// Tells in the order of ids, behind the one told last or from one drawn by chance; returns the number
/// of the last one, and one.
fn tell_arc(
    view: &View<'_>,
    after: Option<u32>,
    chance: u64,
    take: &mut impl FnMut(&NodeAddress) -> bool,
) -> u32 {
    let places = view.world.places;
    let start = after
        .map(|told| places.id(told - 1))
        .or_else(|| view.arc_start(chance));
    let mut last = after.unwrap_or_default();
    if let Some(start) = start {
        view.walk_arc(start, &mut |address| {
            if !take(address) {
                return ControlFlow::Break(());
            }
            last = places.number(address.id()).unwrap_or_default() + 1;
            ControlFlow::Continue(())
        });
    }
    last
}

/// Tells of a hundred of its store drawn by chance, none twice.
fn draw(view: &View<'_>, chance: &mut Chance, take: &mut impl FnMut(&NodeAddress) -> bool) {
    let mut drawn = BTreeSet::new();
    for _ in 0..4 * MAX_ANSWER_ADDRESSES {
        let other = view.at(chance.index(view.len() as usize) as u32);
        if drawn.insert(other) && !take(&view.world.places.address(other)) {
            return;
        }
    }
}

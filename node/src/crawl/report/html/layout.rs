//! Where each node stands in the picture: a tree of who told of whom first, drawn around its root.
//!
//! It takes time linear in the nodes and their tellers, draws nothing by chance, and does not
//! recurse: strangers choose how deep the tree is.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places in a picture, of few nodes"
)]

use core::f64::consts::{FRAC_PI_2, PI, TAU};
use std::collections::BTreeMap;

use pex::NodeId;

use crate::crawl::map::Map;

/// Nodes that are drawn: more are a blot, and slow to look at.
pub(super) const DRAWN_MAX: usize = 4_000;

/// Rings that are told apart. Those who are farther away stand on the last.
const RINGS_MAX: usize = 12;

/// Half the width of the picture, and of what is drawn in it.
pub(super) const HALF: f64 = 500.0;
const RADIUS: f64 = 470.0;

/// The room that a node takes.
const ROOM: f64 = 7.0;

/// A node in the picture.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) id: NodeId,
    /// The place of the one who told of it first, in the list of spots.
    pub(super) parent: Option<usize>,
    pub(super) ring: usize,
    pub(super) x: f64,
    pub(super) y: f64,
}

/// The spots, those nearest to the seeds first, and how many there would be.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) spots: Vec<Spot>,
    pub(super) all: usize,
    pub(super) rings: usize,
}

impl Layout {
    pub(super) fn of(map: &Map) -> Self {
        let mut spots = in_order(map);
        let angles = angles(&spots);
        let rings = spots.iter().map(|spot| spot.ring).max().unwrap_or(0);
        let mut on_ring = vec![0_usize; rings + 1];
        for spot in &spots {
            on_ring[spot.ring] += 1;
        }
        let radii = radii(&on_ring);
        let mut seen = vec![0_usize; rings + 1];
        for (spot, angle) in spots.iter_mut().zip(angles) {
            let (radius, step) = radii[spot.ring];
            // A crowded ring is as broad as it must be, and no broader than there is room for.
            let crowd = on_ring[spot.ring] as f64 * ROOM / (TAU * radius.max(1.0));
            let lanes = (crowd.ceil().max(1.0) as usize).min((step / ROOM).max(1.0) as usize);
            let lane = seen[spot.ring] % lanes;
            seen[spot.ring] += 1;
            let radius = radius - lane as f64 * ROOM;
            spot.x = radius * (angle - FRAC_PI_2).cos();
            spot.y = radius * (angle - FRAC_PI_2).sin();
        }
        Self {
            spots,
            all: map.nodes().len(),
            rings,
        }
    }
}

/// How far each ring is from the middle, and from the one before: the farther the more nodes it has.
fn radii(on_ring: &[usize]) -> Vec<(f64, f64)> {
    let most = on_ring.iter().copied().max().unwrap_or(1).max(1) as f64;
    let mut room: Vec<f64> = on_ring
        .iter()
        .map(|nodes| 0.3 + (*nodes as f64 / most).sqrt())
        .collect();
    // One seed stands in the middle; several stand around it.
    if let Some(inner) = room.first_mut().filter(|_| on_ring.first() == Some(&1)) {
        *inner = 0.0;
    }
    let all = room.iter().sum::<f64>().max(0.1);
    let mut radius = 0.0;
    let ring = |room: f64| {
        let step = RADIUS * room / all;
        radius += step;
        (radius, step)
    };
    room.into_iter().map(ring).collect()
}

/// The nodes as a walk from the seeds meets them, ring by ring.
fn in_order(map: &Map) -> Vec<Spot> {
    let mut told: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    let mut spots = Vec::new();
    let spot = |id, parent, ring| Spot {
        id,
        parent,
        ring,
        x: 0.0,
        y: 0.0,
    };
    for (id, found) in map.nodes() {
        let teller = found.told_by.first().filter(|_| !found.is_seed);
        match teller.filter(|teller| map.nodes().contains_key(teller)) {
            Some(teller) => told.entry(*teller).or_default().push(*id),
            None if spots.len() < DRAWN_MAX => spots.push(spot(*id, None, 0)),
            None => {}
        }
    }
    let mut next = 0;
    while next < spots.len() && spots.len() < DRAWN_MAX {
        let (id, ring) = (spots[next].id, (spots[next].ring + 1).min(RINGS_MAX));
        for child in told.remove(&id).into_iter().flatten() {
            if spots.len() < DRAWN_MAX {
                spots.push(spot(child, Some(next), ring));
            }
        }
        next += 1;
    }
    spots
}

/// Each node stands in the middle of as much of the circle as those behind it need.
fn angles(spots: &[Spot]) -> Vec<f64> {
    let mut weights = vec![0.0_f64; spots.len()];
    for (place, spot) in spots.iter().enumerate().rev() {
        // Whoever told of nobody needs the room of one.
        let own = weights[place].max(1.0);
        weights[place] = own;
        if let Some(parent) = spot.parent {
            weights[parent] += own;
        }
    }
    let roots = spots
        .iter()
        .zip(&weights)
        .filter(|(spot, _)| spot.parent.is_none());
    let all: f64 = roots.map(|(_, weight)| weight).sum();
    // Where the room of each that is not given away begins, and how much a weight of it is.
    let mut free = vec![0.0_f64; spots.len()];
    let mut spans = vec![0.0_f64; spots.len()];
    let mut begin = 0.0;
    let mut angles = Vec::with_capacity(spots.len());
    for (place, spot) in spots.iter().enumerate() {
        let span;
        let from;
        if let Some(parent) = spot.parent {
            span = spans[parent] * weights[place] / weights[parent];
            from = free[parent];
            free[parent] += span;
        } else {
            span = TAU * weights[place] / all.max(1.0);
            from = begin;
            begin += span;
        }
        free[place] = from;
        spans[place] = span;
        angles.push((from + span / 2.0) % (2.0 * PI));
    }
    angles
}

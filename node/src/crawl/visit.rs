//! One visit: what we still want of a node we are connected with, and when it is over.

use core::time::Duration;

use pex::Kind;
use pex::wire::{Dialect, MAX_ANSWER_ADDRESSES};
use tokio::time::Instant;

/// How long a node may keep us waiting for its first answer: the core's own patience, and a little
/// for the core to give up first.
const PATIENCE: Duration = Duration::from_secs(11);

/// How long we wait for a further answer. The core asks a node less often the less it tells that
/// is new, so one that keeps us waiting for longer has next to nothing left to tell.
const PATIENCE_LATER: Duration = Duration::from_secs(60);

/// Answers after which we leave, whatever a node still has to tell. The fullest book of V1 has
/// 20,480 addresses; who goes on for longer invents them.
pub(super) const ANSWERS_MAX: u32 = 250;

/// Answers in a row that tell nothing new, after which a node has nothing more to tell.
const STALE_MAX: u32 = 2;

/// A book of V1 with at most this many addresses is told whole (`minGetSelection`).
const V1_WHOLE: u64 = 32;

/// What we still want of a node we are connected with.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) began: Instant,
    /// When we leave, if no answer comes before.
    pub(super) until: Instant,
    kind: Kind,
    stale: u32,
    pub(super) answers: u32,
}

impl Visit {
    pub(super) fn new(kind: Kind) -> Self {
        let began = Instant::now();
        Self {
            began,
            until: began + PATIENCE,
            kind,
            stale: 0,
            answers: 0,
        }
    }

    /// Takes note of an answer; true if there is nothing more to be had here.
    pub(super) fn is_over_after(&mut self, told: u64, fresh: u64) -> bool {
        self.until = Instant::now() + PATIENCE_LATER;
        self.answers += 1;
        self.stale = if fresh == 0 { self.stale + 1 } else { 0 };
        let (whole, stale_max) = match self.kind.dialect() {
            Dialect::V1 => (V1_WHOLE, 1),
            Dialect::V2 => (MAX_ANSWER_ADDRESSES as u64, STALE_MAX),
        };
        told < whole || self.stale >= stale_max || self.answers >= ANSWERS_MAX
    }
}

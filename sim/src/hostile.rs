//! Nodes that are out for harm.
//!
//! A hostile node is no machine of ours: it does what it likes, within what the network lets anybody
//! do. It is told what happens to it and gives orders. Every sort has a name, by which a scenario asks
//! for it; a new sort is a file here, and a line in [`SORTS`].

mod silent;

use core::fmt;

use pex::{Epoch, NodeAddress, NodeId};

use crate::chance::Chance;
use crate::scenario::ScenarioError;
use crate::shared::World;

/// Something that has happened to a hostile node.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "each sort looks at what it needs")]
pub(crate) enum Happening<'a> {
    /// It starts.
    Start,
    /// What it asked to be woken for.
    Wake,
    /// It is connected with somebody, whom it has dialed or who came.
    Up {
        peer: NodeId,
        epoch: Epoch,
        dialed: bool,
    },
    /// A connection is over.
    Down { peer: NodeId, epoch: Epoch },
    /// A dial has come to nothing.
    DialFailed { address: &'a NodeAddress },
    /// Bytes have come.
    Bytes {
        from: NodeId,
        epoch: Epoch,
        bytes: &'a [u8],
    },
}

/// Something that a hostile node does.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "each sort does what it likes")]
pub(crate) enum Order {
    /// Dials.
    Dial(NodeAddress),
    /// Sends any bytes on a connection.
    Send { epoch: Epoch, bytes: Vec<u8> },
    /// Ends a connection.
    HangUp { epoch: Epoch },
    /// Wants to be woken after so many nanoseconds; it replaces what it wanted before.
    Wake { after: u64 },
}

/// What a hostile node sees of the world: it knows all who live, and where.
#[derive(Debug)]
#[expect(dead_code, reason = "each sort looks at what it needs")]
pub(crate) struct Sight<'a> {
    /// Nanoseconds since the beginning.
    pub(crate) now: u64,
    /// Its own number.
    pub(crate) node: u32,
    pub(crate) world: World<'a>,
    pub(crate) chance: &'a mut Chance,
}

/// A hostile node of some sort.
pub(crate) trait Hostile: fmt::Debug {
    /// Something has happened. What it does about it goes into `orders`, and is done in that order.
    fn happen(&mut self, what: Happening<'_>, sight: &mut Sight<'_>, orders: &mut Vec<Order>);
}

type Make = fn() -> Box<dyn Hostile>;

/// All sorts there are, by name.
const SORTS: &[(&str, Make)] = &[("silent", || Box::new(silent::Silent))];

/// A hostile node of the sort with this name.
///
/// # Errors
///
/// If there is none; the error lists those that there are.
pub(crate) fn make(name: &str) -> Result<Box<dyn Hostile>, ScenarioError> {
    let sort = SORTS.iter().find(|(sort, _)| *sort == name);
    sort.map(|(_, make)| make()).ok_or_else(|| {
        let names: Vec<_> = SORTS.iter().map(|(name, _)| format!("'{name}'")).collect();
        let what = format!(
            "there is no '{name}' among the hostile; write one of {}",
            names.join(", ")
        );
        ScenarioError::new("runs", what)
    })
}

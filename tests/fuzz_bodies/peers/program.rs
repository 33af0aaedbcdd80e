//! What may happen, as a fuzzer can make it up.

use arbitrary::Arbitrary;

use super::options::RawOptions;
use super::places::{Place, Span, Which};

#[derive(Arbitrary, Debug)]
pub(crate) struct Program {
    pub(crate) options: RawOptions,
    pub(crate) steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
pub(crate) struct Step {
    pub(crate) span: Span,
    pub(crate) what: What,
}

#[derive(Arbitrary, Debug)]
pub(crate) enum What {
    Tick,
    Learned {
        place: Place,
        from: u8,
    },
    /// One teller tells of many nodes.
    Flood {
        from: u8,
        first: u16,
        count: u8,
    },
    /// A dial that is under way ends, or one that nobody asked for.
    Dialed {
        dial: u8,
        place: Place,
        epoch: Which,
        elsewhere: Option<u8>,
    },
    Failed {
        dial: u8,
        place: Place,
        why: u8,
    },
    Accepted {
        peer: u8,
        epoch: Which,
        ip: Option<(u8, u8)>,
        listen: Option<Place>,
    },
    Ready {
        peer: u8,
        epoch: Which,
    },
    Disconnected {
        peer: u8,
        epoch: Which,
    },
    Misbehaved {
        peer: u8,
        how: u8,
    },
    Behaved {
        peer: u8,
    },
    Release {
        peer: u8,
    },
    InUse {
        peer: u8,
        in_use: bool,
    },
    /// Whoever has to go goes, and whoever is connected becomes ready.
    CarryOut,
    /// The twin becomes a copy.
    Clone,
    /// The clock is set back.
    Rewind(u16),
    /// The process ends, in order or not, and starts with what is on the disk.
    Restart {
        killed: bool,
    },
    /// Everything is written down.
    Flush,
}

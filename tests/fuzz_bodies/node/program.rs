//! What may happen to a node, as a fuzzer can make it up.

use core::time::Duration;

use arbitrary::Arbitrary;
use pex::wire::{Dialect, Entry, MAX_MESSAGE_BYTES, Message, ResponseBuilder};
use pex::{Config, Kind, NodeId, Policy};

use crate::nodes::{id, ms};
use crate::peers_body::places::{NODES, Place, Span, Which};

#[derive(Arbitrary, Debug)]
pub(crate) struct Program<O> {
    pub(crate) options: O,
    pub(crate) exchange: Exchange,
    pub(crate) steps: Vec<Step>,
}

/// The options of the exchange, as raw numbers that are brought within their bounds.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) struct Exchange {
    policy: u8,
    gaps: [u16; 3],
    grants: [u16; 2],
    timeout: u16,
    fades: u16,
    sizes: [u8; 7],
    private: bool,
}

impl Exchange {
    pub(crate) fn gap(&self, kind: Kind) -> Duration {
        let [v1, v2, kin] = self.gaps;
        let gap = match kind {
            Kind::V1 => v1,
            Kind::V2 => v2,
            _ => kin,
        };
        ms(u64::from(gap.max(1)))
    }

    /// How many of the gone are remembered.
    pub(crate) fn remembered_max(&self) -> usize {
        let [_, _, _, _, remembered, ..] = self.sizes;
        usize::from(remembered.max(1))
    }

    /// The node that nobody may be told of, beside those of the peer manager's options.
    pub(crate) fn private(&self) -> Option<NodeId> {
        self.private.then(|| id(NODES - 1))
    }

    pub(crate) fn config(&self) -> Config {
        let [outstanding, burst, strikes, peers, _, seen, names] = self.sizes.map(usize::from);
        let small = |size: usize| u32::try_from(size).unwrap_or(1);
        let [grant_v1, grant_v2] = self.grants.map(|it| ms(u64::from(it.max(1))));
        let gap = |kind| self.gap(kind);
        let timeout = ms(u64::from(self.timeout.max(1)));
        let config = Config::builder()
            .policy(match self.policy % 3 {
                0 => Policy::Unseen,
                1 => Policy::Tendermint0350,
                _ => Policy::Tendermint0359,
            })
            .ask_gaps(gap(Kind::V1), gap(Kind::V2), gap(Kind::Kin))
            .request_timeout(timeout)
            .outstanding_max(outstanding.max(1))
            .grant_burst(small(burst.clamp(1, 100)))
            .grant_gaps(grant_v1, grant_v2)
            .strikes(small(strikes.max(1)), ms(u64::from(self.fades.max(1))))
            .peers_max(peers.max(1))
            .remembered_max(self.remembered_max())
            .seen_max(seen.max(2))
            .resolve_timeout(timeout.min(Duration::from_secs(60)))
            .resolve_max(names.min(100))
            .private_ids(self.private())
            .build();
        assert!(config.is_ok(), "options out of bounds: {:?}", config.err());
        config.unwrap_or_default()
    }
}

#[derive(Arbitrary, Debug)]
pub(crate) struct Step {
    pub(crate) span: Span,
    pub(crate) what: What,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum AnyKind {
    V1,
    V2,
    Kin,
}

impl AnyKind {
    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::V1 => Kind::V1,
            Self::V2 => Kind::V2,
            Self::Kin => Kind::Kin,
        }
    }
}

/// On which connection something comes: of one of those who are connected, or of anybody.
#[derive(Arbitrary, Debug)]
pub(crate) struct On {
    pub(crate) peer: u8,
    pub(crate) which: Which,
}

#[derive(Arbitrary, Debug)]
pub(crate) enum What {
    Tick,
    Named(Place),
    /// A dial that is under way ends, or one that nobody asked for.
    Dialed {
        dial: u8,
        place: Place,
        which: Which,
        kind: AnyKind,
        elsewhere: Option<u8>,
    },
    Failed {
        dial: u8,
        place: Place,
        why: u8,
    },
    Accepted {
        peer: u8,
        which: Which,
        kind: AnyKind,
        ip: Option<(u8, u8)>,
        listen: Option<Place>,
    },
    Down(On),
    Request {
        on: On,
        v1: bool,
    },
    /// An answer with these entries.
    Response {
        on: On,
        v1: bool,
        places: Vec<Place>,
    },
    /// An answer with as many entries that count on, of which every `spoiled`th is none.
    Flood {
        on: On,
        v1: bool,
        first: u8,
        count: u16,
        spoiled: u8,
    },
    Raw {
        on: On,
        bytes: Vec<u8>,
    },
    Unsent(On),
    Resolved {
        query: u8,
        ips: Vec<(u8, u8)>,
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
    /// Whoever has to go goes, every dial comes through and every request is answered.
    CarryOut {
        kind: AnyKind,
        told: Vec<Place>,
    },
    /// The twin becomes a copy.
    Clone,
    /// The clock is set back.
    Rewind(u16),
    /// The process ends, in order or not, and starts with what is on the disk.
    Restart {
        killed: bool,
    },
}

const fn dialect(v1: bool) -> Dialect {
    if v1 { Dialect::V1 } else { Dialect::V2 }
}

/// An answer that tells of these places, as far as the dialect can.
pub(crate) fn answer(v1: bool, places: &[Place]) -> Message<'static> {
    let mut answer = ResponseBuilder::with_limits(dialect(v1), 1_000, MAX_MESSAGE_BYTES);
    for place in places {
        // A name can't be told in the words of V1.
        let _left_out = answer.push_address(&place.address());
    }
    Message::Response(answer.finish())
}

pub(crate) fn flood(v1: bool, first: u8, count: u16, spoiled: u8) -> Message<'static> {
    let dialect = dialect(v1);
    let count = u32::from(count % 300);
    let mut answer = ResponseBuilder::with_limits(dialect, 300, MAX_MESSAGE_BYTES);
    for n in (0..count).map(|n| n + u32::from(first)) {
        let bad = spoiled > 0 && n.is_multiple_of(spoiled.into());
        let (node, host) = (id(n).to_string(), format!("32.{}.1.{}", n / 2 % 256, n % 4));
        let host = if bad { "no host" } else { &host };
        let url = format!("{node}@{host}:26656");
        let entry = match dialect {
            Dialect::V1 => Entry::V1 {
                id: &node,
                ip: host,
                port: 26_656,
            },
            Dialect::V2 => Entry::V2 { url: &url },
        };
        assert_eq!(answer.push(&entry), Ok(()));
    }
    Message::Response(answer.finish())
}

pub(crate) const fn request(v1: bool) -> Message<'static> {
    Message::Request(dialect(v1))
}

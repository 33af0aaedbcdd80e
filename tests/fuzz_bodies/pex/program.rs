//! Options and events, as a fuzzer can make them up.

use core::net::IpAddr;
use core::time::Duration;

use arbitrary::Arbitrary;
use pex::{Config, Kind, NodeAddress, NodeId, Policy};

/// Ourselves.
pub(crate) const ME: NodeId = NodeId::new([0; 20]);

/// A node by its number; the first is ourselves.
pub(crate) const fn id(number: u8) -> NodeId {
    NodeId::new([number; 20])
}

#[derive(Arbitrary, Debug)]
pub(crate) struct Program {
    pub(crate) options: Options,
    pub(crate) steps: Vec<Step>,
}

/// The options, as raw numbers that are brought within their bounds.
#[derive(Arbitrary, Debug)]
pub(crate) struct Options {
    pub(crate) start: u64,
    pub(crate) roster_max: u8,
    policy: u8,
    spans: [u16; 7],
    sizes: [u8; 7],
    own: bool,
    private: bool,
}

#[derive(Arbitrary, Debug)]
pub(crate) struct Step {
    pub(crate) span: Span,
    pub(crate) what: What,
}

/// How long after the last event the next comes.
#[derive(Arbitrary, Debug)]
pub(crate) enum Span {
    /// Any time at all, before or after.
    Nanos(i64),
    /// Up to a minute later.
    Millis(u16),
    /// So many nanoseconds before or after the machine's deadline.
    Deadline(i8),
}

#[derive(Arbitrary, Debug)]
pub(crate) enum AnyKind {
    V1,
    V2,
    Kin,
}

impl AnyKind {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::V1 => Kind::V1,
            Self::V2 => Kind::V2,
            Self::Kin => Kind::Kin,
        }
    }
}

#[derive(Arbitrary, Debug)]
pub(crate) enum What {
    Tick,
    Up {
        peer: u8,
        epoch: u8,
        kind: AnyKind,
    },
    Down {
        peer: u8,
        epoch: u8,
    },
    Request {
        peer: u8,
        epoch: u8,
        v1: bool,
    },
    Response {
        peer: u8,
        epoch: u8,
        v1: bool,
        first: u8,
        count: u16,
        spoiled: u8,
    },
    Raw {
        peer: u8,
        epoch: u8,
        bytes: Vec<u8>,
    },
    Unsent {
        peer: u8,
        epoch: u8,
    },
    Resolved {
        query: u8,
        ips: Vec<u16>,
    },
    /// The twin is saved and loaded.
    SaveLoad,
    /// A dump is changed in one byte and loaded.
    Damage {
        at: u16,
        flip: u8,
    },
}

/// What the options say that can be seen from outside.
#[derive(Debug)]
pub(crate) struct Rules {
    gaps: [Duration; 3],
    pub(crate) own: bool,
    private: bool,
}

impl Rules {
    pub(crate) const fn gap(&self, kind: Kind) -> Duration {
        let [v1, v2, kin] = self.gaps;
        match kind {
            Kind::V1 => v1,
            Kind::V2 => v2,
            _ => kin,
        }
    }

    /// Whether nobody may be told of this node at this place.
    pub(crate) fn is_hidden(&self, node: NodeId, ip: IpAddr, port: u16) -> bool {
        let own = self.own && (ip, port) == (IpAddr::from([10, 0, 0, 1]), 26_600);
        let private =
            node == id(3) || node == id(33) || (ip, port) == (IpAddr::from([10, 0, 0, 3]), 26_601);
        own || (self.private && private)
    }
}

const fn millis(ms: u16) -> Duration {
    Duration::from_millis(if ms == 0 { 1 } else { ms as u64 })
}

impl Options {
    /// The same, as an observer needs them.
    pub(crate) fn rules(&self) -> Rules {
        let [v1, v2, kin, ..] = self.spans.map(millis);
        Rules {
            gaps: [v1, v2, kin],
            own: self.own,
            private: self.private,
        }
    }

    pub(crate) fn config(&self) -> Config {
        let [v1, v2, kin, timeout, grant_v1, grant_v2, fades] = self.spans.map(millis);
        let [outstanding, burst, strikes, peers, remembered, seen, names] =
            self.sizes.map(usize::from);
        let small = |size: usize| u32::try_from(size).unwrap_or(1);
        let mut builder = Config::builder()
            .policy(match self.policy % 3 {
                0 => Policy::Unseen,
                1 => Policy::Tendermint0350,
                _ => Policy::Tendermint0359,
            })
            .ask_gaps(v1, v2, kin)
            .request_timeout(timeout)
            .outstanding_max(outstanding.max(1))
            .grant_burst(small(burst.clamp(1, 100)))
            .grant_gaps(grant_v1, grant_v2)
            .strikes(small(strikes.max(1)), fades)
            .peers_max(peers.max(1))
            .remembered_max(remembered.max(1))
            .seen_max(seen.max(2))
            .resolve_timeout(timeout.min(Duration::from_secs(60)))
            .resolve_max(names.min(100));
        if self.own {
            builder = builder.own_addresses(vec![address(0, "10.0.0.1:26600")]);
        }
        if self.private {
            builder = builder
                .private_ids([id(3), id(33)])
                .private_addresses(vec![address(3, "10.0.0.3:26601")]);
        }
        let config = builder.build();
        assert!(config.is_ok(), "options out of bounds: {:?}", config.err());
        config.unwrap_or_default()
    }
}

/// The address of a node at `place`.
fn address(number: u8, place: &str) -> NodeAddress {
    let address = NodeAddress::parse(&format!("{}@{place}", id(number)));
    assert!(address.is_ok(), "not an address: {place}");
    address.unwrap_or_else(|_| unreachable!())
}

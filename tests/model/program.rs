//! Programs of events, made up and shrunk.

use core::time::Duration;

use pex::{Config, Kind, NodeAddress, NodeId};
use quickcheck::{Arbitrary, Gen};

/// Ourselves.
pub(crate) const ME: NodeId = NodeId::new([0; 20]);

/// Nodes that answers tell of; the first four are the peers.
pub(crate) const NODES: u8 = 6;

/// A node whose id is private.
pub(crate) const PRIVATE: NodeId = NodeId::new([5; 20]);

pub(crate) const fn id(number: u8) -> NodeId {
    NodeId::new([number; 20])
}

pub(crate) fn address(node: NodeId, place: &str) -> NodeAddress {
    NodeAddress::parse(&format!("{node}@{place}")).unwrap_or_else(|_| unreachable!("{place}"))
}

/// Where we live, if the options say so, and where a private node does.
pub(crate) const OWN_PLACE: &str = "10.9.0.1:26656";
pub(crate) const PRIVATE_PLACE: &str = "10.9.0.2:26656";

#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) outstanding_max: usize,
    pub(crate) burst: u32,
    pub(crate) strikes_max: u32,
    pub(crate) peers_max: usize,
    pub(crate) remembered_max: usize,
    pub(crate) resolve_max: usize,
    pub(crate) own: bool,
}

impl Options {
    pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
    pub(crate) const STRIKE_FADES: Duration = Duration::from_secs(60);
    pub(crate) const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);

    pub(crate) fn config(&self) -> Config {
        let own = address(ME, OWN_PLACE);
        let config = Config::builder()
            .request_timeout(Self::TIMEOUT)
            .outstanding_max(self.outstanding_max)
            .grant_burst(self.burst)
            .strikes(self.strikes_max, Self::STRIKE_FADES)
            .peers_max(self.peers_max)
            .remembered_max(self.remembered_max)
            .resolve_timeout(Self::RESOLVE_TIMEOUT)
            .resolve_max(self.resolve_max)
            .own_addresses(self.own.then_some(own).into_iter().collect())
            .private_ids([PRIVATE])
            .private_addresses(vec![address(id(200), PRIVATE_PLACE)])
            .build();
        config.unwrap_or_else(|error| unreachable!("{error}"))
    }
}

/// How long after the last event the next comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span {
    Ms(u32),
    /// The clock goes back.
    Back(u32),
    /// So many nanoseconds off the deadline that the machine has.
    Deadline(i8),
}

/// Which connection of a peer is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line {
    /// The one that is up, if any.
    Live,
    Number(u8),
}

/// What stands in an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    Node(u8),
    /// A node by name.
    Name(u8),
    Us,
    OurPlace,
    Nonsense,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Up(u8, Line, Kind),
    Down(u8, Line),
    Request(u8, Line),
    /// The items, and so many nodes besides, each on a port of its own.
    Answer(u8, Line, Vec<Item>, u16),
    Garbage(u8, Line),
    Unsent(u8, Line),
    /// The question so many before the last, and the host numbers of the answer.
    Resolved(u8, Vec<u8>),
    Tick,
    /// The store is nearly full from now on, or no longer.
    Full(bool),
    /// It tells kin of some addresses apart from now on, or no longer.
    Apart(bool),
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) span: Span,
    pub(crate) op: Op,
}

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) options: Options,
    pub(crate) steps: Vec<Step>,
}

fn below(g: &mut Gen, bound: u8) -> u8 {
    u8::arbitrary(g) % bound
}

fn pick<T: Copy>(g: &mut Gen, from: &[T]) -> T {
    *g.choose(from).unwrap_or_else(|| unreachable!())
}

impl Arbitrary for Options {
    fn arbitrary(g: &mut Gen) -> Self {
        Self {
            outstanding_max: pick(g, &[1, 2, 64]),
            burst: pick(g, &[1, 2, 3]),
            strikes_max: pick(g, &[1, 2, 4]),
            peers_max: pick(g, &[2, 3, 4]),
            remembered_max: pick(g, &[1, 2, 2, 8]),
            resolve_max: pick(g, &[0, 1, 2, 100]),
            own: bool::arbitrary(g),
        }
    }
}

impl Arbitrary for Span {
    fn arbitrary(g: &mut Gen) -> Self {
        const COMMON: [u32; 14] = [
            0, 0, 1, 40, 100, 110, 299, 300, 999, 1_000, 3_000, 10_000, 12_000, 60_000,
        ];
        match below(g, 12) {
            0..=4 => Self::Ms(pick(g, &COMMON)),
            5 => Self::Ms(u32::arbitrary(g) % 1_300_000),
            6 => Self::Back(pick(g, &COMMON)),
            7 => Self::Deadline(pick(g, &[-1, 1])),
            _ => Self::Deadline(0),
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        match *self {
            Self::Ms(0) => quickcheck::empty_shrinker(),
            Self::Ms(ms) => Box::new(ms.shrink().map(Self::Ms)),
            Self::Back(_) | Self::Deadline(_) => quickcheck::single_shrinker(Self::Ms(0)),
        }
    }
}

impl Arbitrary for Line {
    fn arbitrary(g: &mut Gen) -> Self {
        match below(g, 6) {
            0 => Self::Number(below(g, 3)),
            _ => Self::Live,
        }
    }
}

impl Arbitrary for Item {
    fn arbitrary(g: &mut Gen) -> Self {
        let node = 1 + below(g, NODES);
        pick(
            g,
            &[
                Self::Node(node),
                Self::Node(node),
                Self::Node(node),
                Self::Name(node),
                Self::Us,
                Self::OurPlace,
                Self::Nonsense,
            ],
        )
    }
}

impl Op {
    fn answer(g: &mut Gen, peer: u8) -> Self {
        let items = (0..below(g, 6)).map(|_| Item::arbitrary(g)).collect();
        let more = match below(g, 10) {
            0 => pick(g, &[99, 100, 101, 249, 250, 251]),
            _ => u16::from(below(g, 3)),
        };
        Self::Answer(peer, Line::arbitrary(g), items, more)
    }
}

impl Arbitrary for Op {
    fn arbitrary(g: &mut Gen) -> Self {
        let peer = 1 + below(g, 4);
        let line = Line::arbitrary(g);
        match below(g, 24) {
            0..=3 => {
                let line = Line::Number(below(g, 3));
                Self::Up(
                    peer,
                    line,
                    pick(g, &[Kind::V1, Kind::V2, Kind::V2, Kind::Kin]),
                )
            }
            4 | 5 => Self::Down(peer, line),
            6..=8 => Self::Request(peer, line),
            9..=15 => Self::answer(g, peer),
            16 => Self::Garbage(peer, Line::Number(below(g, 3))),
            17 => Self::Unsent(peer, line),
            18..=20 => Self::Resolved(below(g, 4), (0..below(g, 4)).collect()),
            21 => Self::Full(below(g, 3) == 0),
            22 => Self::Apart(below(g, 2) == 0),
            _ => Self::Tick,
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        match self.clone() {
            Self::Answer(peer, line, items, more) => {
                let kept = items.clone();
                let less = more.shrink();
                Box::new(
                    (0..items.len())
                        .map(move |gone| {
                            let mut items = items.clone();
                            items.remove(gone);
                            Self::Answer(peer, line, items, more)
                        })
                        .chain(less.map(move |n| Self::Answer(peer, line, kept.clone(), n))),
                )
            }
            Self::Tick => quickcheck::empty_shrinker(),
            _ => quickcheck::single_shrinker(Self::Tick),
        }
    }
}

impl Arbitrary for Step {
    fn arbitrary(g: &mut Gen) -> Self {
        Self {
            span: Span::arbitrary(g),
            op: Op::arbitrary(g),
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let (span, op) = (self.span, self.op.clone());
        let spans = span.shrink().map({
            let op = op.clone();
            move |span| Self {
                span,
                op: op.clone(),
            }
        });
        Box::new(spans.chain(op.shrink().map(move |op| Self { span, op })))
    }
}

impl Arbitrary for Program {
    fn arbitrary(g: &mut Gen) -> Self {
        Self {
            options: Options::arbitrary(g),
            steps: Vec::arbitrary(g),
        }
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let options = self.options;
        Box::new(
            self.steps
                .shrink()
                .map(move |steps| Self { options, steps }),
        )
    }
}

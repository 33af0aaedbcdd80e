//! What has happened: everything that a report shows of one run.

use serde::{Deserialize, Serialize};

use crate::{Histogram, Scenario};

/// One run of a scenario. The same scenario and seed give the same, byte for byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// What was run.
    pub scenario: Scenario,
    /// With which seed.
    pub seed: u64,
    /// How long it went on, in seconds of virtual time.
    pub seconds: f64,
    /// Events that were handled: ticks, messages, connections, dials.
    pub events: u64,
    /// A hash over all that every node did, in order: two runs are the same if this is.
    pub digest: u64,
    /// Who there was, by group.
    pub population: Vec<Population>,
    /// The network, each time that it was looked at, in order of time.
    pub samples: Vec<Sample>,
    /// When each watched node that started late or first knew a share of the living, in seconds
    /// since it started; `None` where it never did.
    pub newcomers: Vec<Tally>,
    /// How many peers each node that lives at the end is connected with that dialed it.
    pub in_degree: Spread,
    /// The same, node by node.
    #[serde(default)]
    pub in_degrees: Histogram,
    /// How many requests each node was sent.
    pub asked: Spread,
    /// The same, node by node.
    #[serde(default)]
    pub asked_counts: Histogram,
    /// How many nodes were sent any: a newcomer among a hundred thousand asks a few.
    #[serde(default)]
    pub asked_nodes: u64,
    /// What hostile nodes have got out of it.
    #[serde(default)]
    pub gains: Vec<Gain>,
    /// What did not hold, if anything; the run ends with the first.
    pub breach: Option<Breach>,
}

/// The nodes of one group, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Population {
    /// What they run, as the scenario says it.
    pub runs: String,
    /// How many have lived.
    pub born: u64,
    /// How many live at the end.
    pub living: u64,
    /// Requests that they sent.
    pub requests: u64,
    /// Answers that they sent.
    pub answers: u64,
    /// Bytes of what they sent.
    pub bytes: u64,
    /// Dials that they began.
    pub dials: u64,
    /// Faults that they saw in others.
    pub faults_seen: u64,
}

/// The watched nodes at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sample {
    /// Seconds since the beginning.
    pub at: f64,
    /// Nodes that live, of all groups.
    pub living: u64,
    /// The share of the living that a watched node knows.
    pub known: Spread,
    /// The peers of a watched node.
    pub peers: Spread,
    /// The share of all living nodes of watched groups between whom one gets over connections among
    /// them: of the largest such part. `None` where there are no such nodes.
    #[serde(default)]
    pub together: Option<f64>,
    /// Requests of all watched nodes since the sample before, a node and minute.
    pub requests: f64,
    /// Bytes that all watched nodes sent since the sample before, a node and minute.
    pub bytes: f64,
    /// The estimate of a watched node, over the truth; of those that have one.
    pub estimate: Option<Spread>,
    /// How far the estimates are off the truth, over the truth: 95 % of them by no more.
    #[serde(default)]
    pub off: Option<f64>,
    /// The share of those whose interval holds the truth.
    pub covered: Option<f64>,
    /// The ends of their intervals, over the truth; the median of each.
    #[serde(default)]
    pub interval: Option<[f64; 2]>,
}

/// One newcomer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tally {
    /// Its number.
    pub node: u32,
    /// When it started, in seconds since the beginning.
    pub started: f64,
    /// Seconds until it knew half of the living, 90 % and 99 %.
    pub to_half: Option<f64>,
    /// See `to_half`.
    pub to_90: Option<f64>,
    /// See `to_half`.
    pub to_99: Option<f64>,
    /// Answers that it had had by then, to 99 %; otherwise by the end.
    pub answers: u64,
    /// Seconds until half of the watched nodes knew it.
    pub known_to_half: Option<f64>,
    /// How large it held the network to be after a hundred answers, if it had that many.
    #[serde(default)]
    pub guess: Option<Guess>,
}

/// An estimate of how many nodes there are, and how many there were.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::exhaustive_structs,
    reason = "an estimate with its interval, and the truth"
)]
pub struct Guess {
    /// How many it seemed.
    pub nodes: u64,
    /// The least that it might be.
    pub low: u64,
    /// The most.
    pub high: u64,
    /// How many there were.
    pub truth: u64,
}

/// What the nodes of a hostile group have got out of it, in one number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gain {
    /// What they run.
    pub runs: String,
    /// Which number.
    pub what: String,
    /// The number.
    pub value: f64,
}

/// How a number is spread over nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// A twentieth lie below.
    pub p5: f64,
    /// Half lie below.
    pub median: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// A twentieth lie above.
    pub p95: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// How these are spread; zero if there are none.
    pub(crate) fn of(values: &mut [f64]) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        let at = |share: usize| {
            let place = (values.len().saturating_sub(1) * share + 50) / 100;
            values.get(place).copied().unwrap_or_default()
        };
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        Self {
            min: at(0),
            p5: at(5),
            median: at(50),
            mean,
            p95: at(95),
            max: at(100),
        }
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Breach {
    /// Its number in `tests/INVARIANTS.md`.
    pub invariant: u8,
    /// What should have held.
    pub what: String,
    /// Which node.
    pub node: u32,
    /// Seconds since the beginning.
    pub at: f64,
    /// How many events had been handled.
    pub event: u64,
}

//! What is to happen: a small text file.

mod error;
mod validate;

use core::time::Duration;

use serde::{Deserialize, Serialize};

pub use error::ScenarioError;

/// A network, and what befalls it. Written in TOML; every key but `nodes` has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// What this shows, in a sentence.
    #[serde(default)]
    pub title: String,
    /// How long it goes on, in virtual time.
    #[serde(default = "minute", with = "humantime_serde")]
    pub duration: Duration,
    /// How often the network is looked at.
    #[serde(default = "second", with = "humantime_serde")]
    pub sample_every: Duration,
    /// It ends as soon as each watched node knows this share of the living.
    #[serde(default)]
    pub until_known: Option<f64>,
    /// Who there is.
    pub nodes: Vec<Group>,
    /// How messages travel.
    #[serde(default)]
    pub network: Network,
    /// Who comes and goes.
    #[serde(default)]
    pub churn: Churn,
    /// What goes wrong.
    #[serde(default)]
    pub faults: Faults,
    /// The invariants are checked after every event; otherwise only at the end.
    #[serde(default = "yes")]
    pub check: bool,
    /// A node's machine is looked at as a whole only so often that an event costs a look at so many of
    /// the addresses it keeps: after every event if it keeps no more.
    #[serde(default)]
    pub check_budget: Option<u32>,
}

/// Nodes of one sort.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Group {
    /// How many.
    pub count: u32,
    /// What they run.
    #[serde(default)]
    pub runs: Program,
    /// How much of it.
    #[serde(default)]
    pub depth: Depth,
    /// Whom they know when they start.
    #[serde(default)]
    pub knows: Knows,
    /// The most peers that each is connected with; by default what its program does.
    #[serde(default)]
    pub connected: Option<u32>,
    /// How many of those it dials itself; by default half of them, or as many as it is linked with.
    #[serde(default)]
    pub dials: Option<u32>,
    /// With so many of those whom each knows it is connected from the moment when it starts.
    #[serde(default)]
    pub linked: u32,
    /// The most addresses that each keeps; by default what its program does.
    #[serde(default)]
    pub store: Option<u32>,
    /// They can't be dialed.
    #[serde(default)]
    pub behind_nat: bool,
    /// All of them live in one network, a /16, and not each in another one.
    #[serde(default)]
    pub neighbours: bool,
    /// When they start, after the beginning.
    #[serde(default, with = "humantime_serde")]
    pub starts: Duration,
    /// What hostile ones say that they are when they shake hands. Honest ones of V1 may say that they are
    /// of V1 alone: then the extension is off, and they speak V1's dialect with each other too.
    #[serde(default)]
    pub claims: Claim,
    /// With which options.
    #[serde(default)]
    pub tuning: Tuning,
    /// So many of those whom each knows when it starts are private to it: nobody may hear of them.
    #[serde(default)]
    pub keeps_private: u32,
    /// With so many of those whom each knows when it starts it is to be connected, come what may.
    #[serde(default)]
    pub persists: u32,
    /// What they know and do is measured; by default that of honest nodes with a machine of ours.
    #[serde(default)]
    pub watched: Option<bool>,
    /// For this long their clocks are ahead, each by a random part of it.
    #[serde(default, with = "humantime_serde")]
    pub clock_skew: Duration,
}

impl Group {
    /// So many nodes that run this, and nothing else said of them.
    #[must_use]
    pub fn new(count: u32, runs: Program) -> Self {
        Self {
            count,
            runs,
            depth: Depth::default(),
            knows: Knows::default(),
            connected: None,
            dials: None,
            linked: 0,
            store: None,
            behind_nat: false,
            neighbours: false,
            starts: Duration::ZERO,
            claims: Claim::default(),
            tuning: Tuning::default(),
            keeps_private: 0,
            persists: 0,
            watched: None,
            clock_skew: Duration::ZERO,
        }
    }
}

/// What a node runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Program {
    /// Ours in the manner of V2: exchange and peer manager.
    #[default]
    Pex,
    /// The same with the extension switched off, as a plain node of V2.
    PexPlain,
    /// Ours in the manner of V1: exchange and switch, with an address book.
    PexV1,
    /// Ours in the manner of V1, as a seed node.
    PexSeed,
    /// A model of Tendermint 0.35.0.
    #[serde(rename = "tendermint-0.35.0")]
    Tendermint0350,
    /// A model of Tendermint 0.35.9.
    #[serde(rename = "tendermint-0.35.9")]
    Tendermint0359,
    /// Answers with nodes drawn uniformly from its store, by default all; what no node can do, to
    /// compare with.
    Uniform,
    /// One who is out for harm, of the sort with this name.
    Hostile(String),
}

/// What a node says that it is, if not what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Claim {
    /// One of ours, which is trusted with the most.
    #[default]
    Kin,
    /// A plain node of V2.
    V2,
    /// A node of V1.
    V1,
}

/// With which options a node runs, other than what its group says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Tuning {
    /// As they are by default.
    #[default]
    Default,
    /// Without what they have against hostile nodes, as far as options can say it: one pace for all
    /// peers as Tendermint 0.35.9 has it, every request granted, no shares of tellers, networks and
    /// places, no rotation.
    Undefended,
    /// Some at the least and some at the most that they may be, as the seed draws them.
    Bounds,
}

/// How much of a node is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Depth {
    /// The whole composed machine that a node runs, with a store of its own.
    #[default]
    Full,
    /// The exchange of a node, over one store of all who live, which such nodes share. It neither
    /// dials nor keeps peers: whoever dials it is connected.
    Exchange,
    /// Answers and nothing else, made from the list of all who live: a few bytes a node.
    Thin,
}

/// Whom a node knows when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Knows {
    /// Everybody.
    Everyone,
    /// So many others, drawn at random.
    Some(u32),
    /// The first nodes of the network, as it knows its seeds.
    First(u32),
}

impl Default for Knows {
    fn default() -> Self {
        Self::Some(8)
    }
}

/// A shortest and a longest time; each occurrence takes a random one between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a range has two ends")]
pub struct Range {
    /// The shortest.
    #[serde(with = "humantime_serde")]
    pub from: Duration,
    /// The longest.
    #[serde(with = "humantime_serde")]
    pub to: Duration,
}

/// How messages travel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Network {
    /// How long a message takes, one way.
    pub latency: Range,
    /// How long a dial takes.
    pub dial: Range,
    /// The share of dials that fail though the node lives and can be reached.
    pub dials_fail: f64,
}

impl Default for Network {
    fn default() -> Self {
        let range = |from, to| Range {
            from: Duration::from_millis(from),
            to: Duration::from_millis(to),
        };
        Self {
            latency: range(25, 75),
            dial: range(200, 300),
            dials_fail: 0.0,
        }
    }
}

/// Who comes and goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Churn {
    /// The share of nodes that are replaced by newborn ones in a minute.
    pub replaced_a_minute: f64,
    /// The share of nodes that crash and start again from what they had written down, in a minute.
    pub restarted_a_minute: f64,
    /// It begins after so long.
    #[serde(with = "humantime_serde")]
    pub after: Duration,
    /// And ends after so long; by default never.
    #[serde(with = "humantime_serde")]
    pub until: Option<Duration>,
}

/// What goes wrong. Shares are between 0 and 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Faults {
    /// Each seed switches on a random subset of all faults there are, at random strengths.
    pub swarm: bool,
    /// Faults end after so long; by default never.
    #[serde(with = "humantime_serde")]
    pub until: Option<Duration>,
    /// Messages that are lost.
    pub loss: f64,
    /// Messages that come twice.
    pub duplicate: f64,
    /// Messages that wait up to thirty seconds, and are overtaken by later ones.
    pub delay: f64,
    /// Messages that are cut, bent or replaced by rubbish.
    pub garble: f64,
    /// Connections that end in a minute.
    pub cuts: f64,
    /// How often in an hour the network falls into two parts, for a random time up to ten minutes.
    pub partitions: f64,
    /// How often in an hour a node's clock stops, or jumps: forward by an hour or a year, back by a
    /// nanosecond or an hour; its driver notices some of those back. It is right again within ten minutes.
    pub clock_jumps: f64,
    /// How often in an hour a node crashes, and starts again from a disk that may be empty, damaged
    /// or somebody else's; sometimes its peers learn of it only by its silence.
    pub crashes: f64,
    /// The share of these crashes after which the disk is as it was minutes before.
    pub old_disks: f64,
    /// How often in an hour a node neither hears nor says anything, for up to five minutes.
    pub hangs: f64,
    /// The share of orders that a node's driver forgets, or does twice. Where nodes crash, some do
    /// between an event and its orders.
    pub driver: f64,
    /// The share of ticks that come late, by up to half a minute.
    pub ticks: f64,
    /// The share of dials that end at somebody else than who was dialed: another node lives there by now.
    pub strangers: f64,
    /// The share of dials that last longer than they should, by up to two and a half minutes.
    pub dials: f64,
    /// How often in an hour a node's driver reports what has not happened: a connection once more, an
    /// end without a beginning, the outcome of a dial that nobody made, a thousand ticks at once.
    pub inventions: f64,
}

impl Faults {
    /// Each strength there is.
    pub(crate) const EACH: [fn(&mut Self) -> &mut f64; 15] = [
        |it| &mut it.loss,
        |it| &mut it.duplicate,
        |it| &mut it.delay,
        |it| &mut it.garble,
        |it| &mut it.cuts,
        |it| &mut it.driver,
        |it| &mut it.ticks,
        |it| &mut it.dials,
        |it| &mut it.partitions,
        |it| &mut it.clock_jumps,
        |it| &mut it.crashes,
        |it| &mut it.hangs,
        |it| &mut it.inventions,
        |it| &mut it.strangers,
        |it| &mut it.old_disks,
    ];

    /// Whether anything goes wrong at all.
    pub(crate) fn any(&self) -> bool {
        let quiet = Self {
            until: self.until,
            ..Self::default()
        };
        *self != quiet
    }
}

const fn minute() -> Duration {
    Duration::from_secs(60)
}

const fn second() -> Duration {
    Duration::from_secs(1)
}

const fn yes() -> bool {
    true
}

//! How a crawl stands, written down: whoever was cut off goes on from there.
//!
//! JSON lines: a head, the nodes by id, and a last line with the SHA-256 of all before it, so that a
//! file that was damaged or cut is told from one that is whole.

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use pex::peers::{AddressRecord, PeerRecord};
use pex::{Kind, Node, NodeAddress, NodeId, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::map::{Found, Map, NODES_MAX, Outcome};
use super::{Crawl, Point, text};

/// The version of the format. One that is not known is refused.
const VERSION: u32 = 1;

/// A crawl that was cut short, to go on from.
#[derive(Debug)]
pub struct State {
    pub(super) began: Time,
    pub(super) elapsed: Duration,
    pub(super) answers: u64,
    pub(super) faults: u64,
    pub(super) left_out: u64,
    pub(super) curve: Vec<Point>,
    pub(super) map: Map,
    /// Whom we were connected with: they are to be visited anew.
    open: Vec<NodeId>,
    is_complete: bool,
}

/// Why there is nothing to go on from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StateError {
    /// It is damaged, or cut short, or something else altogether.
    Damaged,
    /// It is of another version of this program.
    Version {
        /// Which.
        found: u32,
    },
    /// It is of a crawl of another chain.
    OtherChain {
        /// Of which.
        found: String,
    },
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => f.write_str(
                "this is no state of a crawl, or it is damaged; remove the file to begin anew",
            ),
            Self::Version { found } => write!(
                f,
                "this state is of version {found} and {VERSION} is read; remove the file to begin anew"
            ),
            Self::OtherChain { found } => write!(
                f,
                "this state is of a crawl of the chain {found:?}; give another file, or remove this \
                 one to begin anew"
            ),
        }
    }
}

impl core::error::Error for StateError {}

#[derive(Serialize, Deserialize)]
struct Head {
    pex_crawl_state: u32,
    chain_id: String,
    began_ns: u64,
    elapsed_ms: u64,
    answers: u64,
    faults: u64,
    #[serde(default)]
    left_out: u64,
    complete: bool,
    curve: Vec<Point>,
    nodes: usize,
}

#[derive(Serialize, Deserialize)]
struct NodeLine {
    #[serde(with = "text::id")]
    id: NodeId,
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    seed: bool,
    /// Whether we were connected with it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    open: bool,
    addresses: Vec<(String, bool)>,
    address: Option<String>,
    ip: Option<IpAddr>,
    /// The places of the tellers among the nodes.
    told_by: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reached: Option<Reached>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed: Option<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct Reached {
    moniker: String,
    version: String,
    dialect: String,
    answers: u32,
}

#[derive(Serialize, Deserialize)]
struct Last {
    sha256: String,
}

impl State {
    /// The state of a crawl that has not begun.
    pub(super) fn new(now: Time) -> Self {
        Self {
            began: now,
            elapsed: Duration::ZERO,
            answers: 0,
            faults: 0,
            left_out: 0,
            curve: Vec::new(),
            map: Map::default(),
            open: Vec::new(),
            is_complete: false,
        }
    }

    /// Reads what [`Crawl::state`] has written, of a crawl of this chain.
    ///
    /// # Errors
    ///
    /// If it is damaged, or of another chain or version.
    pub fn parse(bytes: &[u8], chain_id: &str) -> Result<Self, StateError> {
        let state = Self::read(bytes, chain_id)?;
        state.ok_or(StateError::Damaged)
    }

    fn read(bytes: &[u8], chain_id: &str) -> Result<Option<Self>, StateError> {
        let Some((head, mut lines)) = lines(bytes) else {
            return Ok(None);
        };
        if head.pex_crawl_state != VERSION {
            let found = head.pex_crawl_state;
            return Err(StateError::Version { found });
        }
        if head.chain_id != chain_id {
            let found = head.chain_id;
            return Err(StateError::OtherChain { found });
        }
        let nodes: Option<Vec<NodeLine>> = lines
            .by_ref()
            .map(|line| serde_json::from_slice(line).ok())
            .collect();
        Ok(nodes.and_then(|nodes| Self::of(head, nodes)))
    }

    fn of(head: Head, nodes: Vec<NodeLine>) -> Option<Self> {
        if nodes.len() != head.nodes || nodes.len() > NODES_MAX {
            return None;
        }
        let ids: Vec<NodeId> = nodes.iter().map(|node| node.id).collect();
        let open = nodes.iter().filter(|node| node.open);
        let open = open.map(|node| node.id).collect();
        let mut map = Map::default();
        for node in nodes {
            map.restore(node.id, node.found(&ids)?);
        }
        (map.nodes().len() == ids.len()).then_some(Self {
            began: Time::from_nanos(head.began_ns),
            elapsed: Duration::from_millis(head.elapsed_ms),
            answers: head.answers,
            faults: head.faults,
            left_out: head.left_out,
            curve: head.curve,
            map,
            open,
            is_complete: head.complete,
        })
    }

    /// Whether there was nothing left to do when it was written.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Nodes that are known.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.map.nodes().len()
    }

    /// Nodes that were visited, or given up.
    #[must_use]
    pub const fn visited(&self) -> usize {
        self.map.reached() + self.map.failed()
    }

    /// Tells a machine what was known: whom to dial yet, whom not again, and who told of whom. What failed
    /// is dialed again where it is named `anew`: whoever names it wants to know whether it is there now.
    pub(super) fn teach(&self, node: &mut Node, now: Time, retries: u16, anew: &[NodeAddress]) {
        let anew: BTreeSet<&NodeAddress> = anew.iter().collect();
        let mut told: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for (id, found) in self.map.nodes() {
            for teller in &found.told_by {
                told.entry(*teller).or_default().push(*id);
            }
            let reached = matches!(found.outcome, Outcome::Reached { .. });
            let visited = reached && !self.open.contains(id);
            let mut record = PeerRecord::new(*id);
            for (address, tried) in &found.addresses {
                let mut kept = AddressRecord::new(address.clone());
                kept.source = found.told_by.first().copied();
                if visited || *tried && !reached && !anew.contains(address) {
                    kept.last_success = visited.then_some(now);
                    kept.last_failure = Some(now);
                    kept.failures = u32::from(retries) + 1;
                }
                record.addresses.push(kept);
            }
            node.load(&record);
        }
        for (teller, told) in told {
            node.recall(teller, told);
        }
    }
}

impl NodeLine {
    fn new(id: NodeId, found: &Found, open: bool, places: &BTreeMap<NodeId, u32>) -> Self {
        let text = |(address, tried): &(NodeAddress, bool)| (address.to_string(), *tried);
        let mut line = Self {
            id,
            seed: found.is_seed,
            open,
            addresses: found.addresses.iter().map(text).collect(),
            address: found.address.as_ref().map(ToString::to_string),
            ip: found.ip,
            told_by: found
                .told_by
                .iter()
                .filter_map(|it| places.get(it).copied())
                .collect(),
            reached: None,
            failed: None,
        };
        match &found.outcome {
            Outcome::Unvisited => {}
            Outcome::Failed { sort, why } => line.failed = Some((sort.to_string(), why.clone())),
            Outcome::Reached {
                moniker,
                version,
                kind,
                answers,
            } => {
                line.reached = Some(Reached {
                    moniker: moniker.clone(),
                    version: version.clone(),
                    dialect: super::report::dialect(*kind).to_owned(),
                    answers: *answers,
                });
            }
        }
        line
    }

    /// What is known of the node; none if there is something that was never written.
    fn found(self, ids: &[NodeId]) -> Option<Found> {
        let parse = |text: &str| {
            NodeAddress::parse(text)
                .ok()
                .filter(|it| it.id() == self.id)
        };
        let address = match &self.address {
            Some(text) => Some(parse(text)?),
            None => None,
        };
        let addresses = self.addresses.iter();
        let addresses = addresses.map(|(text, tried)| Some((parse(text)?, *tried)));
        let told_by = self.told_by.iter();
        let told_by = told_by.map(|place| ids.get(*place as usize).copied());
        Some(Found {
            is_seed: self.seed,
            told_by: told_by.collect::<Option<_>>()?,
            address,
            ip: self.ip,
            addresses: addresses.collect::<Option<_>>()?,
            is_dialed: false,
            outcome: match (self.reached, self.failed) {
                (Some(it), None) => Outcome::Reached {
                    kind: kind_of(&it.dialect)?,
                    moniker: it.moniker,
                    version: it.version,
                    answers: it.answers,
                },
                (None, Some((sort, why))) => Outcome::Failed {
                    sort: sort.into(),
                    why,
                },
                (None, None) => Outcome::Unvisited,
                (Some(_), Some(_)) => return None,
            },
        })
    }
}

fn kind_of(dialect: &str) -> Option<Kind> {
    let kinds = [Kind::V1, Kind::V2, Kind::Kin];
    kinds
        .into_iter()
        .find(|kind| super::report::dialect(*kind) == dialect)
}

/// The state of a crawl as bytes.
pub(super) fn written(crawl: &Crawl) -> Vec<u8> {
    let nodes = crawl.map.nodes();
    let head = Head {
        pex_crawl_state: VERSION,
        chain_id: crawl.chain_id.clone(),
        began_ns: crawl.began.as_nanos(),
        elapsed_ms: u64::try_from(crawl.elapsed().as_millis()).unwrap_or(u64::MAX),
        answers: crawl.answers,
        faults: crawl.faults,
        left_out: crawl.left_out(),
        complete: !crawl.driver.has_notice() && !crawl.is_busy() && !crawl.starves(),
        curve: crawl.curve.points().to_vec(),
        nodes: nodes.len(),
    };
    let mut out = Vec::new();
    push(&mut out, &head);
    let places: BTreeMap<NodeId, u32> = nodes.keys().copied().zip(0..).collect();
    for (id, found) in nodes {
        let open = crawl.visits.contains_key(id);
        push(&mut out, &NodeLine::new(*id, found, open, &places));
    }
    let sha256 = hex(&Sha256::digest(&out));
    push(&mut out, &Last { sha256 });
    out
}

fn push(out: &mut Vec<u8>, line: &impl Serialize) {
    // Nothing that is written here can fail to be JSON, and memory takes all bytes.
    let _written = serde_json::to_writer(&mut *out, line);
    out.push(b'\n');
}

/// The head, and the lines of nodes, of a file that is whole.
fn lines(bytes: &[u8]) -> Option<(Head, impl Iterator<Item = &[u8]>)> {
    let body = bytes.strip_suffix(b"\n")?;
    let last = body.iter().rposition(|byte| *byte == b'\n')? + 1;
    let (body, last) = bytes.split_at(last);
    let last: Last = serde_json::from_slice(last).ok()?;
    if hex(&Sha256::digest(body)) != last.sha256 {
        return None;
    }
    let mut lines = body
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let head = serde_json::from_slice(lines.next()?).ok()?;
    Some((head, lines))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}

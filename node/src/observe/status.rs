//! What the status page shows, as JSON.

use pex::{Estimate, NodeId, Time};
use serde::Serialize;

use super::history::{History, Point};
use super::snapshot::{Arrival, Commonest, Mishap, Snapshot};
use super::tally::{Share, Tally};
use super::{Seen, View, health, names};

/// Everything, or everything but the past.
#[derive(Debug, Serialize)]
pub(super) struct Status<'a> {
    version: &'a str,
    /// Seconds since 1970.
    now: u64,
    since: u64,
    networks: Vec<Shown<'a>>,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    chain_id: &'a str,
    id: String,
    listen: &'a str,
    since: u64,
    /// What is wrong, if anything is.
    ailment: Option<String>,
    #[serde(flatten)]
    latest: Option<Latest<'a>>,
}

#[derive(Debug, Serialize)]
struct Latest<'a> {
    mode: &'static str,
    book: Book,
    estimate: Size,
    peers: Peers<'a>,
    exchange: Exchange,
    dials: Dials,
    handshakes: Handshakes,
    evictions: Vec<Share>,
    departures: Vec<Share>,
    bytes: Bytes,
    faults: Faults<'a>,
    arrivals: Vec<Arrived<'a>>,
    /// The newest point of the past.
    point: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<&'a History>,
}

#[derive(Debug, Serialize)]
struct Book {
    size: usize,
    new: usize,
    old: usize,
    banned: usize,
}

#[derive(Debug, Serialize)]
struct Size {
    /// Absent where nothing bounds it from above.
    nodes: Option<u64>,
    low: u64,
    high: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Peers<'a> {
    outbound: usize,
    inbound: usize,
    dialing: usize,
    outbound_max: usize,
    inbound_max: usize,
    dialects: Vec<Share>,
    versions: Many<'a>,
    groups: Many<'a>,
}

#[derive(Debug, Serialize)]
struct Many<'a> {
    most: &'a [Share],
    others: u64,
}

#[derive(Debug, Serialize)]
struct Exchange {
    answered: u64,
    answered_in_a_minute: u64,
    asked: u64,
    answers: u64,
    unanswered: u64,
}

#[derive(Debug, Serialize)]
struct Dials {
    all: u64,
    checks: u64,
    reached: u64,
    failed: Vec<Share>,
}

#[derive(Debug, Serialize)]
struct Handshakes {
    accepted: u64,
    refused: Vec<Share>,
}

#[derive(Debug, Serialize)]
struct Bytes {
    received: u64,
    sent: u64,
}

#[derive(Debug, Serialize)]
struct Faults<'a> {
    kinds: Vec<Share>,
    last: Vec<Broken<'a>>,
}

#[derive(Debug, Serialize)]
struct Broken<'a> {
    at: u64,
    peer: String,
    kind: &'a str,
    text: &'a str,
    cut: bool,
}

#[derive(Debug, Serialize)]
struct Arrived<'a> {
    at: u64,
    left: Option<u64>,
    peer: String,
    moniker: &'a str,
    version: &'a str,
    dialect: &'a str,
    direction: &'a str,
}

fn seconds(time: Time) -> u64 {
    (time - Time::EPOCH).as_secs()
}

/// As much of an id as it takes to find it in the logs.
fn short(id: NodeId) -> String {
    let mut text = id.to_string();
    text.truncate(12);
    text
}

impl<'a> Status<'a> {
    pub(super) fn of(view: &'a View, with_history: bool) -> Self {
        let networks = view.networks.iter();
        Self {
            version: &view.version,
            now: seconds(view.now),
            since: seconds(view.since),
            networks: networks
                .map(|seen| Shown::of(seen, view, with_history))
                .collect(),
        }
    }

    /// The JSON, on one line.
    pub(super) fn to_json(&self) -> String {
        // Numbers and texts alone: there is nothing in it that JSON can't say.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<'a> Shown<'a> {
    fn of(seen: &'a Seen, view: &View, with_history: bool) -> Self {
        let network = &seen.network;
        let latest = seen.latest.as_deref();
        Self {
            chain_id: &network.chain_id,
            id: network.id.to_string(),
            listen: &network.listen,
            since: seconds(network.since),
            ailment: health::ailment(seen, view),
            latest: latest.map(|it| Latest::of(it, with_history)),
        }
    }
}

impl<'a> Latest<'a> {
    fn of(it: &'a Snapshot, with_history: bool) -> Self {
        let (reading, tallies) = (&it.reading, &it.tallies);
        let (stats, counts, book) = (reading.stats, reading.counts, reading.book);
        Self {
            mode: if reading.is_seed { "seed" } else { "node" },
            book: Book {
                size: book.all(),
                new: book.new,
                old: book.old,
                banned: book.banned,
            },
            estimate: Size::of(it.estimate),
            peers: Peers::of(it),
            exchange: Exchange {
                answered: stats.requests_served,
                answered_in_a_minute: it.answered_in_a_minute,
                asked: stats.requests_sent,
                answers: stats.responses_accepted,
                unanswered: stats.timeouts,
            },
            dials: Dials {
                all: counts.dials,
                checks: counts.checks,
                reached: counts.reached,
                failed: all(&tallies.failed_dials),
            },
            handshakes: Handshakes {
                accepted: tallies.accepted,
                refused: all(&tallies.refusals),
            },
            evictions: all(&tallies.evictions),
            departures: all(&tallies.ends),
            bytes: Bytes {
                received: reading.received.socket,
                sent: reading.sent.socket,
            },
            faults: Faults {
                kinds: all(&tallies.faults),
                last: it.mishaps.iter().map(Broken::of).collect(),
            },
            arrivals: it.arrivals.iter().map(Arrived::of).collect(),
            point: it.history.last(),
            history: with_history.then_some(&*it.history),
        }
    }
}

/// All kinds, the commonest first. They are our own names, so they are few.
fn all(tally: &Tally<&'static str>) -> Vec<Share> {
    tally.commonest(usize::MAX).0
}

impl Size {
    const fn of(estimate: Estimate) -> Self {
        let (nodes, low, high) = match estimate {
            Estimate::Known { nodes, low, high } => (Some(nodes), low, Some(high)),
            Estimate::Unknown { at_least } => (None, at_least, None),
            _ => (None, 0, None),
        };
        Self { nodes, low, high }
    }
}

impl<'a> Peers<'a> {
    fn of(it: &'a Snapshot) -> Self {
        let reading = &it.reading;
        let (outbound_max, inbound_max) = reading.slots;
        let dialects = names::DIALECTS.map(|dialect| {
            let count = names::DIRECTIONS.map(|way| it.tallies.peers.get(&(way, dialect)));
            Share {
                name: dialect.to_owned(),
                count: count.iter().sum(),
            }
        });
        Self {
            outbound: reading.outbound,
            inbound: reading.inbound,
            dialing: reading.dialing,
            outbound_max,
            inbound_max,
            dialects: dialects.into(),
            versions: Many::of(&it.versions),
            groups: Many::of(&it.groups),
        }
    }
}

impl<'a> Many<'a> {
    fn of(it: &'a Commonest) -> Self {
        Self {
            most: &it.shares,
            others: it.others,
        }
    }
}

impl<'a> Broken<'a> {
    fn of(it: &'a Mishap) -> Self {
        Self {
            at: seconds(it.at),
            peer: short(it.peer),
            kind: it.kind,
            text: &it.text,
            cut: it.cut,
        }
    }
}

impl<'a> Arrived<'a> {
    fn of(it: &'a Arrival) -> Self {
        Self {
            at: seconds(it.at),
            left: it.left.map(seconds),
            peer: short(it.peer),
            moniker: &it.moniker,
            version: &it.version,
            dialect: it.dialect,
            direction: it.direction,
        }
    }
}

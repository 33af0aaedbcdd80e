//! Whether a seed node has met anybody, and why not.

#[cfg(test)]
mod tests;

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::io::ErrorKind;

use pex::NodeId;
use pex::v1::Switch;
use tokio::time::Instant;

use super::SeedEvent;
use crate::notice::{DialError, Notice};
use crate::settings::NetworkSettings;
use crate::transport::{NodeInfoError, Step, TransportError};

/// How long after the start, and after a dial has failed, nothing is said: there may be more to know.
const FIRST: Duration = Duration::from_secs(5);

/// How long nobody may have been met.
const QUIET: Duration = Duration::from_secs(60);

/// Addresses of the book of which it is kept how they failed.
const OTHERS_MAX: usize = 1_024;

/// How a dial failed, as an operator tells them apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Failure {
    Refused,
    Silent,
    NoRoute,
    UnknownName,
    HungUp,
    OtherChain(String),
    OtherNode,
    NotANode,
    Unusable,
}

impl Failure {
    /// None if it says nothing of who was dialed.
    fn of(why: &DialError) -> Option<Self> {
        Some(match why {
            DialError::Connected | DialError::HostBusy | DialError::NameBusy => return None,
            DialError::UnknownName => Self::UnknownName,
            DialError::Unsupported | DialError::TooNear | DialError::Nowhere => Self::Unusable,
            DialError::Transport(why) => match why {
                TransportError::OutOfDescriptors | TransportError::Stopped => return None,
                TransportError::Dial { kind } => match kind {
                    ErrorKind::ConnectionRefused => Self::Refused,
                    ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => Self::NoRoute,
                    _ => Self::Silent,
                },
                TransportError::TimedOut { step: Step::Dial } => Self::Silent,
                TransportError::WrongId { .. } | TransportError::SelfConnection => Self::OtherNode,
                TransportError::NodeInfo(NodeInfoError::WrongNetwork { theirs, .. }) => {
                    Self::OtherChain(theirs.clone())
                }
                TransportError::NotTendermint
                | TransportError::NodeInfo(_)
                | TransportError::TimedOut { .. } => Self::NotANode,
                _ => Self::HungUp,
            },
        })
    }
}

/// Counts, each with what failed and what to do.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("refused the connection (is a node running there?)"),
            Self::Silent => {
                f.write_str("did not answer (is the address right, is a firewall between?)")
            }
            Self::NoRoute => {
                f.write_str("could not be routed to (is this machine on the network?)")
            }
            Self::UnknownName => {
                f.write_str("had a name that cannot be resolved (is DNS working?)")
            }
            Self::HungUp => f.write_str("hung up (full, or we are banned there)"),
            Self::OtherChain(theirs) => {
                write!(
                    f,
                    "was of the chain {} (is chain_id right?)",
                    theirs.escape_debug()
                )
            }
            Self::OtherNode => f.write_str("had another node id (correct the address)"),
            Self::NotANode => f.write_str("was no node of such a network (is the port right?)"),
            Self::Unusable => f.write_str("had an address that cannot be dialed"),
        }
    }
}

/// Why a seed node has nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why(Reason);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    NoDescriptors { peers: usize },
    NoSeeds,
    OnlyOurselves,
    NotRoutable { refused: u64 },
    Failed { seeds: Tally, others: Tally },
    NotTried { known: usize },
}

/// How many failed in which way.
type Tally = BTreeMap<Failure, usize>;

impl Why {
    /// Whether it is the same reason, whatever the numbers are.
    fn is_as(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (
                Reason::Failed { seeds, others },
                Reason::Failed {
                    seeds: s,
                    others: o,
                },
            ) => seeds == s && others.keys().eq(o.keys()),
            (one, other) => core::mem::discriminant(one) == core::mem::discriminant(other),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::NoDescriptors { peers } => {
                let who = match peers {
                    0 => "peers",
                    1 => "peer and no more",
                    _ => "peers and no more",
                };
                write!(
                    f,
                    "{peers} {who} because this process has as many files and sockets open as it \
                     may; raise the limit with ulimit -n, or LimitNOFILE of its unit"
                )
            }
            Reason::NoSeeds => f.write_str(
                "0 peers because no seeds are given and the address book is empty; give seeds, or wait: \
                 whoever connects is the first",
            ),
            Reason::OnlyOurselves => f.write_str(
                "0 peers because the only seed given is this node itself, and the address book is empty; \
                 give others",
            ),
            Reason::NotRoutable { refused } => write!(
                f,
                "0 peers to tell of because {refused} addresses were told and not everybody can route to \
                 them; for a network within a site set addr_book_strict = false"
            ),
            Reason::Failed { seeds, others } => {
                f.write_str("0 peers because ")?;
                say(f, seeds, "seed", "seeds")?;
                if !seeds.is_empty() && !others.is_empty() {
                    f.write_str("; and ")?;
                }
                say(f, others, "address of the book", "addresses of the book")
            }
            Reason::NotTried { known } => write!(
                f,
                "0 peers because none of the {known} addresses of the book has been reached yet; they are \
                 tried as fast as check_workers allows"
            ),
        }
    }
}

/// Such as: of 3 seeds 2 refused the connection, 1 did not answer.
fn say(f: &mut fmt::Formatter<'_>, tally: &Tally, one: &str, many: &str) -> fmt::Result {
    let all: usize = tally.values().sum();
    match all {
        0 => return Ok(()),
        1 => write!(f, "the {one} tried ")?,
        _ => write!(f, "of {all} {many} tried ")?,
    }
    for (n, (failure, count)) in tally.iter().enumerate() {
        if n > 0 {
            f.write_str(", ")?;
        }
        if all > 1 {
            write!(f, "{count} ")?;
        }
        write!(f, "{failure}")?;
    }
    Ok(())
}

/// What is kept to tell why.
#[derive(Debug)]
pub(super) struct Watch {
    /// The seeds that were given, and how each failed last; ourselves left out.
    seeds: BTreeMap<NodeId, Option<Failure>>,
    names_us: bool,
    /// How others failed since somebody was met.
    others: BTreeMap<NodeId, Failure>,
    started: Instant,
    met_at: Option<Instant>,
    /// How long a node that was reached may be left alone.
    check_period: Duration,
    no_descriptors: bool,
    told: Option<Why>,
}

impl Watch {
    pub(super) fn new(settings: &NetworkSettings, me: NodeId) -> Self {
        let mut watch = Self {
            names_us: false,
            seeds: BTreeMap::new(),
            others: BTreeMap::new(),
            started: Instant::now(),
            met_at: None,
            check_period: settings.check_period,
            no_descriptors: false,
            told: None,
        };
        watch.reconfigure(settings, me);
        watch
    }

    pub(super) fn reconfigure(&mut self, settings: &NetworkSettings, me: NodeId) {
        let named = settings.seeds.iter().chain(&settings.persistent_peers);
        let ids = named.map(pex::NodeAddress::id);
        self.names_us = ids.clone().any(|id| id == me);
        let before = core::mem::take(&mut self.seeds);
        let failure = |id| (id, before.get(&id).cloned().flatten());
        self.seeds = ids.filter(|id| *id != me).map(failure).collect();
        self.check_period = settings.check_period;
    }

    pub(super) fn saw(&mut self, notice: &Notice) {
        match notice {
            Notice::Up(remote) => {
                self.met_at = Some(Instant::now());
                self.no_descriptors = false;
                self.others.clear();
                if let Some(seed) = self.seeds.get_mut(&remote.id) {
                    *seed = None;
                }
            }
            Notice::AcceptFailed(TransportError::OutOfDescriptors)
            | Notice::DialFailed {
                why: DialError::Transport(TransportError::OutOfDescriptors),
                ..
            } => self.no_descriptors = true,
            Notice::DialFailed { address, why } => {
                let Some(failure) = Failure::of(why) else {
                    return;
                };
                if let Some(seed) = self.seeds.get_mut(&address.id()) {
                    *seed = Some(failure);
                } else if self.others.len() < OTHERS_MAX {
                    self.others.insert(address.id(), failure);
                }
            }
            _ => {}
        }
    }

    /// Whether there is something new to say.
    pub(super) fn look(&mut self, switch: &Switch) -> Option<SeedEvent> {
        if self.started.elapsed() < FIRST {
            return None;
        }
        match self.reason(switch) {
            Some(reason) => {
                let why = Why(reason);
                if self.told.as_ref().is_some_and(|told| told.is_as(&why)) {
                    return None;
                }
                self.told = Some(why.clone());
                Some(SeedEvent::Nobody(why))
            }
            None => self.told.take().map(|_| SeedEvent::Somebody),
        }
    }

    fn reason(&self, switch: &Switch) -> Option<Reason> {
        let (outbound, inbound, _) = switch.peers();
        let (book, refused) = (switch.book(), switch.counts().not_routable);
        // Whoever was reached is left alone for a while, and comes to us or not.
        let quiet = match book.old() {
            0 => QUIET,
            _ => QUIET.max(self.check_period.saturating_mul(2)),
        };
        let met = self.met_at.is_some_and(|at| at.elapsed() < quiet);
        if self.no_descriptors {
            return Some(Reason::NoDescriptors {
                peers: outbound + inbound,
            });
        }
        if book.is_empty() && refused > 0 {
            return Some(Reason::NotRoutable { refused });
        }
        if met || outbound > 0 || inbound > 0 {
            return None;
        }
        let mut seeds = Tally::new();
        for failure in self.seeds.values().flatten() {
            *seeds.entry(failure.clone()).or_default() += 1;
        }
        let mut others = Tally::new();
        for failure in self.others.values() {
            *others.entry(failure.clone()).or_default() += 1;
        }
        let failed = !seeds.is_empty() || !others.is_empty();
        match book.size() {
            _ if failed => Some(Reason::Failed { seeds, others }),
            0 if self.seeds.is_empty() && self.names_us => Some(Reason::OnlyOurselves),
            0 if self.seeds.is_empty() => Some(Reason::NoSeeds),
            known if known > 0 && book.old() == 0 => Some(Reason::NotTried { known }),
            // Nothing has failed: whoever is known was reached not long ago, or is being dialed.
            _ => None,
        }
    }
}

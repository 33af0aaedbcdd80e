//! The machines of the core, as a node runs them, behind one `handle`.

use core::time::Duration;

use pex::book::AddrBook;
use pex::peers::PeerManager;
use pex::v1::Switch;
use pex::{
    Broken, Estimate, Kind, NetAddress, Node, NodeAction, NodeAddress, NodeEvent, NodeId, Pex, Time,
};

use crate::exchange::Exchange;
use crate::reference::Reference;
use crate::scenario::{Claim, Program};
use crate::shared::World;

/// What a member runs, if it runs a machine.
#[derive(Debug)]
pub(crate) enum Machine {
    /// It does not live, or has no machine.
    None,
    V2(Box<Node<PeerManager>>),
    V1(Box<Node<Switch>>),
    Exchange(Box<Exchange>),
    Reference(Box<Reference>),
}

impl Machine {
    /// Whether it may dial anybody.
    pub(crate) fn dials(&self) -> bool {
        match self {
            Self::V2(node) => node.peers().options().dialing_max() > 0,
            _ => true,
        }
    }

    /// The shortest time for which it leaves alone whom it dialed in vain.
    pub(crate) fn pause_after_failure(&self) -> Duration {
        match self {
            Self::V2(node) => node.peers().options().retry_min(),
            Self::V1(node) => node.peers().options().retry_min(),
            _ => Duration::ZERO,
        }
    }

    /// Whether its store has a node.
    pub(crate) fn keeps_node(&self, id: NodeId) -> bool {
        match self {
            Self::V2(node) => node.peers().record(id).is_some(),
            _ => false,
        }
    }

    /// What it thinks of a node.
    pub(crate) fn score(&self, id: NodeId) -> i32 {
        match self {
            Self::V2(node) => node.peers().score(id),
            _ => 0,
        }
    }

    /// Whether it is a seed node.
    pub(crate) fn is_seed(&self) -> bool {
        matches!(self, Self::V1(node) if node.peers().options().is_seed())
    }

    /// Places for those whom it dials to keep them: a seed node visits everybody.
    pub(crate) fn wants(&self) -> Option<usize> {
        (!self.is_seed()).then(|| self.slots().0)
    }

    /// Places for peers whom it dials, and for those who come.
    pub(crate) fn slots(&self) -> (usize, usize) {
        match self {
            Self::V2(node) => {
                let options = node.peers().options();
                (options.outbound_max(), options.inbound_max())
            }
            Self::V1(node) => node.peers().options().slots(),
            _ => (usize::MAX, usize::MAX),
        }
    }

    /// Whether it knows of an address that it was reached.
    pub(crate) fn has_reached(&self, address: &NodeAddress) -> bool {
        match self {
            Self::V2(node) => node.peers().record(address.id()).is_some_and(|record| {
                let mut its = record.addresses.into_iter();
                its.any(|it| it.address == *address && it.last_success.is_some())
            }),
            Self::V1(node) => NetAddress::try_from(address).is_ok_and(|place| {
                let known = node.peers().book().known(&place);
                known.is_some_and(|it| it.last_success.is_some())
            }),
            _ => false,
        }
    }

    /// Whether it keeps an address, and nothing is held against that.
    pub(crate) fn may_dial(&self, address: &NodeAddress) -> bool {
        self.failures(address).is_some_and(|(count, _)| count == 0)
    }

    /// How many dials of an address that it keeps failed since the last that came through, and when the
    /// last one was.
    pub(crate) fn failures(&self, address: &NodeAddress) -> Option<(u32, Option<Time>)> {
        match self {
            Self::V2(node) => {
                let mut its = node.peers().record(address.id())?.addresses.into_iter();
                let known = its.find(|it| it.address == *address)?;
                Some((known.failures, known.last_failure))
            }
            Self::V1(node) => {
                let place = NetAddress::try_from(address).ok()?;
                let known = node.peers().book().known(&place)?;
                Some((known.attempts, Some(known.last_attempt)))
            }
            _ => None,
        }
    }

    /// Whether its options let strangers have it dial somebody as often as they like.
    pub(crate) fn dials_hearsay_without_bound(&self) -> bool {
        let each = match self {
            Self::V2(node) => node.peers().options().hearsay_dials_per_subnet(),
            Self::V1(node) => node.peers().options().hearsay_dials_per_subnet(),
            _ => return false,
        };
        each == usize::MAX
    }

    /// Has the machine take in an event; appends what it wants done.
    pub(crate) fn handle(
        &mut self,
        now: Time,
        event: NodeEvent<'_>,
        world: World<'_>,
        out: &mut Vec<NodeAction>,
    ) {
        match self {
            Self::None => {}
            Self::V2(node) => out.extend(node.handle(now, event)),
            Self::V1(node) => out.extend(node.handle(now, event)),
            Self::Exchange(node) => node.handle(now, event, world, out),
            Self::Reference(node) => node.handle(now, event, out),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        match self {
            Self::None => None,
            Self::V2(node) => node.deadline(),
            Self::V1(node) => node.deadline(),
            Self::Exchange(node) => node.pex.deadline(),
            Self::Reference(node) => node.deadline(),
        }
    }

    /// When the exchange next has something to do, in a node that is whole.
    pub(crate) fn exchange_deadline(&self) -> Option<Time> {
        self.exchange().and_then(Pex::deadline)
    }

    /// The exchange of a whole node.
    pub(crate) fn exchange(&self) -> Option<&Pex> {
        match self {
            Self::V2(node) => Some(node.pex()),
            Self::V1(node) => Some(node.pex()),
            _ => None,
        }
    }

    /// The same machine once more, if it is one of a whole node.
    pub(crate) fn twin(&self) -> Option<Self> {
        match self {
            Self::V2(node) => Some(Self::V2(node.clone())),
            Self::V1(node) => Some(Self::V1(node.clone())),
            _ => None,
        }
    }

    pub(crate) fn rewind(&mut self, now: Time) {
        match self {
            // The reference has no such thing.
            Self::None | Self::Reference(_) => {}
            Self::V2(node) => node.rewind(now),
            Self::V1(node) => node.rewind(now),
            Self::Exchange(node) => node.pex.rewind(now),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Broken> {
        match self {
            Self::None => Ok(()),
            Self::V2(node) => node.check(),
            Self::V1(node) => {
                node.check()?;
                node.peers().book().check_shares()
            }
            Self::Exchange(node) => node.pex.check(),
            Self::Reference(node) => node.pex.check(),
        }
    }

    /// What can be checked after every event, whatever the node keeps.
    pub(crate) fn check_exchange(&self) -> Result<(), Broken> {
        match self {
            Self::None => Ok(()),
            Self::V2(node) => node.pex().check(),
            Self::V1(node) => node.pex().check(),
            Self::Exchange(node) => node.pex.check(),
            Self::Reference(node) => node.pex.check(),
        }
    }

    /// How many addresses it keeps itself.
    pub(crate) fn keeps(&self) -> usize {
        match self {
            Self::V2(node) => node.peers().addresses(),
            Self::V1(node) => node.peers().book().size(),
            Self::None | Self::Exchange(_) | Self::Reference(_) => 0,
        }
    }

    pub(crate) fn estimate(&self) -> Option<Estimate> {
        match self {
            Self::None => None,
            Self::V2(node) => Some(node.pex().estimate()),
            Self::V1(node) => Some(node.pex().estimate()),
            Self::Exchange(node) => Some(node.pex.estimate()),
            Self::Reference(node) => Some(node.pex.estimate()),
        }
    }

    pub(crate) const fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// The ids of all whom the store holds, with the number of its last change; none if the store
    /// tells of each change by itself.
    pub(crate) fn book(&self) -> Option<(u64, Vec<NodeId>)> {
        match self {
            Self::V1(node) => {
                let book = node.peers().book();
                let ids = book.addresses().map(|known| known.address.id());
                Some((book.revision(), ids.collect()))
            }
            Self::Reference(node) => Some((node.changes(), node.knows().collect())),
            _ => None,
        }
    }

    /// Whom a machine knows that has just been made.
    pub(crate) fn kept(&self) -> Vec<NodeId> {
        match self {
            Self::V2(node) => node.peers().records().map(|record| record.id).collect(),
            Self::V1(node) => {
                let known = node.peers().book().addresses();
                known.map(|known| known.address.id()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The whole book, to be written down.
    pub(crate) fn address_book(&self) -> Option<&AddrBook> {
        match self {
            Self::V1(node) => Some(node.peers().book()),
            _ => None,
        }
    }
}

/// What a node runs, and what it says of that.
pub(crate) type Said = (Program, Claim);

/// What a node takes another one to be, from the handshake.
pub(crate) fn kind_seen(by: &Said, of: &Said) -> Kind {
    let ((by, own_claim), (of, claim)) = (by, of);
    // Who is honest and has no other words knows no other.
    let knows_v1_alone = *own_claim == Claim::V1 && !matches!(by, Program::Hostile(_));
    if knows_v1_alone || *claim == Claim::V1 {
        return Kind::V1;
    }
    match of {
        Program::Hostile(_) => match (claim, by) {
            (Claim::V2, _) | (_, Program::PexPlain) => Kind::V2,
            _ => Kind::Kin,
        },
        Program::Pex | Program::PexV1 | Program::PexSeed => match by {
            // Who doesn't know the extension takes them for what else they speak.
            Program::PexPlain | Program::Tendermint0350 | Program::Tendermint0359 => Kind::V2,
            _ => Kind::Kin,
        },
        _ => Kind::V2,
    }
}

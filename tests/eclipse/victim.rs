//! What an experiment asks of the node under attack.

use core::fmt::Debug;
use core::time::Duration;
use std::rc::Rc;

use pex::{Epoch, Time};

use crate::world::{Node, World};

/// A connection with a node. No two have the same epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) node: Node,
    pub(crate) epoch: Epoch,
}

/// What happens to a victim, in the words of a driver.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'a> {
    /// A dial was answered, and the handshake has proved who it is.
    Dialed(Link),
    /// A dial was not answered.
    DialFailed(Node),
    /// Somebody has connected with the victim, and proved who it is.
    Accepted(Link),
    /// A link is over, whoever ended it.
    Disconnected(Link),
    /// An answer to a request: the addresses of these nodes.
    Answered { link: Link, told: &'a [Node] },
    /// The time has come that the last [`Action::WakeAt`] named.
    Timer,
}

/// What a victim wants done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// Dial this node, which is neither linked nor being dialed.
    Dial(Node),
    /// End this link; [`Event::Disconnected`] follows.
    Drop(Link),
    /// Ask the node at the other end for addresses.
    Ask(Link),
    /// Replaces the only timer.
    WakeAt(Time),
}

/// How many links a victim keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slots {
    pub(crate) outbound: u32,
    pub(crate) inbound: u32,
}

/// A node under attack: whom it dials, whom it drops, whom it asks and when, and what it stores.
pub(crate) trait Victim: Debug {
    fn slots(&self) -> Slots;

    /// The process starts, for the first time or again. Of what was before, only that remains
    /// which the victim writes to disk; there is no link and no dial under way.
    fn start(&mut self, now: Time) -> Vec<Action>;

    fn handle(&mut self, now: Time, event: Event<'_>) -> Vec<Action>;

    /// The nodes of which it stores an address that it has only been told, or all that it stores
    /// if it makes no difference.
    fn untested(&self) -> Vec<Node>;

    /// The nodes of which it stores an address that it has reached.
    fn tested(&self) -> Vec<Node>;
}

/// What the others do differently where another protocol is spoken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Protocol {
    /// The addresses in the answer of an honest node.
    pub(crate) told_by_honest: usize,
    /// The most addresses that an answer may have: the attacker's have as many.
    pub(crate) told_by_attacker: usize,
    /// How often one of the attacker's nodes gives its inbound slot to the next, where that tells
    /// the victim an address; `None` where they stay.
    pub(crate) turn: Option<Duration>,
}

/// Who connects says nothing of an address that its victim keeps and dials.
pub(crate) const V2: Protocol = Protocol {
    told_by_honest: 100,
    told_by_attacker: 100,
    turn: None,
};

/// Whoever connects has its own address stored, with itself as the source. An honest node that
/// knows all the others tells 23 % of them.
pub(crate) const V1: Protocol = Protocol {
    told_by_honest: 230,
    told_by_attacker: 250,
    turn: Some(Duration::from_secs(1)),
};

/// A kind of victim, by the name it has in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arm {
    pub(crate) name: &'static str,
    pub(crate) protocol: Protocol,
    /// A victim that knows [`World::bootstrap`] and has not started.
    pub(crate) build: fn(Rc<World>, u64) -> Box<dyn Victim>,
}

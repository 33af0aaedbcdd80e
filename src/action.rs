//! Everything that may come out.

use alloc::string::String;
use core::ops::Deref;

use smallvec::SmallVec;

use crate::wire::Message;
use crate::{Epoch, Fault, NodeAddress, NodeId, QueryId, Time};

/// Something that the machine wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Send this message on this connection. If that is impossible and it is a request, tell the
    /// machine with [`Event::Unsent`](crate::Event::Unsent).
    Send {
        /// To whom.
        to: NodeId,
        /// On which connection.
        epoch: Epoch,
        /// What.
        message: Message<'static>,
    },
    /// Somebody told us this address; the store may want it. It is valid, not ours, and the
    /// directory did not know it.
    ///
    /// # Security
    ///
    /// `from` is who told us, not who lives there. A store should remember it, so that one liar
    /// can't fill it unnoticed.
    AddPeer {
        /// Where a node may be reached.
        address: NodeAddress,
        /// Who told us.
        from: NodeId,
    },
    /// Send a [`Event::Tick`](crate::Event::Tick) at this time or soon after. It replaces the
    /// timer before it: there is only one. When nothing is left to wait for, none is set, and a
    /// timer that is still armed brings a harmless tick.
    SetTimer(Time),
    /// End this connection. Until the driver reports it down, its messages are ignored.
    Disconnect {
        /// With whom.
        peer: NodeId,
        /// Which connection.
        epoch: Epoch,
        /// Why.
        reason: Fault,
    },
    /// A peer did something that does not end the connection. A store may lower its standing.
    Report {
        /// Who.
        peer: NodeId,
        /// What.
        fault: Fault,
    },
    /// Look up the IP addresses of this name, and answer with
    /// [`Event::Resolved`](crate::Event::Resolved). An answer after the deadline is useless, and
    /// harmless.
    Resolve {
        /// The number to answer with.
        query: QueryId,
        /// The name.
        name: String,
        /// When the machine stops waiting.
        deadline: Time,
    },
}

/// What one event made a machine want, in the order in which to do it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the machine believes that its actions are carried out"]
pub struct Actions<A = Action>(SmallVec<[A; 2]>);

impl<A> Default for Actions<A> {
    fn default() -> Self {
        Self(SmallVec::new())
    }
}

impl<A> Actions<A> {
    pub(crate) fn push(&mut self, action: A) {
        self.0.push(action);
    }

    pub(crate) fn extend(&mut self, actions: impl IntoIterator<Item = A>) {
        self.0.extend(actions);
    }
}

impl<A> Deref for Actions<A> {
    type Target = [A];

    fn deref(&self) -> &[A] {
        &self.0
    }
}

impl<A> IntoIterator for Actions<A> {
    type Item = A;
    type IntoIter = IntoIter<A>;

    fn into_iter(self) -> IntoIter<A> {
        IntoIter(self.0.into_iter())
    }
}

impl<'a, A> IntoIterator for &'a Actions<A> {
    type Item = &'a A;
    type IntoIter = core::slice::Iter<'a, A>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The actions of a batch, one by one.
#[derive(Debug)]
pub struct IntoIter<A = Action>(smallvec::IntoIter<[A; 2]>);

impl<A> Iterator for IntoIter<A> {
    type Item = A;

    fn next(&mut self) -> Option<A> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}
